# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A real sshd for tests, sourced after lib.sh. It listens on a port of 127.0.0.1, and knows accounts
# that nobody else does: it runs where /etc/passwd is another. What is started here ends with the test.
#
#	account NAME [SHELL [HOME]]   before start_sshd: a login; its home is $sshd_dir/HOME
#	start_sshd [LINE…]            with further lines of its configuration; $port, $sshd_pid
#	stop_sshd                     with all sessions
#	known_host [FILE]             has its key known
#	new_host_key TYPE             another one, from the next start_sshd on
#	ssh_config <LINES             the client's configuration; "HOST" below is any alias in it
#	$sshd_dir/config              which is that file

need_root
need ssh sshd ssh-keygen ssh-keyscan unshare pgrep python3
sshd_dir=$(mktemp -d /tmp/crossbpf-sshd.XXXXXX)
chmod 755 "$sshd_dir"
sshd_pid=
unset XDG_RUNTIME_DIR SSH_AUTH_SOCK
trap 'status=$?; stop_sshd; rm -rf "$tmp" "$sshd_dir"; exit $status' EXIT

# Ends a process and all that descend from it.
end_tree() { # PID
	for child in $(pgrep -P "$1"); do
		end_tree "$child"
	done
	kill -CONT "$1" 2>/dev/null || :
	kill -KILL "$1" 2>/dev/null || :
}

stop_sshd() {
	[ -n "$sshd_pid" ] || return 0
	end_tree "$sshd_pid"
	for left in $(pgrep -u "$builder_uid"); do
		kill -KILL "$left" 2>/dev/null || :
	done
	wait "$sshd_shell" 2>/dev/null || :
	sshd_pid=
}

builder_uid=$((61000 + $$ % 3000)) # of this test alone
cp /etc/passwd "$sshd_dir/passwd"
account() { # NAME [SHELL [HOME]]
	account_home=$sshd_dir/${3-$1}
	mkdir -p "$account_home"
	chown "$builder_uid:65534" "$account_home"
	echo "$1:*:$builder_uid:65534::$account_home:${2-/bin/sh}" >>"$sshd_dir/passwd"
}

new_host_key() { # TYPE
	rm -f "$sshd_dir/host_key" "$sshd_dir/host_key.pub"
	ssh-keygen -q -t "$1" -N '' -C host -f "$sshd_dir/host_key"
}
new_host_key ed25519
ssh-keygen -q -t ed25519 -N '' -C builder -f "$sshd_dir/key"
cp "$sshd_dir/key.pub" "$sshd_dir/authorized"
chmod 644 "$sshd_dir/authorized"

start_sshd() { # [LINE…]
	mkdir -p /run/sshd
	port=${port:-$(free_port)}
	cat >"$sshd_dir/sshd_config" <<EOF
ListenAddress 127.0.0.1
Port $port
HostKey $sshd_dir/host_key
PidFile none
AuthorizedKeysFile $sshd_dir/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
MaxStartups 100:30:200
Subsystem sftp internal-sftp
EOF
	printf '%s\n' "$@" >>"$sshd_dir/sshd_config"
	# shellcheck disable=SC2016 # expanded in there
	own_mounts sh -euc '
		mount --bind "$1/passwd" /etc/passwd
		echo $$ >"$1/pid"
		exec "$(command -v sshd)" -D -e -f "$1/sshd_config"
	' sshd "$sshd_dir" 2>>"$sshd_dir/log" &
	sshd_shell=$!
	tries=0
	until ssh-keyscan -T 2 -p "$port" 127.0.0.1 2>/dev/null | grep -q .; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ] || ! kill -0 "$sshd_shell" 2>/dev/null; then
			tail -n 20 "$sshd_dir/log" >&2
			fail "sshd does not start"
		fi
		sleep 0.1
	done
	read -r sshd_pid <"$sshd_dir/pid"
}

known_host() { # [FILE]
	printf '[127.0.0.1]:%s %s\n' "$port" "$(cat "$sshd_dir/host_key.pub")" >"${1-$sshd_dir/known_hosts}"
}

ssh_config() {
	{
		cat
		cat <<EOF
Host *
	HostName 127.0.0.1
	Port $port
	User builder
	IdentityFile $sshd_dir/key
	UserKnownHostsFile $sshd_dir/known_hosts
	GlobalKnownHostsFile none
EOF
	} >"$sshd_dir/config"
}

# in_session TRANSPORT STATUS [OPTION…] HOST [KEY=VALUE…] -- COMMAND…: by run-in-session, its output
# in $tmp/out and $tmp/err
in_session() {
	way=$1 expected=$2
	shift 2
	options=
	while case $1 in -*) ;; *) false ;; esac do
		options="$options $1 $2"
		shift 2
	done
	host=$1
	shift
	status=0
	# shellcheck disable=SC2086 # words of options
	timeout 120 "$builddir_top/tests/integration/run-in-session" $options "ssh${host:+:$host}" "$tmp" \
		"transport=$way" "config=$sshd_dir/config" "$@" >"$tmp/out" 2>"$tmp/err" <"${input:-/dev/null}" || status=$?
	[ "$status" = "$expected" ] || {
		cat "$tmp/out" "$tmp/err" >&2
		fail "$way: status $status, not $expected: $host $*"
	}
}
