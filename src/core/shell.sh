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
#   hand    takes names from ROOT on, and hands out these files, and removes what `clean` does. A name
#           is a line that begins with "."; of one that holds newlines the other lines before that
#           begin with "+". Of each it says "file SIZE" or "program SIZE", and behind that line come
#           the bytes; or "missing", "directory", "special" (a link, a device), "unreadable" or "big"
#           (4 GiB)
#   fetch   takes names of the list, one a line; of each it prints how many bytes it has ("-": it is
#           no file), and behind that line the bytes
#   clean   removes the directory of our own
#
# A list is, behind a line that begins it, one line for each file, with its digest and its name from
# "./" on, the names of those that are programs, and of what is neither file nor directory. Files
# whose names have a newline, and .git, are not in it.

crossbpf_newline='
'

find_files() { # the rest of find's expression
	find . -path "*$crossbpf_newline*" -prune -o -name .git -prune -o "$@"
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
	copy=${crossbpf_base:-/tmp}/.crossbpf-fetch.$$
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
	copy=${crossbpf_base:-/tmp}/.crossbpf-hand.$$
	name=
	while IFS= read -r line; do
		case $line in
		+*) name=$name${line#+}$crossbpf_newline && continue ;;
		*) name=./$name${line#.} ;;
		esac
		hand_one
		name=
	done
	rm -f "$copy"
	echo end
}

hand_one() {
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
		[ $size -le 4294967296 ] || { echo big && return; }
		# It may shrink yet: what was said to be there comes.
		if head -c $size <"$name" >"$copy" && [ $(($(wc -c <"$copy"))) = $size ]; then
			echo $kind $size
			cat "$copy"
		else
			echo unreadable
		fi
	fi
}

# The user's command, in the environment that a login has: what this script names has names of its own,
# and is gone by then.
become() {
	unset crossbpf_mode crossbpf_root crossbpf_base crossbpf_there crossbpf_mask crossbpf_newline
	# What begins like an option some shells' exec takes for one, with and without "--".
	case ${1-} in
	-*)
		crossbpf_path=$(command -v -- "$1") || { echo "$1: not found" >&2 && exit 127; }
		shift
		set -- "$crossbpf_path" "$@"
		unset crossbpf_path
		;;
	esac
	[ $# = 0 ] || exec "$@"
	! command -v bash >/dev/null || exec bash
	exec sh
}

make_place() {
	crossbpf_mask=$(umask)
	umask 077
	[ -z "$crossbpf_base" ] || mkdir -p "$crossbpf_base" || return
	umask 022
	mkdir -p "$crossbpf_there$crossbpf_root" && use_place
}

# Who cleans up sees that it is used: of late, and by a process that runs.
use_place() {
	[ -n "$crossbpf_base" ] || return 0
	echo $$ >"$crossbpf_base/process.new" && mv "$crossbpf_base/process.new" "$crossbpf_base/process"
}

# With what a host that was killed left a month ago, where no command runs.
clean() {
	[ -n "$crossbpf_base" ] && cd "${crossbpf_base%/*}" 2>/dev/null || return 0
	rm -rf "$crossbpf_base" 2>/dev/null || { chmod -R u+rwx "$crossbpf_base" && rm -rf "$crossbpf_base"; }
	cleaned=$?
	find . ! -name . -prune -mtime +30 | while IFS= read -r old; do
		{ read -r process <"$old/process" && kill -0 "$process"; } || rm -rf "$old"
	done 2>/dev/null
	return $cleaned
}

crossbpf_mode=$1 crossbpf_root=$3
crossbpf_base=${2:+$HOME/.cache/crossbpf/shell/$2}
crossbpf_there=${crossbpf_base:+$crossbpf_base/root}
case $crossbpf_mode in
put | fill)
	make_place || exit
	tar xof - -C "$crossbpf_there/" || exit
	[ "$crossbpf_mode" = put ] || { cd "$crossbpf_there$crossbpf_root/" && list; }
	;;
list) cd "$crossbpf_there$crossbpf_root/" && list ;;
fetch) cd "$crossbpf_there$crossbpf_root/" && fetch ;;
run)
	make_place && cd "$crossbpf_there$4/" || exit 125
	umask "$crossbpf_mask"
	shift 4
	become "$@"
	;;
hand)
	cd "$crossbpf_there$crossbpf_root/" || exit
	hand
	clean
	;;
clean) clean ;;
esac
