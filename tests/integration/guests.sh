# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154 # sourced behind lib.sh
# Kernels for crossbpf verify to boot, in the corpus cache:
#   prepare_guests     has crossbpf unpack Debian's 6.1 and 6.12 to where XDG_CACHE_HOME is from then
#                      on; $kernel_6_1 and $kernel_6_12 are their directories
#   verify ARGUMENT... crossbpf verify as an ordinary user, who has these in a cache of his own

need_root # for apt; nothing but that is run as root
need apt-get apt-cache busybox flock qemu-system-x86_64 setpriv
[ "$(uname -m)" = x86_64 ] || skip "the kernels that are booted are those of x86-64"
[ -x "$builddir_top/crossbpf-guest" ] || skip "there is no crossbpf-guest: it needs static libraries"

# There is no guest program there: a kernel is fetched, and nothing is booted.
fetch_guest() {
	mkdir -p "$tmp/nothing"
	CROSSBPF_LIBEXECDIR="$tmp/nothing" XDG_CACHE_HOME="$corpus_cache/guests" \
		expect_status 3 crossbpf verify -q --kernel "$1" "$builddir_top/bpf/xdp_blocklist.bpf.o"
	expect_error "there is no $tmp/nothing/crossbpf-guest-x86, which loads programs in kernels of x86"
}

prepare_guests() {
	mkdir -p "$corpus_cache/guests"
	exec 8>"$corpus_cache/guests.lock"
	flock 8
	fetch_guest 6.1
	fetch_guest 6.12
	exec 8>&-
	chmod 755 "$tmp"
	mkdir "$tmp/user" "$tmp/user/tmp" "$tmp/user/kernels"
	for version in 6.1 6.12; do
		image=$(cat "$corpus_cache/guests/crossbpf/kernels/newest-$version-x86".*)
		cp -r "${image%/*}" "$tmp/user/kernels/$version"
	done
	kernel_6_1=$tmp/user/kernels/6.1
	kernel_6_12=$tmp/user/kernels/6.12
	chown -R 65534:65534 "$tmp/user"
}

# Becomes that command, his. His guests' files are in $tmp/user/tmp, and each QEMU has the name of one
# in its command line. Where the lines that are reached are counted (CROSSBPF_TEST_COVERAGE), he may
# write to the files of that.
as_user() {
	exec env TMPDIR="$tmp/user/tmp" XDG_CACHE_HOME="$tmp/user" HOME="$tmp/user" \
		setpriv ${CROSSBPF_TEST_COVERAGE:+--inh-caps=+dac_override --ambient-caps=+dac_override} \
		--reuid=65534 --regid=65534 --clear-groups "$@"
}

verify() (
	as_user crossbpf verify "$@"
)

nothing_is_left() {
	! pgrep -f "qemu-system.*$tmp/user/tmp" >/dev/null || fail "QEMU still runs"
	[ -z "$(ls -A "$tmp/user/tmp")" ] || fail "left behind: $(ls -A "$tmp/user/tmp")"
}
