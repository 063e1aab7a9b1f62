/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "attach.h"

/* By the first word of a section. Those that are not `told` are of later releases of libbpf, which
 * alone attach them, by their section. */
static const struct kind {
	const char *word;
	bool at_return, told;
} kinds[] = {
	{"uprobe", false, true},          {"uprobe.s", false, true},
	{"uretprobe", true, true},        {"uretprobe.s", true, true},
	{"uprobe.multi", false, false},   {"uprobe.multi.s", false, false},
	{"uretprobe.multi", true, false}, {"uretprobe.multi.s", true, false},
	{"uprobe.session", false, false}, {"uprobe.session.s", false, false},
};

static const struct kind *kind_of(const struct bpf_program *program)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (attachment_section_is(program, kinds[i].word))
			return &kinds[i];
	return NULL;
}

static bool is_uprobe(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE && kind_of(program);
}

/* In every process. */
static int attach_where(struct attachment *a, bool at_return, struct crossbpf_error *e)
{
	const char *colon = strrchr(a->where, ':');
	cleanup_free char *file = NULL, *function = NULL;
	unsigned long offset = 0;

	if (!colon || colon == a->where)
		return attachment_fail(a, -EINVAL, a->family->where, e);
	file = strndup(a->where, (size_t)(colon - a->where));
	int r = file ? attachment_function(a, colon + 1, &function, &offset, e)
		     : error_no_memory(e);
	if (r < 0)
		return r;
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = function, .retprobe = at_return);
	return attachment_add_link(
		a, bpf_program__attach_uprobe_opts(a->program, -1, file, offset, &opts), e);
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	if (!a->where || kind_of(a->program)->told)
		return 0;
	return attachment_refuse_where(
		a, -EOPNOTSUPP, "write it into the section: SEC(\"uprobe.multi/FILE:FUNCTION\")",
		e);
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	const struct kind *kind = kind_of(a->program);

	return a->where ? attach_where(a, kind->at_return, e)
			: attachment_add_link(a, bpf_program__attach(a->program), e);
}

const struct attach_family attach_uprobe = {
	.name = "uprobe",
	.where = "FILE:FUNCTION[+OFFSET]",
	.is = is_uprobe,
	.check = check,
	.attach = attach,
};
