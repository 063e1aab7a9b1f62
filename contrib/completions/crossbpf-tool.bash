# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion of crossbpf-clang, crossbpf-bpftool and crossbpf-llvm-strip: that of the tool that each
# stands for, where bash-completion has it; else bash completes files by itself.
_crossbpf_tool() {
	local tool=$1
	declare -F _completion_loader >/dev/null || return 0
	complete -p "$tool" >/dev/null 2>&1 || _completion_loader "$tool"
	# It says by 124 that it found one.
	local found
	found=$(complete -p "$tool" 2>/dev/null) || return 0
	eval "${found%"$tool"}crossbpf-$tool"
}
_crossbpf_tool "${BASH_SOURCE[0]##*/crossbpf-}"
