# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Finds a tool that belongs to a builder's clang, and runs it; any POSIX shell runs this:
#
#   sh -c SCRIPT tool find NAME CLANG MAJOR
#       prints where it is
#   sh -c SCRIPT tool run NAME CLANG MAJOR ARGUMENT...
#       becomes it
#   sh -c SCRIPT tool copy NAME CLANG MAJOR DIR FILE... -- OUTPUT -- KIND WORD KIND WORD...
#       runs it on copies of the host's files, as what was sent must stay as it is on the host. All
#       of them are absolute names of the host; DIR is the one that this runs in. The words are its
#       arguments: of KIND "file" one of those names, which may follow a '='. In the end $COPY_OUTPUT
#       is what OUTPUT is by then ("-": there is none), and $COPY_ROOT names where the copies were.
#
# 127: there is no such tool. 126: the copies cannot be made.

# What a user linked to ours would only come back here.
is_tool() {
	[ -x "$1" ] && [ ! -d "$1" ] || return 1
	case $(readlink -f "$1" 2>/dev/null) in
	*/*crossbpf-"$name") return 1 ;;
	esac
	tool=$1
}

# That of clang's own version first: beside it, where links end, or by a name with the number.
find_tool() {
	real=$(readlink -f "$clang" 2>/dev/null) || real=$clang
	IFS=:
	for dir in "${real%/*}" "${clang%/*}"; do
		! is_tool "$dir/$name-$major" || return 0
		! is_tool "$dir/$name" || return 0
	done
	for base in "$name-$major" "$name"; do
		for dir in $PATH /usr/sbin /usr/local/sbin /sbin; do
			! is_tool "$dir/$base" || return 0
		done
	done
	return 1
}

copy_files() {
	mkdir -p "$copy$dir" || return
	printf %s "$copy" >"$COPY_ROOT"
	for file; do
		[ "$file" != -- ] || break
		mkdir -p "$copy${file%/*}" && cp "$root$file" "$copy$file" || return
	done
}

run_on_copies() {
	"${tool##*/}" "$@"
	status=$?
	if [ "$output" = - ] || ! cat "$copy$output" >"$COPY_OUTPUT" 2>/dev/null; then
		rm -f "$COPY_OUTPUT"
	fi
	cd / && rm -rf "$copy"
	return $status
}

mode=$1 name=$2 clang=$3 major=$4
shift 4
before=$IFS
find_tool || exit 127
IFS=$before
# It calls itself what it was called: a name, not the path at which it was found.
if [ "$mode" != find ] && [ "$(command -v "${tool##*/}")" != "$tool" ]; then
	PATH=${tool%/*}:$PATH
fi
case $mode in
find) printf '%s\n' "$tool" ;;
run) exec "${tool##*/}" "$@" ;;
copy)
	dir=${1%/} copy=$COPY_ROOT.d
	root=${PWD%"$dir"}
	[ "$root" != / ] || root=
	shift
	copy_files "$@" || exit 126
	while [ "$1" != -- ]; do shift; done
	output=$2
	shift 3
	[ "$output" = - ] || mkdir -p "$copy${output%/*}" || exit 126
	for kind; do # and, every other time, the word
		shift
		if [ -n "${is_word-}" ]; then
			case $is_word:$kind in
			file:/*) kind=$copy$kind ;;
			file:*=/*) kind=${kind%%=*}=$copy/${kind#*=/} ;;
			esac
			set -- "$@" "$kind"
			is_word=
		else
			is_word=$kind
		fi
	done
	cd "$copy$dir/" && run_on_copies "$@"
	;;
esac
