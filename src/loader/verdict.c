/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verdict.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdio.h>

enum { FLOW_CONTINUE = 129 }; /* linux/bpf.h of Linux 6.1: BPF_FLOW_DISSECTOR_CONTINUE */

struct named {
	uint32_t value;
	const char *name;
};

static const char *find(const struct named *names, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].value == value)
			return names[i].name;
	return NULL;
}

static const char *of_xdp(uint32_t value)
{
	static const struct named names[] = {
		{XDP_ABORTED, "XDP_ABORTED"},   {XDP_DROP, "XDP_DROP"},
		{XDP_PASS, "XDP_PASS"},         {XDP_TX, "XDP_TX"},
		{XDP_REDIRECT, "XDP_REDIRECT"},
	};

	return find(names, sizeof(names) / sizeof(names[0]), value);
}

static const char *of_tc(uint32_t value)
{
	static const struct named names[] = {
		{(uint32_t)TC_ACT_UNSPEC, "TC_ACT_UNSPEC"},
		{TC_ACT_OK, "TC_ACT_OK"},
		{TC_ACT_RECLASSIFY, "TC_ACT_RECLASSIFY"},
		{TC_ACT_SHOT, "TC_ACT_SHOT"},
		{TC_ACT_PIPE, "TC_ACT_PIPE"},
		{TC_ACT_STOLEN, "TC_ACT_STOLEN"},
		{TC_ACT_QUEUED, "TC_ACT_QUEUED"},
		{TC_ACT_REPEAT, "TC_ACT_REPEAT"},
		{TC_ACT_REDIRECT, "TC_ACT_REDIRECT"},
		{TC_ACT_TRAP, "TC_ACT_TRAP"},
	};

	return find(names, sizeof(names) / sizeof(names[0]), value);
}

/* How many bytes are kept. */
static const char *of_socket(uint32_t value)
{
	return value ? "pass" : "drop";
}

/* The second bit speaks of congestion. */
static const char *of_cgroup(uint32_t value)
{
	return value & 1 ? "pass" : "drop";
}

static const char *of_lwt(uint32_t value)
{
	static const struct named names[] = {
		{BPF_OK, "BPF_OK"},
		{BPF_DROP, "BPF_DROP"},
		{BPF_REDIRECT, "BPF_REDIRECT"},
		{BPF_LWT_REROUTE, "BPF_LWT_REROUTE"},
	};

	return find(names, sizeof(names) / sizeof(names[0]), value);
}

static const char *of_flow(uint32_t value)
{
	static const struct named names[] = {
		{BPF_OK, "BPF_OK"},
		{BPF_DROP, "BPF_DROP"},
		{FLOW_CONTINUE, "BPF_FLOW_DISSECTOR_CONTINUE"},
	};

	return find(names, sizeof(names) / sizeof(names[0]), value);
}

const struct verdict_type *verdict_type(unsigned program_type)
{
	static const struct verdict_type types[] = {
		{BPF_PROG_TYPE_XDP, "XDP", .sees_frame = true, .verdict = of_xdp},
		{BPF_PROG_TYPE_SCHED_CLS, "TC", .sees_frame = true, .verdict = of_tc},
		{BPF_PROG_TYPE_SCHED_ACT, "TC", .sees_frame = true, .verdict = of_tc},
		/* As a packet socket has it, to which crossbpf run attaches it. */
		{BPF_PROG_TYPE_SOCKET_FILTER, "socket", .sees_frame = true, .twice = true,
		 .number = true, .verdict = of_socket},
		{BPF_PROG_TYPE_CGROUP_SKB, "cgroup_skb", .number = true, .verdict = of_cgroup},
		{BPF_PROG_TYPE_LWT_IN, "LWT", .verdict = of_lwt},
		{BPF_PROG_TYPE_LWT_OUT, "LWT", .verdict = of_lwt},
		{BPF_PROG_TYPE_LWT_XMIT, "LWT", .verdict = of_lwt},
		{BPF_PROG_TYPE_FLOW_DISSECTOR, "flow dissector", .keeps_size = true,
		 .verdict = of_flow},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == program_type)
			return &types[i];
	return NULL;
}

void verdict_print(const struct verdict_type *type, uint32_t value, char *buf, size_t size)
{
	const char *name = type->verdict(value);

	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%d", (int)value); /* as programs write it */
}
