/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "attach.h"

/* Probes of both kinds are of one type: their sections tell. */
static bool is_kprobe(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE &&
	       (str_begins(section, "kprobe") || str_begins(section, "kretprobe") ||
		str_begins(section, "ksyscall") || str_begins(section, "kretsyscall"));
}

static int attach_function(struct attachment *a, bool at_return, struct crossbpf_error *e)
{
	cleanup_free char *function = NULL;
	unsigned long offset = 0;
	int r = attachment_function(a, a->where, &function, &offset, e);

	if (r < 0)
		return r;
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .retprobe = at_return, .offset = offset);
	return attachment_add_link(a, bpf_program__attach_kprobe_opts(a->program, function, &opts),
				   e);
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	const char *section = bpf_program__section_name(a->program);
	bool at_return = str_begins(section, "kret");

	if (!a->where)
		return attachment_add_link(a, bpf_program__attach(a->program), e);
	if (strstr(section, "syscall")) {
		LIBBPF_OPTS(bpf_ksyscall_opts, opts, .retprobe = at_return);
		return attachment_add_link(
			a, bpf_program__attach_ksyscall(a->program, a->where, &opts), e);
	}
	if (strstr(section, ".multi")) {
		LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .retprobe = at_return);
		return attachment_add_link(
			a, bpf_program__attach_kprobe_multi_opts(a->program, a->where, &opts), e);
	}
	return attach_function(a, at_return, e);
}

const struct attach_family attach_kprobe = {
	.name = "kprobe",
	.where = "FUNCTION[+OFFSET]",
	.is = is_kprobe,
	.attach = attach,
};
