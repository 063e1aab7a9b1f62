# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154 # sourced behind lib.sh
# The BPF programs of the kernel's selftests and a vmlinux.h for them, in the corpus cache:
#   prepare_selftests    sets $selftests (tools/testing/selftests/bpf) and $selftests_flags

selftests_image() {
	for image in /boot/vmlinuz-6.1.*-cloud-amd64 "$1"/boot/vmlinuz-6.1.*-cloud-amd64; do
		[ ! -e "$image" ] || { echo "$image" && return; }
	done
}

# Downloads the kernel's package: installing it would set up this machine to boot it.
fetch_kernel() {
	[ -z "${CROSSBPF_TEST_CONFINED-}" ] || skip "CROSSBPF_TEST_CONFINED is set"
	need apt-get apt-cache dpkg-deb
	package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-6\.1\..*-cloud-amd64\)$/\1/p' | head -n 1)
	[ -n "$package" ] || skip "apt knows no linux-image-6.1 of Debian 12"
	(cd "$1" && apt-get download -q "$package" >/dev/null 2>&1) || skip "$package cannot be downloaded"
	dpkg-deb -x "$1/$package"_*.deb "$1"
}

make_selftests() {
	rm -rf "$1"
	mkdir -p "$1/vmlinux"
	source=linux-source-6.1
	xz -dc "$tarball" | tar xf - -C "$1" --strip-components=1 "$source/tools" \
		"$source/include/uapi" "$source/scripts/extract-vmlinux"
	image=$(selftests_image "$1")
	[ -n "$image" ] || { fetch_kernel "$1" && image=$(selftests_image "$1"); }
	sh "$1/scripts/extract-vmlinux" "$image" >"$1/vmlinux.elf"
	bpftool btf dump file "$1/vmlinux.elf" format c >"$1/vmlinux/vmlinux.h"
	rm -rf "$1/vmlinux.elf" "$1"/*.deb "${1:?}/boot" "${1:?}/lib" "${1:?}/usr"
	selftests_digest "$1" >"$1/digest"
}

selftests_digest() {
	(cd "$1" && cat vmlinux/vmlinux.h tools/testing/selftests/bpf/progs/* && cksum <"$tarball") |
		sha256sum
}

prepare_selftests() {
	[ "$(uname -m)" = x86_64 ] || skip "the vmlinux.h of the selftests is made for x86-64 here"
	tarball=/usr/src/linux-source-6.1.tar.xz
	[ -e "$tarball" ] || skip "there is no $tarball: apt install linux-source-6.1"
	need xz lz4 bpftool sha256sum flock

	mkdir -p "$corpus_cache"
	exec 9>"$corpus_cache/selftests.lock"
	flock 9
	dir=$corpus_cache/selftests
	[ -e "$dir/digest" ] && [ "$(selftests_digest "$dir")" = "$(cat "$dir/digest")" ] ||
		make_selftests "$dir"
	exec 9>&-

	selftests=$dir/tools/testing/selftests/bpf
	# What the selftests' own Makefile passes, less what it asks clang for.
	selftests_flags="-g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I$dir/vmlinux -I. -Iprogs
		-I../../../include/uapi -idirafter /usr/include/x86_64-linux-gnu"
}
