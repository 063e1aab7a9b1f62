/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verify-json.h"

#include <errno.h>
#include <string.h>

#include "cli-json.h"
#include "verify-rows.h"

static json_t *text(const char *s)
{
	return s ? cli_json_text(s, strlen(s)) : NULL;
}

static json_t *number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

/* A member without a value is none. */
static int print(json_t *object, FILE *to)
{
	int r = object ? 0 : -ENOMEM;

	if (object) {
		json_dumpf(object, to, JSON_COMPACT | JSON_REAL_PRECISION(6));
		putc('\n', to);
	}
	json_decref(object);
	return r;
}

static int print_kernel(const struct verify_kernel *k, FILE *to)
{
	json_t *status = k->command_status >= 0 ? json_integer(k->command_status) : NULL;
	/* Of one that did not answer it is not known. */
	json_t *btf = k->release ? json_boolean(k->has_btf) : NULL;

	return print(json_pack("{s:s, s:o, s:o*, s:o*, s:o*, s:b, s:o*, s:o*, s:f, s:o*, s:o*}",
			       "event", "kernel", "kernel", text(k->name), "release",
			       text(k->release), "machine", text(k->machine), "btf", btf,
			       "answered", (int)!k->error, "failure", text(k->failure), "console",
			       text(k->console), "seconds", k->seconds, "command_status", status,
			       "command_output", text(k->command_output)),
		     to);
}

static json_t *verdicts(const struct verify_program *p)
{
	json_t *object = p->n_tallies ? json_object() : NULL;

	for (size_t i = 0; object && i < p->n_tallies; i++) {
		json_t *name = text(p->tallies[i].name);
		json_object_set_new(object, name ? json_string_value(name) : "",
				    number(p->tallies[i].n));
		json_decref(name);
	}
	return object;
}

static int add_reason(json_t *object, const struct verify_reason *reason, int error)
{
	if (!object)
		return -ENOMEM;
	json_t *line = reason->line ? json_integer(reason->line) : NULL;
	json_t *more = json_pack("{s:i, s:o*, s:o*, s:o*, s:o*}", "error", -error, "file",
				 text(reason->file), "line", line, "reason", text(reason->text),
				 "explanation", text(reason->explanation));
	int r = more ? json_object_update(object, more) : -1;
	json_decref(more);
	return r < 0 ? -ENOMEM : 0;
}

/* What was asked for beside loading it. */
static int add_use(json_t *object, const struct verify_program *p)
{
	bool was_asked = p->attached || p->attach_message;
	bool has_packets = p->packets || p->packets_failed;
	json_t *more =
		json_pack("{s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}", "attached",
			  was_asked ? json_boolean(p->attached) : NULL, "attach_failed",
			  was_asked ? json_boolean(p->attach_failed) : NULL, "attach_message",
			  text(p->attach_message), "runs", p->counted ? number(p->runs) : NULL,
			  "packets", has_packets ? number(p->packets) : NULL, "packets_failed",
			  has_packets ? number(p->packets_failed) : NULL, "verdicts", verdicts(p));
	int r = more ? json_object_update(object, more) : -1;

	json_decref(more);
	return r < 0 ? -ENOMEM : 0;
}

static int print_program(const struct verify_report *r, const struct verify_kernel *k,
			 const struct verify_row *row, FILE *to)
{
	const struct verify_program *p;
	enum verify_verdict verdict = verify_row_verdict(k, row, &p);
	static const struct verify_program none;

	p = p ? p : &none;
	/* A kernel that does not tell of instructions has none here, not 0. */
	json_t *instructions = p->instructions ? number(p->instructions) : NULL;
	json_t *share = p->instructions ? json_real((double)p->instructions / VERIFY_LIMIT) : NULL;
	json_t *loaded = p->n_instructions ? number(p->n_instructions) : NULL;
	json_t *object =
		json_pack("{s:s, s:o, s:o, s:o*, s:o, s:s, s:o*, s:o*, s:o*, s:f, s:o*}", "event",
			  "program", "object", text(r->objects[row->object]), "program",
			  text(row->program), "section", text(row->section), "kernel",
			  text(k->name), "verdict", verify_verdict_name(verdict), "instructions",
			  instructions, "share", share, "loaded_instructions", loaded, "seconds",
			  p->seconds, "log", verdict == VERIFY_REFUSED ? text(p->log) : NULL);
	int code = object && (verdict == VERIFY_REFUSED || p->reason.text) && p != &none
			   ? add_reason(object, &p->reason, p->error)
			   : 0;

	if (code == 0 && object)
		code = add_use(object, p);
	int printed = print(object, to);
	return code < 0 ? code : printed;
}

static int print_object(const struct verify_report *r, const struct verify_kernel *k, size_t i,
			FILE *to)
{
	static const struct verify_object none;
	const struct verify_object *o = k->objects ? &k->objects[i] : &none;
	json_t *object = json_pack("{s:s, s:o, s:o, s:s, s:o*}", "event", "object", "object",
				   text(r->objects[i]), "kernel", text(k->name), "verdict",
				   verify_verdict_name(o->verdict), "message", text(o->message));
	int code = object && verify_is_object_refused(o) ? add_reason(object, &o->reason, o->error)
							 : 0;
	int printed = print(object, to);

	return code < 0 ? code : printed;
}

static int print_rows(const struct verify_report *r, const struct verify_kernel *k,
		      const struct verify_rows *rows, FILE *to)
{
	int code = print_kernel(k, to);

	for (size_t i = 0; code == 0 && i < rows->n; i++)
		if (rows->v[i].program)
			code = print_program(r, k, &rows->v[i], to);
	for (size_t o = 0; code == 0 && o < r->n_objects; o++)
		code = print_object(r, k, o, to);
	return code;
}

int verify_json_print(const struct verify_report *r, FILE *to)
{
	const struct verify_counts c = verify_count(r);
	cleanup_verify_rows struct verify_rows rows = {0};
	int code = verify_rows_make(r, &rows);

	for (size_t k = 0; code == 0 && k < r->n_kernels; k++)
		code = print_rows(r, &r->kernels[k], &rows, to);
	return code < 0 ? code
			: print(json_pack("{s:s, s:I, s:I, s:I, s:I}", "event", "done", "loaded",
					  (json_int_t)c.loaded, "refused", (json_int_t)c.refused,
					  "unattached", (json_int_t)c.unattached, "lost",
					  (json_int_t)c.lost),
				to);
}
