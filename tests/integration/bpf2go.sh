# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154,SC2164 # sourced behind lib.sh (set -e)
# Debian's bpf2go, $tmp/bpf2go, and a program for it, in the new directory $tmp/work, where we are then.

make_bpf2go() {
	need go
	package=/usr/share/gocode/src/github.com/cilium/ebpf/cmd/bpf2go
	[ -d "$package" ] || skip "there is no $package: apt install golang-github-cilium-ebpf-dev"
	(cd "$package" && env GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$tmp/gocache" GOFLAGS= \
		go build -o "$tmp/bpf2go" .) || fail "bpf2go does not build"
	mkdir "$tmp/work"
	cd "$tmp/work"
	write_probe
	printf '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n' >common.h
	export GOPACKAGE=main
}

write_probe() {
	cat >probe.c <<'EOF'
//go:build ignore

#include "common.h"

struct event {
	__u32 pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct event);
	__uint(max_entries, 16);
} events SEC(".maps");

const volatile __u32 wanted = 1;

SEC("xdp") int probe(struct xdp_md *ctx)
{
	__u32 key = wanted;
	struct event *event = bpf_map_lookup_elem(&events, &key);

	return event ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
EOF
}
