/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "attach.h"

static bool is_uprobe(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE &&
	       (str_begins(section, "uprobe") || str_begins(section, "uretprobe"));
}

/* In every process. */
static int attach(struct attachment *a, struct crossbpf_error *e)
{
	const char *colon = a->where ? strrchr(a->where, ':') : NULL;
	cleanup_free char *file = NULL, *function = NULL;
	unsigned long offset = 0;

	if (!a->where)
		return attachment_add_link(a, bpf_program__attach(a->program), e);
	if (!colon || colon == a->where)
		return attachment_fail(a, -EINVAL, a->family->where, e);
	file = strndup(a->where, (size_t)(colon - a->where));
	int r = file ? attachment_function(a, colon + 1, &function, &offset, e)
		     : error_no_memory(e);
	if (r < 0)
		return r;
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = function,
		    .retprobe = str_begins(bpf_program__section_name(a->program), "uret"));
	return attachment_add_link(
		a, bpf_program__attach_uprobe_opts(a->program, -1, file, offset, &opts), e);
}

const struct attach_family attach_uprobe = {
	.name = "uprobe",
	.where = "FILE:FUNCTION[+OFFSET]",
	.is = is_uprobe,
	.attach = attach,
};
