# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# The builder's side of an exchange; any POSIX shell runs it, with a tar and a dd beside it:
#
#   sh -c SCRIPT crossbpf TOKEN ID DIR
#
# A workspace holds what of the host's files was sent so far, and outlives the exchange. TOKEN is new
# with every exchange and names what the workspace holds once that changed it: by the token a host
# knows that there is what it sent, and nobody else's. With DIR, what belongs to the workspace ID is
# kept below that, and the host's files lie at the host's own paths; without, all is below the home
# directory.
#
# It says            and reads
#   crossbpf-exchange 3 WORKSPACE
#                      JOB FILES       two numbers of 512-byte blocks, then
#                                      as many of a script (below) and of a tar archive
#   stale              the workspace is not what the host thinks: it is to send all
#   filled STATUS      with complaints on standard error where that is not 0, and then it ends
#   start I            for each action, as many at once as it was told
#   end I STATUS +0-   a sign each for standard error, standard output and three outputs: "+", what is
#                      in it stands behind this line, and behind that MARK; "0", it is empty; "-",
#                      there is no such file
#   bye
#
# The script defines is_known(), prepare(), action_0() and so on, and sets the names in capitals below. When
# standard input ends, so does all that was begun here: killing what lies between the host and this
# shell (an ssh, a docker exec) would not do that.
#
# An edit of one file leads here, and each process that is begun is felt in it: so what one can be
# spared for is said in words of the shell.

exec 3<&0 4>&1 </dev/null
N=0 LANES=1 KEEP_GOING='' LIVE='' FORGET=''
export PWD # by which clang names the directory

say() {
	printf '%s\n' "$*" >&4
}

clean() {
	rm -f "$R".*
	[ -z "$FORGET" ] || rm -rf "$base"
}

# Is the workspace as the host knows it, by one of these tokens?
is_signed() { # TOKEN TOKEN
	{ read -r token <"$S/token"; } 2>/dev/null && { [ "$token" = "$1" ] || [ "$token" = "$2" ]; }
}

# From now on it is what this exchange makes of it: with "filling" it is nobody's.
sign() { # SIGNATURE
	if ! { printf '%s\n' "$1" >"$S/token"; } 2>/dev/null; then
		echo "nothing can be written to $S" >&2
		return 1
	fi
}

# It is filled, and nobody began to do so meanwhile: the host of one that was killed sends no more,
# and what is under way of it still comes.
sign_filled() {
	read -r token <"$S/token"
	case $token in
	"$TOKEN filling") sign "$TOKEN" ;;
	*filling | "") echo "others fill the workspace at the same time" >&2 && return 1 ;;
	esac
}

# Begins it anew. Where the host's files lie at their own paths, the list takes away what was put
# there.
wipe() {
	sign "$TOKEN filling" || return
	if [ -n "$P" ]; then
		rm -rf "$P" && mkdir -p "$P"
	elif [ -e "$S/list" ]; then
		# shellcheck disable=SC1091 # made below, by prepare()
		. "$S/list" && rm -f "$S/list"
	fi
}

# Takes away workspaces that nobody used for a month, and where all have more than 4 GB, or what
# killed exchanges left, the oldest of those that nobody used since yesterday. A directory's time is
# that of the last exchange in it.
prune() { # DIR
	cd "$1" || return
	find . ! -name . -prune -mtime +30 -exec rm -rf {} +
	find "$base/." ! -name . -prune -name 'run.*' -mtime +0 -exec rm -rf {} +
	# shellcheck disable=SC2012 # names of our own, by age
	ls -tr | while read -r old; do
		size=$(du -sk .)
		[ "${size%%[!0-9]*}" -gt 4000000 ] && [ -n "$(find "$old" -prune -mtime +0)" ] || break
		rm -rf "$old"
	done
}

workspace() { # TOKEN ID DIR
	TOKEN=$1
	all=${3:-$HOME/.cache/crossbpf/builder}
	base=$all/$2
	P=$base/root S=$base # the files, and what is said of them
	[ -z "$3" ] || P='' S=$all
	R=$base/run.$TOKEN # what the names of files of this exchange begin with
	MARK="end of $TOKEN"
	umask 077
	known=yes
	if ! cd "$base" 2>/dev/null; then
		known=
		mkdir -p "$base" "$P/" && cd "$base" || exit 125
	fi
	set -- run.*
	[ -z "$P" ] || { [ -n "$known" ] && [ $# -lt 30 ]; } || (prune "$all") >/dev/null 2>&1
	umask 022
	trap 'clean; exit 143' TERM INT HUP
}

# Ends everything at the end of standard input. By exec, for a redirection of the function's would
# leave it copies of our streams, and the host could not see that the shell was killed.
watch_input() {
	exec >/dev/null 2>&1 4>&-
	while read -r _; do :; done <&3
	trap '' TERM
	kill -TERM 0
	sleep 1
	clean # the shell itself may be gone
	kill -KILL 0
}

start() { # I
	say "start $1"
	(
		trap 'echo "'"$1"' $?" >&5' EXIT # also where the shell gives up
		trap - TERM INT HUP
		exec 3<&- 4>&- 6>&2 >"$R.$1.out" 2>"$R.$1.err"
		[ -z "$LIVE" ] || exec 2>&6
		exec 6>&-
		"action_$1"
	) &
}

finish() { # I STATUS
	i=$1 status=$2 signs=
	set --
	for stream in err out 0 1 2; do
		file=$R.$i.$stream
		if [ -s "$file" ]; then
			printf '%s\n' "$MARK" >>"$file" || exit 125
			set -- "$@" "$file"
			signs=$signs+
		elif [ -e "$file" ]; then
			signs=${signs}0
		else
			signs=$signs-
		fi
	done
	say "end $i $status $signs"
	[ $# = 0 ] || cat "$@" >&4
	[ "$N" = 1 ] || rm -f "$R.$i".*
	[ "$status" = 0 ] || [ -n "$KEEP_GOING" ] || N=0
}

run_one() {
	say "start 0"
	if [ -n "$LIVE" ]; then
		action_0 3<&- 4>&- >"$R.0.out"
	else
		action_0 3<&- 4>&- >"$R.0.out" 2>"$R.0.err"
	fi
	finish 0 $?
}

run_all() {
	if [ "$LANES" = 0 ]; then
		LANES=$(nproc || getconf _NPROCESSORS_ONLN || grep -c ^processor /proc/cpuinfo) 2>/dev/null
		[ "${LANES:-0}" -gt 0 ] || LANES=1
	fi
	next=0 busy=0
	mkfifo "$R.ended" && exec 5<>"$R.ended" || exit 125
	while :; do
		while [ "$busy" -lt "$LANES" ] && [ "$next" -lt "$N" ]; do
			start "$next"
			next=$((next + 1)) busy=$((busy + 1))
		done
		[ "$busy" != 0 ] || break
		read -r i status <&5
		busy=$((busy - 1))
		finish "$i" "$status"
	done
}

# N blocks of standard input.
blocks() { # N
	[ "$1" = 0 ] || dd bs=512 count="$1" iflag=fullblock <&3 2>/dev/null
}

# Takes what is sent; all is read, whatever fails, for the host goes on sending until then.
fill() {
	if ! prepare; then
		blocks "$files" >/dev/null
		return 1
	fi
	[ "$files" = 0 ] || blocks "$files" | {
		tar xmf - -C "$P/"
		unpacked=$?
		[ "$unpacked" = 0 ] || cat >/dev/null
		exit "$unpacked"
	} || return
	sign_filled
}

workspace "$@"
say "crossbpf-exchange 3 $base"
while :; do
	read -r job files <&3 || { clean; exit 125; }
	eval "$(dd bs=512 count="$job" iflag=fullblock <&3 2>/dev/null)"
	is_known 2>/dev/null && break
	if [ $? = 127 ]; then
		echo "no script came: dd has to know iflag=fullblock" >&2
		clean
		exit 125
	fi
	blocks "$files" >/dev/null
	say stale
done
if [ "$files" = 0 ]; then
	fill
else
	complaint=$(fill 2>&1)
fi
filled=$?
say "filled $filled"
if [ "$filled" != 0 ]; then
	# The first line says what, the last that it was not the only one.
	[ "$files" = 0 ] || printf '%s\n' "${complaint%%
*}" >&2
	clean
	exit 125
fi
watch_input &
watcher=$!
if [ "$N" = 1 ]; then
	run_one
else
	run_all
fi
# First, for the host may end the input once it is told, and all that is here would be killed, the shell
# around this one too: for ssh that is a lost command.
trap '' TERM
kill "$watcher"
say bye
[ -z "$FORGET" ] || exec rm -rf "$base"
exec rm -f "$R".*
