/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verify-baseline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli-json.h"
#include "shared/io.h"
#include "verify-rows.h"

enum { BASELINE_MAX = 1 << 30 }; /* logs are in it */

#define HINT "make it with crossbpf verify --json"

void verify_baseline_free(struct verify_baseline *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].key);
	free(b->v);
	*b = (struct verify_baseline){0};
}

/* Of the names as JSON has them. Lengths keep those apart that end where others begin. NULL where
 * memory ran out. */
static char *key_of(const char *kernel, const char *object, const char *program)
{
	return str_printf("%zu:%s%zu:%s%s", strlen(kernel), kernel, strlen(object), object,
			  program);
}

static int add(struct verify_baseline *b, struct verify_before *before)
{
	if (b->n == b->room) {
		size_t room = b->room ? 2 * b->room : 64;
		void *v = realloc(b->v, room * sizeof(*b->v));
		if (!v)
			return -ENOMEM;
		b->v = v;
		b->room = room;
	}
	b->v[b->n++] = *before;
	before->key = NULL;
	return 0;
}

static const char *member(const json_t *line, const char *name)
{
	return json_string_value(json_object_get(line, name));
}

/* NULL: it is sound, and what it says was added; "": memory ran out. */
static const char *take_program(struct verify_baseline *b, const json_t *line)
{
	const char *kernel = member(line, "kernel"), *object = member(line, "object"),
		   *program = member(line, "program"), *verdict = member(line, "verdict");
	const json_t *instructions = json_object_get(line, "instructions");

	if (!kernel || !object || !program || !verdict)
		return "it lacks a kernel, an object, a program or a verdict";
	if (instructions &&
	    (!json_is_integer(instructions) || json_integer_value(instructions) < 0))
		return "its instructions are no number";
	struct verify_before before = {
		.key = key_of(kernel, object, program),
		.loaded = strcmp(verdict, "loaded") == 0,
		.instructions = instructions ? (uint64_t)json_integer_value(instructions) : 0,
	};
	const char *why = before.key && add(b, &before) == 0 ? NULL : "";
	free(before.key);
	return why;
}

static const char *take_line(struct verify_baseline *b, const char *text, size_t len,
			     bool *ret_done, char *buf, size_t size)
{
	json_error_t error;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	const char *event = line ? member(line, "event") : NULL, *why = NULL;

	if (!line) {
		snprintf(buf, size, "%.100s", error.text);
		why = buf;
	} else if (!event) {
		why = "it is no event";
	} else if (strcmp(event, "program") == 0) {
		why = take_program(b, line);
	}
	*ret_done = !why && event && strcmp(event, "done") == 0;
	json_decref(line);
	return why;
}

static int compare_keys(const void *a, const void *b)
{
	const struct verify_before *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int read_lines(struct verify_baseline *b, const char *content, size_t len, const char *path,
		      struct crossbpf_error *e)
{
	bool done = false;
	size_t number = 0;

	for (size_t at = 0; at < len;) {
		const char *end = memchr(content + at, '\n', len - at);
		size_t n = end ? (size_t)(end - content) - at : len - at;
		char text[128];
		number++;
		if (done)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, HINT,
					 "%s:%zu: something follows the last line of a report",
					 path, number);
		const char *why = take_line(b, content + at, n, &done, text, sizeof(text));
		if (why && !*why)
			return error_no_memory(e);
		if (why)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, HINT,
					 "%s:%zu: this is no line of a report: %s", path, number,
					 why);
		at += n + 1;
	}
	return done ? 0
		    : error_set(e, -EINVAL, EXIT_STATUS_USAGE, HINT,
				"%s:%zu: the report ends before its last line, \"done\"", path,
				number + 1);
}

int verify_baseline_read(struct verify_baseline *ret, const char *content, size_t len,
			 const char *path, struct crossbpf_error *e)
{
	cleanup_verify_baseline struct verify_baseline b = {0};
	int r = read_lines(&b, content, len, path, e);

	if (r < 0)
		return r;
	if (b.n)
		qsort(b.v, b.n, sizeof(*b.v), compare_keys);
	*ret = b;
	b = (struct verify_baseline){0};
	return 0;
}

/* By the names as --json would write them. */
static int find_before(const struct verify_baseline *b, const char *kernel, const char *object,
		       const char *program, const struct verify_before **ret)
{
	const char *names[] = {kernel, object, program};
	json_t *texts[3] = {0};
	struct verify_before wanted = {0};

	for (size_t i = 0; i < 3; i++)
		texts[i] = cli_json_text(names[i], strlen(names[i]));
	if (texts[0] && texts[1] && texts[2])
		wanted.key = key_of(json_string_value(texts[0]), json_string_value(texts[1]),
				    json_string_value(texts[2]));
	for (size_t i = 0; i < 3; i++)
		json_decref(texts[i]);
	if (!wanted.key)
		return -ENOMEM;
	*ret = b->n ? bsearch(&wanted, b->v, b->n, sizeof(*b->v), compare_keys) : NULL;
	free(wanted.key);
	return 0;
}

static void add_dearer(struct strbuf *to, uint64_t now, uint64_t before, const char *path)
{
	strbuf_puts(to, "dearer by ");
	strbuf_printf(to, "%.1f %%: ", 100.0 * ((double)now / (double)before - 1));
	verify_add_count(to, now);
	strbuf_puts(to, " instructions, and ");
	verify_add_count(to, before);
	strbuf_puts(to, " in ");
	verify_add_line(to, path);
}

static bool is_dearer(uint64_t now, uint64_t before, double percent)
{
	return before && (double)now > (double)before * (1 + percent / 100);
}

/* The line, if there is something to say. */
static void compare(const struct verify_before *before, const struct verify_program *p,
		    const char *path, double percent, struct strbuf *to)
{
	if (!before->loaded)
		return;
	if (p->verdict == VERIFY_REFUSED) {
		strbuf_puts(to, "refused, and loaded in ");
		verify_add_line(to, path);
	} else if (p->verdict == VERIFY_LOADED &&
		   is_dearer(p->instructions, before->instructions, percent)) {
		add_dearer(to, p->instructions, before->instructions, path);
	}
}

int verify_baseline_compare(const struct verify_baseline *b, const struct verify_report *r,
			    const char *path, double percent, struct strbuf *to,
			    struct verify_comparison *ret)
{
	cleanup_verify_rows struct verify_rows rows = {0};
	int code = verify_rows_make(r, &rows);

	*ret = (struct verify_comparison){0};
	for (size_t i = 0; code == 0 && i < rows.n * r->n_kernels; i++) {
		const struct verify_row *row = &rows.v[i / r->n_kernels];
		const struct verify_kernel *k = &r->kernels[i % r->n_kernels];
		const char *object = r->objects[row->object];
		cleanup_strbuf struct strbuf what = {0};
		const struct verify_program *p;
		const struct verify_before *before;
		(void)verify_row_verdict(k, row, &p);
		if (!p)
			continue;
		ret->n++;
		code = find_before(b, k->name, object, p->name, &before);
		if (code == 0 && before) {
			ret->known++;
			compare(before, p, path, percent, &what);
		}
		if (!what.len)
			continue;
		verify_add_line(to, object);
		strbuf_putc(to, ' ');
		verify_add_line(to, p->name);
		strbuf_puts(to, " on ");
		verify_add_line(to, k->name);
		strbuf_printf(to, ": %s\n", what.data);
		ret->dearer++;
	}
	return code < 0 ? code : to->error;
}

int verify_baseline_open(struct verify_baseline *ret, const char *path, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};
	int r = io_read_file(path, BASELINE_MAX, &content);

	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, HINT, "cannot read %s: %s", path,
				 strerror(-r));
	return verify_baseline_read(ret, content.data ? content.data : "", content.len, path, e);
}

int verify_baseline_check(const struct verify_baseline *b, const struct verify_report *r,
			  const char *path, double percent, unsigned *ret_dearer,
			  struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf lines = {0};
	struct verify_comparison c;
	int code = verify_baseline_compare(b, r, path, percent, &lines, &c);

	if (code < 0)
		return error_no_memory(e);
	/* By names: of others it would be in vain that it is asked for. */
	if (c.n && !c.known)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE,
				 "name objects and kernels as they were named then, or make it "
				 "anew with crossbpf verify --json",
				 "nothing was compared: %s has none of these programs", path);
	if (lines.len)
		fwrite(lines.data, 1, lines.len, stderr);
	*ret_dearer = c.dearer;
	return 0;
}
