# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# The builder's side of an exchange; any POSIX shell runs it, with a tar and a dd beside it:
#
#   sh -c SCRIPT crossbpf TOKEN ID DIR
#
# A workspace holds what of the host's files was sent so far, and outlives the exchange. TOKEN names
# it if there is none yet: by the token the host knows that what it sent is still there. With DIR,
# what belongs to the workspace ID is kept below that, and the host's files lie at the host's own
# paths; without, all is below the home directory.
#
# It says            and reads
#   crossbpf-exchange 1 TOKEN WORKSPACE
#                      JOB FILES       two numbers of 512-byte blocks, then
#                                      as many of a script (below) and of a tar archive
#   filled STATUS      with complaints on standard error where that is not 0, and then it ends
#   start I            for each action, as many at once as it was told
#   end I STATUS N...  and behind that line as many bytes as the numbers say: of standard error, of
#                      standard output and of each output ("-": there is no such file)
#   bye
#
# The script defines prepare() and action_0() and so on, and sets the names in capitals below. When
# standard input ends, so does all that was begun here: killing what lies between the host and this
# shell (an ssh, a docker exec) would not do that.

exec 3<&0 4>&1 </dev/null
N=0 LANES=1 KEEP_GOING='' LIVE=''
export PWD # by which clang names the directory

say() {
	printf '%s\n' "$*" >&4
}

clean() {
	cd / && rm -rf "$R"
}

workspace() { # TOKEN ID DIR
	base=${3:-$HOME/.cache/crossbpf/builder}/$2
	P=$base/root
	[ -z "$3" ] || P=
	umask 077
	if ! { read -r token <"$base/token"; } 2>/dev/null; then
		mkdir -p "$base" "$P/" || exit 125
		(set -C && printf '%s\n' "$1" >"$base/token") 2>/dev/null
		read -r token <"$base/token" || exit 125
	fi
	R=$base/run.$$
	mkdir "$R" && cd "$R" || exit 125
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
		exec 3<&- 4>&-
		trap - TERM INT HUP
		[ -z "$LIVE" ] || exec 2>&6
		exec 6>&-
		"action_$1"
		echo "$1 $?" >&5
	) 6>&2 >"$1.out" 2>"$1.err" &
}

finish() { # I STATUS
	have='' sizes=''
	for file in "$1.err" "$1.out" "$1.0" "$1.1" "$1.2"; do
		[ ! -e "$file" ] || have="$have $file"
	done
	ended="$1 $2"
	# shellcheck disable=SC2046,SC2086 # names of our own, and sizes before them
	set -- $(wc -c $have) - -
	for file in "${ended% *}.err" "${ended% *}.out" "${ended% *}.0" "${ended% *}.1" "${ended% *}.2"; do
		if [ "$file" = "$2" ]; then
			sizes="$sizes $1"
			shift 2
		else
			sizes="$sizes -"
		fi
	done
	say "end $ended$sizes"
	# shellcheck disable=SC2086
	cat $have >&4
	[ "$N" = 1 ] || rm -f $have
	[ "${ended#* }" = 0 ] || [ -n "$KEEP_GOING" ] || N=0
}

# Of one action, which is what an edit leads to, each process less is felt.
run_one() {
	say "start 0"
	if [ -n "$LIVE" ]; then
		action_0 3<&- 4>&- >"$R/0.out"
	else
		action_0 3<&- 4>&- >"$R/0.out" 2>"$R/0.err"
	fi
	status=$?
	cd "$R" || exit 125
	finish 0 "$status"
}

run_all() {
	next=0 busy=0
	mkfifo ended && exec 5<>ended || exit 125
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

workspace "$@"
say "crossbpf-exchange 1 $token $base"
read -r job files <&3 || { clean; exit 125; }
eval "$(dd bs=512 count="$job" iflag=fullblock <&3 2>/dev/null)"
complaint=$(
	prepare 2>&1 || exit
	[ "$files" = 0 ] ||
		dd bs=512 count="$files" iflag=fullblock <&3 2>/dev/null | tar xmf - -C "$P/" 2>&1
)
filled=$?
say "filled $filled"
if [ "$filled" != 0 ]; then
	# The first line says what, the last that it was not the only one.
	printf '%s\n' "${complaint%%
*}" >&2
	clean
	exit 125
fi
[ "$LANES" != 0 ] || LANES=$(nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo)
watch_input &
watcher=$!
if [ "$N" = 1 ]; then
	run_one
else
	run_all
fi
say bye
trap '' TERM
kill "$watcher"
clean
