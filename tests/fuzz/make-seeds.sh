#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make-seeds.sh DIRECTORY [N]: what a fuzzer of objects begins with: Linux's selftests (one program
# in N; without N all of them), one in four compiled for big endian, the shipped programs where they
# are built, and what no compiler writes (make-many.py). Run in the build directory with srcdir set,
# as the tests are.
. "${srcdir:-.}/tests/integration/lib.sh"
. "$tests_dir/selftests.sh"

mkdir -p "$1"
seeds=$(cd "$1" && pwd)
one_in=${2:-1}
need python3
python3 "$srcdir_top/tests/fuzz/make-many.py" "$seeds"
use_clang "${CROSSBPF_TEST_CLANG:-clang}"
prepare_selftests

for object in "$builddir_top"/bpf/*.bpf.o; do
	[ ! -e "$object" ] || cp "$object" "$seeds/"
done
cd "$selftests"
for source in progs/*.c; do
	name=${source##*/}
	in_sample "$one_in" "$source" && [ ! -e "$seeds/${name%.c}.o" ] || continue
	target=bpfel
	[ $(($(printf %s "$name" | cksum | cut -d ' ' -f 1) / 64 % 4)) != 0 ] || target=bpfeb
	echo "$target $source $seeds/${name%.c}.o"
done >"$tmp/list"
# shellcheck disable=SC2086 # a list of words
[ ! -s "$tmp/list" ] || xargs -P 2 -n 3 sh -c '
	flags=$1 clang=$2 target=$3
	"$clang" $flags -w -target "$target" -c "$4" -o "$5.tmp" && mv "$5.tmp" "$5"
' sh "$selftests_flags" "$clang" <"$tmp/list" || fail "clang does not compile the seeds"
echo "$(find "$seeds" -name '*.o' | wc -l) seeds"
