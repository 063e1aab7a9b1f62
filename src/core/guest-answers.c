/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest-answers.h"
#include "guest/guest-protocol.h"

enum {
	MAX_PROGRAMS = 4096, /* of an object */
	MAX_TALLIES = 64,    /* of a program */
	MAX_NAME = 512,
	MAX_RELEASE = 256, /* a kernel has 64 */
	MAX_ERRNO = 4095,
};

void guest_answers_free(struct guest_answers *a)
{
	strbuf_free(&a->line);
}

__attribute__((format(printf, 2, 3))) static int refuse(struct guest_answers *a, const char *format,
							...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->why, sizeof(a->why), format, args);
	va_end(args);
	return -EPROTO;
}

/* Members of an answer: of another type than they are to be of they are refused, and of what may be
 * left out there is a value for that. */

static int get_text(struct guest_answers *a, json_t *line, const char *name, size_t max, char **ret)
{
	json_t *value = json_object_get(line, name);

	if (!value)
		return 0;
	if (!json_is_string(value) || json_string_length(value) > max)
		return refuse(a, "its \"%s\" is no text, or too long", name);
	*ret = strdup(json_string_value(value));
	return *ret ? 0 : -ENOMEM;
}

static int need_text(struct guest_answers *a, json_t *line, const char *name, size_t max,
		     char **ret)
{
	return json_object_get(line, name) ? get_text(a, line, name, max, ret)
					   : refuse(a, "its \"%s\" is missing", name);
}

static int get_number(struct guest_answers *a, json_t *line, const char *name, uint64_t max,
		      uint64_t *ret)
{
	json_t *value = json_object_get(line, name);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return refuse(a, "its \"%s\" is no number, or out of bounds", name);
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

/* A positive number there is a negative one here. */
static int get_error(struct guest_answers *a, json_t *line, int *ret)
{
	uint64_t number = 0;

	int r = get_number(a, line, "error", MAX_ERRNO, &number);
	*ret = -(int)number;
	return r;
}

static int get_bool(struct guest_answers *a, json_t *line, const char *name, bool *ret)
{
	json_t *value = json_object_get(line, name);

	if (value && !json_is_boolean(value))
		return refuse(a, "its \"%s\" is neither true nor false", name);
	*ret = json_is_true(value);
	return 0;
}

static int get_seconds(struct guest_answers *a, json_t *line, double *ret)
{
	json_t *value = json_object_get(line, "seconds");

	if (!value)
		return 0;
	if (!json_is_number(value) || !(json_number_value(value) >= 0))
		return refuse(a, "its \"seconds\" are no number");
	*ret = json_number_value(value);
	return 0;
}

/* The events. */

static int take_guest(struct guest_answers *a, json_t *line)
{
	struct verify_kernel *k = a->kernel;
	uint64_t version = 0;

	if (a->greeted)
		return refuse(a, "it begins twice");
	a->greeted = true;
	int r = get_number(a, line, "version", UINT32_MAX, &version);
	if (r == 0 && version != GUEST_PROTOCOL)
		r = refuse(a, "crossbpf-guest is of another release");
	if (r == 0)
		r = need_text(a, line, "release", MAX_RELEASE, &k->release);
	if (r == 0)
		r = need_text(a, line, "machine", MAX_RELEASE, &k->machine);
	return r < 0 ? r : get_bool(a, line, "btf", &k->has_btf);
}

static struct verify_object *object_at(const struct guest_answers *a)
{
	return &a->kernel->objects[a->objects[a->object]];
}

/* Is it of the object whose turn it is? */
static int check_object(struct guest_answers *a, json_t *line)
{
	uint64_t object = UINT64_MAX;

	int r = get_number(a, line, "object", INT64_MAX, &object);
	if (r < 0)
		return r;
	return object == a->object && a->object < a->n_objects
		       ? 0
		       : refuse(a, "it is not the turn of that object");
}

static int find_program(struct guest_answers *a, json_t *line, const struct verify_object *o,
			struct verify_program **ret)
{
	cleanup_free char *name = NULL;

	int r = need_text(a, line, "program", MAX_NAME, &name);
	for (size_t i = 0; i < o->n_programs && r == 0; i++)
		if (strcmp(o->programs[i].name, name) == 0) {
			*ret = &o->programs[i];
			return 0;
		}
	return r < 0 ? r : refuse(a, "there is no program of that name");
}

static int get_verdict(struct guest_answers *a, json_t *line, enum verify_verdict *ret)
{
	static const struct {
		const char *name;
		enum verify_verdict verdict;
	} verdicts[] = {{"loaded", VERIFY_LOADED},
			{"refused", VERIFY_REFUSED},
			{"not loaded", VERIFY_NOT_LOADED}};
	const char *name = json_string_value(json_object_get(line, "verdict"));

	for (size_t i = 0; name && i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(name, verdicts[i].name) == 0) {
			*ret = verdicts[i].verdict;
			return 0;
		}
	return refuse(a, "its \"verdict\" is unknown");
}

static int get_program(struct guest_answers *a, json_t *line, struct verify_program *p)
{
	uint64_t n = 0;
	int r = need_text(a, line, "program", MAX_NAME, &p->name);

	if (r == 0)
		r = need_text(a, line, "section", MAX_NAME, &p->section);
	if (r == 0)
		r = get_verdict(a, line, &p->verdict);
	if (r == 0)
		r = get_error(a, line, &p->error);
	if (r == 0)
		r = get_number(a, line, "instructions", INT64_MAX, &p->instructions);
	if (r == 0)
		r = get_number(a, line, "n_instructions", UINT32_MAX, &n);
	if (r == 0)
		r = get_seconds(a, line, &p->seconds);
	if (r == 0)
		r = get_text(a, line, "log", GUEST_LOG_MAX, &p->log);
	p->n_instructions = (uint32_t)n;
	return r < 0 ? r : get_bool(a, line, "libbpf", &p->is_libbpf);
}

/* It is of the report once all of it is sound: one without a name is none. */
static int take_program(struct guest_answers *a, json_t *line)
{
	int r = check_object(a, line);
	if (r < 0)
		return r;
	struct verify_object *o = object_at(a);
	if (o->n_programs == MAX_PROGRAMS)
		return refuse(a, "no object has so many programs");
	struct verify_program *more =
		realloc(o->programs, (o->n_programs + 1) * sizeof(*o->programs));
	if (!more)
		return -ENOMEM;
	o->programs = more;
	struct verify_program *p = &more[o->n_programs];
	*p = (struct verify_program){0};
	r = get_program(a, line, p);
	if (r < 0)
		verify_program_free(p);
	else
		o->n_programs++;
	return r;
}

static int take_attach(struct guest_answers *a, json_t *line)
{
	struct verify_program *p = NULL;
	int error = 0, r = check_object(a, line);
	bool nowhere = false;

	if (r == 0)
		r = find_program(a, line, object_at(a), &p);
	if (r == 0)
		r = get_bool(a, line, "nowhere", &nowhere);
	if (r < 0)
		return r;
	if (p->attached || p->attach_message)
		return refuse(a, "it is attached twice");
	r = get_error(a, line, &error);
	if (r == 0)
		r = get_text(a, line, "message", GUEST_LOG_MAX, &p->attach_message);
	if (r < 0)
		return r;
	p->attached = error == 0;
	p->attach_failed = error && !nowhere;
	if (error && !p->attach_message)
		p->attach_message = strdup(strerror(-error));
	return error && !p->attach_message ? -ENOMEM : 0;
}

static int take_tallies(struct guest_answers *a, json_t *verdicts, struct verify_program *p)
{
	const char *name;
	json_t *value;

	if (!verdicts)
		return 0;
	if (!json_is_object(verdicts) || json_object_size(verdicts) > MAX_TALLIES || p->tallies)
		return refuse(a, "its \"verdicts\" are none, or too many");
	p->tallies = calloc(json_object_size(verdicts) + 1, sizeof(*p->tallies));
	if (!p->tallies)
		return -ENOMEM;
	json_object_foreach(verdicts, name, value) {
		struct verify_tally *t = &p->tallies[p->n_tallies];
		int r = get_number(a, verdicts, name, INT64_MAX, &t->n);
		if (r < 0)
			return refuse(a, "its \"verdicts\" are no numbers");
		if (strlen(name) >= sizeof(t->name))
			return refuse(a, "a verdict's name is too long");
		snprintf(t->name, sizeof(t->name), "%s", name);
		p->n_tallies++;
	}
	return 0;
}

static int take_packets(struct guest_answers *a, json_t *line)
{
	struct verify_program *p = NULL;
	int r = check_object(a, line);

	if (r == 0)
		r = find_program(a, line, object_at(a), &p);
	if (r == 0)
		r = get_number(a, line, "packets", INT64_MAX, &p->packets);
	if (r == 0)
		r = get_number(a, line, "failed", INT64_MAX, &p->packets_failed);
	return r < 0 ? r : take_tallies(a, json_object_get(line, "verdicts"), p);
}

/* Where all of it was loaded, each program was to be. */
static int check_attached(struct guest_answers *a, const struct verify_object *o)
{
	for (size_t i = 0; i < o->n_programs && a->attach && !o->error; i++) {
		const struct verify_program *p = &o->programs[i];
		if (p->verdict == VERIFY_LOADED && !p->attached && !p->attach_message)
			return refuse(a, "it is silent about what it was to attach");
	}
	return 0;
}

/* The object is done with. */
static int take_object(struct guest_answers *a, json_t *line)
{
	int r = check_object(a, line);

	if (r < 0)
		return r;
	struct verify_object *o = object_at(a);
	r = get_error(a, line, &o->error);
	if (r == 0)
		r = get_text(a, line, "message", GUEST_LOG_MAX, &o->message);
	if (r < 0)
		return r;
	o->verdict = o->error ? VERIFY_REFUSED : VERIFY_LOADED;
	a->object++;
	return check_attached(a, o);
}

/* All objects come before. */
static int check_all(struct guest_answers *a)
{
	return a->object == a->n_objects ? 0 : refuse(a, "it is silent about an object");
}

static int take_command(struct guest_answers *a, json_t *line)
{
	struct verify_kernel *k = a->kernel;
	uint64_t status = 0;

	int r = check_all(a);
	bool ended = !json_object_get(line, "status");
	if (r == 0 && a->command_ended)
		r = refuse(a, "its command ends twice");
	a->command_ended = true;
	if (r == 0 && !ended)
		r = get_number(a, line, "status", 255, &status);
	if (r == 0)
		r = need_text(a, line, "output", GUEST_LINE_MAX, &k->command_output);
	if (r == 0 && !ended)
		k->command_status = (int)status;
	return r;
}

static int take_runs(struct guest_answers *a, json_t *line)
{
	struct verify_program *p = NULL;
	uint64_t object = UINT64_MAX;

	int r = check_all(a);
	if (r == 0)
		r = get_number(a, line, "object", INT64_MAX, &object);
	if (r == 0 && object >= a->n_objects)
		r = refuse(a, "there is no such object");
	if (r == 0)
		r = find_program(a, line, &a->kernel->objects[a->objects[object]], &p);
	if (r == 0)
		r = get_number(a, line, "runs", INT64_MAX, &p->runs);
	if (r == 0)
		p->counted = true;
	return r;
}

static int take_done(struct guest_answers *a, json_t *line)
{
	(void)line;
	int r = check_all(a);

	if (r == 0 && a->has_command && !a->command_ended)
		r = refuse(a, "it is silent about its command");
	a->done = r == 0;
	return r;
}

static int take_event(struct guest_answers *a, json_t *line)
{
	static const struct {
		const char *name;
		int (*take)(struct guest_answers *a, json_t *line);
	} events[] = {{"guest", take_guest},   {"program", take_program},
		      {"attach", take_attach}, {"packets", take_packets},
		      {"object", take_object}, {"command", take_command},
		      {"runs", take_runs},     {"done", take_done}};
	const char *name = json_string_value(json_object_get(line, "event"));

	if (!name)
		return refuse(a, "it answers something else than an event");
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(name, events[i].name) == 0)
			return !a->greeted && i ? refuse(a, "it does not say who it is first")
						: events[i].take(a, line);
	return 0; /* of a later release */
}

/* Behind the last there is nothing that counts. */
static int take_line(struct guest_answers *a, const char *text, size_t len)
{
	json_error_t error;

	if (a->done)
		return 0;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!line)
		return refuse(a, "it answers what is no JSON");
	int r = take_event(a, line);
	json_decref(line);
	return r;
}

int guest_answers_take(struct guest_answers *a, const char *data, size_t len)
{
	int r = 0;

	a->total += len;
	if (a->total > GUEST_ANSWER_MAX) {
		snprintf(a->why, sizeof(a->why), "it answers more than %d MiB",
			 GUEST_ANSWER_MAX >> 20);
		return -EFBIG;
	}
	while (len && r == 0) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;
		if (part > GUEST_LINE_MAX - a->line.len) {
			snprintf(a->why, sizeof(a->why), "it answers a line of more than %d MiB",
				 GUEST_LINE_MAX >> 20);
			return -EFBIG;
		}
		strbuf_add(&a->line, data, part);
		if (a->line.error)
			return a->line.error;
		data += part + (end ? 1 : 0);
		len -= part + (end ? 1 : 0);
		if (end) {
			r = take_line(a, a->line.data ? a->line.data : "", a->line.len);
			a->line.len = 0;
		}
	}
	return r;
}
