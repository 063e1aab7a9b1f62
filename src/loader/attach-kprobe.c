/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "attach.h"

/* Probes of both kinds are of one type: their sections tell. */
static bool is_kprobe(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE &&
	       (str_begins(section, "kprobe") || str_begins(section, "kretprobe") ||
		str_begins(section, "ksyscall") || str_begins(section, "kretsyscall"));
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	const char *section = bpf_program__section_name(a->program);
	cleanup_free char *function = NULL;
	unsigned long offset = 0;

	if (!a->where)
		return attachment_add_link(a, bpf_program__attach(a->program), e);
	int r = attachment_function(a, a->where, &function, &offset, e);
	if (r < 0)
		return r;
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .retprobe = str_begins(section, "kret"),
		    .offset = offset);
	return attachment_add_link(a, bpf_program__attach_kprobe_opts(a->program, function, &opts),
				   e);
}

const struct attach_family attach_kprobe = {
	.name = "kprobe",
	.where = "FUNCTION[+OFFSET]",
	.is = is_kprobe,
	.attach = attach,
};
