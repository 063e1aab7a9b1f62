#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What clangs of several versions compile: CLANGS="clang-14 clang-16" sh tests/clang-matrix.sh, or
# make clang-matrix; default: each clang-NN in PATH. A line for each: of the shipped programs and of
# the 497 of Linux 6.1's selftests, how many crossbpf build compiled; how many of the rest that clang
# compiles by itself; and, of one in SAMPLE (default 16), how many objects of crossbpf-clang differ
# from those of that clang.
. "${srcdir:-.}/tests/integration/lib.sh"
. "$tests_dir/selftests.sh"
prepare_selftests

[ -n "${CLANGS-}" ] || CLANGS=$(
	IFS=:
	for dir in $PATH; do ls "$dir" 2>/dev/null; done | grep -E '^clang-[0-9]+$' | sort -u -t - -k 2 -n
)
[ -n "$CLANGS" ] || skip "there is no clang-NN in PATH: name them in CLANGS"

compile_each() { # DIRECTORY COMPILER, sources on standard input: each by a command of its own
	mkdir -p "$1"
	# shellcheck disable=SC2086 # a list of words
	(cd "$selftests" && xargs -P "$(getconf _NPROCESSORS_ONLN)" -I SOURCE sh -c '
		source=$1 dir=$2
		shift 2
		name=${source##*/}
		"$@" -c "$source" -o "$dir/${name%.c}.o" 2>"$dir/${name%.c}.err" || rm -f "$dir/${name%.c}.o"
	' sh SOURCE "$1" "$2" $selftests_flags) || :
}
objects() {
	find "$1" -name '*.o' | wc -l
}
(cd "$selftests" && ls progs/*.c) >"$tmp/sources"

printf '%-14s %8s %10s %16s %12s\n' clang shipped selftests 'more by clang' 'other bytes'
for clang in $CLANGS; do
	use_clang "$clang"
	work=$tmp/${clang##*/}
	mkdir -p "$work/shipped" "$work/selftests"
	(cd "$srcdir_top/bpf" && crossbpf build -q -k --arch x86 -d "$work/shipped" ./*.bpf.c) 2>"$work/shipped.err" || :
	(cd "$selftests" && xargs crossbpf build -q -k --arch x86 --cpu v3 -d "$work/selftests" -I ../../../../vmlinux \
		-I . -I progs -I ../../../include/uapi <"$tmp/sources") 2>"$work/selftests.err" || :
	while read -r source; do
		name=${source##*/}
		[ -e "$work/selftests/${name%.c}.o" ] || echo "$source"
	done <"$tmp/sources" | compile_each "$work/more" "$clang"
	for compiler in "$clang" crossbpf-clang; do
		awk -v n="${SAMPLE:-16}" 'NR % n == 0' "$tmp/sources" | compile_each "$work/by-${compiler##*/}" "$compiler"
	done
	printf '%-14s %8s %10s %16s %12s\n' "$("$clang" --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')" \
		"$(objects "$work/shipped")" "$(objects "$work/selftests")" "$(objects "$work/more")" \
		"$(diff -rq -x '*.err' "$work/by-${clang##*/}" "$work/by-crossbpf-clang" | wc -l)"
	[ -z "${KEEP-}" ] || cp -R "$work" "$KEEP/"
done
