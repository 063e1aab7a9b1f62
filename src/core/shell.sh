# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# The builder's side of crossbpf shell and crossbpf exec; any POSIX shell runs this:
#
#   sh -c SCRIPT crossbpf MODE TOKEN ROOT [ARGUMENT...]
#
# ROOT is a directory of the host. Its files lie at the same path where TOKEN is empty, else below a
# directory of our own that is called like it.
#
#   put     takes a tar archive, of names from the host's / on
#   fill    the same, and lists what there is then
#   list    lists what there is
#   run     DIR [COMMAND...] becomes the command, or a shell
#   hand    NAME... hands out the files of these names, from ROOT on, and removes what `clean` does.
#           Of each it says "file SIZE" or "program SIZE", and behind that line come the bytes; or
#           "missing", "directory", "special" (a link, a device), "unreadable" or "big" (4 GiB)
#   fetch   takes names of the list, one a line; of each it prints how many bytes it has ("-": it is
#           no file), and behind that line the bytes
#   clean   removes the directory of our own
#
# A list is, behind a line that begins it, one line for each file, with its digest and its name from
# "./" on, the names of those that are programs, and of what is neither file nor directory. Files
# whose names have a newline, and .git, are not in it.

newline='
'

find_files() { # the rest of find's expression
	find . -path "*$newline*" -prune -o -name .git -prune -o "$@"
}

list() {
	for digest in sha256sum sha512sum sha1sum cksum; do
		! command -v $digest >/dev/null || break
	done
	echo crossbpf-shell 1
	find_files -type f -exec $digest {} +
	echo programs
	find_files -type f -perm -100 -print
	echo others
	find_files ! -type f ! -type d -print
	echo end
}

fetch() {
	echo crossbpf-shell 1
	copy=${base:-/tmp}/.crossbpf-fetch.$$
	while IFS= read -r name; do
		if [ -f "$name" ] && [ ! -L "$name" ] && cat "$name" >"$copy"; then
			echo $(($(wc -c <"$copy")))
			cat "$copy"
		else
			echo -
		fi
	done
	rm -f "$copy"
}

hand() {
	echo crossbpf-shell 1
	for name; do
		if [ -L "$name" ]; then
			echo special
		elif [ ! -e "$name" ]; then
			echo missing
		elif [ -d "$name" ]; then
			echo directory
		elif [ ! -f "$name" ]; then
			echo special
		elif [ ! -r "$name" ]; then
			echo unreadable
		else
			kind=file size=$(($(wc -c <"$name")))
			[ ! -x "$name" ] || kind=program
			[ $size -le 4294967296 ] || { echo big && continue; }
			echo $kind $size
			[ $size = 0 ] || head -c $size <"$name"
		fi
	done
	echo end
}

make_place() {
	mask=$(umask)
	umask 077
	[ -z "$base" ] || mkdir -p "$base" || return
	umask 022
	mkdir -p "$there$root"
}

# With what a host that was killed left a month ago.
clean() {
	[ -n "$base" ] && cd "${base%/*}" 2>/dev/null || return 0
	rm -rf "$base" 2>/dev/null || { chmod -R u+rwx "$base" && rm -rf "$base"; }
	cleaned=$?
	find . ! -name . -prune -mtime +30 -exec rm -rf {} + 2>/dev/null
	return $cleaned
}

mode=$1 root=$3
base=${2:+$HOME/.cache/crossbpf/shell/$2}
there=${base:+$base/root}
case $mode in
put | fill)
	make_place || exit
	tar xof - -C "$there/" || exit
	[ "$mode" = put ] || { cd "$there$root/" && list; }
	;;
list) cd "$there$root/" && list ;;
fetch) cd "$there$root/" && fetch ;;
run)
	make_place && cd "$there$4/" || exit 125
	umask "$mask"
	shift 4
	[ $# = 0 ] || exec "$@"
	! command -v bash >/dev/null || exec bash
	exec sh
	;;
hand)
	cd "$there$root/" || exit
	shift 3
	hand "$@"
	clean
	;;
clean) clean ;;
esac
