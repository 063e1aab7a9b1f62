/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verify-rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core/verify-reason.h"

void verify_rows_free(struct verify_rows *rows)
{
	free(rows->v);
	*rows = (struct verify_rows){0};
}

static const struct verify_program *find(const struct verify_kernel *k, size_t object,
					 const char *name)
{
	const struct verify_object *o = k->objects ? &k->objects[object] : NULL;

	for (size_t i = 0; o && name && i < o->n_programs; i++)
		if (strcmp(o->programs[i].name, name) == 0)
			return &o->programs[i];
	return NULL;
}

static bool has(const struct verify_rows *rows, size_t from, const char *name)
{
	for (size_t i = from; i < rows->n; i++)
		if (strcmp(rows->v[i].program, name) == 0)
			return true;
	return false;
}

static void add_object(const struct verify_report *r, size_t object, struct verify_rows *rows)
{
	size_t from = rows->n;

	for (size_t k = 0; k < r->n_kernels; k++) {
		const struct verify_object *o =
			r->kernels[k].objects ? &r->kernels[k].objects[object] : NULL;
		for (size_t i = 0; o && i < o->n_programs; i++)
			if (!has(rows, from, o->programs[i].name))
				rows->v[rows->n++] = (struct verify_row){
					object, o->programs[i].name, o->programs[i].section};
	}
	if (rows->n == from)
		rows->v[rows->n++] = (struct verify_row){object, NULL, NULL};
}

int verify_rows_make(const struct verify_report *r, struct verify_rows *ret)
{
	cleanup_verify_rows struct verify_rows rows = {0};
	size_t room = r->n_objects + 1;

	for (size_t k = 0; k < r->n_kernels; k++)
		for (size_t o = 0; r->kernels[k].objects && o < r->n_objects; o++)
			room += r->kernels[k].objects[o].n_programs;
	rows.v = calloc(room, sizeof(*rows.v));
	if (!rows.v)
		return -ENOMEM;
	for (size_t o = 0; o < r->n_objects; o++)
		add_object(r, o, &rows);
	*ret = rows;
	rows = (struct verify_rows){0};
	return 0;
}

enum verify_verdict verify_row_verdict(const struct verify_kernel *k, const struct verify_row *row,
				       const struct verify_program **ret_program)
{
	const struct verify_program *p = find(k, row->object, row->program);

	*ret_program = p;
	if (p)
		return p->verdict;
	return k->objects ? k->objects[row->object].verdict : VERIFY_NO_ANSWER;
}

const char *verify_verdict_name(enum verify_verdict verdict)
{
	static const char *const names[] = {
		[VERIFY_NO_ANSWER] = "no answer",
		[VERIFY_LOADED] = "loaded",
		[VERIFY_REFUSED] = "refused",
		[VERIFY_NOT_LOADED] = "not loaded",
	};

	return names[verdict];
}

bool verify_is_object_refused(const struct verify_object *o)
{
	return o->verdict == VERIFY_REFUSED && !verify_object_has_culprit(o);
}

struct verify_counts verify_count(const struct verify_report *r)
{
	struct verify_counts c = {0};

	for (size_t k = 0; k < r->n_kernels; k++) {
		c.lost += r->kernels[k].error != 0;
		for (size_t o = 0; r->kernels[k].objects && o < r->n_objects; o++) {
			const struct verify_object *object = &r->kernels[k].objects[o];
			c.refused += verify_is_object_refused(object);
			for (size_t p = 0; p < object->n_programs; p++) {
				c.loaded += object->programs[p].verdict == VERIFY_LOADED;
				c.refused += object->programs[p].verdict == VERIFY_REFUSED;
				c.unattached += object->programs[p].attach_failed;
			}
		}
	}
	return c;
}

void verify_add_count(struct strbuf *to, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			strbuf_putc(to, ',');
		strbuf_putc(to, digits[i]);
	}
}

void verify_add_share(struct strbuf *to, uint64_t instructions)
{
	double share = 100.0 * (double)instructions / VERIFY_LIMIT;

	if (instructions && share < 0.05)
		strbuf_puts(to, "<0.1 %");
	else
		strbuf_printf(to, "%.1f %%", share);
}

void verify_add_seconds(struct strbuf *to, double seconds)
{
	if (seconds < 0.001)
		strbuf_puts(to, "<1 ms");
	else if (seconds < 1)
		strbuf_printf(to, "%.0f ms", 1000 * seconds);
	else
		strbuf_printf(to, "%.1f s", seconds);
}

void verify_add_line(struct strbuf *to, const char *text)
{
	cleanup_free char *line = strdup(text);

	for (char *at = line; at && *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	cli_add_visible(to, line ? line : "");
}

void verify_add_last_line(struct strbuf *to, const char *text)
{
	size_t len;
	const char *last = str_last_line(text, strlen(text), &len);
	cleanup_free char *line = strndup(last, len);

	verify_add_line(to, line ? line : "");
}

static void add_packets(struct strbuf *to, const struct verify_program *p)
{
	verify_add_count(to, p->packets);
	strbuf_puts(to, p->packets == 1 ? " packet" : " packets");
	for (size_t i = 0; i < p->n_tallies; i++) {
		strbuf_puts(to, i ? ", " : ": ");
		verify_add_line(to, p->tallies[i].name);
		strbuf_putc(to, ' ');
		verify_add_count(to, p->tallies[i].n);
	}
	if (!p->packets_failed)
		return;
	strbuf_puts(to, p->n_tallies ? ", failed " : ": failed ");
	verify_add_count(to, p->packets_failed);
}

void verify_add_use(struct strbuf *to, const struct verify_program *p)
{
	size_t before = to->len;

	if (p->attached)
		strbuf_puts(to, "attached");
	if (p->attached && p->counted) {
		strbuf_puts(to, ", ran ");
		verify_add_count(to, p->runs);
		strbuf_puts(to, p->runs == 1 ? " time" : " times");
	}
	if (p->attach_message) {
		strbuf_puts(to, p->attach_failed ? "not attached: " : "left unattached: ");
		verify_add_line(to, p->attach_message);
	}
	if (p->packets || p->packets_failed) {
		strbuf_puts(to, to->len > before ? "; " : "");
		add_packets(to, p);
	}
}
