/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf attach: loads an object and attaches its programs by links that outlive the command. */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "cli/cli.h"
#include "links.h"
#include "loader.h"
#include "pinned.h"

enum { OPTION_REPLACE = 256 };

struct job {
	struct open_options options;
	const char *pin;
	bool replace;
};

static void job_free(struct job *j)
{
	open_options_free(&j->options);
}
#define cleanup_job CLEANUP(job_free)

static int parse_options(struct job *j, int argc, char **argv, struct crossbpf_error *e)
{
	static const struct option longs[] = {{"pin", required_argument, NULL, 'p'},
					      {"replace", no_argument, NULL, OPTION_REPLACE},
					      OPEN_LONGS,
					      {0}};
	int letter;

	while ((letter = getopt_long(argc, argv, OPEN_LETTERS "p:", longs, NULL)) != -1)
		if (letter == 'p')
			j->pin = optarg;
		else if (letter == OPTION_REPLACE)
			j->replace = true;
		else if (!open_options_take(&j->options, letter, optarg))
			return cli_refuse_option("attach", longs, argv, e);
	if (optind == argc)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf attach --help tells more",
				 "no object was named");
	return 0;
}

static int refuse_dying(const struct attachments *all, struct crossbpf_error *e)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].family->dies)
			return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
					 "crossbpf run attaches it for as long as it runs",
					 "'%s' would end with this command: what is attached to a "
					 "%s lives by its "
					 "process",
					 bpf_program__name(all->v[i].program),
					 all->v[i].family->name);
	return 0;
}

/* Attaches one, to take the place of the links that are there. */
static int replace(struct attachment *a, const struct links *old, struct crossbpf_error *e)
{
	if (old->clsact)
		return attach_tc_replace(a, old->clsact, e);
	if (!a->family->swaps || old->n != 1)
		return attachment_make(a, e); /* the old one goes once this one is there */
	int r = links_program(old->fds[0], &a->old_program);
	int fd = r < 0 ? r : fcntl(old->fds[0], F_DUPFD_CLOEXEC, 0);
	r = fd < 0 ? attachment_fail(a, fd, NULL, e) : attachment_add(a, fd, e);
	if (r == 0 && bpf_link_update(fd, bpf_program__fd(a->program), NULL) < 0) {
		r = -errno;
		closep(&a->old_program);
		a->old_program = -1;
		return attachment_fail(a, r, NULL, e);
	}
	return r;
}

/* Of a kind that is asked for, and is not what is there: a link keeps its own. */
static int check_mode(const struct attachment *a, const struct links *old, struct crossbpf_error *e)
{
	const char *mode = old->at ? strrchr(old->at, ' ') : NULL;

	if (!a->mode || !mode || strcmp(a->mode, mode + 1) == 0)
		return 0;
	return error_set(e, -EEXIST, EXIT_STATUS_FAILED, "crossbpf detach it first",
			 "'%s' is attached to %s by '%s', which --replace does not change",
			 bpf_program__name(a->program), a->place, mode + 1);
}

/* A name may be another device's, cgroup's or namespace's than when it was attached. */
static bool is_elsewhere(const struct attachment *a, const struct links *old)
{
	size_t len = strlen(a->at);

	return old->at && (strncmp(old->at, a->at, len) != 0 || old->at[len] != ' ');
}

static int make(struct attachment *a, const struct pins *pins, bool may_replace,
		struct crossbpf_error *e)
{
	cleanup_links struct links old = {0};
	cleanup_free char *name = attachment_name(a);
	int r = name ? links_open(pins->dir, name, &old) : -ENOMEM;

	if (r == -ENOENT || (r == 0 && links_are_gone(&old)))
		return attachment_make(a, e);
	if (r < 0)
		return attachment_fail(a, r, NULL, e);
	if (is_elsewhere(a, &old))
		return error_set(
			e, -EEXIST, EXIT_STATUS_FAILED,
			"crossbpf detach ends that; --pin chooses another place for this",
			"'%s' is attached to another %s: one of before, or of another network "
			"namespace",
			bpf_program__name(a->program), a->place);
	if (!may_replace)
		return error_set(
			e, -EEXIST, EXIT_STATUS_FAILED, "--replace puts this one in its place",
			"'%s' is attached to %s already", bpf_program__name(a->program), a->place);
	r = check_mode(a, &old, e);
	return r < 0 ? r : replace(a, &old, e);
}

static int make_all(struct attachments *all, const struct pins *pins, bool may_replace,
		    struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++)
		r = make(&all->v[i], pins, may_replace, e);
	return r;
}

static bool is_planned(const struct attachments *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++) {
		cleanup_free char *own = attachment_name(&all->v[i]);
		if (own && strcmp(own, name) == 0)
			return true;
	}
	return false;
}

/* What is replaced is replaced everywhere: nothing of another version runs on beside it. */
static int check_others(const struct pins *pins, const struct attachments *all,
			struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};

	if (pins_list(pins->dir, "links", &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		cleanup_links struct links old = {0};
		if (!is_planned(all, names.v[i]) && links_open(pins->dir, names.v[i], &old) == 0 &&
		    !links_are_gone(&old))
			return error_set(e, -EEXIST, EXIT_STATUS_FAILED,
					 "name it too, or crossbpf detach it first",
					 "--replace: %s is attached as well", names.v[i]);
	}
	return 0;
}

static int stage_links(struct pins *pins, const char *name, const struct links *old,
		       struct crossbpf_error *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < old->n; k++)
		r = pins_add(pins, "links", name, (int)k, old->fds[k], e);
	if (r == 0 && old->clsact)
		r = pins_add_text(pins, name, "clsact", old->clsact, e);
	if (r == 0 && old->at)
		r = pins_add_text(pins, name, "at", old->at, e);
	return r;
}

/* Links of before stay, but those that were replaced, and what is gone. */
static int stage_old(struct pins *pins, const struct attachments *all, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};
	int r = pins_list(pins->dir, "links", &names);

	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_links struct links old = {0};
		if (is_planned(all, names.v[i]))
			continue;
		r = links_open(pins->dir, names.v[i], &old);
		if (r == 0 && !links_are_gone(&old))
			r = stage_links(pins, names.v[i], &old, e);
	}
	return r < 0 && !e->message
		       ? error_set(e, r, EXIT_STATUS_FAILED, NULL,
				   "cannot read the links of %s: %s", pins->dir, strerror(-r))
		       : r;
}

static int stage_one(struct pins *pins, const struct attachment *a, struct crossbpf_error *e)
{
	const char *mode = a->clsact ? "clsact" : a->mode ? a->mode : "auto";
	cleanup_free char *name = attachment_name(a), *at = str_printf("%s %s", a->at, mode);
	int r = name && at ? 0 : error_no_memory(e);

	for (size_t k = 0; r == 0 && k < attachment_links(a); k++)
		r = pins_add(pins, "links", name, (int)k, attachment_link(a, k), e);
	if (r == 0 && a->clsact)
		r = pins_add_text(pins, name, "clsact", a->clsact, e);
	return r < 0 ? r : pins_add_text(pins, name, "at", at, e);
}

static int stage_new(struct pins *pins, const struct attachments *all, struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++)
		r = stage_one(pins, &all->v[i], e);
	return r;
}

static void report(const struct attachments *all, const struct pins *pins)
{
	const char *name = strrchr(pins->dir, '/') + 1;

	for (size_t i = 0; i < all->n; i++)
		printf("%s/%s=%s\n", str_begins(pins->dir, PINS_ROOT "/") ? name : pins->dir,
		       bpf_program__name(all->v[i].program), all->v[i].place);
}

/* What is there is of the same object; or this one is to take its place. */
static int check_owner(const struct pins *pins, const struct opened *o, bool may_replace,
		       struct crossbpf_error *e)
{
	cleanup_free char *object = NULL, *own = pins_absolute(o->path);
	int r = own ? pins_owner(pins, &object, e) : error_no_memory(e);

	if (r < 0 || may_replace || strcmp(object, own) == 0)
		return r;
	return error_set(e, -EEXIST, EXIT_STATUS_FAILED,
			 "--pin chooses another place, --replace puts this one there",
			 "%s is of another object, %s", pins->dir, object);
}

/* It runs already: its programs and maps are those that are there. */
static int check_same(const struct job *j, const struct pins *pins, struct crossbpf_error *e)
{
	if (!j->options.set.n && !j->options.map_sizes.n && !j->options.reuse.n)
		return 0;
	return error_set(e, -EEXIST, EXIT_STATUS_USAGE, "--replace loads it anew, for all places",
			 "%s is loaded: its variables and maps are set", pins->dir);
}

/* Loads it; what is there of the object stays in use, or is to be replaced. */
static int load(const struct job *j, struct opened *o, struct pins *pins,
		const struct attachments *all, struct crossbpf_error *e)
{
	int r = 0;

	if (pins->exists)
		r = check_owner(pins, o, j->replace, e);
	if (r == 0 && pins->exists)
		r = j->replace ? check_others(pins, all, e) : check_same(j, pins, e);
	if (r == 0 && pins->exists)
		r = pinned_reuse_maps(pins, o, !j->replace, e);
	if (r == 0)
		r = opened_load(o, e);
	if (r == 0 && pins->exists && !j->replace)
		r = pinned_reuse_programs(pins, o, e);
	if (r == 0)
		r = pinned_stage(pins, o, e);
	if (r == 0 && pins->exists && !j->replace)
		r = pinned_stage_rest(pins, e);
	return r < 0 ? r : stage_old(pins, all, e);
}

/* Attaches, all or nothing: a signal that comes meanwhile waits. */
static int change(const struct job *j, struct pins *pins, struct attachments *all,
		  struct crossbpf_error *e)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	sigset_t held, before;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&held, signals[i]);
	sigprocmask(SIG_BLOCK, &held, &before);
	int r = make_all(all, pins, j->replace, e);
	if (r == 0)
		r = stage_new(pins, all, e);
	if (r == 0)
		r = pins_commit(pins, e);
	all->pinned = r == 0;
	if (r < 0)
		attachments_undo(all);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

static int attach(const struct job *j, const char *path, char *const *words, size_t n,
		  struct crossbpf_error *e)
{
	cleanup_opened struct opened o = {0};
	cleanup_pins struct pins pins = {.lock = -1};
	cleanup_attachments struct attachments all = {0};

	int r = opened_open(&o, path, &j->options, e);
	if (r == 0)
		r = attachments_plan(&all, &o, words, n, e);
	if (r == 0)
		r = refuse_dying(&all, e);
	if (r == 0)
		r = pinned_open(&pins, pins_dir(j->pin, path), e);
	if (r == 0)
		r = load(j, &o, &pins, &all, e);
	if (r == 0)
		r = change(j, &pins, &all, e);
	if (r == 0)
		report(&all, &pins);
	return r;
}

int loader_attach(int argc, char **argv)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_job struct job j = {0};

	if (parse_options(&j, argc, argv, &e) < 0 ||
	    attach(&j, argv[optind], argv + optind + 1, (size_t)(argc - optind - 1), &e) < 0)
		return cli_report(&e);
	return cli_finish_output();
}
