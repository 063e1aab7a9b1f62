/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "kernel-facts.h"

#define V(major, minor) KERNEL_VERSION_OF(major, minor)
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Each by its number. */
static const struct kernel_fact program_types[] = {
	{"unspec", 0},
	{"socket_filter", V(3, 19)},
	{"kprobe", V(4, 1)},
	{"sched_cls", V(4, 1)},
	{"sched_act", V(4, 1)},
	{"tracepoint", V(4, 7)},
	{"xdp", V(4, 8)},
	{"perf_event", V(4, 9)},
	{"cgroup_skb", V(4, 10)},
	{"cgroup_sock", V(4, 10)},
	{"lwt_in", V(4, 10)},
	{"lwt_out", V(4, 10)},
	{"lwt_xmit", V(4, 10)},
	{"sock_ops", V(4, 13)},
	{"sk_skb", V(4, 14)},
	{"cgroup_device", V(4, 15)},
	{"sk_msg", V(4, 17)},
	{"raw_tracepoint", V(4, 17)},
	{"cgroup_sock_addr", V(4, 17)},
	{"lwt_seg6local", V(4, 18)},
	{"lirc_mode2", V(4, 18)},
	{"sk_reuseport", V(4, 19)},
	{"flow_dissector", V(4, 20)},
	{"cgroup_sysctl", V(5, 2)},
	{"raw_tracepoint_writable", V(5, 2)},
	{"cgroup_sockopt", V(5, 3)},
	{"tracing", V(5, 5)},
	{"struct_ops", V(5, 6)},
	{"ext", V(5, 6)},
	{"lsm", V(5, 7)},
	{"sk_lookup", V(5, 9)},
	{"syscall", V(5, 14)},
	{"netfilter", V(6, 4)},
};

static const struct kernel_fact map_types[] = {
	{"unspec", 0},
	{"hash", V(3, 19)},
	{"array", V(3, 19)},
	{"prog_array", V(4, 2)},
	{"perf_event_array", V(4, 3)},
	{"percpu_hash", V(4, 6)},
	{"percpu_array", V(4, 6)},
	{"stack_trace", V(4, 6)},
	{"cgroup_array", V(4, 8)},
	{"lru_hash", V(4, 10)},
	{"lru_percpu_hash", V(4, 10)},
	{"lpm_trie", V(4, 11)},
	{"array_of_maps", V(4, 12)},
	{"hash_of_maps", V(4, 12)},
	{"devmap", V(4, 14)},
	{"sockmap", V(4, 14)},
	{"cpumap", V(4, 15)},
	{"xskmap", V(4, 18)},
	{"sockhash", V(4, 18)},
	{"cgroup_storage", V(4, 19)},
	{"reuseport_sockarray", V(4, 19)},
	{"percpu_cgroup_storage", V(4, 20)},
	{"queue", V(4, 20)},
	{"stack", V(4, 20)},
	{"sk_storage", V(5, 2)},
	{"devmap_hash", V(5, 4)},
	{"struct_ops", V(5, 6)},
	{"ringbuf", V(5, 8)},
	{"inode_storage", V(5, 10)},
	{"task_storage", V(5, 11)},
	{"bloom_filter", V(5, 16)},
	{"user_ringbuf", V(6, 1)},
	{"cgrp_storage", V(6, 2)},
	{"arena", V(6, 9)},
	{"insn_array", V(6, 19)},
	{"rhash", 0},
};

static const struct kernel_fact attach_types[] = {
	{"cgroup_inet_ingress", V(4, 10)},
	{"cgroup_inet_egress", V(4, 10)},
	{"cgroup_inet_sock_create", V(4, 10)},
	{"cgroup_sock_ops", V(4, 13)},
	{"sk_skb_stream_parser", V(4, 14)},
	{"sk_skb_stream_verdict", V(4, 14)},
	{"cgroup_device", V(4, 15)},
	{"sk_msg_verdict", V(4, 17)},
	{"cgroup_inet4_bind", V(4, 17)},
	{"cgroup_inet6_bind", V(4, 17)},
	{"cgroup_inet4_connect", V(4, 17)},
	{"cgroup_inet6_connect", V(4, 17)},
	{"cgroup_inet4_post_bind", V(4, 17)},
	{"cgroup_inet6_post_bind", V(4, 17)},
	{"cgroup_udp4_sendmsg", V(4, 18)},
	{"cgroup_udp6_sendmsg", V(4, 18)},
	{"lirc_mode2", V(4, 18)},
	{"flow_dissector", V(4, 20)},
	{"cgroup_sysctl", V(5, 2)},
	{"cgroup_udp4_recvmsg", V(5, 2)},
	{"cgroup_udp6_recvmsg", V(5, 2)},
	{"cgroup_getsockopt", V(5, 3)},
	{"cgroup_setsockopt", V(5, 3)},
	{"trace_raw_tp", V(5, 5)},
	{"trace_fentry", V(5, 5)},
	{"trace_fexit", V(5, 5)},
	{"modify_return", V(5, 7)},
	{"lsm_mac", V(5, 7)},
	{"trace_iter", V(5, 8)},
	{"cgroup_inet4_getpeername", V(5, 8)},
	{"cgroup_inet6_getpeername", V(5, 8)},
	{"cgroup_inet4_getsockname", V(5, 8)},
	{"cgroup_inet6_getsockname", V(5, 8)},
	{"xdp_devmap", V(5, 8)},
	{"cgroup_inet_sock_release", V(5, 9)},
	{"xdp_cpumap", V(5, 9)},
	{"sk_lookup", V(5, 9)},
	{"xdp", V(5, 9)},
	{"sk_skb_verdict", V(5, 13)},
	{"sk_reuseport_select", V(5, 14)},
	{"sk_reuseport_select_or_migrate", V(5, 14)},
	{"perf_event", V(5, 15)},
	{"trace_kprobe_multi", V(5, 18)},
	{"lsm_cgroup", V(6, 0)},
	{"struct_ops", V(6, 4)},
	{"netfilter", V(6, 4)},
	{"tcx_ingress", V(6, 6)},
	{"tcx_egress", V(6, 6)},
	{"trace_uprobe_multi", V(6, 6)},
	{"cgroup_unix_connect", V(6, 7)},
	{"cgroup_unix_sendmsg", V(6, 7)},
	{"cgroup_unix_recvmsg", V(6, 7)},
	{"cgroup_unix_getpeername", V(6, 7)},
	{"cgroup_unix_getsockname", V(6, 7)},
	{"netkit_primary", V(6, 7)},
	{"netkit_peer", V(6, 7)},
	{"trace_kprobe_session", V(6, 10)},
	{"trace_uprobe_session", V(6, 13)},
	{"trace_fsession", V(7, 0)},
	{"trace_fentry_multi", 0},
	{"trace_fexit_multi", 0},
	{"trace_fsession_multi", 0},
};

static const struct kernel_fact helpers[] = {
	{"bpf_unspec", 0},
	{"bpf_map_lookup_elem", V(3, 19)},
	{"bpf_map_update_elem", V(3, 19)},
	{"bpf_map_delete_elem", V(3, 19)},
	{"bpf_probe_read", V(4, 1)},
	{"bpf_ktime_get_ns", V(4, 1)},
	{"bpf_trace_printk", V(4, 1)},
	{"bpf_get_prandom_u32", V(4, 1)},
	{"bpf_get_smp_processor_id", V(4, 1)},
	{"bpf_skb_store_bytes", V(4, 1)},
	{"bpf_l3_csum_replace", V(4, 1)},
	{"bpf_l4_csum_replace", V(4, 1)},
	{"bpf_tail_call", V(4, 2)},
	{"bpf_clone_redirect", V(4, 2)},
	{"bpf_get_current_pid_tgid", V(4, 2)},
	{"bpf_get_current_uid_gid", V(4, 2)},
	{"bpf_get_current_comm", V(4, 2)},
	{"bpf_get_cgroup_classid", V(4, 3)},
	{"bpf_skb_vlan_push", V(4, 3)},
	{"bpf_skb_vlan_pop", V(4, 3)},
	{"bpf_skb_get_tunnel_key", V(4, 3)},
	{"bpf_skb_set_tunnel_key", V(4, 3)},
	{"bpf_perf_event_read", V(4, 3)},
	{"bpf_redirect", V(4, 4)},
	{"bpf_get_route_realm", V(4, 4)},
	{"bpf_perf_event_output", V(4, 4)},
	{"bpf_skb_load_bytes", V(4, 5)},
	{"bpf_get_stackid", V(4, 6)},
	{"bpf_csum_diff", V(4, 6)},
	{"bpf_skb_get_tunnel_opt", V(4, 6)},
	{"bpf_skb_set_tunnel_opt", V(4, 6)},
	{"bpf_skb_change_proto", V(4, 8)},
	{"bpf_skb_change_type", V(4, 8)},
	{"bpf_skb_under_cgroup", V(4, 8)},
	{"bpf_get_hash_recalc", V(4, 8)},
	{"bpf_get_current_task", V(4, 8)},
	{"bpf_probe_write_user", V(4, 8)},
	{"bpf_current_task_under_cgroup", V(4, 9)},
	{"bpf_skb_change_tail", V(4, 9)},
	{"bpf_skb_pull_data", V(4, 9)},
	{"bpf_csum_update", V(4, 9)},
	{"bpf_set_hash_invalid", V(4, 9)},
	{"bpf_get_numa_node_id", V(4, 10)},
	{"bpf_skb_change_head", V(4, 10)},
	{"bpf_xdp_adjust_head", V(4, 10)},
	{"bpf_probe_read_str", V(4, 11)},
	{"bpf_get_socket_cookie", V(4, 12)},
	{"bpf_get_socket_uid", V(4, 12)},
	{"bpf_set_hash", V(4, 13)},
	{"bpf_setsockopt", V(4, 13)},
	{"bpf_skb_adjust_room", V(4, 13)},
	{"bpf_redirect_map", V(4, 14)},
	{"bpf_sk_redirect_map", V(4, 14)},
	{"bpf_sock_map_update", V(4, 14)},
	{"bpf_xdp_adjust_meta", V(4, 15)},
	{"bpf_perf_event_read_value", V(4, 15)},
	{"bpf_perf_prog_read_value", V(4, 15)},
	{"bpf_getsockopt", V(4, 15)},
	{"bpf_override_return", V(4, 16)},
	{"bpf_sock_ops_cb_flags_set", V(4, 16)},
	{"bpf_msg_redirect_map", V(4, 17)},
	{"bpf_msg_apply_bytes", V(4, 17)},
	{"bpf_msg_cork_bytes", V(4, 17)},
	{"bpf_msg_pull_data", V(4, 17)},
	{"bpf_bind", V(4, 17)},
	{"bpf_xdp_adjust_tail", V(4, 18)},
	{"bpf_skb_get_xfrm_state", V(4, 18)},
	{"bpf_get_stack", V(4, 18)},
	{"bpf_skb_load_bytes_relative", V(4, 18)},
	{"bpf_fib_lookup", V(4, 18)},
	{"bpf_sock_hash_update", V(4, 18)},
	{"bpf_msg_redirect_hash", V(4, 18)},
	{"bpf_sk_redirect_hash", V(4, 18)},
	{"bpf_lwt_push_encap", V(4, 18)},
	{"bpf_lwt_seg6_store_bytes", V(4, 18)},
	{"bpf_lwt_seg6_adjust_srh", V(4, 18)},
	{"bpf_lwt_seg6_action", V(4, 18)},
	{"bpf_rc_repeat", V(4, 18)},
	{"bpf_rc_keydown", V(4, 18)},
	{"bpf_skb_cgroup_id", V(4, 18)},
	{"bpf_get_current_cgroup_id", V(4, 18)},
	{"bpf_get_local_storage", V(4, 19)},
	{"bpf_sk_select_reuseport", V(4, 19)},
	{"bpf_skb_ancestor_cgroup_id", V(4, 19)},
	{"bpf_sk_lookup_tcp", V(4, 20)},
	{"bpf_sk_lookup_udp", V(4, 20)},
	{"bpf_sk_release", V(4, 20)},
	{"bpf_map_push_elem", V(4, 20)},
	{"bpf_map_pop_elem", V(4, 20)},
	{"bpf_map_peek_elem", V(4, 20)},
	{"bpf_msg_push_data", V(4, 20)},
	{"bpf_msg_pop_data", V(5, 0)},
	{"bpf_rc_pointer_rel", V(5, 0)},
	{"bpf_spin_lock", V(5, 1)},
	{"bpf_spin_unlock", V(5, 1)},
	{"bpf_sk_fullsock", V(5, 1)},
	{"bpf_tcp_sock", V(5, 1)},
	{"bpf_skb_ecn_set_ce", V(5, 1)},
	{"bpf_get_listener_sock", V(5, 1)},
	{"bpf_skc_lookup_tcp", V(5, 2)},
	{"bpf_tcp_check_syncookie", V(5, 2)},
	{"bpf_sysctl_get_name", V(5, 2)},
	{"bpf_sysctl_get_current_value", V(5, 2)},
	{"bpf_sysctl_get_new_value", V(5, 2)},
	{"bpf_sysctl_set_new_value", V(5, 2)},
	{"bpf_strtol", V(5, 2)},
	{"bpf_strtoul", V(5, 2)},
	{"bpf_sk_storage_get", V(5, 2)},
	{"bpf_sk_storage_delete", V(5, 2)},
	{"bpf_send_signal", V(5, 3)},
	{"bpf_tcp_gen_syncookie", V(5, 4)},
	{"bpf_skb_output", V(5, 5)},
	{"bpf_probe_read_user", V(5, 5)},
	{"bpf_probe_read_kernel", V(5, 5)},
	{"bpf_probe_read_user_str", V(5, 5)},
	{"bpf_probe_read_kernel_str", V(5, 5)},
	{"bpf_tcp_send_ack", V(5, 6)},
	{"bpf_send_signal_thread", V(5, 6)},
	{"bpf_jiffies64", V(5, 6)},
	{"bpf_read_branch_records", V(5, 7)},
	{"bpf_get_ns_current_pid_tgid", V(5, 7)},
	{"bpf_xdp_output", V(5, 7)},
	{"bpf_get_netns_cookie", V(5, 7)},
	{"bpf_get_current_ancestor_cgroup_id", V(5, 7)},
	{"bpf_sk_assign", V(5, 7)},
	{"bpf_ktime_get_boot_ns", V(5, 8)},
	{"bpf_seq_printf", V(5, 8)},
	{"bpf_seq_write", V(5, 8)},
	{"bpf_sk_cgroup_id", V(5, 8)},
	{"bpf_sk_ancestor_cgroup_id", V(5, 8)},
	{"bpf_ringbuf_output", V(5, 8)},
	{"bpf_ringbuf_reserve", V(5, 8)},
	{"bpf_ringbuf_submit", V(5, 8)},
	{"bpf_ringbuf_discard", V(5, 8)},
	{"bpf_ringbuf_query", V(5, 8)},
	{"bpf_csum_level", V(5, 8)},
	{"bpf_skc_to_tcp6_sock", V(5, 9)},
	{"bpf_skc_to_tcp_sock", V(5, 9)},
	{"bpf_skc_to_tcp_timewait_sock", V(5, 9)},
	{"bpf_skc_to_tcp_request_sock", V(5, 9)},
	{"bpf_skc_to_udp6_sock", V(5, 9)},
	{"bpf_get_task_stack", V(5, 9)},
	{"bpf_load_hdr_opt", V(5, 10)},
	{"bpf_store_hdr_opt", V(5, 10)},
	{"bpf_reserve_hdr_opt", V(5, 10)},
	{"bpf_inode_storage_get", V(5, 10)},
	{"bpf_inode_storage_delete", V(5, 10)},
	{"bpf_d_path", V(5, 10)},
	{"bpf_copy_from_user", V(5, 10)},
	{"bpf_snprintf_btf", V(5, 10)},
	{"bpf_seq_printf_btf", V(5, 10)},
	{"bpf_skb_cgroup_classid", V(5, 10)},
	{"bpf_redirect_neigh", V(5, 10)},
	{"bpf_per_cpu_ptr", V(5, 10)},
	{"bpf_this_cpu_ptr", V(5, 10)},
	{"bpf_redirect_peer", V(5, 10)},
	{"bpf_task_storage_get", V(5, 11)},
	{"bpf_task_storage_delete", V(5, 11)},
	{"bpf_get_current_task_btf", V(5, 11)},
	{"bpf_bprm_opts_set", V(5, 11)},
	{"bpf_ktime_get_coarse_ns", V(5, 11)},
	{"bpf_ima_inode_hash", V(5, 11)},
	{"bpf_sock_from_file", V(5, 11)},
	{"bpf_check_mtu", V(5, 12)},
	{"bpf_for_each_map_elem", V(5, 13)},
	{"bpf_snprintf", V(5, 13)},
	{"bpf_sys_bpf", V(5, 14)},
	{"bpf_btf_find_by_name_kind", V(5, 14)},
	{"bpf_sys_close", V(5, 14)},
	{"bpf_timer_init", V(5, 15)},
	{"bpf_timer_set_callback", V(5, 15)},
	{"bpf_timer_start", V(5, 15)},
	{"bpf_timer_cancel", V(5, 15)},
	{"bpf_get_func_ip", V(5, 15)},
	{"bpf_get_attach_cookie", V(5, 15)},
	{"bpf_task_pt_regs", V(5, 15)},
	{"bpf_get_branch_snapshot", V(5, 16)},
	{"bpf_trace_vprintk", V(5, 16)},
	{"bpf_skc_to_unix_sock", V(5, 16)},
	{"bpf_kallsyms_lookup_name", V(5, 16)},
	{"bpf_find_vma", V(5, 17)},
	{"bpf_loop", V(5, 17)},
	{"bpf_strncmp", V(5, 17)},
	{"bpf_get_func_arg", V(5, 17)},
	{"bpf_get_func_ret", V(5, 17)},
	{"bpf_get_func_arg_cnt", V(5, 17)},
	{"bpf_get_retval", V(5, 18)},
	{"bpf_set_retval", V(5, 18)},
	{"bpf_xdp_get_buff_len", V(5, 18)},
	{"bpf_xdp_load_bytes", V(5, 18)},
	{"bpf_xdp_store_bytes", V(5, 18)},
	{"bpf_copy_from_user_task", V(5, 18)},
	{"bpf_skb_set_tstamp", V(5, 18)},
	{"bpf_ima_file_hash", V(5, 18)},
	{"bpf_kptr_xchg", V(5, 19)},
	{"bpf_map_lookup_percpu_elem", V(5, 19)},
	{"bpf_skc_to_mptcp_sock", V(5, 19)},
	{"bpf_dynptr_from_mem", V(5, 19)},
	{"bpf_ringbuf_reserve_dynptr", V(5, 19)},
	{"bpf_ringbuf_submit_dynptr", V(5, 19)},
	{"bpf_ringbuf_discard_dynptr", V(5, 19)},
	{"bpf_dynptr_read", V(5, 19)},
	{"bpf_dynptr_write", V(5, 19)},
	{"bpf_dynptr_data", V(5, 19)},
	{"bpf_tcp_raw_gen_syncookie_ipv4", V(6, 0)},
	{"bpf_tcp_raw_gen_syncookie_ipv6", V(6, 0)},
	{"bpf_tcp_raw_check_syncookie_ipv4", V(6, 0)},
	{"bpf_tcp_raw_check_syncookie_ipv6", V(6, 0)},
	{"bpf_ktime_get_tai_ns", V(6, 1)},
	{"bpf_user_ringbuf_drain", V(6, 1)},
	{"bpf_cgrp_storage_get", V(6, 2)},
	{"bpf_cgrp_storage_delete", V(6, 2)},
};

/* By the number of its bit. */
static const struct kernel_fact map_flags[] = {
	{"BPF_F_NO_PREALLOC", V(4, 6)},  {"BPF_F_NO_COMMON_LRU", V(4, 10)},
	{"BPF_F_NUMA_NODE", V(4, 14)},   {"BPF_F_RDONLY", V(4, 15)},
	{"BPF_F_WRONLY", V(4, 15)},      {"BPF_F_STACK_BUILD_ID", V(4, 17)},
	{"BPF_F_ZERO_SEED", V(5, 0)},    {"BPF_F_RDONLY_PROG", V(5, 2)},
	{"BPF_F_WRONLY_PROG", V(5, 2)},  {"BPF_F_CLONE", V(5, 4)},
	{"BPF_F_MMAPABLE", V(5, 5)},     {"BPF_F_PRESERVE_ELEMS", V(5, 10)},
	{"BPF_F_INNER_MAP", V(5, 10)},   {"BPF_F_LINK", V(6, 4)},
	{"BPF_F_PATH_FD", V(6, 5)},      {"BPF_F_VTYPE_BTF_OBJ_FD", V(6, 9)},
	{"BPF_F_TOKEN_FD", V(6, 9)},     {"BPF_F_SEGV_ON_FAULT", V(6, 9)},
	{"BPF_F_NO_USER_CONV", V(6, 9)}, {"BPF_F_RB_OVERWRITE", V(6, 19)},
};

static const struct kernel_fact struct_ops[] = {
	{"tcp_congestion_ops", V(5, 6)}, {"bpf_dummy_ops", V(5, 16)}, {"hid_bpf_ops", V(6, 11)},
	{"sched_ext_ops", V(6, 12)},     {"Qdisc_ops", V(6, 16)},     {"smc_hs_ctrl", V(6, 19)},
};

/* With the first bytes of the commit, for they are in no list but git log's. */
static const struct kernel_fact features[FEATURE_MAX] = {
	[FEATURE_JUMP_LESS] = {"jumps for less than (cpu v2)", V(4, 14)},    /* 92b31a9af73b */
	[FEATURE_JUMP32] = {"32-bit jumps (cpu v3)", V(5, 1)},               /* 092ed0968bb6 */
	[FEATURE_ATOMIC] = {"atomic operations (cpu v3)", V(5, 12)},         /* 5ffa25502b5a */
	[FEATURE_CPU4] = {"instructions of cpu v4", V(6, 6)},                /* 1f9a1ea821ff */
	[FEATURE_ACQUIRE] = {"load-acquire or store-release", V(6, 15)},     /* 880442305a39 */
	[FEATURE_MAY_GOTO] = {"may_goto", V(6, 9)},                          /* 011832b97b31 */
	[FEATURE_ADDRESS_SPACE] = {"casts between address spaces", V(6, 9)}, /* 6082b6c328b5 */
	[FEATURE_INDIRECT_JUMP] = {"indirect jumps", V(6, 19)},              /* 493d9e0d6083 */
	[FEATURE_CALL] = {"calls between functions", V(4, 16)},              /* cc8b0b92a169 */
	[FEATURE_CALLBACK] = {"a callback", V(5, 13)},                       /* 69c087ba6225 */
	[FEATURE_TAIL_CALL_MIXED] = {"tail calls beside calls", V(5, 10)},   /* e411901c0b77 */
	[FEATURE_LOOP] = {"a loop", V(5, 3)},                                /* 2589726d12a1 */
	[FEATURE_LARGE] = {"more than 4096 instructions", V(5, 2)},          /* c04c0d2b968a */
	[FEATURE_GLOBAL_DATA] = {"global variables", V(5, 2)},               /* d8eca5bbb2be */
	[FEATURE_KSYM] = {"a typed variable of the kernel's", V(5, 10)},     /* 4976b718c355 */
	[FEATURE_KFUNC] = {"calls of the kernel's functions", V(5, 13)},     /* e6ac2450d6de */
	[FEATURE_SLEEPABLE] = {"a sleepable program", V(5, 10)},             /* 1e6c62a88215 */
	[FEATURE_SLEEPABLE_ITER] = {"a sleepable iterator", V(5, 18)},       /* b77fb25dcb34 */
	[FEATURE_SLEEPABLE_UPROBE] = {"a sleepable uprobe", V(6, 0)},        /* 8c7dcb84e3b7 */
	[FEATURE_SLEEPABLE_STRUCT_OPS] = {"a sleepable program of struct_ops",
					  V(6, 3)}, /* 1e12d3ef47d2 */
	/* Libbpf has names of sections for them since May 2026, after Linux 7.1. */
	[FEATURE_SLEEPABLE_TRACEPOINT] = {"a sleepable tracepoint", 0},
	[FEATURE_ATTACH_TYPE] = {"programs with an attach type", V(4, 17)}, /* 5e43f899b03a */
	[FEATURE_XDP_FRAGS] = {"XDP with fragments", V(5, 18)},             /* c2f2cdbeffda */
	[FEATURE_KERNEL_BTF] = {"the kernel's types in /sys/kernel/btf",
				V(5, 4)},                    /* 341dfcf8d78e */
	[FEATURE_TRAMPOLINE] = {"BPF trampolines", V(5, 5)}, /* fec56f5890d9 */
};

/* What a JIT compiler must do itself. Sources: ebpf-docs' docs/linux/concepts, trampolines.md and
 * functions.md, which lack what came after they were written; bcc's docs/kernel-versions.md; and
 * the commits, most of which say bpf_jit_supports_…() of an architecture. Of powerpc it is the
 * 64-bit one alone. */
static const struct {
	enum kernel_feature feature;
	const char *arch;
	struct kernel_fact fact;
} of_arches[] = {
	{FEATURE_TRAMPOLINE, "arm64", {"BPF trampolines of arm64", V(6, 0)}},
	{FEATURE_TRAMPOLINE, "riscv", {"BPF trampolines of riscv", V(6, 3)}},
	{FEATURE_TRAMPOLINE, "s390", {"BPF trampolines of s390", V(6, 3)}},
	/* d243b62b7bd3, f9b6b41f0cf3 */
	{FEATURE_TRAMPOLINE, "powerpc", {"BPF trampolines of powerpc", V(6, 13)}},
	{FEATURE_TRAMPOLINE, "loongarch", {"BPF trampolines of loongarch", V(6, 17)}},
	{FEATURE_TAIL_CALL_MIXED, "arm64", {"tail calls beside calls on arm64", V(6, 0)}},
	{FEATURE_TAIL_CALL_MIXED, "s390", {"tail calls beside calls on s390", V(6, 3)}},
	{FEATURE_TAIL_CALL_MIXED, "loongarch", {"tail calls beside calls on loongarch", V(6, 4)}},
	/* 2ed2d8f6fb38 */
	{FEATURE_TAIL_CALL_MIXED, "powerpc", {"tail calls beside calls on powerpc", V(7, 0)}},
	/* b5e975d256db, 5dc615520c4d, 63d7b53ab59f, d40c3847b485, 61688a82e047 */
	{FEATURE_KFUNC, "arm64", {"calls of the kernel's functions on arm64", V(5, 18)}},
	{FEATURE_KFUNC, "loongarch", {"calls of the kernel's functions on loongarch", V(6, 1)}},
	{FEATURE_KFUNC, "s390", {"calls of the kernel's functions on s390", V(6, 3)}},
	{FEATURE_KFUNC, "riscv", {"calls of the kernel's functions on riscv", V(6, 4)}},
	{FEATURE_KFUNC, "powerpc", {"calls of the kernel's functions on powerpc", V(6, 10)}},
	/* 339af577ec05, f4a66cf1cb14 */
	{FEATURE_ADDRESS_SPACE, "arm64", {"casts between address spaces on arm64", V(6, 10)}},
	{FEATURE_INDIRECT_JUMP, "arm64", {"indirect jumps on arm64", V(6, 19)}},
};

/* bcc's docs/kernel-versions.md has their JIT compilers; a kernel interprets without one. */
static const struct {
	const char *arch;
	struct kernel_fact fact;
} arches[] = {
	{"riscv", {"Linux on riscv", V(4, 15)}},
	{"loongarch", {"Linux on loongarch", V(5, 19)}},
};

static const struct kernel_fact *at(const struct kernel_fact *facts, size_t n, uint32_t i)
{
	return i < n ? &facts[i] : NULL;
}

const struct kernel_fact *kernel_program_type(uint32_t type)
{
	return at(program_types, LENGTH(program_types), type);
}

const struct kernel_fact *kernel_attach_type(uint32_t type)
{
	return at(attach_types, LENGTH(attach_types), type);
}

const struct kernel_fact *kernel_map_type(uint32_t type)
{
	return at(map_types, LENGTH(map_types), type);
}

const struct kernel_fact *kernel_map_flag(uint32_t flag)
{
	for (uint32_t i = 0; i < LENGTH(map_flags); i++)
		if (flag == 1u << i)
			return &map_flags[i];
	return NULL;
}

const struct kernel_fact *kernel_helper(uint32_t id)
{
	return id ? at(helpers, LENGTH(helpers), id) : NULL;
}

const struct kernel_fact *kernel_struct_ops(const char *name)
{
	for (size_t i = 0; i < LENGTH(struct_ops); i++)
		if (strcmp(struct_ops[i].name, name) == 0)
			return &struct_ops[i];
	return NULL;
}

const struct kernel_fact *kernel_feature(enum kernel_feature feature)
{
	return at(features, LENGTH(features), feature);
}

struct kernel_fact kernel_feature_of(enum kernel_feature feature, const char *arch)
{
	struct kernel_fact first = features[feature];

	if (!arch || strcmp(arch, "any") == 0 || strcmp(arch, "x86") == 0)
		return first;
	for (size_t i = 0; i < LENGTH(of_arches); i++) {
		if (of_arches[i].feature != feature)
			continue;
		if (strcmp(of_arches[i].arch, arch) == 0)
			return of_arches[i].fact;
		first.since = 0;
	}
	return first;
}

const struct kernel_fact *kernel_arch(const char *arch)
{
	for (size_t i = 0; arch && i < LENGTH(arches); i++)
		if (strcmp(arches[i].arch, arch) == 0)
			return &arches[i].fact;
	return NULL;
}

/* Since 0.2 libbpf loads bpf_probe_read() and bpf_probe_read_str() for those of the kernel's or of
 * user space where the kernel has no such two. */
uint16_t kernel_helper_replaced(uint32_t id)
{
	enum { READ_USER = 112, READ_KERNEL, READ_USER_STR, READ_KERNEL_STR };

	switch (id) {
	case READ_USER:
	case READ_KERNEL:
		return V(4, 1);
	case READ_USER_STR:
	case READ_KERNEL_STR:
		return V(4, 11);
	default:
		return 0;
	}
}
