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
	a->place = str_printf("%s:%s", name, p.egress ? "egress" : "ingress");
	return a->place ? 0 : error_no_memory(e);
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
	*ret_clsact = str_printf("%d %s %u %u", device, egress ? "egress" : "ingress", opts.handle,
				 opts.priority);
	return *ret_clsact ? 0 : -ENOMEM;
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
	if (link >= 0)
		return attachment_add(a, link, e);
	if (p.tcx)
		return attachment_fail(a, -errno, "tcx is there from Linux 6.6 on", e);
	return attach_clsact(a, &p, e);
}

struct filter {
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;
};

static int read_filter(const char *clsact, struct filter *f)
{
	char *end;

	*f = (struct filter){.hook.sz = sizeof(f->hook), .opts.sz = sizeof(f->opts)};
	f->hook.ifindex = (int)strtol(clsact, &end, 10);
	f->hook.attach_point = str_begins(end, " egress ") ? BPF_TC_EGRESS : BPF_TC_INGRESS;
	end += strcspn(end, "0123456789");
	f->opts.handle = (unsigned)strtoul(end, &end, 10);
	f->opts.priority = (unsigned)strtoul(end, &end, 10);
	return f->hook.ifindex > 0 && f->opts.handle && f->opts.priority && !*end ? 0 : -EINVAL;
}

/* Another one's filters stay, and so does the qdisc, in which they are. */
int attach_tc_remove(const char *clsact)
{
	struct filter f;
	int r = read_filter(clsact, &f);

	if (r == 0)
		r = bpf_tc_detach(&f.hook, &f.opts);
	/* Gone by itself, with its device. */
	return r == -ENODEV || r == -ENOENT || r == -EINVAL ? 0 : r;
}

int attach_tc_set(const char *clsact, int program)
{
	struct filter f;
	int r = read_filter(clsact, &f);

	if (r < 0)
		return r;
	f.opts.prog_fd = program;
	f.opts.flags = BPF_TC_F_REPLACE;
	return bpf_tc_attach(&f.hook, &f.opts);
}

int attach_tc_program(const char *clsact)
{
	struct filter f;
	int r = read_filter(clsact, &f);

	if (r == 0)
		r = bpf_tc_query(&f.hook, &f.opts);
	int fd = r == 0 ? bpf_prog_get_fd_by_id(f.opts.prog_id) : r;
	return r == 0 && fd < 0 ? -errno : fd;
}

int attach_tc_replace(struct attachment *a, const char *clsact, struct crossbpf_error *e)
{
	int old = attach_tc_program(clsact);

	if (old < 0) /* it was taken away by another tool */
		return attachment_make(a, e);
	a->clsact = strdup(clsact);
	int r = a->clsact ? attach_tc_set(clsact, bpf_program__fd(a->program)) : -ENOMEM;
	if (r == 0) {
		a->old_program = old;
		return 0;
	}
	close(old);
	free(TAKE_PTR(a->clsact)); /* which is still the old one's */
	return attachment_fail(a, r, NULL, e);
}

const struct attach_family attach_tc = {
	.name = "TC",
	.where = "DEVICE[:ingress|egress][:tcx|clsact]",
	.needs_where = true,
	.swaps = true,
	.is = is_tc,
	.check = check,
	.attach = attach,
};
