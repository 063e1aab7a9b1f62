/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/nearest.h"
#include "shared/strv.h"
#include "value-form.h"

struct reader {
	const struct btf *btf;
	unsigned char *data;
	/* Which bits were written: members of a union must agree. */
	unsigned char *written;
	size_t size;
	struct crossbpf_error *e;
};

static int read_value(struct reader *r, __u32 id, const char *name, uint64_t bit, unsigned bits,
		      const json_t *json, const struct value_place *at);

static bool is_there(const struct reader *r, uint64_t bit, uint64_t bits)
{
	return bits <= (uint64_t)8 * r->size && bit <= (uint64_t)8 * r->size - bits;
}

static int put(struct reader *r, size_t at, unsigned char byte, unsigned char mask,
	       const struct value_place *place)
{
	if ((r->data[at] ^ byte) & mask & r->written[at])
		return value_error(place, -EINVAL, "give one of them alone", r->e,
				   "it says other than another member of its union");
	r->data[at] = (unsigned char)((r->data[at] & ~mask) | (byte & mask));
	r->written[at] |= mask;
	return 0;
}

static int put_bytes(struct reader *r, uint64_t bit, const unsigned char *bytes, size_t n,
		     const struct value_place *at)
{
	if (bit % 8 || !is_there(r, bit, 8 * (uint64_t)n))
		return value_error(at, -EINVAL, NULL, r->e, "it does not lie within the value");
	for (size_t i = 0; i < n; i++) {
		int error = put(r, bit / 8 + i, bytes[i], 0xff, at);
		if (error < 0)
			return error;
	}
	return 0;
}

static int put_bits(struct reader *r, const struct value_form *f, uint64_t bit, uint64_t n,
		    const struct value_place *at)
{
	bit += f->shift;
	if (f->bits > 64 || !is_there(r, bit, f->bits))
		return value_error(at, -EINVAL, NULL, r->e, "it does not lie within the value");
	for (unsigned i = 0; i < f->bits; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		unsigned on = n >> i & 1, place = (bit + i) % 8;
#else
		unsigned on = n >> (f->bits - 1 - i) & 1, place = 7 - (bit + i) % 8;
#endif
		int error = put(r, (bit + i) / 8, (unsigned char)(on << place),
				(unsigned char)(1U << place), at);
		if (error < 0)
			return error;
	}
	return 0;
}

/* "hex 01 02" as text of any type. 1: it is none. */
static int read_hex(struct reader *r, const struct value_form *f, uint64_t bit, const char *text,
		    const struct value_place *at)
{
	cleanup_free unsigned char *bytes = NULL;

	if (!str_begins(text, "hex") || !f->size || f->kind == VALUE_OPAQUE)
		return 1;
	if (f->size > r->size)
		return value_error(at, -EINVAL, NULL, r->e, "it does not lie within the value");
	bytes = calloc(1, f->size);
	if (!bytes)
		return error_no_memory(r->e);
	int n = value_hex(text, bytes, f->size);
	if (n == -EINVAL)
		return 1;
	if (n < 0 || (size_t)n != f->size)
		return value_error(at, -EINVAL, NULL, r->e, "'%s': there are %zu bytes", text,
				   f->size);
	return put_bytes(r, bit, bytes, f->size, at);
}

static int read_text(struct reader *r, const struct value_form *f, uint64_t bit, unsigned bits,
		     const char *text, const struct value_place *at)
{
	cleanup_free unsigned char *bytes = NULL;
	uint64_t number;

	if (bits || (f->kind == VALUE_INT && f->bits != 8 * f->size)) {
		int error = value_number(r->btf, f, text, &number, at, r->e);
		return error < 0 ? error : put_bits(r, f, bit, number, at);
	}
	int error = read_hex(r, f, bit, text, at);
	if (error <= 0)
		return error;
	if (!is_there(r, bit, 8 * (uint64_t)f->size))
		return value_error(at, -EINVAL, NULL, r->e, "it does not lie within the value");
	bytes = calloc(1, f->size + 1);
	if (!bytes)
		return error_no_memory(r->e);
	error = value_scalar(r->btf, f, text, bytes, at, r->e);
	return error < 0 ? error : put_bytes(r, bit, bytes, f->size, at);
}

struct found {
	struct value_member member;
	uint64_t bit;
};

static bool is_anonymous(const struct btf *btf, const struct value_member *m,
			 struct value_form *ret)
{
	if (*m->name)
		return false;
	value_form(btf, m->type, NULL, true, ret);
	return ret->kind == VALUE_STRUCT;
}

/* `budget`: types that hold themselves are looked into for so long. */
static bool find_member(const struct btf *btf, const struct btf_type *t, uint64_t bit,
			const char *name, unsigned depth, unsigned *budget, struct found *ret)
{
	for (unsigned i = 0; i < btf_vlen(t) && *budget; i++, --*budget) {
		struct value_member m = value_member(btf, t, i);
		struct value_form inner;
		if (*m.name && strcmp(m.name, name) == 0) {
			*ret = (struct found){m, bit + m.bit_offset};
			return true;
		}
		if (depth < VALUE_DEPTH && is_anonymous(btf, &m, &inner) &&
		    find_member(btf, inner.type, bit + m.bit_offset, name, depth + 1, budget, ret))
			return true;
		if (!*budget)
			break;
	}
	return false;
}

static void add_names(const struct btf *btf, const struct btf_type *t, struct strv *to)
{
	/* Names are for a hint: a few levels, and no more than anybody reads. */
	for (unsigned i = 0; i < btf_vlen(t) && to->n < 1000; i++) {
		struct value_member m = value_member(btf, t, i);
		struct value_form inner;
		if (*m.name)
			strv_add(to, m.name);
		else if (is_anonymous(btf, &m, &inner) && inner.type != t)
			for (unsigned j = 0; j < btf_vlen(inner.type) && to->n < 1000; j++) {
				m = value_member(btf, inner.type, j);
				if (*m.name)
					strv_add(to, m.name);
			}
	}
}

static int unknown_member(const struct reader *r, const struct btf_type *t, const char *name,
			  const struct value_place *at)
{
	cleanup_strv struct strv names = {0};
	cleanup_free char *hint = NULL;
	static const char *const none[] = {NULL};

	add_names(r->btf, t, &names);
	if (!names.error)
		hint = nearest_hint(name, names.n ? (const char *const *)names.v : none);
	return value_error(at, -ENOENT, hint, r->e, "there is no %s '%s'",
			   btf_is_datasec(t) ? "variable" : "member", name);
}

static int read_members(struct reader *r, const struct btf_type *t, uint64_t bit,
			const json_t *json, const struct value_place *at)
{
	json_t *object = (json_t *)json, *value; /* jansson: nothing is written */
	const char *name;

	json_object_foreach(object, name, value) {
		struct value_place place = {.up = at, .name = name};
		struct found found;
		unsigned budget = 100000;
		if (!find_member(r->btf, t, bit, name, 0, &budget, &found))
			return unknown_member(r, t, name, at);
		int error = read_value(r, found.member.type, found.member.name, found.bit,
				       found.member.bits, value, &place);
		if (error < 0)
			return error;
	}
	return 0;
}

static int read_array(struct reader *r, const struct value_form *f, uint64_t bit,
		      const json_t *json, const struct value_place *at)
{
	const struct btf_array *array = btf_array(f->type);
	long long size = btf__resolve_size(r->btf, array->type);
	size_t i;
	const json_t *value;

	if (json_array_size(json) > array->nelems || size <= 0)
		return value_error(at, -ERANGE, NULL, r->e, "%zu elements, with room for %u",
				   json_array_size(json), size > 0 ? array->nelems : 0);
	json_array_foreach(json, i, value) {
		struct value_place place = {.up = at, .index = i};
		int error = read_value(r, array->type, NULL, bit + 8 * (uint64_t)size * i, 0, value,
				       &place);
		if (error < 0)
			return error;
	}
	return 0;
}

/* What a structure or array is called for, where a text stands. */
static int refuse_text(const struct reader *r, const struct value_form *f, const char *text,
		       const struct value_place *at)
{
	cleanup_strv struct strv names = {0};
	cleanup_free char *hint = NULL;

	if (f->kind == VALUE_ARRAY)
		return value_error(at, -EINVAL, "write it as [1, 2]", r->e, "'%s' is no array",
				   text);
	add_names(r->btf, f->type, &names);
	if (!names.error && names.n)
		hint = str_printf("write it as {\"%s\": …%s}", names.v[0],
				  names.n > 1 ? ", …" : "");
	return value_error(at, -EINVAL, hint, r->e, "'%s' is no JSON object", text);
}

static int read_json_text(struct reader *r, __u32 id, const char *name, uint64_t bit, unsigned bits,
			  const char *text, const struct value_place *at)
{
	struct value_form f;

	value_form(r->btf, id, name, false, &f);
	if (bits)
		value_form_bits(&f, bits);
	if (f.kind == VALUE_ARRAY || f.kind == VALUE_STRUCT || f.kind == VALUE_SECTION) {
		int error = read_hex(r, &f, bit, text, at);
		return error <= 0 ? error : refuse_text(r, &f, text, at);
	}
	return read_text(r, &f, bit, bits, text, at);
}

/* Of a structure that is as its only member: that, for as long as it is one. */
static void only_members(const struct btf *btf, __u32 *id, struct value_form *f)
{
	for (int i = 0; i < VALUE_DEPTH && f->kind == VALUE_STRUCT && btf_vlen(f->type) == 1; i++) {
		struct value_member only = value_member(btf, f->type, 0);
		if (only.bits || only.bit_offset)
			return;
		*id = only.type;
		value_form(btf, *id, only.name, true, f);
	}
}

static int read_compound(struct reader *r, __u32 id, uint64_t bit, unsigned bits,
			 const json_t *json, const struct value_place *at)
{
	struct value_form f;

	value_form(r->btf, id, NULL, true, &f);
	if (!bits && json_is_object(json) && (f.kind == VALUE_STRUCT || f.kind == VALUE_SECTION))
		return read_members(r, f.type, bit, json, at);
	if (!bits && json_is_array(json))
		only_members(r->btf, &id, &f);
	if (!bits && json_is_array(json) && f.kind == VALUE_ARRAY)
		return read_array(r, &f, bit, json, at);
	if (f.kind == VALUE_OPAQUE)
		return value_error(at, -EINVAL, NULL, r->e, "the kernel alone sets it");
	return value_error(at, -EINVAL, NULL, r->e, "it is no %s",
			   json_is_object(json) ? "structure" : "array");
}

static int read_value(struct reader *r, __u32 id, const char *name, uint64_t bit, unsigned bits,
		      const json_t *json, const struct value_place *at)
{
	char text[64];

	switch (json_typeof(json)) {
	case JSON_STRING:
		return read_json_text(r, id, name, bit, bits, json_string_value(json), at);
	case JSON_INTEGER:
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		break;
	case JSON_REAL:
		snprintf(text, sizeof(text), "%.17g", json_real_value(json));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		snprintf(text, sizeof(text), "%s", json_is_true(json) ? "true" : "false");
		break;
	case JSON_NULL: /* as value_json() says of what is not there */
		return 0;
	default:
		return read_compound(r, id, bit, bits, json, at);
	}
	return read_json_text(r, id, name, bit, bits, text, at);
}

/* Does the text begin as JSON of this type does? A string of char is any text but "…" itself. */
static bool is_json(const struct value_form *f, const char *text)
{
	text += strspn(text, " \t\n\r");
	return *text == '"' || ((*text == '{' || *text == '[') && f->kind != VALUE_STRING &&
				!(f->kind == VALUE_CHAR && !text[1]));
}

static json_t *load(const char *text, const struct value_form *f, struct crossbpf_error *e)
{
	json_error_t error;
	json_t *json;

	if (is_json(f, text))
		json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	else
		return (json = json_stringn_nocheck(text, strlen(text)))
			       ? json
			       : (error_no_memory(e), NULL);
	if (!json)
		error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			  strstr(error.text, "too big") ? "write it as a string" : NULL,
			  "it is no JSON: %s", error.text);
	return json;
}

/* What is one value needs no JSON, which is slow, and no memory. */
static int parse_simple(const struct btf *btf, const struct value_form *f, const char *text,
			unsigned char *data, struct crossbpf_error *e)
{
	unsigned char bytes[24];

	int r = value_scalar(btf, f, text, bytes, NULL, e);
	if (r == 0)
		memcpy(data, bytes, f->size);
	return r;
}

/* ret_named as of value_parse_named(); NULL: nobody asks. */
static int parse_json(const struct btf *btf, __u32 type, const json_t *json, void *data,
		      unsigned char *ret_named, size_t size, struct crossbpf_error *e)
{
	cleanup_free unsigned char *copy = malloc(size + 1), *written = calloc(1, size + 1);

	if (!copy || !written)
		return error_no_memory(e);
	memcpy(copy, data, size);
	struct reader r = {.btf = btf, .data = copy, .written = written, .size = size, .e = e};
	int error = read_value(&r, type, NULL, 0, 0, json, NULL);
	if (error < 0)
		return error;
	memcpy(data, copy, size);
	if (ret_named)
		memcpy(ret_named, written, size);
	return 0;
}

static int parse_bytes(const char *text, void *data, size_t size, struct crossbpf_error *e)
{
	cleanup_free unsigned char *bytes = malloc(size + 1);
	size_t len = strlen(text);
	/* A string of JSON, as value_json() has it. */
	bool is_quoted = len >= 2 && text[0] == '"' && text[len - 1] == '"';
	cleanup_free char *bare = strndup(text + is_quoted, is_quoted ? len - 2 : len);

	if (!bytes || !bare)
		return error_no_memory(e);
	int n = value_hex(bare, bytes, size);
	if (n < 0 || (size_t)n != size)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "bytes are written as: hex 01 02",
				 n == -EINVAL ? "'%s' are no bytes: there is no type"
					      : "'%s': there are %zu bytes",
				 text, size);
	memcpy(data, bytes, size);
	return 0;
}

static int parse(const struct btf *btf, __u32 type, const char *text, void *data,
		 unsigned char *ret_named, size_t size, struct crossbpf_error *e)
{
	struct value_form f;

	if (ret_named)
		memset(ret_named, 0xff, size);
	if (!type || !btf)
		return parse_bytes(text, data, size, e);
	value_form(btf, type, NULL, false, &f);
	if (f.size > size)
		return error_set(e, -EINVAL, EXIT_STATUS_FAILED, NULL,
				 "its type has %zu bytes, and there are %zu", f.size, size);
	if (value_is_simple(&f) && !is_json(&f, text) && !str_begins(text, "hex"))
		return parse_simple(btf, &f, text, data, e);
	json_t *json = load(text, &f, e);
	int r = json ? parse_json(btf, type, json, data, ret_named, size, e) : -EINVAL;
	json_decref(json);
	return r;
}

int value_parse_over(const struct btf *btf, __u32 type, const char *text, void *data, size_t size,
		     struct crossbpf_error *e)
{
	return parse(btf, type, text, data, NULL, size, e);
}

int value_parse_named(const struct btf *btf, __u32 type, const char *text, void *data,
		      unsigned char *ret_named, size_t size, struct crossbpf_error *e)
{
	return parse(btf, type, text, data, ret_named, size, e);
}

int value_parse(const struct btf *btf, __u32 type, const char *text, void *ret, size_t size,
		struct crossbpf_error *e)
{
	cleanup_free unsigned char *bytes = calloc(1, size + 1);
	int r = bytes ? value_parse_over(btf, type, text, bytes, size, e) : error_no_memory(e);

	if (r == 0)
		memcpy(ret, bytes, size);
	return r;
}
