#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What crossbpf-clang adds to clang's own time for a small program, and what a program adds that does
# nothing but run clang: 51 pairs each.
set -eu

clang=${CLANG:-clang}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/small.bpf.c" <<'EOF'
#define SEC(name) __attribute__((section(name), used))
SEC("xdp") int pass(void *ctx) { return 2; }
char _license[] SEC("license") = "GPL";
EOF
flags="-target bpf -O2 -g -c $tmp/small.bpf.c -o $tmp/small.o"

echo "One small program, A against B: $clang ($("$clang" --version | head -n 1))"
# shellcheck disable=SC2086 # lists of words
pairs_with()
{
	echo "A: $*"
	CROSSBPF_CLANG=$clang bench/pairs -t "one small program" -a "${1##*/}" -b clang "${PAIRS:-51}" -- "$@" $flags -- "$clang" $flags
}
pairs_with ./crossbpf-clang
pairs_with bench/spawn "$clang"
