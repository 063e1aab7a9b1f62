/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is made here is never undone: links and sockets end with this process, and what does not, a
 * filter of TC, is in a network of the guest's own.
 */
#include "config.h"

#include "attach.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trial.h"

/* linux/bpf.h of Linux 6.6 */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

/* There is no place for it, which is nobody's fault: below each errno. */
enum { NOWHERE = -10000 };

/* Why, as an errno and in words; NULL: its section does not say where. */
static struct {
	int error;
	const char *why;
} no_place;

static int nowhere(int error, const char *why)
{
	no_place.error = error;
	no_place.why = why;
	return NOWHERE;
}

/* 0, a negative errno, or NOWHERE. */
typedef int attach_fn(const struct examine *x, struct bpf_object *object,
		      struct bpf_program *program);

static int loopback(void)
{
	return (int)if_nametoindex("lo");
}

static int attach_xdp(const struct examine *x, struct bpf_object *object,
		      struct bpf_program *program)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);

	(void)x, (void)object;
	if (type == BPF_XDP_DEVMAP || type == BPF_XDP_CPUMAP)
		return nowhere(EOPNOTSUPP, "it is for a map, not for a device");
	if (bpf_link_create(bpf_program__fd(program), loopback(), BPF_XDP, NULL) >= 0)
		return 0;
	/* Links of XDP are there from Linux 5.9 on. */
	int r = errno != EINVAL ? -errno
				: bpf_xdp_attach(loopback(), bpf_program__fd(program), 0, NULL);
	return r == -EBUSY ? nowhere(EBUSY, "another program of XDP is on the only device") : r;
}

static int attach_tc(const struct examine *x, struct bpf_object *object,
		     struct bpf_program *program)
{
	bool egress = strcmp(bpf_program__section_name(program), "tc/egress") == 0;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = loopback(),
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(program));

	(void)x, (void)object;
	if (bpf_link_create(opts.prog_fd, hook.ifindex,
			    (enum bpf_attach_type)(egress ? TCX_EGRESS : TCX_INGRESS), NULL) >= 0)
		return 0;
	int r = bpf_tc_hook_create(&hook);
	return r < 0 && r != -EEXIST ? r : bpf_tc_attach(&hook, &opts);
}

static int attach_cgroup(const struct examine *x, struct bpf_object *object,
			 struct bpf_program *program)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);
	cleanup_close int cgroup = -1;

	(void)object;
	if (!x->cgroup)
		return nowhere(ENOENT, "there is no cgroup of version 2 here");
	cgroup = open(x->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return -errno;
	if (bpf_link_create(bpf_program__fd(program), cgroup, type, NULL) >= 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	/* Links of cgroups are there from Linux 5.7 on. */
	return bpf_prog_attach(bpf_program__fd(program), cgroup, type, BPF_F_ALLOW_MULTI) < 0
		       ? -errno
		       : 0;
}

static int attach_netns(const struct examine *x, struct bpf_object *object,
			struct bpf_program *program)
{
	cleanup_close int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	(void)x, (void)object;
	bool is_lookup = bpf_program__type(program) == BPF_PROG_TYPE_SK_LOOKUP;
	if (netns < 0)
		return -errno;
	if (bpf_link_create(bpf_program__fd(program), netns,
			    is_lookup ? BPF_SK_LOOKUP : BPF_FLOW_DISSECTOR, NULL) >= 0)
		return 0;
	return errno == E2BIG ? nowhere(E2BIG, "the network has another one") : -errno;
}

static int attach_socket(const struct examine *x, struct bpf_object *object,
			 struct bpf_program *program)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = loopback()};
	int program_fd = bpf_program__fd(program);
	cleanup_close int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	(void)x, (void)object;
	if (fd < 0 && errno == EPERM)
		return nowhere(EPERM, "no raw socket may be made here");
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program_fd, sizeof(program_fd)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	(void)TAKE_FD(fd);
	return 0;
}

static int attach_reuseport(const struct examine *x, struct bpf_object *object,
			    struct bpf_program *program)
{
	int program_fd = bpf_program__fd(program), on = 1;
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)x, (void)object;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program_fd, sizeof(program_fd)) <
		    0)
		return -errno;
	(void)TAKE_FD(fd);
	return 0;
}

/* To the first map of sockets of its object. */
static int attach_sockmap(const struct examine *x, struct bpf_object *object,
			  struct bpf_program *program)
{
	struct bpf_map *map;

	(void)x;
	if (strcmp(bpf_program__section_name(program), "sk_skb") == 0)
		return nowhere(EOPNOTSUPP, NULL); /* to parse, or to judge? */
	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_SOCKMAP ||
		    bpf_map__type(map) == BPF_MAP_TYPE_SOCKHASH)
			return bpf_prog_attach(bpf_program__fd(program), bpf_map__fd(map),
					       bpf_program__expected_attach_type(program), 0) < 0
				       ? -errno
				       : 0;
	return nowhere(ENOENT, "its object has no map of sockets");
}

/* A hundred times a second of each processor's time. */
static int attach_perf_event(const struct examine *x, struct bpf_object *object,
			     struct bpf_program *program)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = 100,
	};
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	(void)x, (void)object;
	for (int i = 0; i < n; i++) {
		int fd = (int)syscall(SYS_perf_event_open, &attr, -1, i, -1, PERF_FLAG_FD_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (!bpf_program__attach_perf_event(program, fd))
			return -errno;
	}
	return 0;
}

/* What it is one of is attached as a whole: more than once does no harm. */
static int attach_struct_ops(const struct examine *x, struct bpf_object *object,
			     struct bpf_program *program)
{
	static bool done;
	struct bpf_map *map;

	(void)x, (void)program;
	if (done)
		return 0;
	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS &&
		    !bpf_map__attach_struct_ops(map))
			return -errno;
	done = true;
	return 0;
}

static int attach_by_section(const struct examine *x, struct bpf_object *object,
			     struct bpf_program *program)
{
	(void)x, (void)object;
	if (bpf_program__attach(program))
		return 0;
	int r = -errno;
	cleanup_free char *heard = trial_heard();
	/* Of what is not told where to, libbpf has nothing to say; the kernel's refusal it tells.
	 */
	if (r == -EOPNOTSUPP && !heard)
		return nowhere(EOPNOTSUPP, NULL);
	return r == -EBADF && str_begins(bpf_program__section_name(program), "iter/")
		       ? nowhere(EBADF, "it goes through a map, which its section does not name")
		       : r;
}

static attach_fn *find_way(const struct bpf_program *program)
{
	static const struct {
		enum bpf_prog_type type;
		attach_fn *attach;
	} ways[] = {
		{BPF_PROG_TYPE_XDP, attach_xdp},
		{BPF_PROG_TYPE_SCHED_CLS, attach_tc},
		{BPF_PROG_TYPE_CGROUP_SKB, attach_cgroup},
		{BPF_PROG_TYPE_CGROUP_SOCK, attach_cgroup},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attach_cgroup},
		{BPF_PROG_TYPE_CGROUP_SOCKOPT, attach_cgroup},
		{BPF_PROG_TYPE_CGROUP_SYSCTL, attach_cgroup},
		{BPF_PROG_TYPE_CGROUP_DEVICE, attach_cgroup},
		{BPF_PROG_TYPE_SOCK_OPS, attach_cgroup},
		{BPF_PROG_TYPE_SK_LOOKUP, attach_netns},
		{BPF_PROG_TYPE_FLOW_DISSECTOR, attach_netns},
		{BPF_PROG_TYPE_SOCKET_FILTER, attach_socket},
		{BPF_PROG_TYPE_SK_REUSEPORT, attach_reuseport},
		{BPF_PROG_TYPE_SK_SKB, attach_sockmap},
		{BPF_PROG_TYPE_SK_MSG, attach_sockmap},
		{BPF_PROG_TYPE_PERF_EVENT, attach_perf_event},
		{BPF_PROG_TYPE_STRUCT_OPS, attach_struct_ops},
	};

	if (bpf_program__type(program) == BPF_PROG_TYPE_LSM &&
	    bpf_program__expected_attach_type(program) == BPF_LSM_CGROUP)
		return attach_cgroup;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (ways[i].type == bpf_program__type(program))
			return ways[i].attach;
	return attach_by_section;
}

/* Why it could not be attached. The caller frees. */
static char *explain(const struct bpf_program *program, int r)
{
	cleanup_free char *heard = trial_heard();

	if (r == NOWHERE)
		return no_place.why ? strdup(no_place.why)
				    : str_printf("SEC(\"%s\") does not say where",
						 bpf_program__section_name(program));
	return heard ? str_printf("%s", heard) : strdup(strerror(-r));
}

static uint64_t count_runs(int fd)
{
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.run_cnt : 0;
}

static int add(struct attached *a, const struct bpf_program *program)
{
	struct attached_program *v = realloc(a->v, (a->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	a->v = v;
	a->v[a->n++] = (struct attached_program){
		.name = bpf_program__name(program),
		.fd = bpf_program__fd(program),
	};
	return 0;
}

static json_t *begin_line(const struct examine *x, const char *event, size_t number,
			  const char *name)
{
	return json_pack("{s:s, s:I, s:o}", "event", event, "object", (json_int_t)number, "program",
			 answer_text(x->answer, name, strlen(name)));
}

static int attach_one(struct attached *a, const struct examine *x, size_t number,
		      struct bpf_object *object, struct bpf_program *program)
{
	trial_listen();
	int attached = find_way(program)(x, object, program);
	cleanup_free char *message = attached < 0 ? explain(program, attached) : NULL;
	json_t *line = begin_line(x, "attach", number, bpf_program__name(program));

	json_object_set_new(line, "error",
			    json_integer(attached == NOWHERE ? no_place.error : -attached));
	if (attached == NOWHERE)
		json_object_set_new(line, "nowhere", json_true());
	answer_set_text(x->answer, line, "message", message);
	int r = attached < 0 ? 0 : add(a, program);
	if (r == 0)
		return answer_line(x->answer, line);
	json_decref(line);
	return r;
}

int attach_programs(struct attached *ret, const struct examine *x, size_t number,
		    struct bpf_object *object)
{
	struct bpf_program *program;
	int r = 0;

	bpf_object__for_each_program(program, object)
		if (r == 0 && bpf_program__fd(program) >= 0)
			r = attach_one(ret, x, number, object, program);
	return r;
}

void attached_start(struct attached *a)
{
	for (size_t i = 0; i < a->n; i++)
		a->v[i].before = count_runs(a->v[i].fd);
}

int attached_count(const struct attached *a, const struct examine *x, size_t number)
{
	int r = 0;

	for (size_t i = 0; x->counts && r == 0 && i < a->n; i++) {
		json_t *line = begin_line(x, "runs", number, a->v[i].name);
		json_object_set_new(
			line, "runs",
			json_integer((json_int_t)(count_runs(a->v[i].fd) - a->v[i].before)));
		r = answer_line(x->answer, line);
	}
	return r;
}

void attached_free(struct attached *a)
{
	free(a->v);
}
