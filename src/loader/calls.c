/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "calls.h"

#include <linux/bpf.h>

static bool program_calls(const struct bpf_program *program, int helper)
{
	const struct bpf_insn *code = bpf_program__insns(program);

	for (size_t i = 0; i < bpf_program__insn_cnt(program); i++) {
		if (code[i].code == (BPF_JMP | BPF_CALL) && !code[i].src_reg &&
		    code[i].imm == helper)
			return true;
		if (code[i].code == (BPF_LD | BPF_DW | BPF_IMM))
			i++; /* it is two long */
	}
	return false;
}

bool calls_helper(const struct opened *o, int helper)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, o->object) {
		if (bpf_program__fd(program) >= 0 && program_calls(program, helper))
			return true;
	}
	return false;
}
