/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verify-table.h"

#include <errno.h>
#include <string.h>

#include "core/verify-reason.h"
#include "verify-rows.h"

enum {
	WIDTH = 110,     /* kernels that do not fit go below; one always does */
	NAME_SHOWN = 48, /* of a name in the table: below it is whole */
	GAP = 2,
};

struct cell {
	struct strbuf text;
	const char *colour; /* NULL: none */
};

/* Lines of the head, of each object, of each program; [0] of a line is a name. */
struct table {
	const struct verify_report *report;
	struct verify_rows rows;
	struct cell *cells; /* owned */
	size_t n_lines, n_columns;
	size_t *widths; /* owned */
	bool colour;
};

enum { HEAD = 3 }; /* name, release, BTF */

static void table_free(struct table *t)
{
	for (size_t i = 0; t->cells && i < t->n_lines * t->n_columns; i++)
		strbuf_free(&t->cells[i].text);
	free(t->cells);
	free(t->widths);
	verify_rows_free(&t->rows);
}
#define cleanup_table CLEANUP(table_free)

static struct cell *cell_at(const struct table *t, size_t line, size_t column)
{
	return &t->cells[line * t->n_columns + column];
}

/* Never cut within a character of UTF-8. */
static void add_name(struct strbuf *to, const char *indent, const char *name)
{
	cleanup_strbuf struct strbuf visible = {0};

	strbuf_puts(&visible, indent);
	verify_add_line(&visible, name);
	size_t len = visible.len;
	if (len > NAME_SHOWN) {
		len = NAME_SHOWN - 3;
		while (len && ((unsigned char)visible.data[len] & 0xc0) == 0x80)
			len--;
	}
	strbuf_add(to, visible.data ? visible.data : "", len);
	strbuf_puts(to, len < visible.len ? "..." : "");
	to->error = to->error ? to->error : visible.error;
}

/* The head */

static void fill_kernel(const struct table *t, size_t column)
{
	const struct verify_kernel *k = &t->report->kernels[column - 1];

	add_name(&cell_at(t, 0, column)->text, "", k->name);
	if (k->release && strcmp(k->release, k->name) != 0)
		add_name(&cell_at(t, 1, column)->text, "", k->release);
	if (k->release && !k->has_btf)
		strbuf_puts(&cell_at(t, 2, column)->text, "no BTF");
}

/* Programs */

static void fill_verdict(struct cell *cell, enum verify_verdict verdict)
{
	cell->colour = verdict == VERIFY_REFUSED     ? "\033[31m"
		       : verdict == VERIFY_NO_ANSWER ? "\033[33m"
						     : NULL;
	strbuf_puts(&cell->text, verify_verdict_name(verdict));
}

static void fill_program(struct cell *cell, const struct verify_kernel *k,
			 const struct verify_row *row)
{
	const struct verify_program *p;
	enum verify_verdict verdict = verify_row_verdict(k, row, &p);

	if (!p || verdict != VERIFY_LOADED) {
		fill_verdict(cell, verdict);
		return;
	}
	if (p->instructions) {
		verify_add_count(&cell->text, p->instructions);
		strbuf_puts(&cell->text, "  ");
		verify_add_share(&cell->text, p->instructions);
	} else {
		strbuf_puts(&cell->text, "loaded");
	}
	strbuf_puts(&cell->text, "  ");
	verify_add_seconds(&cell->text, p->seconds);
}

static void fill_object(const struct table *t, size_t line, size_t object)
{
	add_name(&cell_at(t, line, 0)->text, "", t->report->objects[object]);
	for (size_t k = 0; k < t->report->n_kernels; k++) {
		const struct verify_object *o = t->report->kernels[k].objects;
		if (o && verify_is_object_refused(&o[object]))
			fill_verdict(cell_at(t, line, k + 1), VERIFY_REFUSED);
	}
}

static void fill(const struct table *t)
{
	size_t line = HEAD;

	for (size_t k = 1; k < t->n_columns; k++)
		fill_kernel(t, k);
	for (size_t i = 0; i < t->rows.n; i++) {
		const struct verify_row *row = &t->rows.v[i];
		if (i == 0 || row->object != t->rows.v[i - 1].object)
			fill_object(t, line++, row->object);
		add_name(&cell_at(t, line, 0)->text, "  ",
			 row->program ? row->program : "(no program)");
		for (size_t k = 0; k < t->report->n_kernels; k++)
			fill_program(cell_at(t, line, k + 1), &t->report->kernels[k], row);
		line++;
	}
}

static int measure(const struct table *t)
{
	int error = 0;

	for (size_t i = 0; i < t->n_lines * t->n_columns; i++) {
		size_t *width = &t->widths[i % t->n_columns];
		error = error ? error : t->cells[i].text.error;
		if (t->cells[i].text.len > *width)
			*width = t->cells[i].text.len;
	}
	return error;
}

static int make(struct table *t)
{
	int r = verify_rows_make(t->report, &t->rows);

	if (r < 0)
		return r;
	t->n_columns = t->report->n_kernels + 1;
	t->n_lines = HEAD + t->report->n_objects + t->rows.n;
	t->cells = calloc(t->n_lines * t->n_columns, sizeof(*t->cells));
	t->widths = calloc(t->n_columns, sizeof(*t->widths));
	if (!t->cells || !t->widths)
		return -ENOMEM;
	fill(t);
	return measure(t);
}

/* Output */

static void print_cell(const struct table *t, const struct cell *cell, struct strbuf *to)
{
	const char *colour = t->colour && cell->text.len ? cell->colour : NULL;

	strbuf_puts(to, colour ? colour : "");
	strbuf_puts(to, cell->text.data ? cell->text.data : "");
	strbuf_puts(to, colour ? "\033[0m" : "");
}

/* A line without anything in it is left out; what is last on one is not filled up. */
static void print_line(const struct table *t, size_t line, size_t from, size_t to, struct strbuf *b)
{
	size_t blank = 0, had = 0;

	for (size_t i = 0; i < 1 + to - from; i++) {
		size_t column = i ? from + i - 1 : 0;
		const struct cell *cell = cell_at(t, line, column);
		if (cell->text.len) {
			strbuf_printf(b, "%*s", (int)blank, "");
			print_cell(t, cell, b);
			had += cell->text.len;
			blank = 0;
		}
		blank += t->widths[column] - cell->text.len + GAP;
	}
	if (had)
		strbuf_putc(b, '\n');
}

static void print_grid(const struct table *t, struct strbuf *b)
{
	for (size_t from = 1, to; from < t->n_columns; from = to) {
		size_t width = t->widths[0];
		for (to = from; to < t->n_columns; to++) {
			width += GAP + t->widths[to];
			if (width > WIDTH && to > from)
				break;
		}
		for (size_t line = 0; line < t->n_lines; line++)
			print_line(t, line, from, to, b);
		strbuf_putc(b, '\n');
	}
}

/* Below it */

static void begin_note(struct strbuf *b, const struct verify_report *r, size_t object,
		       const char *program, const struct verify_kernel *k)
{
	verify_add_line(b, r->objects[object]);
	if (program) {
		strbuf_putc(b, ' ');
		verify_add_line(b, program);
	}
	strbuf_puts(b, " on ");
	verify_add_line(b, k->name);
	strbuf_puts(b, ": ");
}

static void add_reason(struct strbuf *b, const struct verify_reason *reason)
{
	cleanup_strbuf struct strbuf line = {0};

	verify_reason_add(reason, &line);
	verify_add_line(b, line.data ? line.data : "");
	strbuf_putc(b, '\n');
}

static void add_program_notes(struct strbuf *b, const struct verify_report *r,
			      const struct verify_kernel *k, size_t object,
			      const struct verify_program *p)
{
	cleanup_strbuf struct strbuf use = {0};

	if (p->verdict == VERIFY_REFUSED || p->reason.text) {
		begin_note(b, r, object, p->name, k);
		add_reason(b, &p->reason);
	}
	verify_add_use(&use, p);
	if (!use.len)
		return;
	begin_note(b, r, object, p->name, k);
	strbuf_puts(b, use.data);
	strbuf_putc(b, '\n');
}

/* Lines of another program's, set off. */
static void add_output(struct strbuf *b, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		cleanup_free char *line = strndup(text, len);
		strbuf_puts(b, "  ");
		verify_add_line(b, line ? line : "");
		strbuf_putc(b, '\n');
		text += len + (text[len] == '\n');
	}
}

static void add_kernel_notes(struct strbuf *b, const struct verify_kernel *k)
{
	cleanup_strbuf struct strbuf last = {0};

	if (k->error) {
		verify_add_line(b, k->name);
		strbuf_puts(b, ": ");
		verify_add_line(b, k->failure ? k->failure : "it did not answer to its end");
		if (k->console)
			verify_add_last_line(&last, k->console);
		if (last.len)
			strbuf_printf(b, "\n  the last that it printed: %s", last.data);
		strbuf_putc(b, '\n');
	} else if (!k->has_btf) {
		verify_add_line(b, k->name);
		strbuf_puts(b, ": it has no BTF: what needs that is refused, but for what --btf "
			       "FILE tells\n");
	}
	if (k->command_status < 0 && !k->command_output)
		return;
	verify_add_line(b, k->name);
	if (k->command_status < 0)
		strbuf_puts(b, ": the command did not end in time (--timeout), and was ended\n");
	else
		strbuf_printf(b, ": the command ended with status %d\n", k->command_status);
	add_output(b, k->command_output ? k->command_output : "");
}

static void add_notes(struct strbuf *b, const struct verify_report *r,
		      const struct verify_kernel *k)
{
	for (size_t o = 0; k->objects && o < r->n_objects; o++) {
		const struct verify_object *object = &k->objects[o];
		if (verify_is_object_refused(object)) {
			begin_note(b, r, o, NULL, k);
			add_reason(b, &object->reason);
		} else if (object->verdict == VERIFY_NOT_LOADED && object->message) {
			begin_note(b, r, o, NULL, k);
			verify_add_line(b, object->message);
			strbuf_putc(b, '\n');
		}
		for (size_t p = 0; p < object->n_programs; p++)
			add_program_notes(b, r, k, o, &object->programs[p]);
	}
	add_kernel_notes(b, k);
}

static void add_counts(struct strbuf *b, const struct verify_report *r)
{
	const struct verify_counts c = verify_count(r);

	if (c.refused)
		strbuf_puts(b, "--html FILE and --json have what the verifier said, and what to do "
			       "about it\n");
	if (c.loaded)
		strbuf_puts(b, "of a program: instructions verified, their share of the limit, "
			       "time to load\n");
	strbuf_printf(b, "%zu loaded, %zu refused", c.loaded, c.refused);
	if (c.unattached)
		strbuf_printf(b, ", %zu not attached", c.unattached);
	if (c.lost)
		strbuf_printf(b, ", %zu kernel%s without an answer", c.lost,
			      c.lost == 1 ? "" : "s");
	strbuf_putc(b, '\n');
}

int verify_table_print(const struct verify_report *r, FILE *to, bool colour)
{
	cleanup_table struct table t = {.report = r, .colour = colour};
	cleanup_strbuf struct strbuf b = {0};
	int code = make(&t);

	if (code < 0)
		return code;
	print_grid(&t, &b);
	size_t before = b.len;
	for (size_t k = 0; k < r->n_kernels; k++)
		add_notes(&b, r, &r->kernels[k]);
	strbuf_puts(&b, b.len > before ? "\n" : "");
	add_counts(&b, r);
	if (b.error)
		return b.error;
	fwrite(b.data, 1, b.len, to);
	return 0;
}
