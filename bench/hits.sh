#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A hit of crossbpf-clang in the cache against one of ccache, each a process of its own: 101 pairs of
# a small program, and of one with a vmlinux.h where VMLINUX_DIR says in which directory that is.
set -eu

clang=${CLANG:-clang}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/small.bpf.c" <<'E2'
#include <linux/types.h>
#include "own.h"
#define SEC(name) __attribute__((section(name), used))
SEC("xdp") int pass(void *ctx) { return OWN; }
char _license[] SEC("license") = "GPL";
E2
echo '#define OWN 2' >"$tmp/own.h"
cat >"$tmp/core.bpf.c" <<'E2'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("tp_btf/task_newtask") int created(__u64 *ctx) { return ((struct task_struct *)ctx[0])->pid == 0; }
char _license[] SEC("license") = "GPL";
E2
export CCACHE_DIR="$tmp/ccache" CROSSBPF_CACHE_DIR="$tmp/kept" CROSSBPF_CLANG="$clang"
unset CROSSBPF_NO_CACHE
command -v ccache >/dev/null || { echo 'there is no ccache' >&2; exit 0; }
sleep 0.1 # what is read is old enough to be known again

hits_of() { # NAME FLAG…
	name=$1
	shift
	set -- -target bpf -O2 -g -idirafter "/usr/include/$(uname -m)-linux-gnu" "$@" -c "$tmp/$name.bpf.c" -o "$tmp/$name.o"
	./crossbpf-clang "$@" 2>/dev/null
	ccache "$clang" "$@" 2>/dev/null
	echo "$name: A: crossbpf-clang, B: ccache $clang"
	bench/pairs "${PAIRS:-101}" -- ./crossbpf-clang "$@" -- ccache "$clang" "$@"
}
hits_of small
[ -z "${VMLINUX_DIR-}" ] || hits_of core "-I$VMLINUX_DIR"
