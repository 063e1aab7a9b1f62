# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What the integration tests share. Sourced from the directory in which make check runs.
set -eu

tests_dir=$(cd "${srcdir:-.}/tests/integration" && pwd)
srcdir_top=$(cd "${srcdir:-.}" && pwd)
builddir_top=${builddir_top:-$(pwd)}
PATH=$builddir_top:$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
# What is tested is what was built here, with nothing remembered and nothing of the user's.
export CROSSBPF_BACKENDDIR="$builddir_top/backends/.libs" CROSSBPF_MODULEDIR="$builddir_top/src/.libs"
export CROSSBPF_DATADIR="$srcdir_top/data" CROSSBPF_LIBEXECDIR="$builddir_top"
export CROSSBPF_BPFDIR="$builddir_top/bpf"
# What a test builds is compiled for it; the object cache has tests of its own.
export CROSSBPF_NO_CACHE=1
unset CROSSBPF_BACKEND CROSSBPF_CLANG CROSSBPF_VERBOSE CROSSBPF_PROBE CROSSBPF_TRUST

# What CI keeps from one run to the next.
ci_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/crossbpf-ci
tmp=$(mktemp -d "${TMPDIR:-/tmp}/crossbpf-test.XXXXXX")
export XDG_CACHE_HOME="$tmp/cache" XDG_CONFIG_HOME="$tmp/config"
trap 'status=$?; rm -rf "$tmp"; exit $status' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Downloads and unpacked corpora outlive a run here.
corpus_cache=${CROSSBPF_TEST_CACHE:-${HOME:-/tmp}/.cache/crossbpf-tests}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# A test that cannot run here says why; in CI everything can.
skip() {
	[ "${CI-}" != true ] || [ -n "${CROSSBPF_TEST_CONFINED-}" ] || fail "skipped, which CI may not: $*"
	echo "SKIP: $*"
	exit 77
}

need() {
	for program; do
		command -v "$program" >/dev/null 2>&1 || skip "there is no $program"
	done
}

# Where root or a network is not for the tests to use: package builds.
need_root() {
	[ -z "${CROSSBPF_TEST_CONFINED-}" ] || skip "CROSSBPF_TEST_CONFINED is set"
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# own_mounts [-n] COMMAND…: as root, with mounts (-n: and a network) that nobody else sees. In a plain
# chroot, whose root is no mount point, unshare cannot make them private: there it is enough that
# none is shared.
own_mounts() {
	network=
	[ "$1" != -n ] || { network=-n && shift; }
	if unshare -m true 2>/dev/null; then
		unshare -m $network "$@"
	else
		unshare -m --propagation unchanged $network "$@"
	fi
}

has_own_mounts() {
	[ "$(id -u)" = 0 ] && [ -z "${CROSSBPF_TEST_CONFINED-}" ] || return 1
	! unshare -m true 2>/dev/null || return 0
	! grep -q ' shared:' /proc/self/mountinfo && unshare -m --propagation unchanged true 2>/dev/null
}

# A part of a test that needs them; without is a skipped test in CI.
if_own_mounts() {
	! has_own_mounts || return 0
	[ "$(id -u)" != 0 ] || [ -n "${CROSSBPF_TEST_CONFINED-}" ] || [ "${CI-}" != true ] || fail "no mount namespace"
	echo "left out, for it needs a mount namespace: $*"
	return 1
}

# What stands before strace: no leak is looked for under it (LeakSanitizer needs ptrace itself).
untraceable="env ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

pass_line() {
	echo "ok: $*"
}

# The clang that crossbpf-clang is held against, and told to use.
use_clang() {
	clang=${1:-clang}
	need "$clang"
	clang=$(command -v "$clang")
	export CROSSBPF_CLANG="$clang"
}

expect_same() {
	cmp "$1" "$2" >&2 || fail "${3:-$1 and $2 differ}"
}

# expect_status N COMMAND…: output and errors go to $tmp/out and $tmp/err.
expect_status() {
	expected=$1
	shift
	status=0
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	[ "$status" = "$expected" ] || {
		cat "$tmp/out" "$tmp/err" >&2
		fail "status $status, not $expected: $*"
	}
}

expect_error() {
	grep -q -- "$1" "$tmp/err" || {
		cat "$tmp/err" >&2
		fail "standard error lacks: $1"
	}
}

# Is this item, a word, in the sample of one in $1? CROSSBPF_TEST_SAMPLE overrides; 1 takes all.
in_sample() {
	sample=${CROSSBPF_TEST_SAMPLE:-$1}
	[ "$sample" = 1 ] || [ $(($(printf %s "$2" | cksum | cut -d ' ' -f 1) % sample)) = 0 ]
}

small_program() {
	cat >"$1" <<'EOF'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
EOF
}

# A port that nobody listens on.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
