# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154,SC2164 # sourced behind lib.sh (set -e), engine.sh, hidden.sh
# What a builder in a container must do for a host that has no clang and no headers.

use_clang
unset CROSSBPF_CLANG # the builder's is what is used
prepare_selftests
export CROSSBPF_TRUST=all

# project DIRECTORY: a copy of what the programs include, with the engine in its crossbpf.conf
project() {
	mkdir -p "$1"
	(cd "$selftests/../../../.." && tar cf - vmlinux tools/include tools/testing/selftests/bpf) | tar xf - -C "$1"
	{
		echo 'backend docker {'
		for setting in $engine_settings; do
			echo "${setting%%=*} ${setting#*=}"
		done | awk '{ v[$1] = v[$1] (v[$1] ? ", " : "") "\"" $2 "\"" }
			END { for (k in v) print "\t" k " = " (k ~ /_options$/ ? "{" v[k] "}" : v[k]) }'
		echo '}'
	} >"$1/crossbpf.conf"
}
there() { # COMMAND…: on the host without a compiler, by the engine
	CROSSBPF_BACKEND=docker hidden "$@"
}
value() { # KEY: of the last event in $tmp/events
	tail -n 1 "$tmp/events" | sed -n "s/.*\"$1\":\([0-9.]*\)[,}].*/\1/p"
}
build() { # OUTPUT COMMAND…
	out=$1
	shift
	xargs -d '\n' "$@" crossbpf build --json -k -d "$out" --arch x86 --cpu v3 -I ../../../../vmlinux -I . \
		-I progs -I ../../../include/uapi <"$tmp/sources" >"$tmp/events" 2>"$tmp/log" ||
		{ tail -n 5 "$tmp/log" >&2; fail "the build in $PWD"; }
}
compile() { # OUTPUT COMMAND…: all programs, each by a command of its own
	mkdir "$1"
	dir=$1
	shift
	xargs -P 2 -I SOURCE sh -c '
		source=$1 dir=$2
		shift 2
		name=${source##*/}
		"$@" -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I../../../../vmlinux -I. -Iprogs \
			-I../../../include/uapi -idirafter /usr/include/x86_64-linux-gnu -c "$source" \
			-o "$dir/${name%.c}.o" 2>"$dir/${name%.c}.err"
	' sh SOURCE "$dir" "$@" <"$tmp/sources" || :
}

prove_selftests() {
	project "$tmp/one"
	project "$tmp/a/much/longer path"
	cd "$tmp/one/tools/testing/selftests/bpf"
	for source in progs/*.c; do
		! in_sample "${every:-16}" "$source" || echo "$source"
	done >"$tmp/sources"
	total=$(wc -l <"$tmp/sources")

	build "$tmp/native" env CROSSBPF_BACKEND=native
	export CROSSBPF_BACKEND=docker
	there crossbpf build -q --arch x86 -d "$tmp/warm" -o "$tmp/warm.o" progs/bpf_flow.c || fail "the first build"
	build "$tmp/there" unshare_hidden
	[ "$(value compiled)" = "$total" ] || fail "compiled $(value compiled) of $total"
	diff -r "$tmp/native" "$tmp/there" >&2 || fail "$engine_name's objects differ from native ones"
	cd "$tmp/a/much/longer path/tools/testing/selftests/bpf"
	build "$tmp/elsewhere" unshare_hidden
	diff -r "$tmp/native" "$tmp/elsewhere" >&2 || fail "objects depend on the directory"
	[ "$(python3 "$tests_dir/btf-lines.py" "$tmp"/there/*.o | awk '{ n += $3 } END { print n }')" -gt 0 ] ||
		fail "no source lines in BTF"
	pass_line "$engine_name: $total programs by build: native's bytes, from two directories"

	cd "$tmp/one/tools/testing/selftests/bpf"
	compile "$tmp/clang" "$clang"
	compile "$tmp/crossbpf-clang" unshare_hidden crossbpf-clang
	diff -r "$tmp/clang" "$tmp/crossbpf-clang" >&2 || fail "crossbpf-clang's objects or diagnostics differ from clang's"
	pass_line "$engine_name: $total programs by crossbpf-clang: clang's bytes and diagnostics"
}

# xargs runs programs, not functions.
make_unshare_hidden() {
	mkdir -p "$tmp/bin"
	{
		echo '#!/bin/sh'
		echo "tmp='$tmp'"
		sed -n '/^hidden() {/,/^}/p' "$tests_dir/hidden.sh"
		echo 'hidden "$@"'
	} >"$tmp/bin/unshare_hidden"
	chmod +x "$tmp/bin/unshare_hidden"
	PATH=$PATH:$tmp/bin
}

# A host with a clang and no headers compiles with the container's.
prove_mirror() {
	mkdir -p "$tmp/nothing"
	cat >"$tmp/bin/without_headers" <<SH
#!/bin/sh
exec unshare -m sh -euc '
	nothing=\$1
	shift
	mount --make-rprivate /
	for dir in /usr/include /usr/local/include; do
		mount --bind "\$nothing" "\$dir"
	done
	exec "\$@"
' sh '$tmp/nothing' "\$@"
SH
	chmod +x "$tmp/bin/without_headers"
	cd "$tmp/one/tools/testing/selftests/bpf"
	xargs -d '\n' without_headers crossbpf headers -q --backend docker --arch x86 --cpu v3 -I ../../../../vmlinux -I . \
		-I progs -I ../../../include/uapi <"$tmp/sources" || fail "the headers of $engine_name"
	build "$tmp/mirrored" without_headers env CROSSBPF_BACKEND=native
	[ "$(value compiled)" = "$total" ] || fail "compiled $(value compiled) of $total"
	diff -r "$tmp/native" "$tmp/mirrored" >&2 || fail "objects differ with the headers of $engine_name"
	pass_line "$engine_name: $total programs by a clang here and its headers: native's bytes"
}

# What travels.
prove_travel() {
	mkdir -p "$tmp/core"
	cp "$tmp/one/crossbpf.conf" "$tmp/one/vmlinux/vmlinux.h" "$tmp/core"
	cd "$tmp/core"
	printf '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_core_read.h>\n
SEC("kprobe/x") int x(void *ctx)\n{\n\tstruct task_struct *t = (void *)bpf_get_current_task();\n
	return BPF_CORE_READ(t, pid);\n}\nchar _license[] SEC("license") = "GPL";\n' >x.bpf.c
	there crossbpf build --json --arch x86 x.bpf.c >"$tmp/events"
	size=$(wc -c <vmlinux.h)
	[ "$(value bytes_sent)" -gt "$size" ] && [ "$(value bytes_sent)" -lt $((size + 16384)) ] ||
		fail "the first build sent $(value bytes_sent) bytes, vmlinux.h has $size"
	sed -i 's/pid/tgid/' x.bpf.c
	there crossbpf build --json --arch x86 x.bpf.c >"$tmp/events"
	[ "$(value bytes_sent)" -lt 16384 ] || fail "an edit sent $(value bytes_sent) bytes"
	sent=$(value bytes_sent)
	there crossbpf build --json --arch x86 x.bpf.c >"$tmp/events"
	[ "$(value up_to_date)$(value bytes_sent)" = 10 ] || fail "built again: $(cat "$tmp/events")"
	pass_line "$engine_name: vmlinux.h travels once, an edit takes $sent bytes"

	# What was sent once and is known no more is not there either.
	echo '#define GONE' >gone.h
	printf '#include "gone.h"\n' | cat - x.bpf.c >gone.bpf.c
	there crossbpf build -q --arch x86 gone.bpf.c
	rm -r gone.h "$XDG_CACHE_HOME/crossbpf/workspace"
	printf '#if __has_include("gone.h")\n#error it is there\n#endif\n' | cat - x.bpf.c >gone.bpf.c
	there crossbpf build -q --arch x86 gone.bpf.c || fail "a header that is gone is seen"
	pass_line "$engine_name: a workspace that nobody knows is begun anew"
}

# Builds by others: bpf2go with both tools, and what the selftests' own Makefile asks clang for.
prove_builds() {
	make_bpf2go
	cp "$tmp/one/crossbpf.conf" .
	set -- -target bpfel,bpfeb probe probe.c -- -idirafter /usr/include/x86_64-linux-gnu
	"$tmp/bpf2go" -cc "$clang" -strip llvm-strip "$@" >/dev/null || fail "bpf2go itself"
	mkdir "$tmp/bpf2go-clang"
	mv probe_* "$tmp/bpf2go-clang"
	there "$tmp/bpf2go" -cc crossbpf-clang -strip crossbpf-llvm-strip "$@" >"$tmp/log" 2>&1 ||
		{ cat "$tmp/log" >&2; fail "bpf2go on the host without a compiler"; }
	mkdir "$tmp/bpf2go-there"
	mv probe_* "$tmp/bpf2go-there"
	diff -r "$tmp/bpf2go-clang" "$tmp/bpf2go-there" >&2 || fail "bpf2go writes other files"
	pass_line "$engine_name: bpf2go writes $(ls "$tmp/bpf2go-there" | tr '\n' ' ')"

	search='/<...> search starts here:/,/End of search list/{ s| \(/.*\)|-idirafter \1|p }'
	"$clang" -v -E - </dev/null 2>&1 | sed -n "$search" >"$tmp/search"
	there crossbpf-clang -v -E - </dev/null 2>&1 | sed -n "$search" >"$tmp/search-there"
	grep -q -- '-idirafter /usr/lib/llvm' "$tmp/search-there" || fail "no search list: $(cat "$tmp/search-there")"
	# shellcheck disable=SC2046 # words of it
	there crossbpf-clang -target bpf -O2 -g $(cat "$tmp/search-there") -c probe.c -o probe.o ||
		fail "with the builder's search list"
	# shellcheck disable=SC2046
	"$clang" -target bpf -O2 -g $(cat "$tmp/search") -c probe.c -o want.o
	expect_same probe.o want.o
	pass_line "$engine_name: -v -E - names the builder's directories, which mean them"
}

prove_remote() {
	prove_hidden
	make_unshare_hidden
	prove_selftests
	prove_mirror
	prove_travel
	prove_builds
}
