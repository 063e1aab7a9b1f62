#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# crossbpf build beside ninja and xargs on the programs of Linux 6.1's selftests: nothing to do,
# the first build, and one whose outputs were deleted.
. "${srcdir:-.}/tests/integration/lib.sh"
. "$tests_dir/selftests.sh"

need ninja ccache
use_clang
prepare_selftests
cd "$selftests"
includes="-I ../../../../vmlinux -I . -I progs -I ../../../include/uapi"
flags="-target bpfel -mcpu=v3 -O2 -g -D__TARGET_ARCH_x86 $includes -idirafter /usr/include/x86_64-linux-gnu"

cat >"$tmp/build" <<EOF
#!/bin/sh
cd "$selftests" && exec crossbpf build -q -j2 --arch x86 --cpu v3 $includes -d "\$1" progs/*.c 2>/dev/null
EOF
cat >"$tmp/xargs" <<EOF
#!/bin/sh
cd "$selftests" && ls progs/*.c | xargs -P 2 -I SOURCE sh -c 'name=\${1##*/}; exec "$clang" $flags -c "\$1" -o "\$2/\${name%.c}.o"' sh SOURCE "\$1" 2>/dev/null
EOF
{
	echo "builddir = $tmp/ninja"
	echo "rule cc"
	echo "  command = $clang $flags -MD -MF \$out.d -c \$in -o \$out 2>/dev/null"
	echo "  depfile = \$out.d"
	echo "  deps = gcc"
	for source in progs/*.c; do
		name=${source##*/}
		echo "build $tmp/ninja/${name%.c}.o: cc $source"
	done
} >"$tmp/build.ninja"
chmod +x "$tmp/build" "$tmp/xargs"
mkdir -p "$tmp/ninja"
pairs=$builddir_top/bench/pairs

ninja -j2 -f "$tmp/build.ninja" >/dev/null
"$tmp/build" "$tmp/out"
sleep 1
"$tmp/build" "$tmp/out" # what was written a moment ago is read once more
echo "A: crossbpf build, B: ninja, nothing to do, $(ls progs/*.c | wc -l) programs"
"$pairs" -t "selftests, nothing to do" -a crossbpf -b ninja "${PAIRS:-21}" -- crossbpf build -q --arch x86 --cpu v3 $includes -d "$tmp/out" progs/*.c -- \
	ninja -f "$tmp/build.ninja"

# From nothing each time; the round that does not count is left out by pairs itself.
cat >"$tmp/first" <<EOF
#!/bin/sh
rm -rf "$tmp/first-out" "$tmp/cache/crossbpf/state"
exec "$tmp/build" "$tmp/first-out"
EOF
cat >"$tmp/first-xargs" <<EOF
#!/bin/sh
rm -rf "$tmp/xargs-out"
mkdir "$tmp/xargs-out"
exec "$tmp/xargs" "$tmp/xargs-out"
EOF
chmod +x "$tmp/first" "$tmp/first-xargs"
echo "A: crossbpf build, B: clang under xargs -P2, from nothing"
"$pairs" -t "selftests, from nothing" -a crossbpf -b "clang under xargs -P2" "${BUILDS:-3}" -- "$tmp/first" -- "$tmp/first-xargs"

# The outputs are gone, what was once made is kept: by each its own cache.
cat >"$tmp/deleted" <<EOF
#!/bin/sh
rm -rf "$tmp/first-out" "$tmp/cache/crossbpf/state"
exec "$tmp/build" "$tmp/first-out"
EOF
cat >"$tmp/deleted-ccache" <<EOF
#!/bin/sh
rm -rf "$tmp/xargs-out"
mkdir "$tmp/xargs-out"
cd "$selftests" && ls progs/*.c | xargs -P 2 -I SOURCE sh -c 'name=\${1##*/}; exec ccache "$clang" $flags -c "\$1" -o "\$2/\${name%.c}.o"' sh SOURCE "$tmp/xargs-out" 2>/dev/null
EOF
chmod +x "$tmp/deleted" "$tmp/deleted-ccache"
export CCACHE_DIR="$tmp/ccache"
unset CROSSBPF_NO_CACHE # of the tests
echo "A: crossbpf build, B: ccache under xargs -P2, outputs deleted"
"$pairs" -t "selftests, outputs deleted" -a crossbpf -b "ccache under xargs -P2" "${BUILDS:-3}" -- "$tmp/deleted" -- "$tmp/deleted-ccache"
