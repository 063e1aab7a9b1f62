# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A builder that does not see the host's files, sourced after lib.sh: this machine with another home
# directory. See tests/plugins/elsewhere.c.
#
#	elsewhere COMMAND…  runs it with that builder
#	native COMMAND…     with the backend that sees the host's files, and a cache of its own
#	sent                the host's files that are over there, by their names on the host
#	sessions            how many commands were run there since it was last asked
#	use_shell WORDS     what `sh` is over there

use_clang
export TEST_BUILDER="$tmp/home"
mkdir "$TEST_BUILDER"

elsewhere() {
	CROSSBPF_BACKENDDIR="$builddir_top/tests/plugins/.libs" CROSSBPF_BACKEND=elsewhere "$@"
}

native() {
	CROSSBPF_BACKEND=native XDG_CACHE_HOME="$tmp/native-cache" "$@"
}

# Where a file of the host's is over there.
workspace() {
	find "$TEST_BUILDER" -type d -path '*/.cache/crossbpf/builder/*/root' | head -n 1
}

sent() {
	(cd "$(workspace)" && find . ! -type d | sed 's/^\.//' | sort)
}

# What is run there is written down, and then run, under a name by which its processes are found.
cat >"$tmp/logging-sh" <<SH
#!/bin/sh
echo run >>'$tmp/sessions'
case \$1 in -c) script=\$2 && shift 3 && set -- -c "\$script" '$tmp' "\$@" ;; esac
exec \$(cat '$tmp/real-shell') "\$@"
SH
chmod +x "$tmp/logging-sh"
export TEST_BUILDER_SHELL="$tmp/logging-sh"
echo sh >"$tmp/real-shell"

use_shell() {
	echo "$*" >"$tmp/real-shell"
}

sessions() {
	[ ! -e "$tmp/sessions" ] || wc -l <"$tmp/sessions"
	rm -f "$tmp/sessions"
}

# No directory of an exchange is left.
no_runs() {
	left=$(find "$TEST_BUILDER" -name 'run.*')
	[ -z "$left" ] || fail "left behind over there: $left"
}

# Objects of crossbpf-clang that were made in two directories.
expect_alike() {
	cp "$1" "$tmp/alike-1"
	cp "$2" "$tmp/alike-2"
	llvm-strip -g "$tmp/alike-1" "$tmp/alike-2"
	expect_same "$tmp/alike-1" "$tmp/alike-2" "${3:-$1 and $2 differ}"
}
