/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verifier.h"

#include <errno.h>
#include <string.h>

#include "verifier-log.h"
#include "verifier-meanings.h"
#include "verifier-source.h"

enum { TEXT_MAX = 300 }; /* of what others wrote, on one line */

struct explanation {
	const struct verifier_request *request;
	struct strbuf *report;
	struct log log;
	struct source source;
	const struct meaning *meaning; /* NULL: unknown */
	struct log_instruction
		instruction; /* the fault; `at` may be NULL where a number is known */
	bool has_number;
	struct source_line line; /* the fault's */
	bool is_beginning;       /* no, the program's */
	struct log_range loop;   /* that it is about; else 0 to 0 */
	struct strbuf calls;     /* which take most of the stack */
	unsigned number;         /* of the register that matters */
	bool has_register;
	const char *special; /* what it means, of this register; NULL: nothing more */
};

static void explanation_close(struct explanation *x)
{
	source_close(&x->source);
	strbuf_free(&x->calls);
}
#define cleanup_explanation CLEANUP(explanation_close)

/* On one line, however it is written. */
static void add_text(struct strbuf *to, struct span s)
{
	for (; s.len && (*s.at == ' ' || *s.at == '\t'); s.at++)
		s.len--;
	for (size_t i = 0; i < s.len && i < TEXT_MAX; i++)
		strbuf_putc(to, s.at[i] == '\n' || s.at[i] == '\t' ? ' ' : s.at[i]);
	if (s.len > TEXT_MAX)
		strbuf_puts(to, "...");
}

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* The line of what the log shows at `at`, where BTF does not have it: by the comment before it. */
static struct source_line line_by_comment(const struct explanation *x, const char *at)
{
	struct log_comment comment;

	return at && log_comment(&x->log, at, &comment)
		       ? source_find(&x->source, comment.text, comment.file, comment.line)
		       : (struct source_line){0};
}

static struct source_line line_of(const struct explanation *x, uint32_t number, const char *at)
{
	struct source_line line = source_line(&x->source, number);

	return line.file ? line : line_by_comment(x, at);
}

static struct log_range function_of(const struct explanation *x, uint32_t number)
{
	struct log_range range = {number, number};

	(void)source_function(&x->source, number, &range);
	return range;
}

/* A constant may have no line of its own: clang puts it where it likes. */
static bool has_line(const struct explanation *x, const struct log_instruction *i)
{
	struct span s = i->text;
	bool is_constant = s.len > 5 && (s.at[5] == '-' || (s.at[5] >= '0' && s.at[5] <= '9'));

	return !is_constant || source_begins_line(&x->source, i->number);
}

/* Where the fault is */

static void take(struct explanation *x, struct log_instruction i, uint32_t number)
{
	x->instruction = i;
	x->instruction.number = number;
	x->has_number = true;
	x->line = line_of(x, number, i.at);
}

static void take_last(struct explanation *x)
{
	if (x->log.last.at)
		take(x, x->log.last, x->log.last.number);
}

static void take_number(struct explanation *x)
{
	uint32_t number;

	if (x->meaning->number && log_number(&x->log, x->meaning->number, &number))
		take(x, log_find(&x->log, number), number);
	else
		take_last(x);
}

/* The line that says "for" or "while" where there is one; else that of the jump back. */
static void take_loop(struct explanation *x)
{
	struct log_range loop;

	take_number(x);
	if (!x->has_number ||
	    !log_loop(&x->log, x->instruction.number, function_of(x, x->instruction.number), &loop))
		return;
	struct source_line line = source_loop(&x->source, loop);
	if (!line.file) {
		take_last(x);
		return;
	}
	x->line = line;
	x->loop = loop;
}

/* The same of a loop that it did not go through. */
static void take_back(struct explanation *x)
{
	struct log_range loop;

	take_number(x);
	if (!x->has_number || !log_number(&x->log, " to ", &loop.first) ||
	    loop.first > x->instruction.number)
		return;
	loop.last = x->instruction.number;
	struct source_line line = source_loop(&x->source, loop);
	if (!line.file)
		return;
	x->line = line;
	x->loop = loop;
}

static void take_value(struct explanation *x)
{
	bool is_lost;

	take_last(x);
	if (!x->has_number)
		return;
	struct log_instruction i =
		log_origin(&x->log, x->log.last.at, x->has_register ? x->number : 0,
			   function_of(x, x->log.last.number), &is_lost);
	if (i.at && !is_lost && has_line(x, &i))
		take(x, i, i.number);
}

static void take_stack(struct explanation *x)
{
	uint32_t call;

	if (source_deepest(&x->source, x->meaning->place == PLACE_STACK, &x->calls, &call))
		x->line = source_line(&x->source, call);
}

/* Of a name in the message, as "symbol 'runqueues'" has it. */
static void take_name(struct explanation *x)
{
	for (size_t i = 0; i < x->log.n_messages && !x->line.file; i++) {
		struct span s = x->log.messages[i];
		const char *at = memchr(s.at, '\'', s.len);
		const char *end = at ? memchr(at + 1, '\'', s.len - (size_t)(at + 1 - s.at)) : NULL;
		if (end)
			x->line = source_mention(&x->source,
						 (struct span){at + 1, (size_t)(end - at - 1)});
	}
}

static void find_fault(struct explanation *x)
{
	x->has_register = log_names_register(&x->log, &x->number);
	switch (x->meaning ? x->meaning->place : PLACE_LAST) {
	case PLACE_LAST:
		take_last(x);
		break;
	case PLACE_NUMBER:
		take_number(x);
		break;
	case PLACE_BACK:
		take_back(x);
		break;
	case PLACE_LOOP:
		take_loop(x);
		break;
	case PLACE_VALUE:
		take_value(x);
		break;
	case PLACE_STACK:
	case PLACE_CALLS:
		take_stack(x);
		break;
	case PLACE_NONE:
		break;
	}
	if (x->line.file || x->has_number)
		return;
	take_name(x);
	if (x->line.file || !x->request->program)
		return;
	x->line = source_line(&x->source, 0);
	x->is_beginning = true;
}

/* "r6 += r7": the second. */
static void find_operand(struct explanation *x)
{
	struct span s = x->instruction.text;

	if (x->has_register || !x->meaning || !x->meaning->has_operand || s.len < 8)
		return;
	for (size_t i = s.len; i-- > 2;)
		if (s.at[i] == 'r' && s.at[i - 1] == ' ' && i + 1 < s.len && s.at[i + 1] >= '0' &&
		    s.at[i + 1] <= '9' && i + 2 == s.len) {
			x->number = (unsigned)(s.at[i + 1] - '0');
			x->has_register = true;
			return;
		}
}

/* What is told */

static void add_file(const struct explanation *x, const char *file, struct strbuf *to)
{
	const char *directory = x->request->directory;
	size_t len = directory ? strlen(directory) : 0;

	if (len && strncmp(file, directory, len) == 0 && file[len] == '/')
		file += len + 1;
	while (str_begins(file, "./"))
		file += 2;
	add_text(to, span_of(file));
}

/* Words that fit on lines. */
static void add_paragraph(struct strbuf *to, const char *text)
{
	enum { WIDTH = 78, INDENT = 2 };

	for (size_t column = WIDTH; *text;) {
		size_t len = strcspn(text, " ");
		bool fits = column + 1 + len <= WIDTH;
		strbuf_puts(to, fits ? " " : "\n  ");
		column = fits ? column + 1 + len : INDENT + len;
		strbuf_add(to, text, len);
		text += len;
		text += strspn(text, " ");
	}
}

static void add_line(struct explanation *x, const char *before, const struct source_line *line,
		     const char *function)
{
	strbuf_printf(x->report, "\n  %s", before);
	add_file(x, line->file, x->report);
	strbuf_printf(x->report, ":%u", line->line);
	if (function)
		strbuf_printf(x->report, ", in %s()", function);
	strbuf_puts(x->report, line->text[strspn(line->text, " \t")] ? ":  " : "");
	add_text(x->report, span_of(line->text));
}

static bool is_same_line(const struct source_line *a, const struct source_line *b)
{
	return a->file && b->file && a->line == b->line && strcmp(a->file, b->file) == 0;
}

static void add_messages(const struct log *log, struct strbuf *to)
{
	for (size_t i = 0; i < log->n_messages; i++) {
		strbuf_puts(to, i ? "; " : "");
		add_text(to, log->messages[i]);
	}
}

static void add_reason(struct explanation *x)
{
	const struct verifier_request *r = x->request;

	if (!r->program)
		strbuf_printf(x->report, "%s cannot be loaded: ", r->path);
	else
		strbuf_printf(x->report,
			      r->is_libbpf ? "%s: '%s' cannot be loaded: "
					   : "%s: the kernel refuses '%s': ",
			      r->path, r->program);
	add_messages(&x->log, x->report);
	/* Before Linux 6.4 the end is missing where a log is too long for its buffer. */
	if (!x->log.n_messages)
		strbuf_puts(x->report,
			    x->request->error == -ENOSPC
				    ? "the verifier said more than there is room for, and"
				      " the reason last"
				    : strerror(-x->request->error));
}

/* Of what the program calls it is told which function that is. */
static const char *function_name(const struct explanation *x)
{
	const struct contents_program *f =
		x->has_number ? source_function(&x->source, x->instruction.number, NULL) : NULL;

	return f && f->is_subprogram ? f->name : NULL;
}

static void add_comment(struct strbuf *to, const struct log_comment *comment)
{
	strbuf_puts(to, "\n  ");
	if (comment->line) {
		add_text(to, comment->file);
		strbuf_printf(to, ":%u:  ", comment->line);
	}
	add_text(to, comment->text);
}

static void add_place(struct explanation *x)
{
	struct log_comment comment;

	if (x->line.file) {
		add_line(x, x->is_beginning ? "the program begins at " : "", &x->line,
			 function_name(x));
	} else if (x->instruction.at && log_comment(&x->log, x->instruction.at, &comment)) {
		add_comment(x->report, &comment);
	} else if (!x->request->is_libbpf) {
		strbuf_puts(x->report, "\n  its source line is not known: compile with -g");
	}
	if (x->loop.last)
		strbuf_printf(x->report, "\n  instructions %u to %u", x->loop.first, x->loop.last);
	else if (x->has_number)
		strbuf_printf(x->report, "\n  instruction %u", x->instruction.number);
	if (!x->loop.last && x->instruction.text.len) {
		strbuf_puts(x->report, ": ");
		add_text(x->report, x->instruction.text);
	}
	if (x->calls.len)
		strbuf_printf(x->report, "\n  %s: %s",
			      x->meaning->place == PLACE_STACK ? "bytes of stack" : "calls",
			      x->calls.data);
}

/* Where it is from, if that is another line. */
static void add_origin(struct explanation *x)
{
	bool is_lost;
	struct log_instruction last = x->log.last;
	struct log_instruction i =
		log_origin(&x->log, last.at, x->number, function_of(x, last.number), &is_lost);
	struct source_line line = i.at ? line_of(x, i.number, i.at) : (struct source_line){0};

	if (!line.file || is_same_line(&line, &x->line) || !has_line(x, &i))
		return;
	cleanup_free char *before =
		str_printf(is_lost ? "R%u is lost by the call at " : "R%u is from ", x->number);
	add_line(x, before ? before : "", &line, NULL);
}

static void add_register(struct explanation *x)
{
	if (!x->has_register || !x->log.last.at)
		return;
	struct span state = log_register(&x->log, x->log.last.at, x->number);
	bool is_number =
		log_says(&x->log, "mem access 'scalar'") || log_says(&x->log, "mem access 'inv'");
	x->special = is_number ? meaning_of_number(state) : NULL;
	if (state.len) {
		/* It is none of that any more where it is said to be a number. */
		bool was = x->special && *state.at >= 'a' && *state.at <= 'z' && *state.at != 'i';
		strbuf_printf(x->report, "\n  R%u %s ", x->number, was ? "was" : "=");
		add_text(x->report, state);
	}
	add_origin(x);
}

static void add_still(struct explanation *x)
{
	struct log_instruction last = x->log.last;

	if (!x->meaning || !x->meaning->still || !last.at || last.number == x->instruction.number)
		return;
	struct source_line line = line_of(x, last.number, last.at);
	cleanup_free char *before = str_printf("%s ", x->meaning->still);
	if (line.file && before)
		add_line(x, before, &line, NULL);
}

/* The program that names what libbpf complains of: no more are looked at than anybody has. */
static int find_mention(struct explanation *x)
{
	enum { PROGRAMS_MAX = 256 };
	const struct verifier_request *q = x->request;
	cleanup_contents struct contents c = {0};
	const char *why;
	int r = contents_open(&c, q->object, q->len, &why);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < c.n_programs && i < PROGRAMS_MAX && !x->line.file; i++) {
		cleanup_source struct source source = {0};
		if (c.programs[i].is_subprogram)
			continue;
		r = source_open(&source, q->object, q->len, c.programs[i].name, 0);
		if (r < 0)
			return r;
		source_close(&x->source);
		x->source = source;
		source = (struct source){0};
		take_name(x);
	}
	return 0;
}

static int find_source(struct explanation *x)
{
	const struct verifier_request *q = x->request;

	if (q->program)
		return source_open(&x->source, q->object, q->len, q->program, q->n_instructions);
	return x->meaning ? find_mention(x) : 0;
}

/* By BTF, else by the comment before the instruction. */
static void find_pieces(const struct explanation *x, struct strbuf *said, struct strbuf *file,
			uint32_t *ret_line)
{
	struct log_comment comment;

	add_messages(&x->log, said);
	if (x->line.file) {
		add_file(x, x->line.file, file);
		*ret_line = x->line.line;
	} else if (x->instruction.at && log_comment(&x->log, x->instruction.at, &comment) &&
		   comment.line) {
		add_text(file, comment.file);
		*ret_line = comment.line;
	}
}

static int take_pieces(const struct explanation *x, struct verifier_fault *ret)
{
	cleanup_strbuf struct strbuf said = {0}, file = {0};
	uint32_t line = 0;

	find_pieces(x, &said, &file, &line);
	if (said.error || file.error)
		return -ENOMEM;
	ret->said = TAKE_PTR(said.data);
	ret->file = TAKE_PTR(file.data);
	ret->line = line;
	ret->is_beginning = x->is_beginning;
	return 0;
}

int verifier_find(const struct verifier_request *request, struct strbuf *report,
		  struct verifier_fault *ret)
{
	cleanup_explanation struct explanation x = {.request = request, .report = report};

	log_open(&x.log, request->log);
	x.meaning = meaning_of(&x.log);
	int r = find_source(&x);
	if (r < 0)
		return r;
	find_fault(&x);
	find_operand(&x);
	add_reason(&x);
	add_place(&x);
	add_register(&x);
	add_still(&x);
	if (x.meaning)
		add_paragraph(report, x.special ? x.special : x.meaning->meaning);
	return report->error ? report->error : take_pieces(&x, ret);
}

int verifier_find_call(const struct verifier_request *request, uint32_t helper,
		       struct verifier_fault *ret)
{
	cleanup_explanation struct explanation x = {.request = request};
	uint32_t number;

	log_open(&x.log, "");
	int r = find_source(&x);
	if (r < 0)
		return r;
	if (source_call(&x.source, helper, &number))
		x.line = source_line(&x.source, number);
	return take_pieces(&x, ret);
}

int verifier_explain(const struct verifier_request *request, struct strbuf *report)
{
	cleanup_verifier_fault struct verifier_fault fault = {0};

	return verifier_find(request, report, &fault);
}

void verifier_fault_free(struct verifier_fault *f)
{
	free(f->said);
	free(f->file);
	*f = (struct verifier_fault){0};
}
