# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A host that cannot compile BPF, sourced after lib.sh:
#
#	hidden COMMAND…    runs it where clang, llvm, bpftool and all headers are hidden
#	prove_hidden       that they are

need_root
need unshare

hidden() {
	mkdir -p "$tmp/nothing"
	# shellcheck disable=SC2016 # expanded in there
	unshare -m sh -euc '
		nothing=$1
		shift
		mount --make-rprivate /
		for dir in /usr/include /usr/local/include /usr/lib/llvm-* /usr/lib/clang /usr/lib/linux-tools*; do
			[ ! -d "$dir" ] || mount --bind "$nothing" "$dir"
		done
		for dir in /usr/bin /usr/sbin /usr/local/bin; do
			for file in "$dir"/clang* "$dir"/llvm-* "$dir"/llc* "$dir"/bpftool "$dir"/opt-*; do
				[ ! -e "$file" ] || [ "$(readlink -f "$file")" = /dev/null ] ||
					mount --bind /dev/null "$(readlink -f "$file")" 2>/dev/null || :
			done
		done
		exec "$@"
	' hidden "$tmp/nothing" "$@"
}

prove_hidden() {
	for program in clang clang-14 llvm-strip llvm-objcopy bpftool; do
		! hidden "$program" --version >/dev/null 2>&1 || fail "$program is not hidden"
	done
	for header in linux/bpf.h bpf/bpf_helpers.h stdio.h x86_64-linux-gnu/asm/types.h; do
		! hidden test -e "/usr/include/$header" || fail "$header is not hidden"
	done
	pass_line "clang, llvm, bpftool and headers are hidden"
}
