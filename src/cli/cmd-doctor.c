/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf doctor: each part, found or not, and the one command that mends it. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build-job.h"
#include "cli-json.h"
#include "cli-project.h"
#include "cli.h"
#include "core/clang-constraint.h"
#include "core/guest-run.h"
#include "core/remote.h"
#include "core/tool.h"
#include "core/variant.h"
#include "core/verify-run.h"
#include "shared/io.h"

enum { PART_WIDTH = 16, STATE_WIDTH = 7 };

struct doctor {
	struct cli_project p;
	struct builder builder;
	struct remote remote;
	char *reason; /* why this builder */
	bool json;
	bool fails; /* a build cannot run */
};

static void doctor_free(struct doctor *d)
{
	remote_free(&d->remote);
	builder_close(&d->builder);
	free(d->reason);
	cli_project_close(&d->p);
}
#define cleanup_doctor CLEANUP(doctor_free)

/* What a part's package is called; NULL: it has none there. The names are those of
 * build-aux/packages; doctor.test holds them against it. */
struct package {
	const char *debian, *homebrew;
};

static const struct package clang_package = {"clang", "llvm"};
static const struct package strip_package = {"llvm", "llvm"};
static const struct package bpftool_package = {"bpftool", NULL};
static const struct package libbpf_package = {"libbpf-dev", NULL};
static const struct package asm_package = {"linux-libc-dev", NULL};
static const struct package docker_package = {"docker.io", NULL};
static const struct package busybox_package = {"busybox-static", NULL};

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static void print_part_json(const char *part, const char *state, const char *detail,
			    const char *mend)
{
	json_t *line = json_pack("{s:s, s:s, s:o}", "part", part, "state", state, "detail",
				 cli_json_text(detail, strlen(detail)));

	if (line && *mend)
		json_object_set_new(line, "mend", cli_json_text(mend, strlen(mend)));
	cli_json_print(line);
}

/* Further lines of the detail, and what mends it, stand below its first. */
static void print_part(const struct doctor *d, const char *part, const char *state,
		       const char *detail, const char *mend)
{
	if (d->json) {
		print_part_json(part, state, detail, mend);
		return;
	}
	printf("%-*s  %-*s  %.*s\n", PART_WIDTH, part, STATE_WIDTH, state,
	       (int)strcspn(detail, "\n"), detail);
	for (const char *at = strchr(detail, '\n'); at; at = strchr(at, '\n')) {
		at++;
		printf("%*s%.*s\n", PART_WIDTH + STATE_WIDTH + 4, "", (int)strcspn(at, "\n"), at);
	}
	if (*mend)
		printf("%*smend: %s\n", PART_WIDTH + STATE_WIDTH + 4, "", mend);
}

static void print_error(const struct doctor *d, const char *part, const struct crossbpf_error *e)
{
	print_part(d, part, "missing", e->message ? e->message : "out of memory", text_of(e->hint));
}

/* The command that installs it: here, or on a builder that is elsewhere and has its own. NULL where
 * memory ran out or there is none; the caller frees. */
static char *mend(const struct package *package, bool elsewhere)
{
	bool homebrew = false;

#ifdef __APPLE__
	homebrew = !elsewhere;
#endif
	if (homebrew)
		return package->homebrew ? str_printf("brew install %s", package->homebrew) : NULL;
	return str_printf("%sapt install %s", elsewhere ? "on the builder: " : "", package->debian);
}

static bool is_elsewhere(const struct doctor *d)
{
	return remote_is(&d->builder);
}

static void print_found(const struct doctor *d, const char *part, const char *path,
			const char *without, const struct package *package)
{
	cleanup_free char *command = path ? NULL : mend(package, is_elsewhere(d));

	print_part(d, part, path ? "ok" : "missing", path ? path : without, text_of(command));
}

/* The project's file and the places of ours. */

static int check_conf(struct doctor *d, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error why = {0};

	int r = cli_project_find(&d->p, e);
	if (r < 0)
		return r;
	if (!d->p.project.conf) {
		print_part(d, "crossbpf.conf", "-", "none: a single file needs none", "");
		return 0;
	}
	if (cli_project_read(&d->p, &why) == 0) {
		print_part(d, "crossbpf.conf", "ok", d->p.project.conf, "");
		return 0;
	}
	d->fails = true;
	print_error(d, "crossbpf.conf", &why);
	return 0;
}

static void check_cache(const struct doctor *d)
{
	cleanup_free char *probe = d->p.cache_dir ? str_printf("%s/x", d->p.cache_dir) : NULL;
	struct stat st;

	if (!d->p.cache_dir) {
		print_part(d, "cache", "missing", "neither XDG_CACHE_HOME nor HOME is set",
			   "export XDG_CACHE_HOME=DIRECTORY");
		return;
	}
	int r = probe ? io_make_parents(probe, 0700) : -ENOMEM;
	if (r == 0 && (stat(d->p.cache_dir, &st) < 0 || access(d->p.cache_dir, W_OK | X_OK) < 0))
		r = -errno;
	if (r == 0) {
		print_part(d, "cache", "ok", d->p.cache_dir, "");
		return;
	}
	cleanup_free char *detail =
		str_printf("%s: %s; nothing is remembered", d->p.cache_dir, strerror(-r));
	cleanup_free char *command =
		str_printf("mkdir -p %s && chmod u+rwx %s", d->p.cache_dir, d->p.cache_dir);
	print_part(d, "cache", "missing", text_of(detail), text_of(command));
}

/* Only a builder that is elsewhere needs it. */
static void check_exchange(struct doctor *d)
{
	cleanup_error struct crossbpf_error why = {0};
	cleanup_free char *path = str_printf("%s/exchange.so", cli_module_dir());

	d->remote.module_dir = cli_module_dir();
	if (remote_load(&d->remote, &why) == 0) {
		print_part(d, "exchange.so", "ok", text_of(path), "");
		return;
	}
	print_error(d, "exchange.so", &why);
	if (is_elsewhere(d))
		d->fails = true;
}

/* Backends. */

/* A backend that is there and cannot work. */
static char *mend_backend(const char *name)
{
	if (strcmp(name, "docker") != 0)
		return NULL;
	cleanup_free char *docker = io_find_program(NULL, "docker", NULL);
	if (docker)
#ifdef __APPLE__
		return strdup("open -a Docker");
#else
		return strdup("systemctl start docker");
#endif
	return mend(&docker_package, false);
}

/* The place that is asked for, where it is one of this backend's. */
static const char *place_of(const struct doctor *d, const char *name)
{
	const char *asked = d->p.request.backend;
	size_t len = strlen(name);

	return strncmp(asked, name, len) == 0 && asked[len] == ':' ? asked + len + 1 : NULL;
}

static void check_backend(const struct doctor *d, const char *name)
{
	cleanup_error struct crossbpf_error why = {0};
	cleanup_session struct session session = {0};

	if (!plugin_is_installed(d->p.request.dir, name)) {
		print_part(d, name, "-", "not installed", "");
		return;
	}
	int r = cli_project_load(&d->p, name, place_of(d, name), &session, &why);
	bool is_loaded = r == 0;
	if (is_loaded)
		r = session_probe(&session, &why);
	if (r == 0) {
		print_part(d, name, "ok", text_of(session.plugin.backend.summary), "");
		return;
	}
	/* The hint of one that cannot work leads here. */
	cleanup_free char *command = !is_loaded && why.hint ? strdup(why.hint) : mend_backend(name);
	print_part(d, name, "missing", text_of(why.message), text_of(command));
}

static void check_backends(const struct doctor *d)
{
	static const char *const known[] = {"native", "docker", "ssh", "vm"};
	cleanup_strv struct strv names = {0};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		strv_add_once(&names, known[i]);
	cli_project_backends(&d->p, &names);
	for (size_t i = 0; i < names.n; i++)
		check_backend(d, names.v[i]);
}

/* What the chosen builder has. */

/* The project's own condition. */
static void check_constraint(struct doctor *d)
{
	const char *constraint = d->p.has_conf ? d->p.conf.clang : NULL;
	bool holds = true;

	if (!constraint || !clang_constraint_is(constraint))
		return;
	if (clang_constraint_check(constraint, d->builder.toolchain.number, &holds) == 0 && holds)
		return;
	cleanup_free char *detail =
		str_printf("%s asks for clang %s", d->p.project.conf, constraint);
	print_part(d, "clang version", "missing", text_of(detail),
		   "CROSSBPF_CLANG=PROGRAM names one that holds");
	d->fails = true;
}

static int open_builder(void *ctx, struct crossbpf_error *e)
{
	struct doctor *d = ctx;

	builder_close(&d->builder);
	free(TAKE_PTR(d->reason));
	return builder_open(&d->builder, &d->p.request, &d->p.project, &d->reason, e);
}

/* What the sources of crossbpf.conf ask for that was not mirrored. What else is wrong with that
 * file is told elsewhere. */
static int find_lack(const struct doctor *d, struct mirror_lack *ret_lack, struct crossbpf_error *e)
{
	cleanup_build_job struct build_job j = {.options.quiet = true};
	cleanup_error struct crossbpf_error other = {0};
	const struct toolchain *t = &d->builder.toolchain;

	if (!t->mirror || build_job_find(&j, &other) < 0 || build_job_settle(&j, &other) < 0 ||
	    build_job_plan_all(&j, t, &other) < 0)
		return 0;
	return build_job_find_lack(&j, t, ret_lack, e);
}

/* The one with which a build of the project would compile. */
static int find_builder(struct doctor *d, struct mirror_lack *ret_lack, struct crossbpf_error *e)
{
	int r = open_builder(d, e);
	if (r == 0)
		r = find_lack(d, ret_lack, e);
	if (r == 0)
		r = cli_leave_mirror(&d->builder, &d->p.request, ret_lack, open_builder, d, e);
	return r;
}

static void check_mirror(const struct doctor *d, const struct mirror_lack *lack)
{
	const struct toolchain *t = &d->builder.toolchain;
	cleanup_free char *why = lack->names ? mirror_lack_tell(lack) : NULL;
	cleanup_free char *where =
		t->mirror ? str_printf("those of %s, in %s", t->mirror_of, t->mirror) : NULL;

	if (lack->names)
		print_part(d, "mirrored headers", "missing", text_of(why),
			   lack->is_outside ? "" : "crossbpf headers");
	else if (t->mirror)
		print_part(d, "mirrored headers", "ok", text_of(where), "");
}

static bool check_clang(struct doctor *d)
{
	cleanup_error struct crossbpf_error why = {0};
	cleanup_mirror_lack struct mirror_lack lack = {0};
	const struct toolchain *t = &d->builder.toolchain;

	if (find_builder(d, &lack, &why) < 0) {
		const char *named = cli_setting("CROSSBPF_CLANG", NULL);
		cleanup_free char *command = named      ? strdup("unset CROSSBPF_CLANG")
					     : why.hint ? strdup(why.hint)
							: mend(&clang_package, false);
		print_part(d, "builder", "missing", text_of(why.message), text_of(command));
		d->fails = true;
		return false;
	}
	print_part(d, "builder", "ok", text_of(d->reason), "");
	check_mirror(d, &lack);
	cleanup_free char *detail = str_printf("%s: %s", t->clang, t->version);
	print_part(d, "clang", "ok", text_of(detail), "");
	check_constraint(d);
	return true;
}

/* The directory of those in which clang looks that has this file; NULL where none does. */
static char *find_header(struct doctor *d, const char *name)
{
	static const char script[] =
		"for dir; do [ ! -e \"$dir/$0\" ] || { printf %s \"$dir\"; break; }; done";
	static const char *const nothing[] = {NULL};
	struct session *s = &d->builder.session;
	cleanup_error struct crossbpf_error ignored = {0};
	cleanup_strv struct strv argv = {0};
	cleanup_strbuf struct strbuf answer = {0};
	int status;

	strv_add_all(&argv, (const char *const[]){"sh", "-c", script, name, NULL});
	toolchain_builder_dirs(&d->builder.toolchain, &argv);
	if (argv.error ||
	    session_capture(s, (const char *const *)argv.v,
			    session_sees_host_files(s) ? d->p.request.toolchain.env : nothing,
			    &answer, &status, &ignored) < 0 ||
	    !answer.len)
		return NULL;
	return strndup(answer.data, answer.len);
}

/* Those of each architecture where they lie apart, else the ones that clang finds. */
static char *describe_asm(struct doctor *d)
{
	const struct strv *dirs = &d->builder.toolchain.asm_dirs;
	cleanup_strbuf struct strbuf text = {0};
	cleanup_strv struct strv archs = {0};
	char *described = NULL;

	for (size_t i = 0; i < dirs->n; i++) {
		cleanup_free char *arch = strndup(dirs->v[i], strcspn(dirs->v[i], ":"));
		if (arch)
			strv_add_once(&archs, arch);
	}
	for (size_t i = 0; i < archs.n; i++)
		strbuf_printf(&text, "%sfor %s", i ? ", " : "", archs.v[i]);
	if (text.len)
		return strbuf_finish(&text, &described) < 0 ? NULL : described;
	return find_header(d, "asm/types.h");
}

static void check_headers(struct doctor *d)
{
	cleanup_free char *asms = describe_asm(d);
	cleanup_free char *libbpf = find_header(d, "bpf/bpf_helpers.h");

	print_found(d, "asm/ headers", asms,
		    "no asm/types.h: linux/bpf.h needs it; crossbpf headers mirrors a builder's",
		    &asm_package);
	print_found(d, "libbpf headers", libbpf,
		    "no bpf/bpf_helpers.h; crossbpf headers mirrors a builder's", &libbpf_package);
}

static void check_tool(struct doctor *d, enum tool_name name, const char *without,
		       const struct package *package)
{
	cleanup_error struct crossbpf_error why = {0};
	cleanup_free char *path = NULL;

	if (tool_find(&d->builder.session, &d->builder.toolchain, name, d->p.request.toolchain.env,
		      &path, &why) < 0)
		print_error(d, tool_program(name), &why);
	else
		print_found(d, tool_program(name), path, without, package);
}

static void check_builder(struct doctor *d)
{
	if (!check_clang(d))
		return;
	check_headers(d);
	check_tool(d, TOOL_BPFTOOL, "skeletons need it", &bpftool_package);
	check_tool(d, TOOL_LLVM_STRIP, "bpf2go needs it; crossbpf build does not", &strip_package);
}

/* What has kernels load programs: crossbpf verify. */

static void print_program(const struct doctor *d, const char *part, const char *path,
			  const char *without, const char *command)
{
	print_part(d, part, path ? "ok" : "missing", path ? path : without,
		   path ? "" : text_of(command));
}

static void check_verify(const struct doctor *d)
{
	cleanup_error struct crossbpf_error why = {0};
	cleanup_free char *guest = NULL;
	cleanup_free char *busybox = mend(&busybox_package, false);
	const char *arch = variant_host_arch(), *qemu = arch ? guest_qemu(arch) : NULL;

	if (!qemu)
		return; /* there is no kernel that could be booted */
	if (verify_find_guest(cli_directory("CROSSBPF_LIBEXECDIR", CROSSBPF_LIBEXECDIR), arch,
			      &guest, &why) < 0)
		print_error(d, "crossbpf-guest", &why);
	else
		print_part(d, "crossbpf-guest", "ok", guest, "");
	cleanup_free char *install = guest_qemu_install(arch);
	cleanup_free char *qemu_path = io_find_program(NULL, qemu, NULL);
	cleanup_free char *shell = verify_find_shell();
	print_program(d, "qemu", qemu_path, "crossbpf verify boots kernels by it", install);
	print_program(d, "busybox", shell, "crossbpf verify --command needs a static one", busybox);
}

static int examine(struct doctor *d, struct crossbpf_error *e)
{
	int r = check_conf(d, e);

	if (r == 0)
		r = cli_project_choose(&d->p, NULL, e);
	if (r < 0)
		return r;
	check_backends(d);
	check_builder(d);
	check_verify(d);
	check_exchange(d);
	check_cache(d);
	return 0;
}

static int print_help(void)
{
	printf("Usage: crossbpf doctor [--json]\n"
	       "Says of each part whether it is there, and of one that is not what mends it.\n\n"
	       "  --json      an object a line\n"
	       "  -h, --help  this help\n\n"
	       "See crossbpf-doctor(1).\n");
	return cli_finish_output();
}

static int parse_options(int argc, char **argv, bool *ret_json, bool *ret_help,
			 struct crossbpf_error *e)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
					      {"json", no_argument, NULL, 'j'},
					      {NULL, 0, NULL, 0}};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (letter != 'h' && letter != 'j')
			return cli_refuse_option("doctor", longs, argv, e);
		*(letter == 'h' ? ret_help : ret_json) = true;
	}
	if (optind < argc)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "it takes options only",
				 "'%s' is one argument too many", argv[optind]);
	return 0;
}

int cmd_doctor(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_doctor struct doctor doctor = {0};
	bool help = false;

	int r = parse_options(argc, argv, &doctor.json, &help, &error);
	if (r == 0 && help)
		return print_help();
	if (r == 0)
		r = examine(&doctor, &error);
	if (r < 0)
		return cli_report(&error);
	int written = cli_finish_output();
	return written ? written : doctor.fails ? EXIT_STATUS_NO_BACKEND : EXIT_STATUS_OK;
}
