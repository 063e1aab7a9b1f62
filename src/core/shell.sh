# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# The builder's side of a shell there; any POSIX shell runs this:
#
#   sh -c SCRIPT shell MODE TOKEN ROOT [ARGUMENT...]
#
# ROOT is the project's directory on the host. Its files lie at the same path where TOKEN is empty,
# else below a directory of our own that is called like it.
#
#   fill    takes a tar archive of the host's absolute names, and lists what there is then
#   list    lists what there is
#   run     DIR [COMMAND...] becomes the command, or a shell
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

mode=$1 root=$3
base=${2:+$HOME/.cache/crossbpf/shell/$2}
there=${base:+$base/root}
case $mode in
fill)
	umask 077
	[ -z "$base" ] || mkdir -p "$base" || exit
	umask 022
	mkdir -p "$there$root" && tar xof - -C "$there/" || exit
	cd "$there$root/" && list
	;;
list) cd "$there$root/" && list ;;
fetch) cd "$there$root/" && fetch ;;
run)
	cd "$there$4/" || exit
	shift 4
	[ $# = 0 ] || exec "$@"
	! command -v bash >/dev/null || exec bash
	exec sh
	;;
clean) [ -z "$base" ] || { cd / && rm -rf "$base"; } ;;
esac
