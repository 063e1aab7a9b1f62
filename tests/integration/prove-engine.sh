# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What the docker backend must do on every engine. Sourced after engine.sh.

runner=$builddir_top/tests/integration/run-in-session
root=/work/some/project
cd "$tmp" || exit 1

# session [OPTION…] -- COMMAND…; more settings in $more. With $spare each goes by a shell that waits.
more=
spare=
spare_waits() {
	[ -n "$(find "$XDG_CACHE_HOME/crossbpf/sockets" -type s ! -name '*.*' 2>/dev/null)" ]
}
session() {
	[ -z "$spare" ] || await 30 spare_waits || fail "no shell waits in the container"
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	# shellcheck disable=SC2086 # lists of words
	timeout 120 "$runner" $options "docker:$image" "$root" $engine_settings "spare=${spare:-0}" $more "$@"
}
# As above, with the status that is expected first.
session_status() {
	wanted=$1
	shift
	status=0
	session "$@" >out 2>err </dev/null || status=$?
	[ $status = "$wanted" ] || { cat out err >&2; fail "status $status, not $wanted: $*"; }
}
operation() {
	# shellcheck disable=SC2086 # lists of words
	timeout 120 "$runner" "$@" docker "$root" "image=$image" $engine_settings "spare=${spare:-0}" $more
}
containers() {
	engine ps -a --filter label=crossbpf.project --format '{{.Names}}'
}
# Waits until COMMAND succeeds, for at most N seconds.
await() {
	tries=$(($1 * 5))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}
ok() {
	pass_line "$engine_name, $image: $*"
}

one_is_left() {
	[ "$(containers | wc -l)" = 1 ]
}
is_gone() {
	[ -z "$(containers)" ]
}

# Each call of the engine is a line of $tmp/calls.
count_calls() {
	mkdir -p "$tmp/bin"
	real=$(command -v "$engine_name")
	cat >"$tmp/bin/$engine_name" <<END
#!/bin/sh
echo "\$(echo "\$*" | tr '\n' ' ')" >>"$tmp/calls"
exec "$real" "\$@"
END
	chmod +x "$tmp/bin/$engine_name"
	PATH=$tmp/bin:$PATH
}

streams() {
	printf 'in\n' | session -- sh -c 'cat; echo err >&2; exit 7' >out 2>err && fail "status 0"
	[ "$(cat out)" = in ] && grep -qx err err || { cat out err >&2; fail "streams"; }
	status=0
	printf 'in\n' | session -- sh -c 'cat >/dev/null; exit 7' || status=$?
	[ $status = 7 ] || fail "status $status, not 7"
	head -c 8000000 /dev/urandom >data
	session -- cat <data >copy
	expect_same data copy
	session_status 137 -- sh -c 'kill -s KILL $$'
	session_status 1 -- false
	session_status 127 -- sh -c 'exit 127'
	session_status 126 -- sh -c 'exit 126'
	session_status 200 -- no-such-program
	expect_error "there is no program 'no-such-program'"
	session_status 200 -w /no/such/directory -- true
	expect_error 'there is no directory /no/such/directory'
	ok "streams and status"
}

arguments() {
	newline='a
b

'
	latin1=$(printf 'caf\351')
	for extra in plain "$latin1"; do
		set -- 'two words' "it's" '"quoted"' '$HOME `id` $(id)' "$newline" '' '*' '\' '-n' '%s' 'ünï' "$extra"
		session -- printf '<%s>\n' "$@" >out
		env printf '<%s>\n' "$@" >wanted
		expect_same wanted out "arguments"
	done
	"$runner" -e A=1 -e "B=two words" -e "C=$newline" -e "D=$latin1" -e E= "docker:$image" "$root" $engine_settings "spare=${spare:-0}" -- \
		sh -c 'printf "%s|" "$A" "$B" "$C" "$D" "${E-unset}"' >out
	printf '%s|' 1 'two words' "$newline" "$latin1" '' >wanted
	expect_same wanted out "environment"
	[ "$(session -- pwd)" = "$root" ] || fail "the directory is not the project's"
	[ "$(session -w "$root" -- sh -c 'echo $PWD')" = "$root" ] || fail "PWD"
	[ "$(session -w / -- pwd)" = / ] || fail "another directory"
	ok "arguments, environment and directory"
}

confined() {
	[ "$(session -- id -u)" = 65534 ] && [ "$(session -- id -g)" = 65534 ] || fail "user"
	session -- cat /proc/self/status >out
	grep -q '^CapEff:	0000000000000000$' out && grep -q '^NoNewPrivs:	1$' out || fail "rights"
	# busybox has no sysfs to ask there.
	[ "$(session -- sh -c 'sed 1,2d /proc/net/dev | cut -d : -f 1 | tr -d " "')" = lo ] || fail "network"
	session_status 1 -- sh -c 'touch /etc/x || exit 1'
	session_status 1 -- sh -c 'touch /x || exit 1'
	session -- sh -c 'echo "#!/bin/sh" >own && echo echo run >>own && chmod +x own && ./own' >out
	[ "$(cat out)" = run ] || fail "the project's directory"
	session -- sh -c 'mkdir -p /work/sibling/x && cp own /tmp/own && ! /tmp/own 2>/dev/null' || fail "/work, /tmp"
	[ "$(session -- sh -c 'echo $HOME')" = /tmp ] || fail "HOME"
	# What the image has itself, with modes of its own, is as open.
	session -d /home/me/x -d /root/x -d /mnt -- sh -c 'echo >/home/me/x/f && echo >/root/x/f && echo >/mnt/f && echo >/home/f' ||
		fail "a directory that the image has itself"
	await 20 one_is_left || fail "containers: $(containers)"
	ok "confined"
}

warm() {
	session_status 0 -- true
	before=$(engine ps -q --no-trunc)
	: >calls
	session_status 0 -- true
	[ "$(wc -l <calls)" = 1 ] || { cat calls >&2; fail "$(wc -l <calls) calls of the engine"; }
	[ "$(engine ps -q --no-trunc)" = "$before" ] || fail "another container"
	session_status 1 -- false
	: >calls
	session_status 0 -n 3 -- true
	[ "$(wc -l <calls)" = 3 ] || { cat calls >&2; fail "$(wc -l <calls) calls of the engine for three commands"; }
	ok "a second session is one call"
}

killed() {
	session_status 0 -- true
	engine kill "$(containers)" >/dev/null
	session_status 201 -- true
	expect_error 'is gone'
	session_status 0 -- true
	# While a command runs.
	session -- sleep 60 >out 2>err &
	job=$!
	await 20 sh -c '[ -s calls ]' || fail "no call"
	sleep 1
	engine kill "$(containers)" >/dev/null
	status=0
	wait $job || status=$?
	[ $status = 201 ] || { cat err >&2; fail "killed meanwhile: status $status"; }
	session_status 0 -- true
	ok "a container that was killed"
}

# Orphans do not stay.
reaped() {
	session -- sh -c 'for i in 1 2 3; do (sleep 0.1 & ); done; sleep 1'
	session -- sh -c 'cat /proc/[0-9]*/stat' >out 2>/dev/null || :
	! grep -q ') Z ' out || { cat out >&2; fail "zombies"; }
	ok "orphans are reaped"
}

# 'k' and the end of the control descriptor, with a command that heeds nothing.
interrupted() {
	for order in k ''; do
		mkfifo control
		session -c 9 -- sh -c 'trap "" TERM INT; echo started; while :; do sleep 1; done' 9<control >out 2>err &
		job=$!
		exec 8>control
		await 20 grep -q started out || fail "it did not start"
		began=$(date +%s)
		printf %s "$order" >&8
		[ -n "$order" ] || exec 8>&-
		status=0
		wait $job || status=$?
		exec 8>&-
		[ $status = 143 ] || { cat err >&2; fail "interrupted: status $status"; }
		[ $(($(date +%s) - began)) -le 6 ] || fail "interrupted after $(($(date +%s) - began)) s"
		# By the engine itself: what waits in the container is quicker than the end of a command
		# that heeds nothing, on a busy machine.
		engine exec "$(containers)" sh -c 'cat /proc/[0-9]*/cmdline | tr "\0" " "' >out
		! grep -q 'echo started' out || fail "the command still runs"
		rm control
	done
	ok "interrupted"
}

at_once() {
	operation --down
	is_gone || fail "--down left $(containers)"
	jobs=
	for i in 1 2 3 4; do
		session -- sh -c "sleep 1; echo $i" >"out$i" 2>"err$i" &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job" || { cat err? >&2; fail "one of several at once"; }
	done
	[ "$(cat out1 out2 out3 out4)" = "1
2
3
4" ] || fail "outputs"
	[ "$(containers | wc -l)" = 1 ] || fail "containers: $(containers)"
	ok "four at once start one container"
}

directories() {
	session_status 0 -- true
	before=$(containers)
	# What runs in the old one ends in peace.
	session -- sh -c 'sleep 4; echo done' >old 2>err.old &
	job=$!
	sleep 1
	session -d /opt/more -d /usr/local/include/x -d /work/other -- \
		sh -c 'for d in /opt/more /usr/local/include/x /work/other; do echo >$d/file || exit 1; done' || fail "directories"
	wait $job || fail "the old one's command"
	[ "$(cat old)" = "done" ] || fail "the old one's command said $(cat old)"
	await 20 one_is_left || fail "the old one stays: $(containers)"
	[ "$(containers)" != "$before" ] || fail "the same container"
	before=$(containers)
	session -d /work/third -- sh -c 'echo >/work/third/file' || fail "another directory"
	[ "$(containers)" = "$before" ] || fail "another container for a directory that was covered"
	for dir in / /usr /proc/1; do
		session_status 200 -d $dir -- true
		expect_error "no container can have a directory $dir of the host's in it"
	done
	ok "another directory, another container"
}

idle() {
	operation --down
	more=idle=8s # a busy machine takes seconds from its start to the command
	session_status 0 -- sleep 17 # it is not idle meanwhile
	session_status 0 -- true
	[ "$(containers | wc -l)" = 1 ] || fail "no container"
	await 40 is_gone || fail "it does not stop"
	session_status 0 -- true
	more=
	ok "the idle stop"
}

described() {
	operation --down
	operation --status >out
	grep -q ": .*$image, not running" out || { cat out >&2; fail "status"; }
	operation --up
	operation --status >out
	grep -q "^crossbpf-.*: .*$image, Up " out || { cat out >&2; fail "status"; }
	identity=$(session -i --)
	[ "${identity#sha256:}" = "$(engine image inspect -f '{{.Id}}' "$image" | sed 's/^sha256://')" ] || fail "identity $identity"
	operation --down
	is_gone || fail "--down left $(containers)"
	ok "up, down, status, identity"
}

own_dockerfile() {
	mkdir -p "own dir"
	printf 'FROM busybox:test\nCOPY file /file\nRUN echo from the build; id >/built\n' >"own dir/Own"
	echo context >"own dir/file"
	# shellcheck disable=SC2086 # a list of words
	"$runner" docker "$root" $engine_settings spare=0 "dockerfile=$tmp/own dir/Own" -- cat /file >out 2>err || { cat err >&2; fail "dockerfile"; }
	[ "$(cat out)" = context ] && grep -q 'log: .*from the build' err || { cat err >&2; fail "dockerfile"; }
	"$runner" docker "$root" $engine_settings spare=0 "dockerfile=$tmp/own dir/Own" -- cat /built >out 2>err
	! grep -q 'from the build' err || fail "it was built twice"
	printf 'FROM busybox:test\nRUN echo this is why; exit 3\n' >"own dir/Bad"
	status=0
	"$runner" docker "$root" $engine_settings spare=0 "dockerfile=$tmp/own dir/Bad" -- true >out 2>err || status=$?
	[ $status = 200 ] && grep -q '^error: .*cannot build the image crossbpf-builder:' err || { cat err >&2; fail "a build that fails"; }
	sed '1,/^error: /{/^error: /!d}' err | grep -q 'this is why' || { cat err >&2; fail "no reason"; }
	ok "a Dockerfile of the user's"
}

absent() {
	before=$image
	image=localhost/no/such:image
	session_status 200 -- true
	expect_error 'cannot start a container of the image localhost/no/such:image'
	image=$before
	ok "an image that is not there"
}

no_spare() {
	! pgrep -f "^$builddir_top/crossbpf-docker-spare $XDG_CACHE_HOME" >/dev/null
}

# Of two that come for it one gets it, and the other does without.
one_for_two() {
	await 30 spare_waits || fail "no shell waits in the container"
	keeper=$(pgrep -f "^$builddir_top/crossbpf-docker-spare $XDG_CACHE_HOME")
	# shellcheck disable=SC2086 # one word
	kill -STOP $keeper
	session -- echo first >first 2>err </dev/null &
	first=$!
	session -- echo second >second 2>err.2 </dev/null &
	second=$!
	sleep 1
	# shellcheck disable=SC2086 # one word
	kill -CONT $keeper
	wait $first || fail "the first of two: $(cat err)"
	wait $second || fail "the second of two: $(cat err.2)"
	[ "$(cat first second)" = "first
second" ] || fail "two at once: $(cat first second)"
}

# An output that somebody left non-blocking, and that is full.
non_blocking() {
	await 30 spare_waits || fail "no shell waits in the container"
	# shellcheck disable=SC2086 # lists of words
	python3 -c '
import os, subprocess, sys, time
read, write = os.pipe()
os.set_blocking(write, False)
child = subprocess.Popen(sys.argv[1:], stdout=write, stdin=subprocess.DEVNULL)
os.close(write)
time.sleep(1)
with open(read, "rb") as file:
    print(len(file.read()), child.wait())
' "$runner" "docker:$image" "$root" $engine_settings "spare=$spare" -- sh -c 'head -c 1000000 /dev/zero' >out
	[ "$(cat out)" = "1000000 0" ] || fail "non-blocking: $(cat out)"
}

# The same by a shell that waits in the container since the last one.
waiting() {
	no_spare || fail "without a spare one waits"
	# shellcheck disable=SC2086 # lists of words
	"$runner" "docker:$image" "$root" $engine_settings -- true || fail "the first"
	spare=60s
	await 30 spare_waits || fail "no shell waits in the container"
	: >calls
	session_status 0 -- true
	! grep -v 'read -r crossbpf_length' calls || fail "the engine was called"
	for part in streams arguments interrupted one_for_two non_blocking; do
		$part
	done
	# shellcheck disable=SC2046 # one word
	await 30 spare_waits && kill -9 $(pgrep -f "^$builddir_top/crossbpf-docker-spare $XDG_CACHE_HOME")
	spare=
	session_status 0 -- true
	! spare_waits || fail "what was killed left its socket"
	# One that nobody comes for goes; one whose container goes, too.
	more=spare=2s
	session_status 0 -- true
	await 30 spare_waits || fail "none after one was killed"
	await 30 no_spare || fail "it stays"
	more=spare=60s
	session_status 0 -- true
	await 30 spare_waits || fail "none after one went"
	more=
	operation --down
	await 30 no_spare || fail "it outlives its container"
	ok "a shell that waits"
}

# prove IMAGE: all that any image must do.
prove() {
	image=$1
	for part in streams arguments confined warm killed reaped interrupted at_once directories idle described waiting; do
		$part
	done
}

# On an image that has next to nothing; with CROSSBPF_TEST_SAMPLE=1 on Debian too.
prove_engine() {
	image_busybox busybox:test
	count_calls
	prove busybox:test
	own_dockerfile
	absent
	[ "${CROSSBPF_TEST_SAMPLE-}" = 1 ] || return 0
	rm -f "$XDG_CACHE_HOME/crossbpf/docker/"*.mounts
	import_image minimal debian:bookworm-slim
	prove debian:bookworm-slim
}
