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
	if (!action->variant->has_asm && !r->hinted && strstr(result->said, "'asm/") &&
	    strstr(result->said, "file not found")) {
		hint_at_headers(action->variant->arch);
		r->hinted = true;
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
