/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>

#include "attach.h"

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

static int attach_syscall(struct attachment *a, bool at_return, struct crossbpf_error *e)
{
	LIBBPF_OPTS(bpf_ksyscall_opts, opts, .retprobe = at_return);
	return attachment_add_link(a, bpf_program__attach_ksyscall(a->program, a->where, &opts), e);
}

static int attach_multi(struct attachment *a, bool at_return, struct crossbpf_error *e)
{
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .retprobe = at_return);
	return attachment_add_link(
		a, bpf_program__attach_kprobe_multi_opts(a->program, a->where, &opts), e);
}

/* Probes of both kinds are of one type: the first word of their sections tells. One without a
 * function is of later releases of libbpf, which alone attach it, by its section. */
static const struct kind {
	const char *word;
	int (*attach)(struct attachment *a, bool at_return, struct crossbpf_error *e);
	bool at_return;
} kinds[] = {
	{"kprobe", attach_function, false},    {"kretprobe", attach_function, true},
	{"kprobe.multi", attach_multi, false}, {"kretprobe.multi", attach_multi, true},
	{"ksyscall", attach_syscall, false},   {"kretsyscall", attach_syscall, true},
	{"kprobe.session", NULL, false},
};

static const struct kind *kind_of(const struct bpf_program *program)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (attachment_section_is(program, kinds[i].word))
			return &kinds[i];
	return NULL;
}

static bool is_kprobe(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE && kind_of(program);
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	if (!a->where || kind_of(a->program)->attach)
		return 0;
	return attachment_refuse_where(
		a, -EOPNOTSUPP, "write it into the section: SEC(\"kprobe.session/FUNCTION\")", e);
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	const struct kind *kind = kind_of(a->program);

	return a->where ? kind->attach(a, kind->at_return, e)
			: attachment_add_link(a, bpf_program__attach(a->program), e);
}

const struct attach_family attach_kprobe = {
	.name = "kprobe",
	.where = "FUNCTION[+OFFSET]",
	.is = is_kprobe,
	.check = check,
	.attach = attach,
};
