/* SPDX-License-Identifier: BSD-2-Clause */
/* TC: by a link of tcx (Linux 6.6), or else by a filter of clsact, which is known by its numbers.
 */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "attach.h"

/* linux/bpf.h of Linux 6.6 */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

struct place {
	int device;
	bool egress, tcx, clsact; /* neither of the latter: whichever there is */
};

static bool is_tc(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_SCHED_CLS;
}

static int read_word(const struct attachment *a, const char *word, size_t len, struct place *p,
		     struct crossbpf_error *e)
{
	static const char *const words[] = {"ingress", "egress", "tcx", "clsact"};
	size_t i = 0;

	while (i < 4 && (strlen(words[i]) != len || strncmp(words[i], word, len) != 0))
		i++;
	if (i == 4)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, a->family->where,
				 "'%.*s' says nothing to TC", (int)len, word);
	if (i < 2)
		p->egress = i == 1;
	p->tcx |= i == 2;
	p->clsact |= i == 3;
	return 0;
}

static int read_where(const struct attachment *a, char **ret_name, struct place *p,
		      struct crossbpf_error *e)
{
	const char *rest, *target = attachment_section_target(a->program);

	*p = (struct place){.egress = target && strcmp(target, "egress") == 0};
	p->device = attachment_device(a, ret_name, &rest, e);
	int r = p->device < 0 ? p->device : 0;
	while (r == 0 && *rest) {
		size_t len = strcspn(rest, ":");
		r = read_word(a, rest, len, p, e);
		rest += len + (rest[len] == ':');
	}
	return r;
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL;
	struct place p;
	int r = read_where(a, &name, &p, e);

	if (r < 0)
		return r;
	a->mode = p.tcx ? "tcx" : p.clsact ? "clsact" : NULL;
	a->place = str_printf("%s:%s", name, p.egress ? "egress" : "ingress");
	return a->place ? 0 : error_no_memory(e);
}

/* What the kernel knows a filter by, and what it must have to be ours still. */
struct filter {
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;
	unsigned program;
	uint64_t netns;
};

static unsigned program_id(int program)
{
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &len) < 0 ? 0 : info.id;
}

static int write_filter(const struct filter *f, char **ret_clsact)
{
	*ret_clsact = str_printf("%d %s %u %u %u %llu", f->hook.ifindex,
				 f->hook.attach_point == BPF_TC_EGRESS ? "egress" : "ingress",
				 f->opts.handle, f->opts.priority, f->program,
				 (unsigned long long)f->netns);
	return *ret_clsact ? 0 : -ENOMEM;
}

static int read_filter(const char *clsact, struct filter *f)
{
	char *end;

	*f = (struct filter){.hook.sz = sizeof(f->hook), .opts.sz = sizeof(f->opts)};
	f->hook.ifindex = (int)strtol(clsact, &end, 10);
	f->hook.attach_point = str_begins(end, " egress ") ? BPF_TC_EGRESS : BPF_TC_INGRESS;
	end += strcspn(end, "0123456789");
	f->opts.handle = (unsigned)strtoul(end, &end, 10);
	f->opts.priority = (unsigned)strtoul(end, &end, 10);
	f->program = (unsigned)strtoul(end, &end, 10);
	f->netns = strtoull(end, &end, 10);
	return f->hook.ifindex > 0 && f->opts.handle && f->opts.priority && f->netns && !*end
		       ? 0
		       : -EBADMSG;
}

/* Is it there, and still ours? */
static int find_filter(const char *clsact, struct filter *f)
{
	int r = read_filter(clsact, f);

	if (r < 0)
		return r;
	if (f->netns != attachment_netns())
		return -EXDEV;
	LIBBPF_OPTS(bpf_tc_opts, found, .handle = f->opts.handle, .priority = f->opts.priority);
	/* It goes with its device, and with its qdisc: EINVAL. */
	r = bpf_tc_query(&f->hook, &found);
	if (r == -ENODEV || r == -EINVAL || (r == 0 && found.prog_id != f->program))
		return -ENOENT;
	return r;
}

/* Another one's filters stay, and so does the qdisc, in which they are. */
int attach_tc_remove(const char *clsact)
{
	struct filter f;
	int r = find_filter(clsact, &f);

	if (r == 0)
		r = bpf_tc_detach(&f.hook, &f.opts);
	return r == -ENOENT ? 0 : r;
}

/* Gives it another program; *ret_clsact is then its text. */
static int set_program(const char *clsact, int program, char **ret_clsact)
{
	struct filter f;
	int r = find_filter(clsact, &f);

	if (r < 0)
		return r;
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = f.opts.handle, .priority = f.opts.priority,
		    .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	f.program = program_id(program);
	r = bpf_tc_attach(&f.hook, &opts);
	return r < 0 ? r : write_filter(&f, ret_clsact);
}

int attach_tc_program(const char *clsact)
{
	struct filter f;
	int r = find_filter(clsact, &f);
	int fd = r == 0 ? bpf_prog_get_fd_by_id(f.program) : r;

	return r == 0 && fd < 0 ? -errno : fd;
}

void attach_tc_restore(const struct attachment *a)
{
	cleanup_free char *clsact = NULL;

	(void)set_program(a->clsact, a->old_program, &clsact);
}

int attach_tc_make(int device, bool egress, int program, char **ret_clsact)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = device,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program);

	int r = bpf_tc_hook_create(&hook);
	if (r == 0 || r == -EEXIST)
		r = bpf_tc_attach(&hook, &opts);
	if (r < 0)
		return r;
	const struct filter made = {hook, opts, program_id(program), attachment_netns()};
	return write_filter(&made, ret_clsact);
}

static attach_tc_make_fn *maker = attach_tc_make;

void attach_tc_set_maker(attach_tc_make_fn *make)
{
	maker = make ? make : attach_tc_make;
}

static int attach_clsact(struct attachment *a, const struct place *p, struct crossbpf_error *e)
{
	int r = maker(p->device, p->egress, bpf_program__fd(a->program), &a->clsact);

	return r < 0 ? attachment_fail(a, r, "are the kernel's sch_ingress and cls_bpf there?", e)
		     : 0;
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL;
	struct place p;
	int r = read_where(a, &name, &p, e);

	if (r < 0)
		return r;
	int link = p.clsact ? -1
			    : bpf_link_create(bpf_program__fd(a->program), p.device,
					      p.egress ? (enum bpf_attach_type)TCX_EGRESS
						       : (enum bpf_attach_type)TCX_INGRESS,
					      NULL);
	if (link >= 0) {
		a->mode = "tcx";
		return attachment_add(a, link, e);
	}
	if (p.tcx)
		return attachment_fail(a, -errno, "tcx is there from Linux 6.6 on", e);
	return attach_clsact(a, &p, e);
}

int attach_tc_replace(struct attachment *a, const char *clsact, struct crossbpf_error *e)
{
	int old = attach_tc_program(clsact);
	int r = old < 0 ? old : set_program(clsact, bpf_program__fd(a->program), &a->clsact);

	if (r < 0) {
		closep(&old);
		return attachment_fail(a, r, NULL, e);
	}
	a->old_program = old;
	return 0;
}

const struct attach_family attach_tc = {
	.name = "TC",
	.where = "DEVICE[:ingress|egress][:tcx|clsact]",
	.needs_where = true,
	.swaps = true,
	.is = is_tc,
	.check = check,
	.target = attachment_device_target,
	.attach = attach,
};
