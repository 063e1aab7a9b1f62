# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154 # sourced behind lib.sh
# Debian's packages of kernels and of their headers, in the corpus cache. They are unpacked, never
# installed: that would set up this machine to boot them.
#   prepare_kernel VERSION     sets $kernel_package, $kernel_image and $kernel_elf
#   prepare_types RELEASE      sets $kernel_types, a directory with vmlinux.h of just that kernel
#   prepare_headers VERSION    sets $kernel_headers, the build tree; with its common part beside it

[ -z "${CROSSBPF_TEST_CONFINED-}" ] || skip "CROSSBPF_TEST_CONFINED is set"
need apt-get apt-cache dpkg-deb flock
debian_arch=$(dpkg --print-architecture)

# newest PREFIX VERSION: the package PREFIX-VERSION… for this machine that apt can download, as its
# own kernels are called: no cloud, rt or dbg.
newest() {
	apt-cache pkgnames "$1-$2" | grep -E "^$1-$2[.+~][^-]*(-[0-9][^-]*)*-$debian_arch\$" | sort -V -r |
		while read -r name; do
			uri=$(apt-get download --print-uris "$name" 2>/dev/null) || continue
			[ -z "$uri" ] || { echo "$name" && break; }
		done
}

# download DIRECTORY PACKAGE...
download() (
	cd "$1" || exit
	shift
	apt-get download -q -o APT::Sandbox::User=root "$@" >/dev/null 2>&1 || skip "cannot download $*"
)

locked() { # DIRECTORY COMMAND...: makes it once, whole
	mkdir -p "$corpus_cache"
	(
		exec 9>"$corpus_cache/$1.lock"
		flock 9
		[ ! -e "$corpus_cache/$1/whole" ] || exit 0
		rm -rf "${corpus_cache:?}/$1"
		mkdir "$corpus_cache/$1"
		"$2" "$corpus_cache/$1" "$3" && touch "$corpus_cache/$1/whole"
	)
}

make_kernel() {
	need bpftool xz
	name=$(newest linux-image "$2")
	[ -n "$name" ] || skip "apt has no kernel $2 (Debian 12 with its backports has)"
	download "$1" "$name"
	dpkg-deb --fsys-tarfile "$1"/*.deb | tar xf - -C "$1" --wildcards './boot/vmlinuz-*'
	# The kernel's own script takes it out: an xz stream somewhere in the image.
	tar xf /usr/src/linux-source-6.1.tar.xz -C "$1" --strip-components=2 linux-source-6.1/scripts/extract-vmlinux ||
		skip "there is no linux-source-6.1: apt install linux-source-6.1"
	sh "$1/extract-vmlinux" "$1"/boot/vmlinuz-* >"$1/vmlinux"
}

prepare_kernel() {
	locked "kernel-$1" make_kernel "$1" || exit $?
	kernel_package=$(echo "$corpus_cache/kernel-$1"/*.deb)
	kernel_image=$(echo "$corpus_cache/kernel-$1"/boot/vmlinuz-*)
	kernel_elf=$corpus_cache/kernel-$1/vmlinux
}

make_headers() {
	name=$(newest linux-headers "$2")
	[ -n "$name" ] || skip "apt has no headers of kernel $2"
	download "$1" "$name" "${name%-"$debian_arch"}-common"
	for package in "$1"/*.deb; do dpkg-deb -x "$package" "$1"; done
	rm "$1"/*.deb
}

prepare_headers() {
	locked "headers-$1" make_headers "$1" || exit $?
	kernel_headers=$(echo "$corpus_cache/headers-$1"/usr/src/linux-headers-*-"$debian_arch")
}

# One that Debian has not signed yet is there unsigned.
make_types() {
	(cd "$1" && { apt-get download -q -o APT::Sandbox::User=root "linux-image-$2" ||
		apt-get download -q -o APT::Sandbox::User=root "linux-image-$2-unsigned"; } >/dev/null 2>&1) ||
		skip "linux-image-$2 cannot be downloaded"
	crossbpf vmlinux -q -o "$1/vmlinux.h" "$1"/*.deb && rm "$1"/*.deb
}

prepare_types() {
	locked "types-$1" make_types "$1" || exit $?
	kernel_types=$corpus_cache/types-$1
}
