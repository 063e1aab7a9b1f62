/* SPDX-License-Identifier: BSD-2-Clause */
/* A member that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid, never_was_there;
} __attribute__((preserve_access_index));

SEC("tp_btf/sched_process_exit") int on_exit(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	return task->pid + task->never_was_there; /* the fault */
}

char _license[] SEC("license") = "GPL";
