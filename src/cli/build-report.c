/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "build-report.h"
#include "cli-json.h"
#include "cli.h"
#include "core/diag.h"
#include "core/launcher.h"
#include "core/variant.h"
#include "shared/io.h"
#include "shared/shell.h"

void report_init(struct build_report *r, const struct build_plan *plan, const char *root,
		 const char *dir, const char *backend)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;

	r->plan = plan;
	r->root = root;
	r->dir = dir;
	r->backend = backend;
	r->progress = terminal && !r->quiet && !r->json && !r->verbose;
	r->colour = terminal && !r->json && !(no_colour && no_colour[0]);
}

void report_clear_progress(const struct build_report *r)
{
	if (r->progress)
		fputs("\r\033[K", stderr);
}

/* An absolute name of the host. */
static json_t *json_path(const struct build_report *r, const char *path)
{
	cleanup_free char *absolute = io_absolute(r->root, path);

	return cli_json_text(absolute ? absolute : "", absolute ? strlen(absolute) : 0);
}

/* The file of a diagnostic, which may be of none. */
static json_t *json_file(const struct build_report *r, const struct diag *d)
{
	cleanup_free char *file = strndup(d->file, d->file_len);

	return file && d->file_len ? json_path(r, file) : cli_json_text("", 0);
}

void report_explain(const struct build_action *action, bool fresh, const char *why)
{
	cleanup_free char *line =
		fresh ? str_printf("%s is up to date", action->object)
		      : str_printf("%s is to be built: %s", action->object, why ? why : "");

	cli_log(line ? line : "out of memory");
}

void report_prefix(void *ctx, const struct build_action *action, const char *header,
		   const char *why_not)
{
	(void)ctx;
	if (why_not)
		fprintf(stderr, "crossbpf: %s has no precompiled header: %s\n", action->object,
			why_not);
	else
		fprintf(stderr, "crossbpf: %s begins with a precompiled %s\n", action->object,
			header);
}

void report_plan(struct build_report *r, size_t n)
{
	r->stale = n;
	if (r->json)
		cli_json_print(json_pack("{s:s, s:I, s:I, s:s}", "event", "plan", "actions",
					 (json_int_t)r->plan->n, "to_build", (json_int_t)n,
					 "backend", r->backend));
}

/* What a launcher says of itself: of the first action, for the next ones say the same. */
static void print_launcher(struct build_report *r, const char *said)
{
	if (!said[0] || r->quiet || (r->launcher_told && !r->verbose))
		return;
	r->launcher_told = true;
	report_clear_progress(r);
	while (*said) {
		size_t len = strcspn(said, "\n");
		cleanup_free char *line = strndup(said, len);
		cli_log(line ? line : "out of memory");
		said += len + (said[len] == '\n');
	}
}

void report_launch(void *ctx, const struct build_action *action, const struct launch_note *note)
{
	struct build_report *r = ctx;
	bool failed = note->end == LAUNCH_FAILED && !r->quiet && !r->launcher_told;
	cleanup_free char *line =
		note->end == LAUNCH_DONE
			? str_printf("%s was compiled by way of %s", action->source, r->launcher)
			: str_printf("%s%s was compiled without %s: %s", failed ? "warning: " : "",
				     action->source, r->launcher, note->why ? note->why : "");

	if (failed || r->explain || (r->verbose && note->end != LAUNCH_DONE)) {
		report_clear_progress(r);
		cli_log(line ? line : "out of memory");
	}
	print_launcher(r, note->said);
	r->launcher_told = r->launcher_told || failed;
}

static void print_command(const struct strv *argv)
{
	cleanup_strbuf struct strbuf line = {0};

	shell_quote_all(&line, (const char *const *)argv->v);
	if (!line.error)
		fprintf(stderr, "%s\n", line.data);
}

static void print_progress(const struct build_report *r, const char *source)
{
	cleanup_strbuf struct strbuf name = {0};

	cli_add_visible(&name, source);
	if (!name.error && name.data)
		fprintf(stderr, "\r\033[K[%zu/%zu] %.60s", r->begun, r->stale, name.data);
}

void report_start(void *ctx, const struct build_action *action, const struct strv *argv)
{
	struct build_report *r = ctx;

	r->begun++;
	if (r->json)
		cli_json_print(json_pack("{s:s, s:o, s:o, s:s, s:s}", "event", "start", "source",
					 json_path(r, action->source), "object",
					 json_path(r, action->object), "target",
					 action->variant->target, "arch", action->variant->arch));
	if (r->verbose)
		print_command(argv);
	if (r->progress)
		print_progress(r, action->source);
}

static void print_diagnostics(const struct build_report *r, const struct build_result *result)
{
	const char *text = result->said, *end = text + result->said_len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = newline ? (size_t)(newline - text) : (size_t)(end - text);
		struct diag d;
		if (diag_parse(text, n, &d))
			cli_json_print(json_pack(
				"{s:s, s:o, s:o, s:I, s:I, s:s, s:o}", "event", "diagnostic",
				"source", json_path(r, result->action->source), "file",
				json_file(r, &d), "line", (json_int_t)d.line, "column",
				(json_int_t)d.column, "severity", d.severity, "message",
				cli_json_text(d.message, d.message_len)));
		text += n + 1;
	}
}

/* What the compiler said names files from the root, as make does and editors understand. */
static void print_said(struct build_report *r, const struct build_result *result)
{
	if (!result->said_len)
		return;
	if (!r->entered && strcmp(r->root, r->dir) != 0) {
		cleanup_free char *line = str_printf("Entering directory '%s'", r->root);
		cli_log(line ? line : "out of memory");
	}
	r->entered = true;
	fwrite(result->said, 1, result->said_len, stderr);
	if (r->json)
		print_diagnostics(r, result);
}

/* By Debian's names of architectures. */
static void hint_at_headers(const char *arch)
{
	static const struct {
		const char *arch, *debian;
	} names[] = {{"x86", "amd64"},     {"arm64", "arm64"},      {"s390", "s390x"},
		     {"arm", "armhf"},     {"riscv", "riscv64"},    {"powerpc", "ppc64el"},
		     {"mips", "mips64el"}, {"loongarch", "loong64"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].arch, arch) == 0)
			fprintf(stderr,
				"crossbpf: hint: there are no asm/ headers for %s here; Debian has "
				"them in linux-libc-dev-%s-cross\n",
				arch, names[i].debian);
}

bool report_hint_at_asm(const struct build_action *action, const char *said)
{
	bool lacks = !action->variant->has_asm && strstr(said, "'asm/") &&
		     strstr(said, "file not found");

	if (lacks)
		hint_at_headers(action->variant->arch);
	return lacks;
}

/* Only Debian's kernels are had by their versions, and of another architecture no other. */
static bool is_of_host(const struct build_plan *plan)
{
	const char *host = variant_host_arch();

	for (size_t i = 0; i < plan->n_variants; i++)
		if (!host || strcmp(plan->variants[i].arch, host) != 0)
			return false;
	return true;
}

/* The one command that makes a vmlinux.h where the source finds it. */
static void hint_at_vmlinux(const struct build_report *r, const struct build_action *action)
{
	const char *name = io_basename(action->source);
	cleanup_free char *dir = strndup(action->source, (size_t)(name - action->source));
	cleanup_free char *path = NULL;
	cleanup_strbuf struct strbuf line = {0};

	strbuf_puts(&line, "crossbpf vmlinux");
	if (!is_of_host(r->plan))
		strbuf_puts(&line, " --kernel 6.1");
	if (!r->vmlinux) {
		if (!is_of_host(r->plan))
			strbuf_printf(&line, " --arch %s", action->variant->arch);
		if (dir && strcmp(r->root, r->dir) != 0)
			path = io_absolute(r->root, dir);
		strbuf_puts(&line, " -o ");
		cleanup_free char *to = str_printf("%s%svmlinux.h",
						   path  ? path
						   : dir ? dir
							 : "",
						   path && !*dir ? "/" : "");
		shell_quote(&line, to ? to : "vmlinux.h");
	}
	if (!line.error)
		fprintf(stderr, "crossbpf: hint: %s makes vmlinux.h\n", line.data);
}

/* In a sentence; NULL where the compiler said why itself. */
static char *failure_of(const struct build_result *result)
{
	const char *source = result->action->source;

	if (result->error)
		return strdup(result->error->message ? result->error->message : "out of memory");
	if (result->status > 128)
		return str_printf("%s: the compiler was ended by signal %d", source,
				  result->status - 128);
	return result->said_len
		       ? NULL
		       : str_printf("%s: the compiler failed with status %d and said nothing",
				    source, result->status);
}

static void count_failure(struct build_report *r, const struct build_result *result)
{
	const struct build_action *action = result->action;
	cleanup_free char *why = failure_of(result);
	int status = EXIT_STATUS_FAILED;

	r->failed++;
	if (result->error)
		status = cli_report(result->error);
	else if (why)
		cli_log(why);
	if (r->json)
		cli_json_print(json_pack("{s:s, s:o, s:o, s:i, s:o}", "event", "failed", "source",
					 json_path(r, action->source), "object",
					 json_path(r, action->object), "status", status, "message",
					 cli_json_text(why ? why : "", why ? strlen(why) : 0)));
	if (!r->hinted)
		r->hinted = report_hint_at_asm(action, result->said);
	if (!r->hinted_vmlinux && strstr(result->said, "vmlinux.h' file not found")) {
		hint_at_vmlinux(r, action);
		r->hinted_vmlinux = true;
	}
	if (!r->status)
		r->status = status;
}

void report_end_action(void *ctx, const struct build_result *result)
{
	struct build_report *r = ctx;
	char hex[DIGEST_HEX_SIZE];

	report_clear_progress(r);
	print_said(r, result);
	if (!result->done) {
		count_failure(r, result);
		return;
	}
	if (r->done)
		r->done[result->action - r->plan->actions] = true;
	if (result->cached) {
		r->cached++;
		r->stale--; /* of what is compiled */
	} else {
		r->compiled++;
	}
	if (result->uses_arch && r->plan->arch_is_default) {
		r->n_use_arch++;
		if (!r->uses_arch)
			r->uses_arch = result->action->source;
	}
	digest_hex(result->digest, hex);
	if (r->json)
		cli_json_print(json_pack("{s:s, s:o, s:o, s:s, s:s*, s:I, s:f}", "event", "output",
					 "path", json_path(r, result->action->object), "source",
					 json_path(r, result->action->source), "sha256", hex, "key",
					 result->key[0] ? result->key : NULL, "size",
					 (json_int_t)result->size, "seconds",
					 (double)result->duration / 1e9));
}

void report_derived(void *ctx, const struct derive_job *job, const uint8_t digest[DIGEST_SIZE],
		    size_t size)
{
	static const char *const kinds[] = {
		[DERIVED_SKELETON] = "skeleton", [DERIVED_GO] = "go", [DERIVED_C] = "c"};
	struct build_report *r = ctx;
	char hex[DIGEST_HEX_SIZE];

	r->derived++;
	digest_hex(digest, hex);
	if (r->json)
		cli_json_print(json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:I}", "event", "output",
					 "kind", kinds[job->derived->kind], "path",
					 json_path(r, job->derived->path), "source",
					 json_path(r, job->action->source), "object",
					 json_path(r, job->action->object), "sha256", hex, "size",
					 (json_int_t)size));
}

void report_fail_derived(void *ctx, const struct derive_job *job,
			 const struct crossbpf_error *error)
{
	struct build_report *r = ctx;
	int status = cli_report(error);
	const char *why = error->message ? error->message : "out of memory";

	r->failed++;
	if (!r->status)
		r->status = status;
	if (r->json)
		cli_json_print(json_pack("{s:s, s:o, s:o, s:i, s:o}", "event", "failed", "source",
					 json_path(r, job->action->source), "path",
					 json_path(r, job->derived->path), "status", status,
					 "message", cli_json_text(why, strlen(why))));
}

void report_removed(void *ctx, const char *path)
{
	const struct build_report *r = ctx;
	cleanup_free char *line = str_printf("removed %s, which declares the same", path);

	if (!r->quiet)
		cli_log(line ? line : "out of memory");
}

void report_why_derived(void *ctx, const struct derived *derived, const char *why)
{
	cleanup_free char *line = why ? str_printf("%s is to be made: %s", derived->path, why)
				      : str_printf("%s is up to date", derived->path);

	(void)ctx;
	cli_log(line ? line : "out of memory");
}

/* It would be another object for another machine, which nobody was asked about. */
static void warn_of_arch(const struct build_report *r)
{
	if (!r->uses_arch || r->quiet)
		return;
	fprintf(stderr, "crossbpf: warning: %s", r->uses_arch);
	if (r->n_use_arch > 1)
		fprintf(stderr, " and %zu more", r->n_use_arch - 1);
	fprintf(stderr,
		" depend%s on the architecture, and %s built for this machine's: name one "
		"with --arch\n",
		r->n_use_arch > 1 ? "" : "s", r->n_use_arch > 1 ? "are" : "is");
}

void report_done(struct build_report *r)
{
	double seconds = (double)(io_now() - r->began) / 1e9;

	report_clear_progress(r);
	warn_of_arch(r);
	if (!r->quiet && !r->json) {
		fprintf(stderr, "crossbpf: %zu compiled", r->compiled);
		if (r->cached)
			fprintf(stderr, ", %zu from the cache", r->cached);
		fprintf(stderr, ", %zu up to date", r->up_to_date);
		if (r->derived)
			fprintf(stderr, ", %zu made of objects", r->derived);
		if (r->failed)
			fprintf(stderr, ", %zu failed", r->failed);
		if (r->left)
			fprintf(stderr, ", %zu not begun (-k goes on)", r->left);
		fprintf(stderr, "\n");
	}
	if (r->json)
		cli_json_print(json_pack(
			"{s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:I, s:I}", "event", "done",
			"actions", (json_int_t)r->plan->n, "compiled", (json_int_t)r->compiled,
			"cached", (json_int_t)r->cached, "up_to_date", (json_int_t)r->up_to_date,
			"failed", (json_int_t)r->failed, "backend", r->backend, "seconds", seconds,
			"bytes_sent", (json_int_t)r->bytes_sent, "bytes_received",
			(json_int_t)r->bytes_received));
}
