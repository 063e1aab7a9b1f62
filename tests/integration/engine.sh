# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Real container engines for tests, sourced after lib.sh. Each is started in a directory of its own
# and stopped by its process id at the test's exit; nothing of the machine's own engines is touched.
#
#	start_docker, start_podman          DOCKER_HOST is set; `engine ARGS` is the engine's command
#	import_image minimal|builder NAME [ARCH]
#	                                    Debian 12, with or without what the builder image has, of
#	                                    this machine or one whose programs it can run (amd64, arm64)
#	image_busybox NAME                  an image whose only program is busybox
#	$engine_settings                    KEY=VALUEs for the backend's section
#	restart_docker                      stops it with all that runs in it, and starts it again

need_root
engine_dir=$(mktemp -d /tmp/crossbpf-engine.XXXXXX) # a socket's name has no room for $TMPDIR
docker_pid=
podman_started=
trap 'status=$?; stop_engines; rm -rf "$tmp"; exit $status' EXIT

engine() {
	case $engine_name in
	docker) docker "$@" ;;
	podman)
		# crun does not start here (hybrid cgroups); runc does.
		podman --root "$engine_dir/podman" --runroot "$engine_dir/run" --cgroup-manager cgroupfs \
			--runtime "$(command -v runc)" "$@"
		;;
	esac
}

spawn_docker() {
	dockerd --data-root "$engine_dir/data" --exec-root "$engine_dir/exec" -H "$DOCKER_HOST" \
		--pidfile "$engine_dir/pid" --bridge=none --iptables=false >"$engine_dir/log" 2>&1 &
	docker_pid=$!
	tries=0
	until docker version >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt 300 ] || ! kill -0 $docker_pid 2>/dev/null; then
			tail -n 20 "$engine_dir/log" >&2
			fail "dockerd does not start"
		fi
		sleep 0.2
	done
}

start_docker() {
	need docker dockerd
	export DOCKER_HOST="unix://$engine_dir/docker.sock"
	spawn_docker
	engine_name=docker
	engine_settings="engine=docker build_options=--network build_options=host"
}

stop_docker() {
	[ -n "$docker_pid" ] || return 0
	kill "$docker_pid" 2>/dev/null || :
	wait "$docker_pid" 2>/dev/null || :
	docker_pid=
}

restart_docker() {
	stop_docker
	spawn_docker
}

start_podman() {
	need podman runc
	engine_name=podman
	podman_started=yes
	engine_settings="engine=podman"
	for word in --root "$engine_dir/podman" --runroot "$engine_dir/run" --cgroup-manager cgroupfs \
		--runtime "$(command -v runc)"; do
		engine_settings="$engine_settings engine_options=$word"
	done
	# The default limits are above what this machine grants.
	for word in --ulimit nofile=1024:1024 --ulimit nproc=1000:1000; do
		engine_settings="$engine_settings run_options=$word build_options=$word"
	done
	engine_settings="$engine_settings build_options=--network build_options=host"
}

stop_podman() {
	[ -n "$podman_started" ] || return 0
	engine_name=podman
	engine rm -f -a -t 0 >/dev/null 2>&1 || :
	podman_started=
}

# The deepest first: what an engine left mounted would keep the directory from going. What podman
# cleans up behind a container may mount it again meanwhile.
remove_engine_dir() {
	for try in 1 2 3 4 5 6 7 8 9 10; do
		awk -v dir="$engine_dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r |
			while IFS= read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount" || :; done
		! rm -rf "$engine_dir" 2>/dev/null || return 0
		sleep 0.$try
	done
	rm -rf "$engine_dir"
}

stop_engines() {
	stop_docker
	stop_podman
	remove_engine_dir
}

# rootfs KIND ARCH: prints the file name of a Debian 12 tree, from the cache where that is whole.
# Packages of another architecture are unpacked and not set up: that would take minutes under qemu.
rootfs() {
	packages=findutils archs=$2 variant=minbase essential=
	if [ "$1" = builder ]; then
		packages=$(awk '$1 == "image" { printf "%s%s", sep, $2; sep = "," }' "$srcdir_top/build-aux/packages")
		[ "$2" = arm64 ] && archs=arm64,amd64 || archs=$2,arm64
	fi
	[ "$2" = "$(dpkg --print-architecture)" ] || variant=extract essential="~E~r$2"
	key=$(printf 'bookworm %s %s %s' "$variant" "$archs" "$packages" | sha256sum | cut -c 1-16)
	tree=$ci_cache/rootfs-$1-$key.tar
	mkdir -p "$ci_cache"
	# Of several tests at once one makes it.
	(
		flock 9
		(cd "$ci_cache" && sha256sum --status -c "$tree.sha256" 2>/dev/null) && exit
		need mmdebstrap
		mmdebstrap --quiet --variant=$variant ${essential:+--include="$essential"} --include="$packages" \
			--architectures="$archs" --aptopt='Acquire::Languages "none"' bookworm "$tree.$$.tar" >"$tmp/mmdebstrap.log" 2>&1 || {
			tail -n 20 "$tmp/mmdebstrap.log" >&2
			exit 1
		}
		mv "$tree.$$.tar" "$tree"
		(cd "$ci_cache" && sha256sum "${tree##*/}" >"$tree.sha256")
	) 9>"$tree.lock" || fail "no root file system could be made"
	echo "$tree"
}

import_image() {
	arch=${3-$(dpkg --print-architecture)}
	tree=$(rootfs "$1" "$arch") || exit 1
	case $engine_name:$arch in
	*:"$(dpkg --print-architecture)") platform= ;;
	docker:*) platform=--platform=linux/$arch ;;
	podman:*) platform=--arch=$arch ;;
	esac
	# shellcheck disable=SC2086 # no word, or one
	engine import $platform "$tree" "$2" >/dev/null || fail "$engine_name cannot import $tree"
}

image_busybox() {
	need busybox
	rm -rf "$tmp/busybox"
	mkdir -p "$tmp/busybox/bin" "$tmp/busybox/proc" "$tmp/busybox/tmp"
	cp "$(command -v busybox)" "$tmp/busybox/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$tmp/busybox/bin/$applet"
	done
	tar -C "$tmp/busybox" -cf "$tmp/busybox.tar" .
	engine import "$tmp/busybox.tar" "$1" >/dev/null || fail "$engine_name cannot import busybox"
}
