/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of BPF came with which mainline kernel: facts, each from the commit that added it. Sources:
 * the kernel's include/uapi/linux/bpf.h for numbers and names; for versions bcc's
 * docs/kernel-versions.md and ebpf-docs' data/feature-versions.yaml, which name the commits, and
 * Linux 6.1's sources, against which both were held. Where the two differed, the order in which the
 * header got its entries decided. As of Linux 7.1.
 */
#ifndef CROSSBPF_KERNEL_FACTS_H
#define CROSSBPF_KERNEL_FACTS_H

#include <stdint.h>

#define KERNEL_VERSION_OF(major, minor) ((uint16_t)((major) << 8 | (minor)))

struct kernel_fact {
	const char *name;
	uint16_t since; /* KERNEL_VERSION_OF(); 0: not known */
};

/* enum bpf_prog_type */
enum {
	PROGRAM_UNSPEC,
	PROGRAM_SOCKET_FILTER,
	PROGRAM_KPROBE,
	PROGRAM_SCHED_CLS,
	PROGRAM_SCHED_ACT,
	PROGRAM_TRACEPOINT,
	PROGRAM_XDP,
	PROGRAM_PERF_EVENT,
	PROGRAM_CGROUP_SKB,
	PROGRAM_CGROUP_SOCK,
	PROGRAM_LWT_IN,
	PROGRAM_LWT_OUT,
	PROGRAM_LWT_XMIT,
	PROGRAM_SOCK_OPS,
	PROGRAM_SK_SKB,
	PROGRAM_CGROUP_DEVICE,
	PROGRAM_SK_MSG,
	PROGRAM_RAW_TRACEPOINT,
	PROGRAM_CGROUP_SOCK_ADDR,
	PROGRAM_LWT_SEG6LOCAL,
	PROGRAM_LIRC_MODE2,
	PROGRAM_SK_REUSEPORT,
	PROGRAM_FLOW_DISSECTOR,
	PROGRAM_CGROUP_SYSCTL,
	PROGRAM_RAW_TRACEPOINT_WRITABLE,
	PROGRAM_CGROUP_SOCKOPT,
	PROGRAM_TRACING,
	PROGRAM_STRUCT_OPS,
	PROGRAM_EXT,
	PROGRAM_LSM,
	PROGRAM_SK_LOOKUP,
	PROGRAM_SYSCALL,
	PROGRAM_NETFILTER,
};

/* enum bpf_attach_type */
enum {
	ATTACH_CGROUP_INET_INGRESS,
	ATTACH_CGROUP_INET_EGRESS,
	ATTACH_CGROUP_INET_SOCK_CREATE,
	ATTACH_CGROUP_SOCK_OPS,
	ATTACH_SK_SKB_STREAM_PARSER,
	ATTACH_SK_SKB_STREAM_VERDICT,
	ATTACH_CGROUP_DEVICE,
	ATTACH_SK_MSG_VERDICT,
	ATTACH_CGROUP_INET4_BIND,
	ATTACH_CGROUP_INET6_BIND,
	ATTACH_CGROUP_INET4_CONNECT,
	ATTACH_CGROUP_INET6_CONNECT,
	ATTACH_CGROUP_INET4_POST_BIND,
	ATTACH_CGROUP_INET6_POST_BIND,
	ATTACH_CGROUP_UDP4_SENDMSG,
	ATTACH_CGROUP_UDP6_SENDMSG,
	ATTACH_LIRC_MODE2,
	ATTACH_FLOW_DISSECTOR,
	ATTACH_CGROUP_SYSCTL,
	ATTACH_CGROUP_UDP4_RECVMSG,
	ATTACH_CGROUP_UDP6_RECVMSG,
	ATTACH_CGROUP_GETSOCKOPT,
	ATTACH_CGROUP_SETSOCKOPT,
	ATTACH_TRACE_RAW_TP,
	ATTACH_TRACE_FENTRY,
	ATTACH_TRACE_FEXIT,
	ATTACH_MODIFY_RETURN,
	ATTACH_LSM_MAC,
	ATTACH_TRACE_ITER,
	ATTACH_CGROUP_INET4_GETPEERNAME,
	ATTACH_CGROUP_INET6_GETPEERNAME,
	ATTACH_CGROUP_INET4_GETSOCKNAME,
	ATTACH_CGROUP_INET6_GETSOCKNAME,
	ATTACH_XDP_DEVMAP,
	ATTACH_CGROUP_INET_SOCK_RELEASE,
	ATTACH_XDP_CPUMAP,
	ATTACH_SK_LOOKUP,
	ATTACH_XDP,
	ATTACH_SK_SKB_VERDICT,
	ATTACH_SK_REUSEPORT_SELECT,
	ATTACH_SK_REUSEPORT_SELECT_OR_MIGRATE,
	ATTACH_PERF_EVENT,
	ATTACH_TRACE_KPROBE_MULTI,
	ATTACH_LSM_CGROUP,
	ATTACH_STRUCT_OPS,
	ATTACH_NETFILTER,
	ATTACH_TCX_INGRESS,
	ATTACH_TCX_EGRESS,
	ATTACH_TRACE_UPROBE_MULTI,
	ATTACH_CGROUP_UNIX_CONNECT,
	ATTACH_CGROUP_UNIX_SENDMSG,
	ATTACH_CGROUP_UNIX_RECVMSG,
	ATTACH_CGROUP_UNIX_GETPEERNAME,
	ATTACH_CGROUP_UNIX_GETSOCKNAME,
	ATTACH_NETKIT_PRIMARY,
	ATTACH_NETKIT_PEER,
	ATTACH_TRACE_KPROBE_SESSION,
	ATTACH_TRACE_UPROBE_SESSION,
	ATTACH_TRACE_FSESSION,
	ATTACH_TRACE_FENTRY_MULTI,
	ATTACH_TRACE_FEXIT_MULTI,
	ATTACH_TRACE_FSESSION_MULTI,
};

/* What instructions and loading need. */
enum kernel_feature {
	FEATURE_JUMP_LESS,     /* jumps for "less than": cpu v2 */
	FEATURE_JUMP32,        /* 32-bit jumps: cpu v3 */
	FEATURE_ATOMIC,        /* atomic operations beside addition: cpu v3 */
	FEATURE_CPU4,          /* sign extension, byte swaps, long jumps, signed division: cpu v4 */
	FEATURE_ACQUIRE,       /* load-acquire and store-release: cpu v4 of a newer clang */
	FEATURE_MAY_GOTO,      /* may_goto */
	FEATURE_ADDRESS_SPACE, /* casts between address spaces, for arenas */
	FEATURE_INDIRECT_JUMP, /* jumps to where a register says, through jump tables */
	FEATURE_CALL,          /* calls between BPF functions */
	FEATURE_CALLBACK,      /* a BPF function given to a helper */
	FEATURE_TAIL_CALL_MIXED,      /* tail calls in a program of several functions */
	FEATURE_LOOP,                 /* loops */
	FEATURE_LARGE,                /* more than 4096 instructions */
	FEATURE_GLOBAL_DATA,          /* variables in maps */
	FEATURE_KSYM,                 /* the kernel's variables by type */
	FEATURE_KFUNC,                /* calls of the kernel's functions */
	FEATURE_SLEEPABLE,            /* programs that sleep */
	FEATURE_SLEEPABLE_ITER,       /* of iterators */
	FEATURE_SLEEPABLE_UPROBE,     /* of uprobes */
	FEATURE_SLEEPABLE_STRUCT_OPS, /* of struct_ops */
	FEATURE_SLEEPABLE_TRACEPOINT, /* of tracepoints, raw or not */
	FEATURE_ATTACH_TYPE,          /* a program is loaded for an attach type */
	FEATURE_XDP_FRAGS,            /* XDP on packets of several buffers */
	FEATURE_KERNEL_BTF,           /* the kernel's own types, in /sys */
	FEATURE_TRAMPOLINE,           /* calls of programs by functions of the kernel's */
	FEATURE_MAX,
};

/* Each NULL where there is no such thing. Names of helpers and kfuncs begin with bpf_, as in C. */
const struct kernel_fact *kernel_program_type(uint32_t type);
const struct kernel_fact *kernel_attach_type(uint32_t type);
const struct kernel_fact *kernel_map_type(uint32_t type);
const struct kernel_fact *kernel_map_flag(uint32_t flag);
const struct kernel_fact *kernel_helper(uint32_t id);
const struct kernel_fact *kernel_kfunc(const char *name);
/* By the name of its structure: "tcp_congestion_ops". */
const struct kernel_fact *kernel_struct_ops(const char *name);
const struct kernel_fact *kernel_feature(enum kernel_feature feature);
/* On an architecture; NULL and "any": on the first that got it, x86. What a JIT compiler must do
 * itself is not known of one that is not in the table: .since is 0. */
struct kernel_fact kernel_feature_of(enum kernel_feature feature, const char *arch);
/* An architecture that is newer than BPF; NULL: it is older, or not known. */
const struct kernel_fact *kernel_arch(const char *arch);

/* What libbpf replaces where the kernel is older: since when that works; 0: it replaces nothing. */
uint16_t kernel_helper_replaced(uint32_t id);

#endif
