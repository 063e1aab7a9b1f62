/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "kernel-facts.h"
#include "section-name.h"

enum {
	TARGET = 1,    /* "NAME" and "NAME/TARGET"; else it is "NAME" alone */
	SLEEPABLE = 2, /* "NAME.s" too */
	SLEEPS = 4,    /* it always does */
	OPTIONAL = 8,  /* its attach type */
	FRAGS = 16,
};

enum { NONE = SECTION_NO_ATTACH_TYPE };

/* Those with a target first, by program type. */
static const struct {
	const char *name;
	uint8_t program;
	int8_t attach;
	uint8_t flags;
} sections[] = {
	{"kprobe", PROGRAM_KPROBE, NONE, TARGET},
	{"kretprobe", PROGRAM_KPROBE, NONE, TARGET},
	{"ksyscall", PROGRAM_KPROBE, NONE, TARGET},
	{"kretsyscall", PROGRAM_KPROBE, NONE, TARGET},
	{"uprobe", PROGRAM_KPROBE, NONE, TARGET | SLEEPABLE},
	{"uretprobe", PROGRAM_KPROBE, NONE, TARGET | SLEEPABLE},
	{"usdt", PROGRAM_KPROBE, NONE, TARGET | SLEEPABLE},
	{"kprobe.multi", PROGRAM_KPROBE, ATTACH_TRACE_KPROBE_MULTI, TARGET},
	{"kretprobe.multi", PROGRAM_KPROBE, ATTACH_TRACE_KPROBE_MULTI, TARGET},
	{"kprobe.session", PROGRAM_KPROBE, ATTACH_TRACE_KPROBE_SESSION, TARGET},
	{"uprobe.multi", PROGRAM_KPROBE, ATTACH_TRACE_UPROBE_MULTI, TARGET | SLEEPABLE},
	{"uretprobe.multi", PROGRAM_KPROBE, ATTACH_TRACE_UPROBE_MULTI, TARGET | SLEEPABLE},
	{"uprobe.session", PROGRAM_KPROBE, ATTACH_TRACE_UPROBE_SESSION, TARGET | SLEEPABLE},
	{"tp", PROGRAM_TRACEPOINT, NONE, TARGET | SLEEPABLE},
	{"tracepoint", PROGRAM_TRACEPOINT, NONE, TARGET | SLEEPABLE},
	{"raw_tp", PROGRAM_RAW_TRACEPOINT, NONE, TARGET | SLEEPABLE},
	{"raw_tracepoint", PROGRAM_RAW_TRACEPOINT, NONE, TARGET | SLEEPABLE},
	{"raw_tp.w", PROGRAM_RAW_TRACEPOINT_WRITABLE, NONE, TARGET},
	{"raw_tracepoint.w", PROGRAM_RAW_TRACEPOINT_WRITABLE, NONE, TARGET},
	{"tp_btf", PROGRAM_TRACING, ATTACH_TRACE_RAW_TP, TARGET | SLEEPABLE},
	{"fentry", PROGRAM_TRACING, ATTACH_TRACE_FENTRY, TARGET | SLEEPABLE},
	{"fexit", PROGRAM_TRACING, ATTACH_TRACE_FEXIT, TARGET | SLEEPABLE},
	{"fmod_ret", PROGRAM_TRACING, ATTACH_MODIFY_RETURN, TARGET | SLEEPABLE},
	{"fsession", PROGRAM_TRACING, ATTACH_TRACE_FSESSION, TARGET | SLEEPABLE},
	{"fentry.multi", PROGRAM_TRACING, ATTACH_TRACE_FENTRY_MULTI, TARGET | SLEEPABLE},
	{"fexit.multi", PROGRAM_TRACING, ATTACH_TRACE_FEXIT_MULTI, TARGET | SLEEPABLE},
	{"fsession.multi", PROGRAM_TRACING, ATTACH_TRACE_FSESSION_MULTI, TARGET | SLEEPABLE},
	{"iter", PROGRAM_TRACING, ATTACH_TRACE_ITER, TARGET | SLEEPABLE},
	{"lsm", PROGRAM_LSM, ATTACH_LSM_MAC, TARGET | SLEEPABLE},
	{"lsm_cgroup", PROGRAM_LSM, ATTACH_LSM_CGROUP, TARGET},
	{"freplace", PROGRAM_EXT, NONE, TARGET},
	{"struct_ops", PROGRAM_STRUCT_OPS, NONE, TARGET | SLEEPABLE},

	{"socket", PROGRAM_SOCKET_FILTER, NONE, 0},
	{"perf_event", PROGRAM_PERF_EVENT, NONE, 0},
	{"syscall", PROGRAM_SYSCALL, NONE, SLEEPS},
	{"netfilter", PROGRAM_NETFILTER, ATTACH_NETFILTER, 0},
	{"flow_dissector", PROGRAM_FLOW_DISSECTOR, ATTACH_FLOW_DISSECTOR, OPTIONAL},
	{"lirc_mode2", PROGRAM_LIRC_MODE2, ATTACH_LIRC_MODE2, OPTIONAL},
	{"sk_lookup", PROGRAM_SK_LOOKUP, ATTACH_SK_LOOKUP, 0},
	{"sk_msg", PROGRAM_SK_MSG, ATTACH_SK_MSG_VERDICT, OPTIONAL},
	{"sk_reuseport", PROGRAM_SK_REUSEPORT, ATTACH_SK_REUSEPORT_SELECT, OPTIONAL},
	{"sk_reuseport/migrate", PROGRAM_SK_REUSEPORT, ATTACH_SK_REUSEPORT_SELECT_OR_MIGRATE, 0},
	{"sk_skb", PROGRAM_SK_SKB, NONE, 0},
	{"sk_skb/stream_parser", PROGRAM_SK_SKB, ATTACH_SK_SKB_STREAM_PARSER, OPTIONAL},
	{"sk_skb/stream_verdict", PROGRAM_SK_SKB, ATTACH_SK_SKB_STREAM_VERDICT, OPTIONAL},
	{"sk_skb/verdict", PROGRAM_SK_SKB, ATTACH_SK_SKB_VERDICT, OPTIONAL},
	{"sockops", PROGRAM_SOCK_OPS, ATTACH_CGROUP_SOCK_OPS, OPTIONAL},

	{"tc", PROGRAM_SCHED_CLS, NONE, 0},
	{"classifier", PROGRAM_SCHED_CLS, NONE, 0},
	{"action", PROGRAM_SCHED_ACT, NONE, 0},
	{"tc/ingress", PROGRAM_SCHED_CLS, ATTACH_TCX_INGRESS, 0},
	{"tc/egress", PROGRAM_SCHED_CLS, ATTACH_TCX_EGRESS, 0},
	{"tcx/ingress", PROGRAM_SCHED_CLS, ATTACH_TCX_INGRESS, 0},
	{"tcx/egress", PROGRAM_SCHED_CLS, ATTACH_TCX_EGRESS, 0},
	{"netkit/primary", PROGRAM_SCHED_CLS, ATTACH_NETKIT_PRIMARY, 0},
	{"netkit/peer", PROGRAM_SCHED_CLS, ATTACH_NETKIT_PEER, 0},
	{"xdp", PROGRAM_XDP, ATTACH_XDP, OPTIONAL},
	{"xdp.frags", PROGRAM_XDP, ATTACH_XDP, FRAGS},
	{"xdp/devmap", PROGRAM_XDP, ATTACH_XDP_DEVMAP, 0},
	{"xdp.frags/devmap", PROGRAM_XDP, ATTACH_XDP_DEVMAP, FRAGS},
	{"xdp/cpumap", PROGRAM_XDP, ATTACH_XDP_CPUMAP, 0},
	{"xdp.frags/cpumap", PROGRAM_XDP, ATTACH_XDP_CPUMAP, FRAGS},
	{"lwt_in", PROGRAM_LWT_IN, NONE, 0},
	{"lwt_out", PROGRAM_LWT_OUT, NONE, 0},
	{"lwt_xmit", PROGRAM_LWT_XMIT, NONE, 0},
	{"lwt_seg6local", PROGRAM_LWT_SEG6LOCAL, NONE, 0},

	{"cgroup_skb/ingress", PROGRAM_CGROUP_SKB, ATTACH_CGROUP_INET_INGRESS, OPTIONAL},
	{"cgroup_skb/egress", PROGRAM_CGROUP_SKB, ATTACH_CGROUP_INET_EGRESS, OPTIONAL},
	{"cgroup/skb", PROGRAM_CGROUP_SKB, NONE, 0},
	{"cgroup/dev", PROGRAM_CGROUP_DEVICE, ATTACH_CGROUP_DEVICE, OPTIONAL},
	{"cgroup/sysctl", PROGRAM_CGROUP_SYSCTL, ATTACH_CGROUP_SYSCTL, 0},
	{"cgroup/getsockopt", PROGRAM_CGROUP_SOCKOPT, ATTACH_CGROUP_GETSOCKOPT, 0},
	{"cgroup/setsockopt", PROGRAM_CGROUP_SOCKOPT, ATTACH_CGROUP_SETSOCKOPT, 0},
	{"cgroup/sock", PROGRAM_CGROUP_SOCK, ATTACH_CGROUP_INET_SOCK_CREATE, OPTIONAL},
	{"cgroup/sock_create", PROGRAM_CGROUP_SOCK, ATTACH_CGROUP_INET_SOCK_CREATE, 0},
	{"cgroup/sock_release", PROGRAM_CGROUP_SOCK, ATTACH_CGROUP_INET_SOCK_RELEASE, 0},
	{"cgroup/post_bind4", PROGRAM_CGROUP_SOCK, ATTACH_CGROUP_INET4_POST_BIND, 0},
	{"cgroup/post_bind6", PROGRAM_CGROUP_SOCK, ATTACH_CGROUP_INET6_POST_BIND, 0},
	{"cgroup/bind4", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET4_BIND, 0},
	{"cgroup/bind6", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET6_BIND, 0},
	{"cgroup/connect4", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET4_CONNECT, 0},
	{"cgroup/connect6", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET6_CONNECT, 0},
	{"cgroup/connect_unix", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UNIX_CONNECT, 0},
	{"cgroup/sendmsg4", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UDP4_SENDMSG, 0},
	{"cgroup/sendmsg6", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UDP6_SENDMSG, 0},
	{"cgroup/sendmsg_unix", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UNIX_SENDMSG, 0},
	{"cgroup/recvmsg4", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UDP4_RECVMSG, 0},
	{"cgroup/recvmsg6", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UDP6_RECVMSG, 0},
	{"cgroup/recvmsg_unix", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UNIX_RECVMSG, 0},
	{"cgroup/getpeername4", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET4_GETPEERNAME, 0},
	{"cgroup/getpeername6", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET6_GETPEERNAME, 0},
	{"cgroup/getpeername_unix", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UNIX_GETPEERNAME, 0},
	{"cgroup/getsockname4", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET4_GETSOCKNAME, 0},
	{"cgroup/getsockname6", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_INET6_GETSOCKNAME, 0},
	{"cgroup/getsockname_unix", PROGRAM_CGROUP_SOCK_ADDR, ATTACH_CGROUP_UNIX_GETSOCKNAME, 0},
};

/* What of `name` is behind the table's; NULL: it is another one. */
static const char *match(const char *name, size_t i, bool *ret_sleeps)
{
	size_t len = strlen(sections[i].name);

	*ret_sleeps = sections[i].flags & SLEEPS;
	if (strncmp(name, sections[i].name, len) != 0)
		return NULL;
	name += len;
	if ((sections[i].flags & SLEEPABLE) && strncmp(name, ".s", 2) == 0 &&
	    (name[2] == '\0' || name[2] == '/')) {
		*ret_sleeps = true;
		name += 2;
	}
	return name[0] == '\0' || (name[0] == '/' && (sections[i].flags & TARGET)) ? name : NULL;
}

void section_name_read(const char *name, struct section_meaning *ret)
{
	*ret = (struct section_meaning){.attach_type = SECTION_NO_ATTACH_TYPE};
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		bool sleeps;
		const char *rest = match(name, i, &sleeps);

		if (!rest)
			continue;
		*ret = (struct section_meaning){
			.program_type = sections[i].program,
			.attach_type = sections[i].attach,
			.is_attach_type_optional = sections[i].flags & OPTIONAL,
			.is_sleepable = sleeps,
			.has_fragments = sections[i].flags & FRAGS,
			.target = rest[0] && rest[1] ? rest + 1 : NULL,
		};
		return;
	}
}
