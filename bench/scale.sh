#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a build costs over the number of its actions, beside peers on the same programs: nothing to do
# (ninja, make), from nothing (clang under xargs -P, make), outputs deleted (ccache).
#   COUNTS="100 1000"    how many programs; 10000 takes a quarter of an hour
#   BENCH_DIR=DIR        the *.bpf.c of a directory instead, as many as there are
#   BENCH_FLAGS=FLAGS    what clang needs for them: -I, -D
. "${srcdir:-.}/tests/integration/lib.sh"

need ninja make ccache
use_clang
unset CROSSBPF_NO_CACHE # of the tests
pairs=$builddir_top/bench/pairs
jobs=${JOBS:-2}

# Programs as they are: one in ten is another one, all include one header of their own.
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

# Each by a file of its own, so that what is measured is a process and no shell function.
command_file() { # NAME, from standard input
	{ echo '#!/bin/sh' && cat; } >"$1"
	chmod +x "$1"
}

prepare() { # COUNT
	work=$tmp/scale-$1
	mkdir "$work"
	cd "$work"
	if [ -n "${BENCH_DIR-}" ]; then
		ln -s "$BENCH_DIR" programs
	else
		make_programs "$1"
	fi
	flags="-target bpfel -mcpu=v1 -O2 -g -D__TARGET_ARCH_x86 ${BENCH_FLAGS-} -idirafter /usr/include/x86_64-linux-gnu"
	ls programs/*.bpf.c >sources
	count=$(wc -l <sources)
	# One directive a program: a command line has a limit.
	{
		printf 'build {\n\tsources = {"programs/*.bpf.c"}\n\toutdir = "out"\n\tarch = {"x86"}\n'
		printf '\tcflags = "%s"\n}\ncache {\n\tsize = "20G"\n}\n' "${BENCH_FLAGS-}"
	} >crossbpf.conf
	{
		echo "rule cc"
		echo "  command = $clang $flags -MD -MF \$out.d -c \$in -o \$out"
		echo "  depfile = \$out.d"
		echo "  deps = gcc"
		while read -r source; do
			name=${source##*/}
			echo "build ninja/${name%.c}.o: cc $source"
		done <sources
	} >build.ninja
	{
		echo "objects := \$(patsubst programs/%.c,make/%.o,\$(wildcard programs/*.bpf.c))"
		echo "all: \$(objects)"
		echo "make/%.o: programs/%.c"
		printf '\t%s %s -MD -MF $@.d -c $< -o $@\n' "$clang" "$flags"
		echo "-include \$(addsuffix .d,\$(objects))"
	} >Makefile
	mkdir ninja make ccache-out
	command_file first <<-EOF
		rm -rf out "\$XDG_CACHE_HOME"/crossbpf
		exec crossbpf build -q -j$jobs
	EOF
	command_file xargs-first <<-EOF
		rm -rf xargs-out
		mkdir xargs-out
		exec xargs -P $jobs -I SOURCE sh -c 'name=\${1##*/}; exec "$clang" $flags -c "\$1" -o "xargs-out/\${name%.c}.o"' sh SOURCE <sources
	EOF
	command_file make-first <<-EOF
		rm -rf make
		mkdir make
		exec make -s -j$jobs
	EOF
	command_file deleted <<-EOF
		rm -rf out "\$XDG_CACHE_HOME"/crossbpf/state
		exec crossbpf build -q -j$jobs
	EOF
	command_file ccache-deleted <<-EOF
		rm -rf ccache-out
		mkdir ccache-out
		exec xargs -P $jobs -I SOURCE sh -c 'name=\${1##*/}; exec ccache "$clang" $flags -c "\$1" -o "ccache-out/\${name%.c}.o"' sh SOURCE <sources
	EOF
}

compare() { # TITLE PEER ROUNDS COMMAND… -- COMMAND…
	title=$1 peer=$2 rounds=$3
	shift 3
	echo "$title, $count programs: A: crossbpf build, B: $peer"
	"$pairs" -t "$title" -a crossbpf -b "$peer" -c "$count" "$rounds" -- "$@"
}

export CCACHE_DIR="$tmp/ccache" CCACHE_MAXSIZE=20G
for wanted in ${BENCH_DIR:+all} ${COUNTS:-100 1000}; do
	prepare "$wanted"
	compare "from nothing" "clang under xargs -P$jobs" "${BUILDS:-3}" ./first -- ./xargs-first
	compare "from nothing" "make -j$jobs" "${BUILDS:-3}" ./first -- ./make-first
	compare "outputs deleted" "ccache under xargs -P$jobs" "${BUILDS:-3}" ./deleted -- ./ccache-deleted
	ninja -f build.ninja >/dev/null
	sleep 1
	crossbpf build -q # what was written a moment ago is read once more
	compare "nothing to do" ninja "${PAIRS:-21}" crossbpf build -q -- ninja -f build.ninja
	compare "nothing to do" make "${PAIRS:-21}" crossbpf build -q -- make -s
	cd "$tmp"
	rm -rf "$work"
	[ -z "${BENCH_DIR-}" ] || break
done
