/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf headers: mirrors a builder's headers, so that a clang without any compiles here. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "build-job.h"
#include "build-report.h"
#include "cli.h"
#include "core/build-remote.h"
#include "core/kernel-headers.h"
#include "core/lock-file.h"
#include "core/mirror-name.h"
#include "core/mirror-update.h"
#include "core/variant.h"
#include "shared/io.h"

extern char **environ;

enum { READ_AT_ONCE = 10000 };

static void print_help(void)
{
	printf("Usage: crossbpf headers [OPTION...] [SOURCE...]\n"
	       "Mirrors the builder's headers that BPF sources, or those of crossbpf.conf, "
	       "include,\n"
	       "so that a clang of this machine compiles without headers of its own.\n\n");
	build_options_print(COMMAND_HEADERS);
	printf("See crossbpf-headers(1).\n");
}

/* Of a builder's NAME and WHERE. NULL where memory ran out; the caller frees. */
static char *name_builder(const struct builder *b)
{
	return str_printf("%s%s%s", b->name, b->where ? ":" : "", b->where ? b->where : "");
}

static int open_builder(struct build_job *j, struct crossbpf_error *e)
{
	if (!j->cache_dir)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE, "set HOME or XDG_CACHE_HOME",
				 "there is no cache directory to mirror headers in");
	j->request.elsewhere = j->request.unmirrored = true;
	j->request.toolchain.fresh = true;
	if (!j->options.backend)
		j->options.backend = "auto";
	int r = build_job_open(j, e);
	if (r < 0)
		return r;
	if (!remote_is(&j->builder))
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE,
				 "name another backend: --backend docker",
				 "%s: it sees this machine's files, so that there is nothing to "
				 "mirror",
				 j->builder.name);
	return build_job_check_clang(j, e);
}

/* What the compilers on the builder say that they read. */
struct reading {
	struct strv names; /* as they say it */
	size_t room;       /* so many before those are taken out that are there twice */
	size_t failed;
	bool hinted;
};

static int take_read(void *ctx, const struct build_action *action, const struct strv *read)
{
	struct reading *reading = ctx;

	(void)action;
	for (size_t i = 0; i < read->n; i++)
		if (read->v[i][0] == '/')
			strv_add(&reading->names, read->v[i]);
	if (reading->names.n > reading->room) {
		mirror_names_unique(&reading->names);
		reading->room = 2 * reading->names.n + READ_AT_ONCE;
	}
	return reading->names.error;
}

static void end_read(void *ctx, const struct build_result *result)
{
	struct reading *reading = ctx;

	if (result->status != 0 || result->error) {
		fprintf(stderr, "%s", result->said);
		if (!reading->hinted)
			reading->hinted = report_hint_at_asm(result->action, result->said);
		reading->failed++;
	}
	if (result->error)
		cli_report(result->error);
}

/* Has each program of the plan preprocessed there. */
static int read_programs(struct build_job *j, struct reading *reading, struct crossbpf_error *e)
{
	build_job_begin_remote(j);
	int r = build_job_connect(j, e);
	size_t left = j->n_stale;
	struct build build = {
		.session = &j->builder.session,
		.remote = &j->remote,
		.plan = &j->plan,
		.root = j->project.root,
		.lanes = j->options.jobs,
		.keep_going = true,
		.toolchain = &j->builder.toolchain,
		.header_dir = j->header_dir,
		.ctx = reading,
		.on_end = end_read,
		.on_read = take_read,
	};

	if (r == 0)
		r = build_run_remote(&build, j->stale, j->n_stale, &left, e);
	if (r == 0 && reading->failed)
		r = error_set(
			e, -EINVAL, EXIT_STATUS_FAILED, NULL,
			"%zu of %zu programs cannot be preprocessed on %s: nothing was mirrored",
			reading->failed, j->plan.n, j->builder.name);
	return r;
}

/*
 * What the sources name and did not read, behind an #ifdef or in __has_include: that is how a build
 * here tells whether the mirror still has all that they need. *ret_more: there was more.
 */
static int add_named(struct build_job *j, struct mirror_update *u, bool *ret_more,
		     struct crossbpf_error *e)
{
	cleanup_mirror_cover struct mirror_cover cover = {0};
	cleanup_toolchain struct toolchain t = {0};
	size_t known = u->names.n; /* which the fetch before this sorted */

	int r = mirror_update_toolchain(u, &t, e);
	if (r == 0)
		r = build_job_plan_all(j, &t, e);
	if (r < 0)
		return r;
	if (mirror_cover_begin(&t, &cover) < 0)
		return error_no_memory(e);
	cover.lists_all = true; /* what the mirror has of an earlier time is to stay only so */
	if (build_job_cover(j, &cover) < 0)
		return error_no_memory(e);
	for (size_t i = 0; i < cover.missing.n && r == 0; i++)
		r = mirror_update_add(u, cover.missing.v[i], e);
	mirror_names_unique(&u->names);
	*ret_more = u->names.n > known;
	return r;
}

static int update_closures(struct build_job *j, struct mirror_update *u, struct crossbpf_error *e)
{
	struct reading reading = {0};
	bool more = true;

	int r = build_job_plan_all(j, &j->builder.toolchain, e);
	if (r == 0)
		r = read_programs(j, &reading, e);
	for (size_t i = 0; i < reading.names.n && r == 0; i++)
		r = mirror_update_add(u, reading.names.v[i], e);
	strv_free(&reading.names);
	if (r == 0)
		r = mirror_update_fetch(u, e);
	while (r == 0 && more) {
		r = add_named(j, u, &more, e);
		if (r == 0 && more)
			r = mirror_update_fetch(u, e);
	}
	return r;
}

/* All that the project had once it keeps: an editor wants them still. */
static int keep_all(struct build_job *j, struct mirror_update *u)
{
	cleanup_mirror struct mirror m = {0};

	int r = mirror_open(j->cache_dir, &j->place, &m);
	u->all = u->all || (r == 0 && lock_file_get(&m.lock, MIRROR_KEY_ALL));
	return r == -ENOMEM ? r : 0;
}

static void report(const struct mirror_update *u, const char *of)
{
	printf("%zu headers of %s, %" PRIu64 " KiB, in %s: %zu fetched, %zu removed\n",
	       u->names.n - u->skipped.n, of, (u->size + 1023) / 1024, u->mirror.root, u->n_fetched,
	       u->n_removed);
	if (u->skipped.n)
		printf("%zu left out, as their names differ from others' by upper case alone\n",
		       u->skipped.n);
	if (u->n_odd)
		printf("%zu left out, as there are control characters in their names\n", u->n_odd);
}

static int update(struct build_job *j, struct crossbpf_error *e)
{
	struct builder *b = &j->builder;
	cleanup_mirror_update struct mirror_update u = {
		.session = &b->session, .toolchain = &b->toolchain, .all = j->options.all};
	cleanup_lock_file struct lock_file lock = {0};
	cleanup_free char *of = NULL;
	char image[256] = "";

	int r = open_builder(j, e);
	if (r == 0)
		r = mirror_update_begin(&u, j->cache_dir, &j->place, e);
	if (r == 0 && keep_all(j, &u) < 0)
		r = error_no_memory(e);
	if (r == 0 && u.all)
		r = mirror_update_add_all(&u, e);
	if (r == 0)
		r = u.all ? mirror_update_fetch(&u, e) : update_closures(j, &u, e);
	if (r == 0)
		r = session_identity(&b->session, image, sizeof(image), e);
	if (r < 0)
		return r;
	of = name_builder(b);
	if (!of || lock_file_describe(&lock, b->name, &b->toolchain, image) < 0)
		return error_no_memory(e);
	r = lock_file_ask_headers(&lock, &b->session, &b->toolchain, (const char *const *)environ,
				  e);
	if (r == 0)
		r = mirror_update_end(&u, &lock, of, e);
	if (r == 0 && !j->options.quiet)
		report(&u, of);
	return r;
}

static void print_word(const char *option, const char *value)
{
	printf("%s%s\n", option, value);
}

/* Those of a kernel's build tree, by absolute names. */
static int print_kernel_flags(const struct build_job *j, const struct settings *s, const char *arch,
			      struct crossbpf_error *e)
{
	cleanup_free char *name = NULL, *dir = NULL;
	cleanup_strv struct strv argv = {0}, dirs = {0};

	if (!s->kernel_headers)
		return 0;
	name = variant_expand(s->kernel_headers, arch);
	dir = name ? io_absolute(j->project.root, name) : NULL;
	if (!dir)
		return error_no_memory(e);
	int r = kernel_headers_options(j->project.root, dir, arch, &argv, &dirs, e);
	for (size_t i = 0; r == 0 && i < argv.n; i++)
		print_word("", argv.v[i]);
	return r;
}

/* What crossbpf build would say of the project itself; its sources need not be there. */
static int print_own_flags(struct build_job *j, const char *arch, struct crossbpf_error *e)
{
	cleanup_settings struct settings s = {0};
	cleanup_strv struct strv dirs = {0};

	int r = settings_make_flags(j->project.root, j->dir, &j->options.words,
				    j->has_conf ? &j->conf : NULL, &s, e);
	if (r < 0)
		return r;
	print_word("-D__TARGET_ARCH_", arch ? arch : s.arch.v[0]);
	r = print_kernel_flags(j, &s, arch ? arch : s.arch.v[0], e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s.define.n; i++)
		print_word("-D", s.define.v[i]);
	for (size_t i = 0; i < s.cflags.n; i++)
		print_word("", s.cflags.v[i]);
	if (build_plan_include_dirs(&s, arch ? arch : s.arch.v[0], &dirs) < 0)
		return error_no_memory(e);
	for (size_t i = 0; i < dirs.n; i++) {
		cleanup_free char *dir = io_absolute(j->project.root, dirs.v[i]);
		if (!dir)
			return error_no_memory(e);
		print_word("-I", dir);
	}
	return 0;
}

/* For compile_flags.txt: an option a line. Clangd has clang's own headers by itself. */
static int print_flags(struct build_job *j, struct crossbpf_error *e)
{
	cleanup_mirror struct mirror m = {0};
	cleanup_strv struct strv dirs = {0};

	int r = j->cache_dir ? mirror_open(j->cache_dir, &j->place, &m) : -ENOENT;
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "crossbpf headers --all mirrors them",
				 "no headers are mirrored for %s", j->place.root);
	const char *said = j->options.words.arch;
	r = print_own_flags(j, said, e);
	if (r < 0)
		return r;
	const char *clangs = toolchain_clang_dir(&m.toolchain);
	printf("-nostdlibinc\n");
	for (size_t i = 0; i < m.toolchain.search.n; i++)
		if (!clangs || strcmp(m.toolchain.search.v[i], clangs) != 0)
			printf("-isystem\n%s%s\n", m.root, m.toolchain.search.v[i]);
	toolchain_header_dirs(&m.toolchain, said ? said : variant_host_arch(), &dirs);
	for (size_t i = 0; i < dirs.n; i++)
		printf("-idirafter\n%s%s\n", m.root, dirs.v[i]);
	printf("-idirafter\n%s\n", j->header_dir);
	return dirs.error ? error_no_memory(e) : 0;
}

int cmd_headers(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_build_job struct build_job job = {0};

	int r = build_options_parse(COMMAND_HEADERS, argc, argv, &job.options, &error);
	if (r == 0 && job.options.help) {
		print_help();
		return cli_finish_output();
	}
	job.request.control = cli_catch_interrupts();
	if (r == 0)
		r = build_job_find(&job, &error);
	if (r == 0 && !job.options.all && !job.options.flags)
		r = build_job_settle(&job, &error);
	if (r == 0)
		r = job.options.flags ? print_flags(&job, &error) : update(&job, &error);
	cli_die_of_interrupt();
	int status = r < 0 ? cli_report(&error) : EXIT_STATUS_OK;
	int written = cli_finish_output();
	return status ? status : written;
}
