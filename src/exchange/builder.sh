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
#   crossbpf-exchange 4 WORKSPACE
#                      JOB FILES       two numbers of 512-byte blocks, then
#                                      as many of a script (below) and of a tar archive
#   stale              the workspace is not what the host thinks: it is to send all
#   filled STATUS      with complaints on standard error where that is not 0, and then it ends
#   kept I yes         for each file that is to be kept here: it is there, or "no"; behind this line
#                      stands of what it was made, or what was said, and behind that MARK
#   start I            for each action, as many at once as it was told
#   end I STATUS +0-   a sign each for standard error, standard output and three outputs: "+", what is
#                      in it stands behind this line, and behind that MARK; "0", it is empty; "-",
#                      there is no such file; and in the same way, whether what was to be tried first
#                      did
#   bye
#
# The script defines is_known(), prepare(), action_0() and so on, make_NAME() for each name in KEPT, and sets
# the names in capitals below. When
# standard input ends, so does all that was begun here: killing what lies between the host and this
# shell (an ssh, a docker exec) would not do that.
#
# An edit of one file leads here, and each process that is begun is felt in it: so what one can be
# spared for is said in words of the shell.

exec 3<&0 4>&1 </dev/null
N=0 LANES=1 KEEP_GOING='' LIVE='' FORGET='' KEPT='' KEPT_LIMIT=0
checking=''
export PWD # by which clang names the directory
# A compiler takes its memory from the system in large pieces and large pages, where its C library can. It is
# a tenth of its time.
export GLIBC_TUNABLES="${GLIBC_TUNABLES-glibc.malloc.hugetlb=1:glibc.malloc.top_pad=16777216}"

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
	K=$base/kept       # what later ones may use: NAME, NAME.list, and NAME.sum of a whole one
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
	for stream in err out 0 1 2 first; do
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
	count_lanes
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

# Is it there, as it was when it was made? What is damaged is none: a compiler may take it, and make
# something else.
is_whole() { # NAME
	{ read -r sum && read -r list; } 2>/dev/null <"$K/$1.sum" && [ "$(sum_up "$1")" = "$sum
$list" ]
}

sum_up() { # NAME
	cd "$K" && cksum "$1" "$1.list"
}

# The sum comes last: without it there is nothing.
make_kept() { # NAME
	new=$R.new.$1
	("make_$1" 3<&- 4>&-) >"$new.said" 2>&1 && [ ! -s "$new.said" ] && mkdir -p "$K" &&
		rm -f "$K/$1.sum" && mv "$new.list" "$K/$1.list" && mv "$new.kept" "$K/$1" &&
		(sum_up "$1") >"$new.sum" && mv "$new.sum" "$K/$1.sum" && return
	rm -f "$new.kept" # where there is no more room, others need it
	return 1
}

# Takes away what was used longest ago, down to the limit, but nothing that is used now.
trim_kept() {
	cd "$K" || return
	# shellcheck disable=SC2012 # names of our own, by age
	ls -tr | while read -r old; do
		size=$(du -sk .)
		[ "${size%%[!0-9]*}" -gt "$KEPT_LIMIT" ] || break
		case "$old $KEPT " in
		*.used\ *" ${old%.used} "*) ;;
		*.used\ *) rm -f "${old%.used}.sum" "${old%.used}" "${old%.used}.list" "$old" ;;
		esac
	done
}

has_kept() { # NAME
	case $HAS in
	*" $1 "*) : ;;
	*) return 1 ;;
	esac
}

# Did it end well, and say nothing, and is what it was made with whole?
is_fine() { # STATUS I NAME
	if [ -n "$checking" ] && ! wait "$checking"; then
		rm -f "$K/$3.sum"
		return 1
	fi
	[ "$1" = 0 ] && [ ! -s "$R.$2.said" ] && : >"$R.$2.first"
}

# One text, and the mark.
say_text() { # FILE
	[ ! -s "$1" ] || while IFS= read -r line || [ -n "$line" ]; do
		say "$line"
	done <"$1"
	say "$MARK"
}

# Makes what is to be kept and is not there, as many at once as there are lanes, and says what is.
keep() {
	making='' made='' busy=0 HAS=' '
	for name in $KEPT; do
		# One command need not wait for that.
		if [ "$N" = 1 ] && [ -e "$K/$name.sum" ]; then
			is_whole "$name" 2>/dev/null &
			checking=$!
			continue
		fi
		is_whole "$name" 2>/dev/null && continue
		count_lanes
		made=yes
		rm -f "$K/$name.sum"
		make_kept "$name" 2>/dev/null &
		making="$making $!" busy=$((busy + 1))
		[ "$busy" -lt "$LANES" ] || {
			# shellcheck disable=SC2086 # numbers
			wait $making
			making='' busy=0
		}
	done
	# shellcheck disable=SC2086
	[ -z "$making" ] || wait $making
	i=0
	for name in $KEPT; do
		if [ -e "$K/$name.sum" ]; then
			HAS="$HAS$name "
			: >"$K/$name.used"
			say "kept $i yes"
			say_text "$K/$name.list"
		else
			say "kept $i no"
			say_text "$R.new.$name.said"
		fi
		i=$((i + 1))
	done
	[ -z "$made" ] || (trim_kept) >/dev/null 2>&1
}

count_lanes() {
	[ "$LANES" = 0 ] || return 0
	LANES=$(nproc || getconf _NPROCESSORS_ONLN || grep -c ^processor /proc/cpuinfo) 2>/dev/null
	[ "${LANES:-0}" -gt 0 ] || LANES=1
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
say "crossbpf-exchange 4 $base"
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
	rm -rf "$K" # the next time there may be room
	clean
	exit 125
fi
watch_input &
watcher=$!
[ -z "$KEPT" ] || keep
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
