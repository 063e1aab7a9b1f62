#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a build costs over the number of its actions, beside peers on the same programs.
#   COUNTS="100 1000"    how many programs; 10000 takes half an hour
#   BENCH_DIR=DIR        the *.bpf.c of a directory instead, as many as there are and clang compiles
#   BENCH_FLAGS=FLAGS    what clang needs for them: -I, -D
#   BUILDS=N             pairs of builds from nothing; HITS=N, PAIRS=N: of the others
. "${srcdir:-.}/tests/integration/lib.sh"
. "$srcdir_top/bench/bench.sh"

need ninja make ccache llvm-readelf
use_clang

# Programs as they are: each is another one, all include one header of their own.
make_programs() { # COUNT
	mkdir programs
	printf '#define VERDICT XDP_PASS\n' >programs/verdict.h
	i=0
	while [ $i -lt "$1" ]; do
		printf '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n#include "verdict.h"\n
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, %d); __type(key, __u32);
	__type(value, __u64); } counts SEC(".maps");\n
SEC("xdp") int count_%d(struct xdp_md *ctx)\n{\n\t__u32 key = ctx->rx_queue_index;
	__u64 *n = bpf_map_lookup_elem(&counts, &key);\n\tif (n)\n\t\t(*n)++;\n\treturn VERDICT;\n}\n
char _license[] SEC("license") = "GPL";\n' $((i + 1)) $i >programs/p$i.bpf.c
		i=$((i + 1))
	done
}

# Of a directory of others, what clang compiles.
copy_programs() {
	cp -r "$BENCH_DIR" programs
	for source in programs/*.bpf.c; do
		echo "\"$clang\" -target bpfel -O2 -g -D__TARGET_ARCH_x86 ${BENCH_FLAGS-} -I programs" \
			"-idirafter /usr/include/x86_64-linux-gnu -c $source -o /dev/null 2>/dev/null || rm $source"
	done | xargs -d '\n' -P "$jobs" -n 1 sh -c
}

compare_count() { # COUNT TITLE
	work=$tmp/scale
	mkdir "$work" "$work/project"
	cd "$work/project"
	if [ -n "${BENCH_DIR-}" ]; then copy_programs; else make_programs "$1"; fi
	# A command line has a limit.
	{
		printf 'build {\n\tsources = {"programs/*.bpf.c"}\n\tarch = {"x86"}\n'
		printf '\tcflags = "%s -I programs"\n}\n' "${BENCH_FLAGS-}"
	} >crossbpf.conf
	words="crossbpf build -q -j$jobs"
	prepare_programs
	compare_builds "$2"
	cd "$tmp"
	rm -rf "$work"
}

if [ -n "${BENCH_DIR-}" ]; then
	BENCH_DIR=$(cd "$BENCH_DIR" && pwd)
	compare_count 0 "${BENCH_DIR##*/}: "
else
	for wanted in ${COUNTS:-100 1000}; do
		compare_count "$wanted" ""
	done
fi
