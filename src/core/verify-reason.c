/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verify-reason.h"

#include <errno.h>
#include <string.h>

#include "object/inspection.h"
#include "object/object.h"
#include "object/verifier.h"
#include "shared/io.h"
#include "shared/strbuf.h"

#define NO_BTF "no BTF: the kernel was built without CONFIG_DEBUG_INFO_BTF; pass --btf FILE"

enum { NAME_MAX_LEN = 128 };

/* "6.1.0-49-amd64" is 6.1; 0: it is none of Linux's. */
static uint16_t version_of(const char *release)
{
	char *end;
	unsigned long major = strtoul(release, &end, 10), minor;

	if (end == release || *end != '.' || major > 0xff)
		return 0;
	const char *second = end + 1;
	minor = strtoul(second, &end, 10);
	return end == second || minor > 0xff ? 0 : KERNEL_VERSION_OF(major, minor);
}

static uint16_t kernel_version(const struct verify_kernel *k)
{
	return version_of(k->release ? k->release : k->name);
}

struct question {
	uint16_t version;          /* the kernel's; 0: not known */
	struct inspection *object; /* NULL: it cannot be read */
	const char *program;       /* NULL: the object as a whole */
	const char *said;          /* on a line; NULL: nothing */
	struct strbuf *answer;
};

static void add_version(struct strbuf *to, uint16_t version)
{
	strbuf_printf(to, "%d.%d", version >> 8, version & 0xff);
}

/* "... is not in Linux 6.1; it came with 6.2" */
static void add_age(struct question *q, const char *is, uint16_t since)
{
	strbuf_printf(q->answer, " %s not in Linux ", is);
	add_version(q->answer, q->version);
	strbuf_printf(q->answer, "; %s came with ", strcmp(is, "are") == 0 ? "they" : "it");
	add_version(q->answer, since);
}

static bool says(const struct question *q, const char *words)
{
	return q->said && strstr(q->said, words);
}

static const char *program_type(const struct question *q)
{
	const struct contents *c = q->object ? &q->object->contents : NULL;

	for (size_t i = 0; c && q->program && i < c->n_programs; i++) {
		const struct section_meaning *m = &q->object->programs[i].meaning;
		if (!c->programs[i].is_subprogram && strcmp(c->programs[i].name, q->program) == 0 &&
		    m->program_type) {
			const struct kernel_fact *fact = kernel_program_type(m->program_type);
			return fact ? fact->name : NULL;
		}
	}
	return NULL;
}

/* A function that the kernel has not, or not for this program. False: nothing is known of it. */
static bool answer_function(struct question *q, const struct kernel_fact *fact)
{
	if (!fact || !fact->since || !q->version)
		return false;
	if (fact->since > q->version) {
		strbuf_printf(q->answer, "%s()", fact->name);
		add_age(q, "is", fact->since);
		return true;
	}
	const char *type = program_type(q);
	if (!type)
		return false;
	strbuf_printf(q->answer, "programs of type %s may not call %s() in Linux ", type,
		      fact->name);
	add_version(q->answer, q->version);
	return true;
}

/* "unknown func bpf_cgrp_storage_get#210", "invalid func unknown#210", "program of this type cannot
 * use helper bpf_skb_load_bytes#26" */
static bool answer_helper(struct question *q)
{
	static const char *const words[] = {"unknown func ", "invalid func ", "cannot use helper "};
	const char *at = NULL;

	for (size_t i = 0; !at && i < sizeof(words) / sizeof(words[0]); i++)
		at = q->said ? strstr(q->said, words[i]) : NULL;
	at = at ? strchr(at, '#') : NULL;
	unsigned long id = at ? strtoul(at + 1, NULL, 10) : 0;
	return id && id < CODE_HELPERS_MAX && answer_function(q, kernel_helper((uint32_t)id));
}

/* What follows `before` up to `end`, as a name. */
static bool name_behind(const char *text, const char *before, char end, char name[NAME_MAX_LEN])
{
	const char *at = text ? strstr(text, before) : NULL;
	const char *stop = at ? strchr(at + strlen(before), end) : NULL;

	if (!stop)
		return false;
	at += strlen(before);
	size_t len = (size_t)(stop - at);
	if (!len || len >= NAME_MAX_LEN)
		return false;
	memcpy(name, at, len);
	name[len] = '\0';
	return true;
}

/* "extern (func ksym) 'bpf_cpumask_create': not found in kernel or module BTFs", "calling kernel
 * function bpf_cpumask_create is not allowed" */
static bool answer_kfunc(struct question *q)
{
	char name[NAME_MAX_LEN];

	return (name_behind(q->said, "(func ksym) '", '\'', name) ||
		name_behind(q->said, "calling kernel function ", ' ', name)) &&
	       answer_function(q, kernel_kfunc(name));
}

static void answer_need(struct question *q, const struct need *n)
{
	struct strbuf *to = q->answer;
	const char *is = "is";

	switch (n->kind) {
	case NEED_PROGRAM_TYPE:
		strbuf_printf(to, "programs of type %s", n->name);
		is = "are";
		break;
	case NEED_ATTACH_TYPE:
		strbuf_printf(to, "the attach type %s", n->name);
		break;
	case NEED_STRUCT_OPS:
		strbuf_printf(to, "struct_ops of %s", n->name);
		is = "are";
		break;
	case NEED_MAP_TYPE:
		strbuf_printf(to, "map '%s' is of type %s, which", n->user, n->name);
		break;
	case NEED_MAP_FLAG:
		strbuf_printf(to, "map '%s' has the flag %s, which", n->user, n->name);
		break;
	case NEED_HELPER:
	case NEED_KFUNC:
		strbuf_printf(to, "%s()", n->name);
		break;
	case NEED_FEATURE:
		strbuf_printf(to, "what it needs, %s,", n->name);
		break;
	}
	add_age(q, is, n->since);
}

static bool is_newer(const struct question *q, const struct need *n)
{
	return !n->is_optional && n->name && n->since > q->version;
}

static bool is_of_maps(const struct need *n)
{
	return n->kind == NEED_MAP_TYPE || n->kind == NEED_MAP_FLAG || n->kind == NEED_STRUCT_OPS;
}

/* "map 'cgroups': failed to create: Invalid argument(-22)" */
static bool answer_map(struct question *q)
{
	char name[NAME_MAX_LEN];

	if (!q->object || !q->version ||
	    !(name_behind(q->said, "map '", '\'', name) ||
	      name_behind(q->said, "failed to create map '", '\'', name)))
		return false;
	for (size_t i = 0; i < q->object->n_needs; i++) {
		const struct need *n = &q->object->needs[i];
		if (is_newer(q, n) && is_of_maps(n) && strcmp(n->user, name) == 0) {
			answer_need(q, n);
			return true;
		}
	}
	return false;
}

/* Is what was said nothing of the program's own, or what a kernel says of what it does not know? */
static bool is_vague(const struct question *q)
{
	static const char *const words[] = {
		"load failed",       "failed to load",
		"Invalid argument",  "unknown opcode",
		"reserved field",    "invalid BPF_",
		"back-edge",         "program too large",
		"too large program", "Argument list too long",
	};

	for (size_t i = 0; q->said && i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(q->said, words[i]))
			return true;
	return !q->said;
}

/* The newest thing that is needed and too new. */
static int answer_vague(struct question *q, bool *ret_done)
{
	int r = q->program ? inspection_narrow(q->object, q->program) : 0;

	*ret_done = false;
	for (size_t i = 0; r == 0 && !*ret_done && i < q->object->n_needs; i++) {
		if (!is_newer(q, &q->object->needs[i]))
			continue;
		answer_need(q, &q->object->needs[i]);
		*ret_done = true;
	}
	return r == -ENOENT ? 0 : r;
}

/* Why, by what is known of kernels. 0 with nothing in the answer: that is not why. */
static int ask(struct question *q, const struct verify_kernel *k)
{
	bool done = true;

	if (!k->has_btf && (says(q, "BTF") || says(q, "CO-RE relocations")))
		strbuf_puts(q->answer, NO_BTF);
	else if (!answer_helper(q) && !answer_kfunc(q) && !answer_map(q) && q->object &&
		 q->version && is_vague(q))
		return answer_vague(q, &done);
	return 0;
}

/* What libbpf says of an attempt that it gives up for another one, or of what came about because of
 * what it said before. */
static bool is_chatter(const char *line, size_t len)
{
	static const char *const words[] = {"Retrying without", "is optional", "ignoring"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);
		for (size_t at = 0; at + n <= len; at++)
			if (memcmp(line + at, words[i], n) == 0)
				return true;
	}
	return len == 0;
}

/* Of what libbpf said the line that matters, less whose it is. NULL where memory ran out. */
static char *complaint_of(const char *text)
{
	const char *line = text ? text : "";
	size_t len = strcspn(line, "\n");

	while (line[len] && is_chatter(line, len)) {
		line += len + 1;
		len = strcspn(line, "\n");
	}
	cleanup_free char *found = strndup(line, len);
	const char *at = found;
	if (at && str_begins(at, "libbpf: "))
		at += 8;
	const char *end = at && str_begins(at, "prog '") ? strstr(at, "': ") : NULL;
	return at ? strdup(end ? end + 3 : at) : NULL;
}

/* The sentence, given what the verifier or libbpf said. */
static int find_text(struct question *q, const struct verify_kernel *k, int error)
{
	int r = ask(q, k);

	if (r < 0 || q->answer->len)
		return r < 0 ? r : q->answer->error;
	if (q->said)
		strbuf_puts(q->answer, q->said);
	else if (error == -ENOSPC)
		strbuf_puts(q->answer, "the verifier said more than there is room for, and the "
				       "reason last");
	else
		strbuf_puts(q->answer, error ? strerror(-error) : "nothing was said of it");
	return q->answer->error;
}

static int open_inspection(struct inspection *in, const struct verify_source *s, bool *ret_opened)
{
	const char *why;
	int r = s->object ? inspection_open(in, s->object, s->len, &why) : -ENOENT;

	*ret_opened = r == 0;
	return r == -ENOMEM ? r : 0;
}

static int explain(const struct verifier_request *request, const struct verify_source *s,
		   const struct verify_kernel *k, struct verify_reason *ret)
{
	cleanup_verifier_fault struct verifier_fault fault = {0};
	cleanup_inspection struct inspection in = {0};
	cleanup_strbuf struct strbuf explanation = {0}, answer = {0};
	bool opened = false;
	int r = verifier_find(request, &explanation, &fault);

	if (r == 0)
		r = open_inspection(&in, s, &opened);
	if (r < 0)
		return r;
	struct question q = {
		.version = kernel_version(k),
		.object = opened ? &in : NULL,
		.program = request->program,
		.said = fault.said,
		.answer = &answer,
	};
	r = find_text(&q, k, request->error);
	if (r < 0)
		return r;
	ret->file = TAKE_PTR(fault.file);
	ret->line = fault.line;
	ret->text = TAKE_PTR(answer.data);
	ret->explanation = TAKE_PTR(explanation.data);
	return 0;
}

static struct verifier_request request_of(const struct verify_source *s)
{
	return (struct verifier_request){
		.path = s->path,
		.object = s->object ? s->object : "",
		.len = s->object ? s->len : 0,
		.directory = s->directory,
	};
}

int verify_reason_program(const struct verify_source *s, const struct verify_kernel *k,
			  const struct verify_program *p, struct verify_reason *ret)
{
	struct verifier_request request = request_of(s);
	cleanup_free char *complaint = NULL;

	if (p->is_libbpf && !(complaint = complaint_of(p->log)))
		return -ENOMEM;
	request.program = p->name;
	request.n_instructions = p->n_instructions;
	request.log = complaint ? complaint : p->log ? p->log : "";
	request.is_libbpf = p->is_libbpf;
	request.error = p->error;
	return explain(&request, s, k, ret);
}

int verify_reason_object(const struct verify_source *s, const struct verify_kernel *k,
			 const struct verify_object *o, struct verify_reason *ret)
{
	struct verifier_request request = request_of(s);
	cleanup_free char *complaint = complaint_of(o->message);

	if (!complaint)
		return -ENOMEM;
	request.log = complaint;
	request.is_libbpf = true;
	request.error = o->error;
	return explain(&request, s, k, ret);
}

void verify_reason_add(const struct verify_reason *r, struct strbuf *to)
{
	if (r->file && r->line)
		strbuf_printf(to, "%s:%u: ", r->file, r->line);
	strbuf_puts(to, r->text ? r->text : "not known");
}

bool verify_object_has_culprit(const struct verify_object *o)
{
	for (size_t i = 0; i < o->n_programs; i++)
		if (o->programs[i].verdict == VERIFY_REFUSED)
			return true;
	return false;
}

/* What the program calls that the kernel has not, the newest. */
static const struct need *find_newer_helper(struct question *q)
{
	for (size_t i = 0; i < q->object->n_needs; i++) {
		const struct need *n = &q->object->needs[i];
		if (n->kind == NEED_HELPER && is_newer(q, n))
			return n;
	}
	return NULL;
}

/* Of a program whose object fell before the kernel saw it: what it would have been refused for. */
static int explain_unseen(const struct verify_source *s, const struct verify_kernel *k,
			  struct verify_program *p)
{
	cleanup_verifier_fault struct verifier_fault fault = {0};
	cleanup_inspection struct inspection in = {0};
	cleanup_strbuf struct strbuf answer = {0};
	struct verifier_request request = request_of(s);
	struct question q = {.version = kernel_version(k), .object = &in, .answer = &answer};
	bool opened;

	int r = open_inspection(&in, s, &opened);
	if (r < 0 || !opened || !q.version)
		return r;
	r = inspection_narrow(&in, p->name);
	const struct need *n = r == 0 ? find_newer_helper(&q) : NULL;
	if (!n)
		return r == -ENOMEM ? r : 0;
	request.program = p->name;
	r = verifier_find_call(&request, n->number, &fault);
	answer_need(&q, n);
	if (r < 0 || answer.error)
		return -ENOMEM;
	p->reason.file = TAKE_PTR(fault.file);
	p->reason.line = fault.line;
	p->reason.text = TAKE_PTR(answer.data);
	return 0;
}

static int explain_object(const struct verify_source *s, const struct verify_kernel *k,
			  struct verify_object *o)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->n_programs; i++) {
		struct verify_program *p = &o->programs[i];
		if (p->verdict == VERIFY_REFUSED && !p->reason.text)
			r = verify_reason_program(s, k, p, &p->reason);
	}
	if (r < 0 || o->verdict != VERIFY_REFUSED || verify_object_has_culprit(o) || o->reason.text)
		return r;
	for (size_t i = 0; r == 0 && i < o->n_programs; i++)
		if (o->programs[i].verdict == VERIFY_NOT_LOADED)
			r = explain_unseen(s, k, &o->programs[i]);
	return r < 0 ? r : verify_reason_object(s, k, o, &o->reason);
}

int verify_explain(struct verify_report *r)
{
	cleanup_free char *directory = NULL;
	int code = io_working_directory(&directory);

	for (size_t i = 0; code != -ENOMEM && i < r->n_objects; i++) {
		cleanup_strbuf struct strbuf content = {0};
		code = io_read_file(r->objects[i], OBJECT_SIZE_MAX, &content);
		const struct verify_source s = {
			.path = r->objects[i],
			.object = code == 0 ? content.data : NULL,
			.len = content.len,
			.directory = directory,
		};
		for (size_t k = 0; code != -ENOMEM && k < r->n_kernels; k++)
			if (r->kernels[k].objects)
				code = explain_object(&s, &r->kernels[k],
						      &r->kernels[k].objects[i]);
	}
	return code == -ENOMEM ? code : 0;
}
