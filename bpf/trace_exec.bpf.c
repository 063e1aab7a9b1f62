// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reports every program that is executed on the system. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "trace_exec.h"

/*
 * Only the members used: CO-RE finds them in the running kernel. That goes for the tracepoint's
 * record as well, whose common part is longer on some PREEMPT_RT kernels.
 */
struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct trace_event_raw_sched_process_exec {
	__u32 __data_loc_filename;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/* clang tells in BTF of what a variable is of: for those who print the records by it. */
const struct trace_exec_event *const volatile event_type;

static __always_inline void count_lost(void)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&lost, &key);

	if (count)
		(*count)++;
}

SEC("tracepoint/sched/sched_process_exec")
int trace_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	/* Offset from the record's start in the lower half, size with the NUL in the upper one. */
	__u32 filename = ctx->__data_loc_filename;
	struct task_struct *task = (void *)bpf_get_current_task();
	struct trace_exec_event *event;
	__u64 id;
	long size;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count_lost();
		return 0;
	}

	event->timestamp = bpf_ktime_get_ns();
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	id = bpf_get_current_uid_gid();
	event->uid = id;
	event->gid = id >> 32;
	event->flags = 0;
	if (filename >> 16 > sizeof(event->filename))
		event->flags |= TRACE_EXEC_FILENAME_TRUNCATED;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	size = bpf_probe_read_kernel_str(event->filename, sizeof(event->filename),
					 (void *)ctx + (filename & 0xffff));
	event->filename_len = size > 0 ? size - 1 : 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
