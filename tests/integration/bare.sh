# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154 # sourced behind elsewhere.sh
# A host with a clang and no headers, beside a builder that has them:
#
#	bare COMMAND…   runs it where the host's headers are hidden, with the backends native and
#	                elsewhere, of which auto takes the first that will do
#	$builders       what the builder has in /usr/local/include
#	mirrored        the mirror's files, by their names on the builder

need_root
need unshare nsenter

# The builder keeps the headers: it has mounts of its own.
builders=$tmp/builders
mkdir "$builders" "$tmp/no-headers" "$tmp/both"
ln -s "$builddir_top"/backends/.libs/native.so "$builddir_top"/tests/plugins/.libs/elsewhere.so "$tmp/both"
own_mounts sh -euc 'mount --bind "$1" /usr/local/include && echo $$ >"$2.new" && mv "$2.new" "$2" && exec sleep 3600' \
	sh "$builders" "$tmp/builder-pid" &
holder=$!
while [ ! -e "$tmp/builder-pid" ]; do
	kill -0 $holder 2>/dev/null || fail "no mounts for the builder"
	sleep 0.1
done
builder_pid=$(cat "$tmp/builder-pid")
trap 'status=$?; { kill $builder_pid; wait; } 2>/dev/null; rm -rf "$tmp"; exit $status' EXIT
use_shell nsenter "--mount=/proc/$builder_pid/ns/mnt" sh

# For xargs too, which runs programs.
mkdir -p "$tmp/bin"
cat >"$tmp/bin/bare" <<SH
#!/bin/sh
export CROSSBPF_BACKENDDIR='$tmp/both' CROSSBPF_TRUST=all
exec unshare -m \$(cat '$tmp/propagation') sh -euc '
	for dir in /usr/include /usr/local/include; do
		mount --bind "\$1" "\$dir"
	done
	shift
	exec "\$@"
' bare "\${NO_HEADERS:-$tmp/no-headers}" "\$@"
SH
chmod +x "$tmp/bin/bare"
unshare -m true 2>/dev/null || echo "--propagation unchanged" >"$tmp/propagation"
touch "$tmp/propagation"
PATH=$PATH:$tmp/bin

mirrored() {
	(cd "$XDG_CACHE_HOME"/crossbpf/headers/*/root && find . ! -type d | sed 's/^\.//' | sort)
}

# conf DIRECTORY: auto there takes native, else elsewhere.
conf() {
	echo 'order = {"native", "elsewhere"}' >"$1/crossbpf.conf"
}
