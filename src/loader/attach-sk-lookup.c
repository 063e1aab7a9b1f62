/* SPDX-License-Identifier: BSD-2-Clause */
/* sk_lookup, and the flow dissector: of a network namespace. */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "attach.h"

static bool is_sk_lookup(const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_SK_LOOKUP || type == BPF_PROG_TYPE_FLOW_DISSECTOR;
}

static const char *path_of(const struct attachment *a)
{
	return strcmp(a->where, "self") == 0 ? "/proc/self/ns/net" : a->where;
}

static int target(const struct attachment *a, uint64_t *ret_target)
{
	struct stat st;

	if (stat(path_of(a), &st) < 0)
		return -errno;
	*ret_target = st.st_ino;
	return 0;
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	cleanup_close int ns = open(path_of(a), O_RDONLY | O_CLOEXEC);

	if (ns < 0)
		return attachment_fail(a, -errno, "/run/netns/NAME, or self", e);
	int link = bpf_link_create(bpf_program__fd(a->program), ns,
				   bpf_program__type(a->program) == BPF_PROG_TYPE_SK_LOOKUP
					   ? BPF_SK_LOOKUP
					   : BPF_FLOW_DISSECTOR,
				   NULL);
	return link < 0 ? attachment_fail(a, -errno, NULL, e) : attachment_add(a, link, e);
}

const struct attach_family attach_sk_lookup = {
	.name = "sk_lookup",
	.where = "self|/run/netns/NAME",
	.needs_where = true,
	.swaps = true,
	.is = is_sk_lookup,
	.target = target,
	.attach = attach,
};
