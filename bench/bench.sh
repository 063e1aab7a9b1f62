# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154 # sourced behind lib.sh
# What the benchmarks share.

pairs=$builddir_top/bench/pairs
jobs=${JOBS:-2}
unset CROSSBPF_NO_CACHE # of the tests

# compare [-f] TITLE PEER ROUNDS COMMAND… -- COMMAND…: crossbpf build beside a peer; with -f the first
# round counts too.
compare() {
	first=
	[ "$1" != -f ] || { first=-f && shift; }
	title=$1 peer=$2 rounds=$3
	shift 3
	echo "$title, $count programs: A: crossbpf build, B: $peer"
	"$pairs" $first -t "$title" -a "crossbpf build" -b "$peer" -c "$count" "$rounds" -- "$@" ||
		{ tail "$work/said" >&2 && fail "$title"; }
}

# command_file NAME, from standard input: so that what is measured is a process and no shell function.
command_file() {
	{ echo '#!/bin/sh' && cat; } >"$1"
	chmod +x "$1"
}

# same_objects OURS CLANGS: is each object what clang made, stripped and stamped? There are as many.
same_objects() {
	made=$(find "$1" -name '*.o' | wc -l)
	[ "$made" = "$(find "$2" -name '*.o' | wc -l)" ] || fail "not as many objects in $1 as in $2"
	for object in "$1"/*.o; do
		arch=$(llvm-readelf -p .debug_crossbpf "$object" | grep -q any && echo any || echo x86)
		"$builddir_top/tests/integration/rewrite-object" bpfel "$arch" "$2/${object##*/}" "$tmp/wanted.o" ||
			fail "${object##*/} cannot be rewritten"
		expect_same "$object" "$tmp/wanted.o" "${object##*/} is not what clang makes"
	done
	echo "(all $made objects are what clang makes, stripped and stamped)"
}

# same_as_before DIR: are its objects those of the last time, and of the first?
same_as_before() {
	digest=$(cd "$1" && sha256sum -- *.o | sha256sum)
	: "${before:=$digest}"
	[ "$digest" = "$before" ] || fail "$1: other objects than before"
}

# prepare_programs: writes the files by which peers build what $words (crossbpf build and its options)
# builds, with the commands that it prints with -n.
#   build OUTDIR OPTIONS           ours
#   first, xargs-first             from nothing: the cache and the state are gone
#   deleted, ccache-deleted        outputs are gone
#   cloned                         outputs are gone, and what is known of this directory
#   build.ninja, Makefile          of the same commands
prepare_programs() {
	command_file "$work/build" <<-EOF
		outdir=\$1
		shift
		exec $(echo $words) "\$@" -d "\$outdir" 2>"$work/said"
	EOF
	CROSSBPF_NO_CACHE=1 XDG_CACHE_HOME=$work/unused "$work/build" "$work/clang" -n |
		sed "s/^cd [^ ]* && //" >"$work/commands"
	count=$(wc -l <"$work/commands")
	[ "$count" -gt 0 ] || { cat "$work/said" >&2 && fail "nothing to build"; }
	mkdir -p "$work/clang" "$work/ninja" "$work/make" "$work/ccache"
	root=$(pwd)
	{
		echo "builddir = $work/ninja"
		echo "rule cc"
		echo "  command = \$cc -MD -MF \$out.d"
		echo "  depfile = \$out.d"
		echo "  deps = gcc"
		sed 's/\$/$$/g' "$work/commands" | while IFS= read -r line; do
			object=${line##* } source=${line% -o *}
			echo "build $work/ninja/${object##*/}: cc ${source##* }"
			echo "  cc = ${line% -o *} -o $work/ninja/${object##*/}"
		done
	} >"$work/build.ninja"
	{
		echo "all:"
		sed 's/\$/$$/g' "$work/commands" | while IFS= read -r line; do
			object=${line##* } source=${line% -o *}
			echo "all: $work/make/${object##*/}"
			echo "$work/make/${object##*/}: ${source##* }"
			printf '\t%s -MD -MF %s.d\n' "${line% -o *} -o $work/make/${object##*/}" "$work/make/${object##*/}"
		done
		echo "-include $work/make/*.d"
	} >"$work/Makefile"
	sed 's/^/exec /' "$work/commands" >"$work/clang-commands"
	sed "s,^,exec ccache ,; s, -o [^ ]*/\([^/]*\)\$, -o $work/ccache/\1," "$work/commands" >"$work/ccache-commands"

	command_file "$work/first" <<-EOF
		rm -rf "$work/out" "\$XDG_CACHE_HOME"
		exec "$work/build" "$work/out"
	EOF
	command_file "$work/xargs-first" <<-EOF
		rm -rf "$work/clang"
		mkdir "$work/clang"
		exec xargs -d '\n' -P $jobs -n 1 sh -c <"$work/clang-commands" 2>/dev/null
	EOF
	command_file "$work/deleted" <<-EOF
		rm -rf "$work/out"
		exec "$work/build" "$work/out"
	EOF
	command_file "$work/cloned" <<-EOF
		rm -rf "$work/out" "\$XDG_CACHE_HOME/crossbpf/state"
		exec "$work/build" "$work/out"
	EOF
	command_file "$work/ccache-deleted" <<-EOF
		rm -rf "$work/ccache"
		mkdir "$work/ccache"
		exec xargs -d '\n' -P $jobs -n 1 sh -c <"$work/ccache-commands" 2>/dev/null
	EOF
	command_file "$work/ninja-all" <<-EOF
		exec ninja -j$jobs -f "$work/build.ninja" 2>&1
	EOF
	command_file "$work/make-all" <<-EOF
		exec make -s -j$jobs -f "$work/Makefile" 2>/dev/null
	EOF
}

# What a build costs from nothing, with outputs deleted, and with nothing to do.
compare_builds() { # TITLE
	export XDG_CACHE_HOME="$work/cache" CCACHE_DIR="$work/ccache-dir" CCACHE_MAXSIZE=20G
	before=
	compare -f "$1from nothing" "clang under xargs -P$jobs" "${BUILDS:-1}" "$work/first" -- "$work/xargs-first"
	same_objects "$work/out" "$work/clang"
	same_as_before "$work/out"

	"$work/ccache-deleted"
	sleep 1 # what was written a moment ago is looked at once more
	"$work/deleted"
	same_as_before "$work/out"
	compare "$1outputs deleted" "ccache under xargs -P$jobs" "${HITS:-5}" "$work/deleted" -- "$work/ccache-deleted"
	same_as_before "$work/out"
	compare "$1outputs and state deleted" "ccache under xargs -P$jobs" "${HITS:-5}" "$work/cloned" -- "$work/ccache-deleted"
	same_as_before "$work/out"

	"$work/ninja-all" >/dev/null
	sleep 1
	"$work/build" "$work/out"
	compare "$1nothing to do" ninja "${PAIRS:-21}" $words -d "$work/out" -- ninja -f "$work/build.ninja"
	[ -n "${NO_MAKE-}" ] || {
		"$work/make-all"
		compare "$1nothing to do" make "${PAIRS:-21}" $words -d "$work/out" -- make -s -f "$work/Makefile"
	}
}
