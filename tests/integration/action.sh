# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Workflows run by run-workflow.py, and of them contrib/github-action/example.yml with the action, for a
# project of its own. Sourced after lib.sh, where there are
#	$version, $runs_on          this release, GitHub's context `runner`
#	$machine                    a root file system, or several directories over one another, as JSON
#	$tmp/releases/v$version     the files of the release

# run_workflow NAME=JSON…: settings for run-workflow.py.
run_workflow() {
	python3 -c '
import json, sys
print(json.dumps({name: json.loads(value) for name, value in (word.split("=", 1) for word in sys.argv[1:])}))' \
		base="[$machine]" action="\"$srcdir_top/contrib/github-action\"" roots="\"$tmp/roots\"" "$@" >"$tmp/settings.json"
	own_mounts python3 "$tests_dir/run-workflow.py" run "$tmp/settings.json" 2>&1
}

make_project() {
	mkdir -p "$tmp/project/bpf"
	(
		cd "$tmp/project" || exit
		small_program bpf/one.bpf.c
		small_program bpf/two.bpf.c
		echo 'int two_more;' >>bpf/two.bpf.c
		printf 'build {\n\tsources = {"bpf/*.bpf.c"}\n\toutdir = "out"\n}\norder = {"native"}\n' >crossbpf.conf
		echo /out/ >.gitignore
		git init -q
		git add .
		commit project
	)
}
commit() {
	git -C "$tmp/project" -c user.name=x -c user.email=x@x commit -qam "$1"
}

serve_releases() {
	server_port=$(free_port)
	python3 -m http.server --bind 127.0.0.1 --directory "$tmp/releases" "$server_port" >"$tmp/server.log" 2>&1 &
	server_pid=$!
	tries=0
	until curl -fsS -o "$tmp/out" "http://127.0.0.1:$server_port/v$version/SHA256SUMS" 2>"$tmp/err"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || { cat "$tmp/err" >&2; fail "no server of releases"; }
		sleep 0.1
	done
}

runs=0
# example [JSON-OF-FURTHER-INPUTS [TOOLS]]: one run of it on a new machine, its output in $tmp/run.
example() {
	runs=$((runs + 1))
	rm -rf "$tmp/roots"
	run_workflow keep=true workflow="\"$srcdir_top/contrib/github-action/example.yml\"" jobs='["build"]' source="\"$tmp/project\"" \
		${2:+tools="\"$2\""} store="\"$tmp/action\"" runner="$runs_on" github="{\"run_id\": \"$runs\", \"run_attempt\": \"1\"}" \
		inputs="{\"releases\": \"http://127.0.0.1:$server_port\"${1:+, $1}}" >"$tmp/run" 2>&1
}
says() {
	grep -q -- "$1" "$tmp/run" || { cat "$tmp/run" >&2; fail "the action does not say: $1"; }
}
refused() { # WHAT SAYS [JSON]
	! example "${3-}" || { cat "$tmp/run" >&2; fail "the action takes $1"; }
	says "$2"
	pass_line "the action refuses $1"
}

# The steps of a Mac, where crossbpf is installed already: formula.test has the formula install it.
try_macos() {
	mkdir "$tmp/mac-tools"
	cat >"$tmp/mac-tools/brew" <<'END'
#!/bin/sh
set -eu
echo "stand-in: brew $*" >&2
taps=/github/taps
case $1:$2 in
tap-new:--no-git) mkdir -p "$taps/$3/Formula" ;;
--repository:*) echo "$taps/$2" ;;
install:*/*/*) ruby=$taps/${2%/*}/Formula/${2##*/}.rb; grep -q '^  sha256 "[0-9a-f]*"$' "$ruby" ;;
*) exit 2 ;;
esac
END
	printf '#!/bin/sh\n[ "$1 $2" = "-a 256" ] && shift 2 && exec sha256sum "$@"\n' >"$tmp/mac-tools/shasum"
	chmod 755 "$tmp/mac-tools/brew" "$tmp/mac-tools/shasum"
	linux=$runs_on
	runs_on='{"os": "macOS", "arch": "ARM64", "temp": "/github/temp"}'
	example '' "$tmp/mac-tools" || { cat "$tmp/run" >&2; fail "the example on macOS"; }
	runs_on=$linux
	says 'step Install crossbpf on Linux: left out'
	says 'crossbpf.rb: OK'
	says 'stand-in: brew install crossbpf/release/crossbpf'
	pass_line "the steps of a Mac, with a stand-in for brew"
}

try_action() {
	make_project
	serve_releases
	example || { cat "$tmp/run" >&2; fail "the example"; }
	cat "$tmp/run"
	says '| 2 compiled, 0 from the cache, 0 failed'
	says 'stand-in for actions/cache: saves crossbpf-Linux-X64-build-0-1-1'
	mv "$tmp/action/artifacts/bpf-objects" "$tmp/first-objects"
	[ "$(ls "$tmp/first-objects")" = "one.bpf.o
two.bpf.o" ] || fail "the artifact is not the objects"
	pass_line "a project is built, checked and kept"
	# From here on what was installed is there already.
	mv "$tmp/roots/build.upper" "$tmp/installed"
	rm -rf "$tmp/installed/github"
	machine="\"$tmp/installed\", $machine"

	# Another runner has the cache, and makes the same; a lock of this builder holds.
	example || { cat "$tmp/run" >&2; fail "the example, again"; }
	says '| 0 compiled, 2 from the cache, 0 failed'
	diff -r "$tmp/action/artifacts/bpf-objects" "$tmp/first-objects" || fail "other objects"
	pass_line "the next run takes them from the cache"

	try_macos

	sed -i 's/XDP_PASS/XDP_MISSING/' "$tmp/project/bpf/one.bpf.c"
	commit broken
	refused "a program that does not compile" '::error file=.*bpf/one.bpf.c,line=6,col=9::use of undeclared identifier'
	# What clang says is text, also where it looks like a command of the runner's.
	says '^[ |]*::stop-commands::[0-9a-f]'
	sed -i 's/XDP_MISSING/XDP_PASS/' "$tmp/project/bpf/one.bpf.c"

	echo 'clang.number = 1.0' >"$tmp/project/crossbpf.lock"
	git -C "$tmp/project" add crossbpf.lock
	commit lock
	refused "a lock of another builder" 'crossbpf.lock has 1.0'
	git -C "$tmp/project" rm -q crossbpf.lock
	# What is built is in the repository, and another.
	sed -i 's/"out"/"kept"/' "$tmp/project/crossbpf.conf"
	mkdir "$tmp/project/kept"
	echo old >"$tmp/project/kept/one.bpf.o"
	git -C "$tmp/project" add kept
	commit kept
	refused "a build that changes files of the repository" 'kept/one.bpf.o'
	# shellcheck disable=SC2016 # for the action's shell not to expand
	refused "a version that is shell" 'is no version' '"version": "$(touch /x)"'
	refused "what the release has not" 'has no crossbpf-nothing' '"components": "crossbpf-nothing"'
	for file in "$tmp/releases/v$version"/crossbpf_*_"$(dpkg --print-architecture)".deb; do echo >>"$file"; done
	refused "a package that is not the one summed up" 'FAILED'
}
