// SPDX-License-Identifier: BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 wanted = 1;
__u64 counter;
__u16 table[4] = {1, 2, 3, 4};
static volatile __u32 hidden;

SEC("xdp") int count(struct xdp_md *ctx)
{
	counter++;
	hidden += table[counter & 3];
	return wanted;
}

char _license[] SEC("license") = "GPL";
