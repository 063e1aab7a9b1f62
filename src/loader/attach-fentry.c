/* SPDX-License-Identifier: BSD-2-Clause */
/* fentry, fexit, fmod_ret, LSM and iterators: what has its place since it was loaded. */
#include "config.h"

#include "attach.h"

static bool is_fentry(const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);
	enum bpf_attach_type how = bpf_program__expected_attach_type(program);

	return (type == BPF_PROG_TYPE_TRACING && how != BPF_TRACE_RAW_TP) ||
	       (type == BPF_PROG_TYPE_LSM && how != BPF_LSM_CGROUP);
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	return attachment_add_link(a, bpf_program__attach(a->program), e);
}

const struct attach_family attach_fentry = {
	.name = "fentry",
	.is = is_fentry,
	.attach = attach,
};
