/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf lock: pins the project's builder. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli-builder.h"
#include "cli.h"
#include "core/builder.h"
#include "core/clang-constraint.h"
#include "core/lock-file.h"
#include "core/mirror.h"
#include "core/project.h"
#include "core/variant.h"
#include "core/vmlinux-lock.h"
#include "shared/io.h"

extern char **environ;

static void print_help(void)
{
	printf("Usage: crossbpf lock [--check] [--backend NAME[:WHERE]] [--clang PROGRAM]\n"
	       "Writes crossbpf.lock, by which another builder than this one is refused.\n\n"
	       "  -c, --check          write nothing: is the builder the one that was locked?\n"
	       "      --backend=NAME[:WHERE]\n"
	       "                       where clang runs (default: as crossbpf build has it)\n"
	       "      --clang=PROGRAM  which clang\n"
	       "  -h, --help           this help\n\n"
	       "See crossbpf-lock(1).\n");
}

struct job {
	const char *backend, *clang;
	bool check, help;
	struct project project;
	struct conf conf;
	bool has_conf;
	struct builder_request request;
	struct builder builder;
	struct lock_file old, found; /* what is written, and what the builder is */
	bool has_old;
	char *file, *cache_dir, *order;
};

static void job_free(struct job *j)
{
	lock_file_free(&j->old);
	lock_file_free(&j->found);
	builder_close(&j->builder);
	conf_free(&j->conf);
	project_free(&j->project);
	free(j->file);
	free(j->cache_dir);
	free(j->order);
}
#define cleanup_job CLEANUP(job_free)

static int find_project(struct job *j, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL, *root = NULL, *conf = NULL, *strangers = NULL;

	int r = io_working_directory(&dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	if (project_find_root(dir, &root, &conf, &strangers) < 0)
		return error_no_memory(e);
	r = project_at(root, &j->project, e);
	if (r == 0 && conf) {
		r = cli_read_conf(conf, &j->conf, e);
		j->has_conf = r == 0;
	}
	j->file = lock_file_path(root);
	return r < 0 || j->file ? r : error_no_memory(e);
}

/* The builder that `crossbpf build` would have. */
static int open_builder(struct job *j, int control, struct crossbpf_error *e)
{
	const char *clang = j->has_conf ? j->conf.clang : NULL;
	cleanup_free char *why = NULL;

	if (!clang || clang_constraint_is(clang))
		clang = CROSSBPF_DEFAULT_CLANG;
	clang = cli_setting("CROSSBPF_CLANG", clang);
	if (io_cache_dir(&j->cache_dir) == -ENOMEM)
		return error_no_memory(e);
	j->request = (struct builder_request){
		.toolchain =
			{
				.clang = j->clang ? j->clang : clang,
				.env = (const char *const *)environ,
				.cache_dir = j->cache_dir,
			},
		.control = control,
		.unlocked = true,
		.conf = j->has_conf ? &j->conf : NULL,
	};
	const char *backend = j->backend ? j->backend : getenv("CROSSBPF_BACKEND");
	int r = cli_choose_backend(backend, &j->request, &j->order, e);
	return r < 0 ? r : builder_open(&j->builder, &j->request, &j->project, &why, e);
}

/* Headers that were mirrored are the builder's from which they came. */
static int describe_mirror(struct job *j, struct crossbpf_error *e)
{
	cleanup_mirror struct mirror m = {0};

	int r = mirror_open(j->cache_dir, &j->project, &m);
	if (r == 0)
		r = mirror_describe(&m, &j->found);
	if (r == -ENOENT)
		return error_set(e, r, EXIT_STATUS_NO_BACKEND, "try again",
				 "%s: the mirrored headers went away", j->builder.name);
	return r < 0 ? error_no_memory(e) : 0;
}

static int describe(struct job *j, struct crossbpf_error *e)
{
	struct builder *b = &j->builder;
	char image[256] = "";

	int r = session_sees_host_files(&b->session)
			? 0
			: session_identity(&b->session, image, sizeof(image), e);
	if (r < 0)
		return r;
	if (lock_file_describe(&j->found, b->name, &b->toolchain, image) < 0)
		return error_no_memory(e);
	if (b->toolchain.mirror)
		return describe_mirror(j, e);
	return lock_file_ask_headers(&j->found, &b->session, &b->toolchain,
				     (const char *const *)environ, e);
}

/* And the kernel's types that it compiles against. */
static int describe_vmlinux(struct job *j, struct crossbpf_error *e)
{
	cleanup_strv struct strv archs = {0};
	const char *host = variant_host_arch();

	if (!j->has_conf || !j->conf.vmlinux)
		return 0;
	for (size_t i = 0; i < j->conf.arch.n; i++)
		strv_add_once(&archs, j->conf.arch.v[i]);
	if (!archs.n && host)
		strv_add(&archs, host);
	return archs.error ? error_no_memory(e)
			   : vmlinux_lock_describe(&j->found, &j->old, j->project.root,
						   j->conf.vmlinux, &archs, e);
}

/* Does nothing differ but what is no builder's? */
static bool are_vmlinux(const struct strv *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strncmp(keys->v[i], "vmlinux.", strlen("vmlinux.")) != 0)
			return false;
	return true;
}

/* All that differs is printed; the error names the first. */
static int check(const struct job *j, struct crossbpf_error *e)
{
	cleanup_strv struct strv keys = {0};

	if (!j->has_old)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE, "crossbpf lock writes it",
				 "there is no %s", j->file);
	lock_file_compare(&j->old, &j->found, &keys);
	if (keys.error)
		return error_no_memory(e);
	for (size_t i = 0; i < keys.n; i++)
		printf("%s: locked %s, found %s\n", keys.v[i], lock_file_get(&j->old, keys.v[i]),
		       lock_file_get(&j->found, keys.v[i]));
	if (keys.n && are_vmlinux(&keys))
		return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
				 "crossbpf vmlinux makes it anew, crossbpf lock accepts it",
				 "vmlinux.h is not that of %s", j->file);
	return keys.n ? error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
				  "take the builder that was locked, or accept this one: "
				  "crossbpf lock",
				  "%s: this is not the builder of %s", j->builder.name, j->file)
		      : 0;
}

/* What was written of other backends stays: each has its own entries. */
static int keep_others(struct job *j)
{
	for (size_t i = 0; i < j->old.n; i++) {
		const struct lock_entry *entry = &j->old.entries[i];
		if (lock_file_is_of_other_backend(entry->key, j->builder.name) &&
		    !lock_file_get(&j->found, entry->key) &&
		    lock_file_set(&j->found, entry->key, entry->value) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int write_lock(struct job *j, struct crossbpf_error *e)
{
	cleanup_free char *text = NULL, *old = NULL;
	struct stat st;

	if (keep_others(j) < 0 || lock_file_text(&j->found, &text) < 0 ||
	    lock_file_text(&j->old, &old) < 0)
		return error_no_memory(e);
	/* One that is as it should be keeps its time. */
	bool same = j->has_old && strcmp(text, old) == 0;
	int r = same ? 0 : io_write_output(j->file, text, strlen(text), &st);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT,
				 "check its directory's permissions and free space",
				 "cannot write %s: %s", j->file, strerror(-r));
	for (size_t i = 0; i < j->found.n; i++) {
		const struct lock_entry *entry = &j->found.entries[i];
		const char *was = lock_file_get(&j->old, entry->key);
		if (!was || strcmp(was, entry->value) != 0)
			printf("%s = %s%s%s\n", entry->key, entry->value, was ? ", was " : "",
			       was ? was : "");
	}
	return 0;
}

static int lock(struct job *j, int control, struct crossbpf_error *e)
{
	int r = find_project(j, e);
	if (r < 0)
		return r;
	r = lock_file_read(j->file, &j->old, e);
	j->has_old = r == 0;
	if (r < 0 && e->message)
		return r;
	r = open_builder(j, control, e);
	if (r == 0)
		r = describe(j, e);
	if (r == 0)
		r = describe_vmlinux(j, e);
	if (r < 0)
		return r;
	return j->check ? check(j, e) : write_lock(j, e);
}

static int parse_options(int argc, char **argv, struct job *j, struct crossbpf_error *e)
{
	enum { BACKEND = 256, CLANG };
	static const struct option longs[] = {{"check", no_argument, NULL, 'c'},
					      {"backend", required_argument, NULL, BACKEND},
					      {"clang", required_argument, NULL, CLANG},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "ch", longs, NULL)) != -1) {
		if (letter == '?') /* getopt said what is wrong */
			return cli_refuse_option("lock", longs, argv, e);
		if (letter == BACKEND)
			j->backend = optarg;
		if (letter == CLANG)
			j->clang = optarg;
		j->check = j->check || letter == 'c';
		j->help = j->help || letter == 'h';
	}
	if (optind < argc)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf lock --help tells more",
				 "'%s' is too much", argv[optind]);
	return 0;
}

int cmd_lock(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_job struct job job = {0};

	int r = parse_options(argc, argv, &job, &error);
	if (r == 0 && job.help) {
		print_help();
		return cli_finish_output();
	}
	int control = cli_catch_interrupts();
	if (r == 0)
		r = lock(&job, control, &error);
	cli_die_of_interrupt();
	int written = cli_finish_output();
	return r < 0 ? cli_report(&error) : written;
}
