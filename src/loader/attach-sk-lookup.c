/* SPDX-License-Identifier: BSD-2-Clause */
/* sk_lookup, and the flow dissector: of a network namespace. */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "attach.h"

static bool is_sk_lookup(const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_SK_LOOKUP || type == BPF_PROG_TYPE_FLOW_DISSECTOR;
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	if (a->where && !a->where[0])
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, a->family->where,
				 "no network namespace is named");
	return 0;
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	const char *path = strcmp(a->place, "self") == 0 ? "/proc/self/ns/net" : a->place;
	cleanup_close int ns = open(path, O_RDONLY | O_CLOEXEC);

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
	.check = check,
	.attach = attach,
};
