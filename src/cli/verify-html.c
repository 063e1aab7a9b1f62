/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verify-html.h"

#include <errno.h>
#include <string.h>

#include "cli-json.h"
#include "cli.h"
#include "shared/io.h"
#include "verify-page.h"
#include "verify-rows.h"

enum { LOG_SHOWN = 256 << 10 }; /* bytes of a log: its end */

struct page {
	const struct verify_report *report;
	struct verify_rows rows;
	struct strbuf out;
};

static void page_free(struct page *p)
{
	verify_rows_free(&p->rows);
	strbuf_free(&p->out);
}
#define cleanup_page CLEANUP(page_free)

static void add(struct page *p, const char *markup)
{
	strbuf_puts(&p->out, markup);
}

static void add_escaped(struct page *p, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (text[i]) {
		case '&':
			add(p, "&amp;");
			break;
		case '<':
			add(p, "&lt;");
			break;
		case '>':
			add(p, "&gt;");
			break;
		case '"':
			add(p, "&quot;");
			break;
		case '\'':
			add(p, "&#39;");
			break;
		default:
			strbuf_putc(&p->out, text[i]);
		}
}

/* Whatever it holds: as UTF-8, what would control something written out, and no markup. */
static void add_text(struct page *p, const char *text)
{
	cleanup_strbuf struct strbuf visible = {0};

	cli_add_visible(&visible, text);
	json_t *sound = cli_json_text(visible.data ? visible.data : "", visible.len);
	if (visible.error || !sound)
		p->out.error = -ENOMEM;
	else
		add_escaped(p, json_string_value(sound), json_string_length(sound));
	json_decref(sound);
}

/* <TAG>TEXT</TAG>, and nothing for no text. `tag` may have attributes. */
static void add_element(struct page *p, const char *tag, const char *text)
{
	if (!text || !*text)
		return;
	strbuf_printf(&p->out, "<%s>", tag);
	add_text(p, text);
	strbuf_printf(&p->out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

/* A name, which may be broken where its parts begin. */
static void add_name(struct page *p, const char *tag, const char *name)
{
	strbuf_printf(&p->out, "<%s class=\"name\">", tag);
	while (*name) {
		size_t len = strcspn(name, "/._-");
		len += name[len] != '\0';
		cleanup_free char *part = strndup(name, len);
		if (!part)
			p->out.error = -ENOMEM;
		add_text(p, part ? part : "");
		name += len;
		add(p, *name ? "<wbr>" : "");
	}
	strbuf_printf(&p->out, "</%s>", tag);
}

/* Head */

static void add_counts(struct page *p)
{
	const struct verify_counts c = verify_count(p->report);

	add(p, "<body>\n<header>\n<h1>crossbpf verify</h1>\n<ul class=\"counts\">\n");
	strbuf_printf(&p->out, "<li class=\"loaded\">✓ %zu loaded</li>\n", c.loaded);
	strbuf_printf(&p->out, "<li class=\"refused\">✗ %zu refused</li>\n", c.refused);
	if (c.unattached)
		strbuf_printf(&p->out, "<li class=\"refused\">✗ %zu not attached</li>\n",
			      c.unattached);
	if (c.lost)
		strbuf_printf(&p->out, "<li class=\"lost\">? %zu kernel%s without an answer</li>\n",
			      c.lost, c.lost == 1 ? "" : "s");
	strbuf_printf(&p->out, "<li>%zu object%s</li>\n<li>%zu kernel%s</li>\n</ul>\n</header>\n",
		      p->report->n_objects, p->report->n_objects == 1 ? "" : "s",
		      p->report->n_kernels, p->report->n_kernels == 1 ? "" : "s");
}

/* The grid */

static void add_kernel_head(struct page *p, const struct verify_kernel *k)
{
	add(p, "<th scope=\"col\">");
	add_name(p, "span", k->name);
	if (k->release && strcmp(k->release, k->name) != 0)
		add_element(p, "small", k->release);
	if (k->release && !k->has_btf)
		add(p, "<small class=\"lost\">no BTF</small>");
	add(p, "</th>\n");
}

static const char *mark_of(enum verify_verdict verdict)
{
	return verdict == VERIFY_LOADED      ? "✓"
	       : verdict == VERIFY_REFUSED   ? "✗"
	       : verdict == VERIFY_NO_ANSWER ? "?"
					     : "–";
}

/* Failures are numbered as the page tells them: by kernel, object and program; object as a whole:
 * the number behind its last program's. */
static void add_place(struct page *p, size_t kernel, size_t object, size_t program)
{
	strbuf_printf(&p->out, "f%zu-%zu-%zu", kernel, object, program);
}

static void add_bar(struct page *p, double share)
{
	strbuf_printf(&p->out,
		      "<svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" "
		      "aria-hidden=\"true\"><rect width=\"%.2f\" height=\"1\"/></svg>",
		      share > 1 ? 100 : 100 * share);
}

static void add_loaded(struct page *p, const struct verify_program *program)
{
	struct strbuf *out = &p->out;

	add(p, "<td class=\"ok\"><span class=\"loaded\">✓</span> <span class=\"number\">");
	if (program->instructions)
		verify_add_count(out, program->instructions);
	else
		add(p, "loaded");
	add(p, "</span><small>");
	if (program->instructions) {
		cleanup_strbuf struct strbuf share = {0};
		verify_add_share(&share, program->instructions);
		add_text(p, share.data ? share.data : "");
		add(p, " · ");
	}
	cleanup_strbuf struct strbuf seconds = {0};
	verify_add_seconds(&seconds, program->seconds);
	add_text(p, seconds.data ? seconds.data : "");
	add(p, "</small></td>\n");
}

static void add_cell(struct page *p, size_t kernel, const struct verify_row *row)
{
	const struct verify_kernel *k = &p->report->kernels[kernel];
	const struct verify_program *program;
	enum verify_verdict verdict = verify_row_verdict(k, row, &program);
	const char *class = verdict == VERIFY_REFUSED     ? "refused"
			    : verdict == VERIFY_NO_ANSWER ? "lost"
							  : "";

	if (program && verdict == VERIFY_LOADED) {
		add_loaded(p, program);
		return;
	}
	strbuf_printf(&p->out, "<td class=\"%s\">", class);
	if (verdict == VERIFY_REFUSED) {
		const struct verify_object *o = &k->objects[row->object];
		add(p, "<a href=\"#");
		add_place(p, kernel, row->object,
			  program ? (size_t)(program - o->programs) : o->n_programs);
		add(p, "\">");
	}
	strbuf_printf(&p->out, "%s %s", mark_of(verdict), verify_verdict_name(verdict));
	add(p, verdict == VERIFY_REFUSED ? "</a></td>\n" : "</td>\n");
}

/* Its cells tell where it was refused with no program to blame. */
static void add_object_row(struct page *p, size_t object)
{
	const struct verify_report *r = p->report;

	add(p, "<tr class=\"object\"><th scope=\"row\">");
	add_name(p, "span", r->objects[object]);
	add(p, "</th>\n");
	for (size_t k = 0; k < r->n_kernels; k++) {
		const struct verify_object *o = r->kernels[k].objects;
		if (!o || !verify_is_object_refused(&o[object])) {
			add(p, "<td></td>\n");
			continue;
		}
		add(p, "<td class=\"refused\"><a href=\"#");
		add_place(p, k, object, o[object].n_programs);
		add(p, "\">✗ refused</a></td>\n");
	}
	add(p, "</tr>\n");
}

static void add_row(struct page *p, const struct verify_row *row)
{
	add(p, "<tr><th scope=\"row\">");
	add_name(p, "span", row->program ? row->program : "(no program)");
	add_element(p, "small", row->section);
	add(p, "</th>\n");
	for (size_t k = 0; k < p->report->n_kernels; k++)
		add_cell(p, k, row);
	add(p, "</tr>\n");
}

static void add_grid(struct page *p)
{
	add(p, "<h2 id=\"grid\">Programs on kernels</h2>\n"
	       "<div class=\"card scroll grid\" role=\"region\" aria-labelledby=\"grid\" "
	       "tabindex=\"0\">\n<table>\n<caption><span>Instructions that the verifier went "
	       "through, their share of its limit of 1,000,000, and how long loading took."
	       "</span></caption>\n"
	       "<thead><tr><th scope=\"col\">Program</th>\n");
	for (size_t k = 0; k < p->report->n_kernels; k++)
		add_kernel_head(p, &p->report->kernels[k]);
	add(p, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < p->rows.n; i++) {
		if (i == 0 || p->rows.v[i].object != p->rows.v[i - 1].object)
			add_object_row(p, p->rows.v[i].object);
		add_row(p, &p->rows.v[i]);
	}
	add(p, "</tbody>\n</table>\n</div>\n");
}

/* Failures */

/* Folded; of a long one the end. */
static void add_folded(struct page *p, const char *summary, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len)
		return;
	strbuf_printf(&p->out, "<details><summary>%s</summary>", summary);
	if (len > LOG_SHOWN) {
		add(p, "<p><small>Its end; --json has all of it.</small></p>");
		text += len - LOG_SHOWN;
	}
	add(p, "<pre tabindex=\"0\">");
	add_text(p, text);
	add(p, "</pre></details>\n");
}

static void add_reason(struct page *p, const struct verify_reason *reason)
{
	add(p, "<p>");
	if (reason->file && reason->line) {
		add(p, "<code>");
		add_text(p, reason->file);
		strbuf_printf(&p->out, ":%u</code>: ", reason->line);
	}
	add_text(p, reason->text ? reason->text : "not known");
	add(p, "</p>\n");
	add_folded(p, "In terms of the source", reason->explanation);
}

static void begin_failure(struct page *p, size_t kernel, size_t object, size_t program,
			  const char *name)
{
	const struct verify_report *r = p->report;

	add(p, "<article class=\"card failure\" id=\"");
	add_place(p, kernel, object, program);
	add(p, "\">\n<h3><span class=\"refused\" aria-hidden=\"true\">✗</span> ");
	add_name(p, "span", name ? name : r->objects[object]);
	add(p, " on ");
	add_name(p, "span", r->kernels[kernel].name);
	add(p, "</h3>\n");
	if (name)
		add_element(p, "small", r->objects[object]);
}

static void add_object_failures(struct page *p, size_t kernel, size_t object)
{
	const struct verify_kernel *k = &p->report->kernels[kernel];
	const struct verify_object *o = &k->objects[object];

	for (size_t i = 0; i < o->n_programs; i++) {
		const struct verify_program *program = &o->programs[i];
		if (program->verdict != VERIFY_REFUSED && !program->reason.text)
			continue;
		begin_failure(p, kernel, object, i, program->name);
		add_reason(p, &program->reason);
		add_folded(p, program->is_libbpf ? "What libbpf said" : "What the verifier said",
			   program->log);
		add(p, "</article>\n");
	}
	if (!verify_is_object_refused(o))
		return;
	begin_failure(p, kernel, object, o->n_programs, NULL);
	add_reason(p, &o->reason);
	add_folded(p, "What libbpf said", o->message);
	add(p, "</article>\n");
}

static void add_lost(struct page *p, const struct verify_kernel *k)
{
	add(p, "<article class=\"card failure lost\">\n<h3><span class=\"lost\" "
	       "aria-hidden=\"true\">?</span> ");
	add_name(p, "span", k->name);
	add(p, " gave no answer</h3>\n");
	add_element(p, "p", k->failure ? k->failure : "It did not answer to its end.");
	add_folded(p, "What it printed last", k->console);
	add(p, "</article>\n");
}

static void add_failures(struct page *p)
{
	const struct verify_report *r = p->report;
	const struct verify_counts c = verify_count(r);

	if (!c.refused && !c.lost)
		return;
	add(p, "<h2>What failed</h2>\n");
	for (size_t k = 0; k < r->n_kernels; k++) {
		for (size_t o = 0; r->kernels[k].objects && o < r->n_objects; o++)
			add_object_failures(p, k, o);
		if (r->kernels[k].error)
			add_lost(p, &r->kernels[k]);
	}
}

/* Bars */

static uint64_t most_of(const struct page *p, const struct verify_row *row)
{
	uint64_t most = 0;

	for (size_t k = 0; k < p->report->n_kernels; k++) {
		const struct verify_program *program;
		if (verify_row_verdict(&p->report->kernels[k], row, &program) == VERIFY_LOADED &&
		    program && program->instructions > most)
			most = program->instructions;
	}
	return most;
}

static void add_bars_of(struct page *p, const struct verify_row *row, uint64_t most)
{
	add(p, "<section class=\"card\">\n<h3>");
	add_name(p, "span", row->program);
	add(p, "</h3>\n");
	add_element(p, "small", p->report->objects[row->object]);
	add(p, "<dl>\n");
	for (size_t k = 0; k < p->report->n_kernels; k++) {
		const struct verify_program *program;
		enum verify_verdict verdict =
			verify_row_verdict(&p->report->kernels[k], row, &program);
		bool has = program && verdict == VERIFY_LOADED && program->instructions;
		add(p, "<div>");
		add_name(p, "dt", p->report->kernels[k].name);
		add(p, "<dd>");
		if (has)
			add_bar(p, (double)program->instructions / (double)most);
		add(p, "</dd><dd class=\"number\">");
		if (has)
			verify_add_count(&p->out, program->instructions);
		else
			strbuf_printf(&p->out, "<small>%s %s</small>", mark_of(verdict),
				      verify_verdict_name(verdict));
		add(p, "</dd></div>\n");
	}
	add(p, "</dl>\n</section>\n");
}

static void add_bars(struct page *p)
{
	bool begun = false;

	for (size_t i = 0; i < p->rows.n; i++) {
		uint64_t most = most_of(p, &p->rows.v[i]);
		if (!most)
			continue;
		if (!begun)
			add(p, "<h2>Instructions over kernels</h2>\n<div class=\"bars\">\n");
		begun = true;
		add_bars_of(p, &p->rows.v[i], most);
	}
	add(p, begun ? "</div>\n" : "");
}

/* What was asked for beside loading */

static void add_uses(struct page *p)
{
	const struct verify_report *r = p->report;
	bool begun = false;

	for (size_t i = 0; i < p->rows.n * r->n_kernels; i++) {
		const struct verify_row *row = &p->rows.v[i / r->n_kernels];
		const struct verify_kernel *k = &r->kernels[i % r->n_kernels];
		cleanup_strbuf struct strbuf use = {0};
		const struct verify_program *program;
		(void)verify_row_verdict(k, row, &program);
		if (program)
			verify_add_use(&use, program);
		if (!use.len)
			continue;
		if (!begun)
			add(p, "<h2 id=\"use\">Attached, and run</h2>\n<div class=\"card scroll\" "
			       "role=\"region\" aria-labelledby=\"use\" tabindex=\"0\">\n<table>\n"
			       "<thead><tr><th scope=\"col\">Program</th><th scope=\"col\">Kernel"
			       "</th><th scope=\"col\">What it did</th></tr></thead>\n<tbody>\n");
		begun = true;
		add(p, "<tr><th scope=\"row\">");
		add_name(p, "span", row->program);
		add_element(p, "small", r->objects[row->object]);
		add(p, "</th><td>");
		add_name(p, "span", k->name);
		add(p, "</td><td>");
		add_text(p, use.data);
		add(p, "</td></tr>\n");
	}
	add(p, begun ? "</tbody>\n</table>\n</div>\n" : "");
}

/* Kernels */

static void add_kernel(struct page *p, const struct verify_kernel *k)
{
	cleanup_strbuf struct strbuf seconds = {0};

	verify_add_seconds(&seconds, k->seconds);
	add(p, "<tr><th scope=\"row\">");
	add_name(p, "span", k->name);
	add(p, "</th><td>");
	add_name(p, "span", k->release ? k->release : "not known");
	add_element(p, "small", k->machine);
	add(p, "</td><td>");
	add(p, !k->release  ? "not known"
	       : k->has_btf ? "yes"
			    : "<span class=\"lost\">no: what needs it is refused, but for what "
			      "--btf FILE tells</span>");
	add(p, "</td><td>");
	add_element(p, "span class=\"number\"", seconds.data);
	add(p, "</td><td>");
	if (k->command_status >= 0)
		strbuf_printf(&p->out, "status %d", k->command_status);
	else
		add(p, k->command_output ? "did not end in time" : "none");
	add_folded(p, "What it printed", k->command_output);
	add(p, "</td></tr>\n");
}

static void add_kernels(struct page *p)
{
	add(p, "<h2 id=\"kernels\">Kernels</h2>\n<div class=\"card scroll\" role=\"region\" "
	       "aria-labelledby=\"kernels\" tabindex=\"0\">\n<table>\n<thead><tr>"
	       "<th scope=\"col\">Kernel</th><th scope=\"col\">Release</th>"
	       "<th scope=\"col\">BTF</th><th scope=\"col\">Time</th>"
	       "<th scope=\"col\">Command</th></tr></thead>\n<tbody>\n");
	for (size_t k = 0; k < p->report->n_kernels; k++)
		add_kernel(p, &p->report->kernels[k]);
	add(p, "</tbody>\n</table>\n</div>\n");
}

static int make(struct page *p)
{
	int r = verify_rows_make(p->report, &p->rows);

	if (r < 0)
		return r;
	add(p, verify_page);
	add_counts(p);
	add(p, "<main>\n");
	add_grid(p);
	add_failures(p);
	add_bars(p);
	add_uses(p);
	add_kernels(p);
	add(p, "</main>\n</body>\n</html>\n");
	return p->out.error;
}

int verify_html_write(const struct verify_report *r, const char *path, struct crossbpf_error *e)
{
	cleanup_page struct page page = {.report = r};
	struct stat st;
	int code = make(&page);

	if (code < 0)
		return error_no_memory(e);
	code = io_write_output(path, page.out.data, page.out.len, &st);
	return code == 0 ? 0
			 : error_set(e, code, EXIT_STATUS_OUTPUT, "name another file by --html",
				     "cannot write %s: %s", path, strerror(-code));
}
