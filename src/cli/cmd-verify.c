/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf verify: has kernels load objects, in virtual machines or elsewhere. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build-job.h"
#include "cli-command.h"
#include "cli.h"
#include "core/guest-packets.h"
#include "shared/io.h"
#include "verify-baseline.h"
#include "verify-html.h"
#include "verify-json.h"
#include "verify-options.h"
#include "verify-rows.h"
#include "verify-table.h"

/* This machine's own kernel, as --kernel and --on have it. */
static const char native[] = "native";

struct job {
	struct verify_options options;
	struct cli_project p;
	struct session session;
	struct strbuf packets;
	bool are_of_conf; /* the objects */
	struct verify_report report;
	struct verify_baseline baseline;
	unsigned dearer; /* programs, than in the baseline */
	int control;
};

static void job_free(struct job *j)
{
	verify_report_free(&j->report);
	verify_baseline_free(&j->baseline);
	session_close(&j->session);
	strbuf_free(&j->packets);
	cli_project_close(&j->p);
	verify_options_free(&j->options);
}
#define cleanup_job CLEANUP(job_free)

/* Those that a build of the project would make, as they are called from here. */
static int find_outputs(struct job *j, struct crossbpf_error *e)
{
	cleanup_build_job struct build_job b = {.options = {.quiet = true}};
	static char any[] = "clang";
	struct toolchain none = {.clang = any}; /* what compiles changes no name */

	int r = build_job_find(&b, e);
	if (r == 0)
		r = build_job_settle(&b, e);
	if (r == 0)
		r = build_plan_make(b.project.root, &b.settings, &none, NULL, &b.plan, e);
	for (size_t i = 0; i < b.plan.n && r == 0; i++) {
		cleanup_free char *path = io_absolute(b.project.root, b.plan.actions[i].object);
		size_t len = strlen(b.dir);
		bool is_below = path && strncmp(path, b.dir, len) == 0 && path[len] == '/';
		strv_add(&j->options.objects, !path ? "" : is_below ? path + len + 1 : path);
		if (!path || j->options.objects.error)
			r = error_no_memory(e);
		else if (access(path, R_OK) < 0)
			r = error_set(e, -ENOENT, EXIT_STATUS_USAGE, "crossbpf build",
				      "%s, of crossbpf.conf, was not built yet", path);
	}
	return r;
}

/* Is it, by its first bytes, what a compiler makes? What a pipe has would be gone for the second
 * kernel. */
static int check_object(const char *path, struct crossbpf_error *e)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char magic[4] = "";
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r < 0 || !S_ISREG(st.st_mode))
		return error_set(e, r < 0 ? r : -EINVAL, EXIT_STATUS_USAGE,
				 "name an object that is there", "cannot read %s: %s", path,
				 r < 0 ? strerror(-r) : "it is no regular file");
	if (read(fd, magic, sizeof(magic)) == sizeof(magic) &&
	    memcmp(magic, "\177ELF", sizeof(magic)) == 0)
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			 "name what crossbpf build made of a source, as build/bpf/prog.bpf.o",
			 "%s is no object, but another kind of file", path);
}

/* Before kernels take their time. */
static int check_page(const char *path, struct crossbpf_error *e)
{
	cleanup_free char *dir = strndup(path, (size_t)(io_basename(path) - path));

	if (!dir)
		return error_no_memory(e);
	return access(dir[0] ? dir : ".", W_OK | X_OK) == 0
		       ? 0
		       : error_set(e, -errno, EXIT_STATUS_OUTPUT, "name another file by --html",
				   "cannot write %s: %s", path, strerror(errno));
}

static int complete_options(struct job *j, struct crossbpf_error *e)
{
	struct verify_options *o = &j->options;
	int r = 0;

	if (!o->kernels.n && !o->on && j->p.has_conf)
		strv_add_all(&o->kernels, (const char *const *)j->p.conf.kernels.v);
	if (o->kernels.error)
		return error_no_memory(e);
	if (!o->kernels.n && !o->on)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "name some, as in --kernel 6.1,6.12, or in crossbpf.conf: "
				 "verify { kernels = {\"6.1\"} }",
				 "no kernel was named");
	if (o->n_files && strv_contains(&o->kernels, native))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "leave one of them out",
				 "--file is for virtual machines, and the kernel 'native' is that "
				 "of this machine, which has its own");
	if (!o->objects.n && !j->p.has_conf)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf verify --help tells more",
				 "no object was named");
	j->are_of_conf = !o->objects.n;
	if (j->are_of_conf)
		r = find_outputs(j, e);
	for (size_t i = 0; i < o->objects.n && r == 0; i++)
		r = check_object(o->objects.v[i], e);
	if (r == 0 && o->packets)
		r = guest_packets_read(o->packets, cli_module_dir(), &j->packets, e);
	if (r == 0 && o->html)
		r = check_page(o->html, e);
	if (r == 0 && o->baseline)
		r = verify_baseline_open(&j->baseline, o->baseline, e);
	return r;
}

static int run(struct job *j, struct crossbpf_error *e)
{
	const struct verify_options *o = &j->options;
	struct verify_request request = {
		.kernels = &o->kernels,
		.here = native,
		.where = o->on,
		.skips_foreign = j->are_of_conf,
		.load = {.objects = (const char *const *)o->objects.v,
			 .n_objects = o->objects.n,
			 .btf = o->btf,
			 .command = o->command,
			 .command_seconds = o->timeout,
			 .attach = o->attach,
			 .packets = o->packets ? &j->packets : NULL,
			 .files = o->files,
			 .n_files = o->n_files},
		.guest_dir = cli_directory("CROSSBPF_LIBEXECDIR", CROSSBPF_LIBEXECDIR),
		.module_dir = cli_module_dir(),
		.cache_dir = j->p.cache_dir,
		.accel = o->accel,
		.memory = o->memory,
		.timeout = o->timeout,
		.jobs = o->jobs,
		.log = o->quiet ? NULL : cli_log,
		.control = j->control,
	};
	cleanup_strv struct strv here = {0};

	if (o->on) {
		int r = cli_command_load(&j->p, &j->session, e);
		if (r < 0)
			return r;
		/* One that sees this machine's files is on it. */
		if (session_sees_host_files(&j->session)) {
			strv_add(&here, native);
			request.kernels = &here;
		} else {
			request.session = &j->session;
		}
	}
	int r = here.error ? error_no_memory(e) : verify_run(&request, &j->report, e);
	return r == 0 && verify_explain(&j->report) < 0 ? error_no_memory(e) : r;
}

static bool all_is_well(const struct verify_report *r, bool has_command)
{
	if (verify_count(r).unattached)
		return false;
	for (size_t i = 0; i < r->n_kernels; i++) {
		const struct verify_kernel *k = &r->kernels[i];
		if (k->error || k->command_status > 0 || (has_command && k->command_status < 0))
			return false;
		for (size_t o = 0; o < r->n_objects; o++)
			if (k->objects[o].verdict != VERIFY_LOADED &&
			    k->objects[o].verdict != VERIFY_NOT_LOADED)
				return false;
	}
	return true;
}

/* That nothing can be compared is no news where it failed. */
static int compare(struct job *j, struct crossbpf_error *e)
{
	const struct verify_options *o = &j->options;
	int r = verify_baseline_check(&j->baseline, &j->report, o->baseline, o->threshold,
				      &j->dearer, e);

	return r == -ENOENT && !all_is_well(&j->report, o->command) ? 0 : r;
}

static int show(struct job *j, struct crossbpf_error *e)
{
	const struct verify_options *o = &j->options;
	bool colour = isatty(STDOUT_FILENO) && !*cli_setting("NO_COLOR", "");
	int r = o->json ? verify_json_print(&j->report, stdout)
			: verify_table_print(&j->report, stdout, colour);

	if (r < 0)
		return error_no_memory(e);
	if (o->html)
		r = verify_html_write(&j->report, o->html, e);
	return r == 0 && o->baseline ? compare(j, e) : r;
}

int cmd_verify(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_job struct job job = {.control = -1};

	int r = verify_options_parse(argc, argv, &job.options, &error);
	if (r == 0 && job.options.help) {
		verify_options_print_help();
		return cli_finish_output();
	}
	job.control = cli_catch_interrupts();
	if (r == 0)
		r = cli_project_open(&job.p, job.options.on, &error);
	job.p.request.control = job.control;
	job.p.request.inform = job.options.quiet ? NULL : cli_log;
	if (r == 0)
		r = complete_options(&job, &error);
	if (r == 0)
		r = run(&job, &error);
	cli_die_of_interrupt();
	if (r == 0)
		r = show(&job, &error);
	int written = cli_finish_output();
	if (r < 0)
		return cli_report(&error);
	return written                                                        ? written
	       : all_is_well(&job.report, job.options.command) && !job.dearer ? EXIT_STATUS_OK
									      : EXIT_STATUS_FAILED;
}
