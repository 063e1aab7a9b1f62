/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>

#include "attach.h"

enum { HERTZ = 99 }; /* what else happens a hundred times a second is not met each time */

/* perf_event_open(2), as perf(1) names them */
static const struct {
	const char *name;
	unsigned type, config;
} events[] = {
	{"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
	{"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
	{"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
	{"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
	{"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
	{"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	{"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
	{"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
	{"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
};

static bool is_perf_event(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_PERF_EVENT;
}

static int read_where(const struct attachment *a, struct perf_event_attr *ret_attr,
		      struct crossbpf_error *e)
{
	size_t len = strcspn(a->where, ":"), i = 0;
	unsigned long hertz = HERTZ;
	char *end;

	while (i < sizeof(events) / sizeof(events[0]) &&
	       (strlen(events[i].name) != len || strncmp(events[i].name, a->where, len) != 0))
		i++;
	if (i == sizeof(events) / sizeof(events[0]))
		return error_set(
			e, -EINVAL, EXIT_STATUS_USAGE,
			"cpu-clock, task-clock, page-faults, context-switches, "
			"cpu-migrations, cycles, instructions, cache-misses, branch-misses",
			"there is no event '%.*s'", (int)len, a->where);
	if (a->where[len]) {
		hertz = strtoul(a->where + len + 1, &end, 10);
		if (!hertz || *end)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, a->family->where,
					 "'%s' is no number of times a second", a->where + len + 1);
	}
	*ret_attr = (struct perf_event_attr){
		.size = sizeof(*ret_attr),
		.type = events[i].type,
		.config = events[i].config,
		.freq = 1,
		.sample_freq = hertz,
	};
	return 0;
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	struct perf_event_attr attr;

	return read_where(a, &attr, e);
}

/* On each processor that is at work. */
static int attach(struct attachment *a, struct crossbpf_error *e)
{
	struct perf_event_attr attr;
	int r = read_where(a, &attr, e), n = libbpf_num_possible_cpus();

	for (int cpu = 0; r == 0 && cpu < n; cpu++) {
		int fd =
			(int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
		if (fd < 0 && errno == ENODEV)
			continue;
		if (fd < 0)
			return attachment_fail(a, -errno,
					       errno == ENOENT
						       ? "this machine does not count that; "
							 "cpu-clock is there everywhere"
						       : NULL,
					       e);
		r = attachment_add_link(a, bpf_program__attach_perf_event(a->program, fd), e);
	}
	return r;
}

const struct attach_family attach_perf_event = {
	.name = "perf event",
	.where = "EVENT[:HERTZ]",
	.needs_where = true,
	.is = is_perf_event,
	.check = check,
	.attach = attach,
};
