#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The programs of Linux 6.1's selftests: crossbpf build beside clang under xargs, ccache, ninja and make;
# then those of them that begin with vmlinux.h.
#   SAMPLE=N     one in N of them (default 8; 1: all 497)
#   BUILDS=N     pairs of builds from nothing; HITS=N, PAIRS=N: of the others
. "${srcdir:-.}/tests/integration/lib.sh"
. "$tests_dir/selftests.sh"
. "$srcdir_top/bench/bench.sh"

need ninja make ccache llvm-readelf
use_clang
prepare_selftests
cd "$selftests"

sample() { # of standard input
	awk -v n="${SAMPLE:-8}" 'NR % n == 0'
}

compare_selftests() { # TITLE, with the sources on standard input
	work=$tmp/$1
	mkdir "$work"
	sample >"$work/sources"
	words="crossbpf build -q -j$jobs --arch x86 --cpu v3 -I ../../../../vmlinux -I . -I progs
		-I ../../../include/uapi $(cat "$work/sources")"
	prepare_programs
	NO_MAKE=1 compare_builds "$1: "
	rm -rf "$work"
}

ls progs/*.c | compare_selftests selftests
for source in progs/*.c; do
	! grep -m 1 '^#include' "$source" | grep -q '"vmlinux\.h"\|<vmlinux\.h>' || echo "$source"
done | compare_selftests selftests-vmlinux
