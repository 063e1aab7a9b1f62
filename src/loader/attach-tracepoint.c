/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "attach.h"

static bool is_tracepoint(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_TRACEPOINT;
}

/* Where tracepoints get their numbers. systemd mounts it; what has none does not. */
static void mount_tracefs(void)
{
	if (access("/sys/kernel/tracing/events", F_OK) < 0 &&
	    access("/sys/kernel/debug/tracing/events", F_OK) < 0)
		(void)mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, "mode=0700");
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	static const char hint[] = "a tracepoint is CATEGORY/NAME, of "
				   "/sys/kernel/tracing/events";
	const char *slash = strchr(a->place, '/');

	if (!slash)
		return attachment_fail(a, -EINVAL, hint, e);
	mount_tracefs();
	cleanup_free char *category = strndup(a->place, (size_t)(slash - a->place));
	if (!category)
		return error_no_memory(e);
	struct bpf_link *link = bpf_program__attach_tracepoint(a->program, category, slash + 1);
	return link || errno != ENOENT ? attachment_add_link(a, link, e)
				       : attachment_fail(a, -ENOENT, hint, e);
}

const struct attach_family attach_tracepoint = {
	.name = "tracepoint",
	.where = "CATEGORY/NAME",
	.is = is_tracepoint,
	.attach = attach,
};
