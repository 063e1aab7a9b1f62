/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "capabilities.h"

#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "shared/strbuf.h"

/* Linux 5.8; older headers do not have them. */
enum { PERFMON = 38, BPF = 39 };

/* The effective ones, a bit each: proc(5). All, where that cannot be said. */
static uint64_t own(void)
{
	cleanup_fclose FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (str_begins(line, "CapEff:"))
			return strtoull(line + 7, NULL, 16);
	return UINT64_MAX;
}

/* kernel/bpf/syscall.c: is_net_admin_prog_type(), is_perfmon_prog_type() */
static uint64_t wanted_of(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
		return 0;
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_LSM:
		return UINT64_C(1) << PERFMON;
	default:
		return UINT64_C(1) << CAP_NET_ADMIN;
	}
}

char *capabilities_missing(struct bpf_object *object)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {PERFMON, "CAP_PERFMON"}};
	cleanup_strbuf struct strbuf text = {0};
	uint64_t has = own(), wanted = UINT64_C(1) << BPF;
	struct bpf_program *program;
	char *missing = NULL;

	if (has & UINT64_C(1) << CAP_SYS_ADMIN)
		return NULL;
	bpf_object__for_each_program(program, object)
		wanted |= wanted_of(bpf_program__type(program));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (wanted & ~has & UINT64_C(1) << names[i].bit)
			strbuf_printf(&text, "%s%s", text.len ? " and " : "", names[i].name);
	return text.len && strbuf_finish(&text, &missing) == 0 ? missing : NULL;
}
