/* SPDX-License-Identifier: BSD-2-Clause */
/* What was taken of a ring buffer is not given back on one of two ways. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tp/syscalls/sys_enter_openat") int on_open(void *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0); /* the fault */

	if (!event)
		return 0;
	*event = bpf_get_current_pid_tgid();
	if (*event == 1)
		return 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
