/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw tracepoints, and those with types (tp_btf), whose place is set when they are loaded. */
#include "config.h"

#include <errno.h>

#include "attach.h"

static bool is_typed(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_TRACING &&
	       bpf_program__expected_attach_type(program) == BPF_TRACE_RAW_TP;
}

static bool is_raw_tracepoint(const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE || is_typed(program);
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	if (!is_typed(a->program) || !a->where)
		return 0;
	return attachment_refuse_where(a, -EINVAL, NULL, e);
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	return attachment_add_link(
		a,
		is_typed(a->program) ? bpf_program__attach_trace(a->program)
				     : bpf_program__attach_raw_tracepoint(a->program, a->place),
		e);
}

const struct attach_family attach_raw_tracepoint = {
	.name = "raw tracepoint",
	.where = "NAME",
	.is = is_raw_tracepoint,
	.check = check,
	.attach = attach,
};
