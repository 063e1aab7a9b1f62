#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What crossbpf-clang adds to clang's own time for a small program: 51 pairs.
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

echo "A: crossbpf-clang, B: $clang ($("$clang" --version | head -n 1)), one small program"
# shellcheck disable=SC2086 # lists of words
CROSSBPF_CLANG=$clang bench/pairs "${PAIRS:-51}" -- ./crossbpf-clang $flags -- "$clang" $flags
