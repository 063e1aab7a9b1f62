#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make-kernel-seeds.sh DIRECTORY: small kernels, so to say, in what kernels are in. Run in the build
# directory with srcdir set, as the tests are.
. "${srcdir:-.}/tests/integration/lib.sh"

need python3 gzip xz zstd llvm-objcopy
use_clang "${CROSSBPF_TEST_CLANG:-clang}"
mkdir -p "$1"
cd "$1"
printf 'struct small { int one; long two; }; struct small small;\nint use(void) { return small.one; }\n' >"$tmp/small.c"
for target in bpfel bpfeb; do
	"$clang" -target $target -g -c "$tmp/small.c" -o $target.elf
	llvm-objcopy --dump-section .BTF=$target.btf $target.elf /dev/null
done
gzip -c bpfel.elf >"$tmp/small.gz"
xz -c --check=crc32 bpfel.elf >"$tmp/small.xz"
zstd -q -c bpfel.elf >"$tmp/small.zst"
python3 "$tests_dir/pack-kernel.py" bzimage "$tmp/small.gz" gz.bzimage
python3 "$tests_dir/pack-kernel.py" bzimage "$tmp/small.xz" xz.bzimage
python3 "$tests_dir/pack-kernel.py" zboot "$tmp/small.zst" zboot
python3 "$tests_dir/pack-kernel.py" image bpfel.btf image
echo "$(find . -type f | wc -l) seeds"
