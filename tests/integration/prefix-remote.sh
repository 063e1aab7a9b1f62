# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154,SC2164 # sourced behind lib.sh (set -e) and a builder's
# Precompiled headers on a builder that does not see the host's files: what comes back is what comes
# without. For who sources this: $CROSSBPF_BACKEND, conf (prints lines for crossbpf.conf), and
#	kept COMMAND…    runs that shell script in the directory of the workspace where they lie

use_clang
unset CROSSBPF_CLANG # the builder's is what is used
need python3
export CROSSBPF_TRUST=all
mkdir -p "$tmp/p/inc" "$tmp/p/src" "$tmp/p/early"
cd "$tmp/p"
conf >crossbpf.conf

make_header() { # FILE LATER [LINES…]
	file=$1 later=$2
	shift 2
	{
		printf '%s\n' '#ifndef VMLINUX_H' '#define VMLINUX_H' "#define LATER $later"
		[ $# = 0 ] || printf '%s\n' "$@"
		python3 - <<'P'
for i in range(7200):
    print(f"struct filler_{i:05d} {{ int first_of_it; struct filler_{i:05d} *next_of_it; }};")
P
		cat <<'H'
static __attribute__((noinline)) int in_header(struct filler_00001 *f)
{
	return f->first_of_it + (int)__FILE__[1] + LATER;
}
#endif
H
	} >"$file"
}
make_source() { # FILE INCLUDE [LINES-BEFORE…]
	file=$1 include=$2
	shift 2
	{
		printf '%s\n' '/* A source. */' "$@" "#include $include /* first */" '#include "second.h"'
		cat <<'S'
__attribute__((section("xdp"))) int prog(struct filler_00002 *f)
{
	return in_header((void *)f) + f->next_of_it->first_of_it + SECOND + __LINE__;
}
S
	} >"$file"
}
echo '#define SECOND 7' >src/second.h
cp src/second.h .
make_header inc/vmlinux.h 1
make_source src/a.c '<vmlinux.h>'
make_source src/b.c '"vmlinux.h"'

build() { # OUT [OPTION…]
	out=$1
	shift
	crossbpf build --arch x86 -I early -I inc --emit object,dep -d "$out" --explain "$@" ${sources-src/a.c src/b.c}
}
# same WHAT used|REASON [OPTION…]: as without, and as a clang of this machine makes it.
same() {
	what=$1 expected=$2
	shift 2
	rm -rf out with plain
	build out "$@" >"$tmp/said" 2>&1 || { cat "$tmp/said" >&2; fail "$what: no build"; }
	mv out with
	build out --no-pch "$@" >"$tmp/said.plain" 2>&1 || fail "$what: no build without"
	mv out plain
	diff -r with plain >&2 || fail "$what: other outputs"
	for said in "$tmp/said" "$tmp/said.plain"; do
		grep -v '^crossbpf: ' "$said" | sort >"$said.sorted" || :
	done
	diff "$tmp/said.plain.sorted" "$tmp/said.sorted" >&2 || fail "$what: other diagnostics"
	if [ "$expected" = used ]; then
		! grep 'has no pre' "$tmp/said" >&2 && grep -q 'begins with a precompiled' "$tmp/said" || fail "$what: not precompiled"
	else
		! grep 'begins with a precompiled' "$tmp/said" >&2 || fail "$what: precompiled"
		grep -q "has no precompiled header: .*$expected" "$tmp/said" || { grep 'precompiled' "$tmp/said" >&2; fail "$what: another reason than $expected"; }
	fi
	case " $* " in *" --debug "*) return ;; esac # names in DWARF are the builder's affair
	(
		CROSSBPF_BACKEND=native
		export CROSSBPF_BACKEND
		build out --no-pch "$@"
	) >"$tmp/said.native" 2>&1 || fail "$what: no build here"
	for object in out/*.o; do
		expect_same "$object" "with/${object#out/}" "$what: not what is made here"
	done
}

same "two sources with one header" used
[ "$(kept 'ls *.sum' | wc -l)" = 1 ] || fail "$(kept 'ls *.sum') for one header"
inode=$(kept 'ls -i *.sum')
same "a second build" used
[ "$(kept 'ls -i *.sum')" = "$inode" ] || fail "it was made again"
same "with DWARF" used --debug
same "warnings" used --cflags '-Wall -Wextra'
echo 'static int never_used(void) { return 1; }' >>src/a.c
same "a source that warns" used --cflags '-Wall'
grep -q never_used "$tmp/said" || fail "the warning is not shown"
echo 'int broken = ;' >>src/a.c
! build out >"$tmp/said" 2>&1 || fail "what is wrong was built"
grep -q "src/a.c:[0-9]*:14: error" "$tmp/said" || { cat "$tmp/said" >&2; fail "the error is not shown"; }
make_source src/a.c '<vmlinux.h>'
sources=root.c
make_header root.h 4
make_source root.c '"root.h"'
build out >/dev/null 2>&1 # once
same "a header beside a source in the project's directory" used
same "the same with DWARF" used --debug
unset sources
pass_line "objects, dependency files and diagnostics"

# What is wrong without a word.
make_source src/a.c '<vmlinux.h>' '#define LATER_ON 1'
make_source src/b.c '<vmlinux.h>' '#define LATER_ON 1'
same "a macro before it" 'begins with no #include'
make_source src/a.c '<vmlinux.h>'
make_source src/b.c '<vmlinux.h>'
cp -p inc/vmlinux.h "$tmp/old.h"
sed -i 's/define LATER 1/define LATER 5/' inc/vmlinux.h
touch -r "$tmp/old.h" inc/vmlinux.h
rm -rf before && mv with before
same "a header that changed with its size and time kept" used
! cmp -s with/a.o before/a.o || fail "the change is not in the object"
sed 's/define LATER 5/define LATER 6/' inc/vmlinux.h >early/vmlinux.h
rm -rf before && mv with before
same "another header before it" used
! cmp -s with/a.o before/a.o || fail "the other header is not in the object"
rm early/vmlinux.h
same "the other one gone again" used
for damage in 'truncate -s 500000' 'truncate -s 0' rm 'dd if=/dev/zero bs=1000 count=400 seek=1 conv=notrunc of='; do
	kept 'for sum in *.sum; do
		pch=${sum%.sum}
		[ -e $pch ] || continue
		touch -r $pch time
		case "'"$damage"'" in *=) '"$damage"'$pch ;; *) '"$damage"' $pch ;; esac
		[ ! -e $pch ] || touch -r time $pch
	done' 2>/dev/null
	same "damage there: $damage" used
done
kept 'rm -rf ./*'
same "all gone there" used
refused() { # WHAT REASON LINE…
	what=$1 reason=$2
	shift 2
	make_header inc/vmlinux.h 1 "$@"
	same "$what" "$reason" --cflags -Wall
}
refused __COUNTER__ 'holds __COUNTER__' 'static __attribute__((noinline, used)) int use_it(void) { return __COUNTER__; }'
refused '#warning' 'says something' '#warning "this header warns"'
same '#warning, once it is known' 'says something' --cflags -Wall
refused "a header of the builder's in it" "that are the builder's" '#include <linux/types.h>'
make_header inc/vmlinux.h 9
same -include '-include is among' --cflags '-include src/second.h'
pass_line "what may not be precompiled, what changed and what is damaged"

# Two builds at once make it once.
kept 'rm -rf ./*'
rm -rf "$XDG_CACHE_HOME/crossbpf/prefix"
at_once() { # DIRECTORY
	build "$1" ${counting_clang:+--clang "$counting_clang"} >"$tmp/said.$1" 2>&1
}
at_once one &
first=$!
at_once two || { cat "$tmp/said.two" >&2; fail "one of two builds at once"; }
wait "$first" || { cat "$tmp/said.one" >&2; fail "the other of two builds at once"; }
[ "$(cat "$tmp"/said.one "$tmp"/said.two | grep -c 'begins with a precompiled')" = 4 ] ||
	{ cat "$tmp"/said.one "$tmp/said.two" >&2; fail "not all of two builds used it"; }
diff one/a.o two/a.o >&2 || fail "two builds at once made two objects"
[ "$(kept 'ls *.sum' | wc -l)" = 1 ] || fail "two builds at once keep $(kept 'ls *.sum')"
[ -z "${counting_clang-}" ] || [ "$(grep -c ' c-header ' "$counting_clang.log")" = 1 ] ||
	fail "two builds at once made it $(grep -c ' c-header ' "$counting_clang.log") times"
if [ -n "${counting_clang-}" ]; then
	[ "$(grep ' -c src/[ab]\.c ' "$counting_clang.log" | grep -c ' -include-pch ')" = 4 ] ||
		{ cat "$counting_clang.log" >&2; fail "not each was compiled with it"; }
	! grep ' -c src/[ab]\.c ' "$counting_clang.log" | grep -v -e ' -include-pch ' >&2 || fail "compiled again without it"
fi
# What was used longest ago makes room.
kept 'head -c 280000000 /dev/zero >feed; : >feed.sum; : >feed.list; : >feed.used; touch -d 2020-01-01 feed*'
make_header inc/vmlinux.h 10
same "a new one, where there is too much" used
[ "$(kept 'ls feed* 2>/dev/null | wc -l')" = 0 ] || fail "what was used longest ago is there"
pass_line "two builds at once, and a limit"

# crossbpf-clang: one process a file, from the second that asks for it on.
flags='-target bpf -O2 -g -Iinc'
clang_same() { # OPTION…
	rm -rf by
	for who in plain ours; do
		mkdir -p by/at
		no_pch=0
		[ "$who" = ours ] || no_pch=1
		CROSSBPF_NO_PCH=$no_pch CROSSBPF_VERBOSE=$((1 - no_pch)) crossbpf-clang $flags "$@" -c src/a.c -o by/at/x.o 2>"by/$who.said" ||
			{ cat "by/$who.said" >&2; fail "crossbpf-clang $*"; }
		mv by/at "by/$who"
	done
	diff -r by/plain by/ours >&2 || fail "other outputs: $*"
	grep -v '^crossbpf: ' by/ours.said | diff by/plain.said - >&2 || fail "other diagnostics: $*"
}
clang_same -MD
grep -q 'asked for once' by/ours.said || fail "crossbpf-clang makes one for one use"
for deps in '' -MD '-MMD -MP' '-MD -MP -MT a'; do
	clang_same $deps
	! grep 'no precompiled header' by/ours.said >&2 || fail "no precompiled header: $deps"
done
[ "$(kept 'ls *.sum' | wc -l)" = 3 ] || fail "crossbpf-clang makes none: $(kept 'ls *.sum')"
echo 'static int never_used(void) { return 1; }' >>src/a.c
clang_same -Wall
grep -q never_used by/ours.said || fail "crossbpf-clang does not show a warning"
pass_line "crossbpf-clang, a file a process"
