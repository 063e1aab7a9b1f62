/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel's pointer that is read as if it were the program's; in a function of its own. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) __u64 first_word(__u64 task)
{
	bpf_printk("task");
	return *(__u64 *)task; /* the fault */
}

SEC("tracepoint/syscalls/sys_enter_execve") int on_exec(void *ctx)
{
	__u64 task = bpf_get_current_task();

	if (task == 0)
		return 0;
	return first_word(task) != 0;
}

char _license[] SEC("license") = "GPL";
