/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "value-form.h"

struct printer {
	const struct btf *btf;
	const unsigned char *data;
	size_t size;
	/* How many values may still be told of: types without a size, and unions in unions, make
	 * any number of them from no data. */
	size_t budget;
};

static json_t *print(struct printer *p, __u32 id, const char *name, uint64_t bit, unsigned bits,
		     unsigned depth);

static json_t *bytes_json(const unsigned char *data, size_t size)
{
	cleanup_strbuf struct strbuf b = {0};

	strbuf_puts(&b, "hex");
	for (size_t i = 0; i < size; i++) {
		static const char digits[] = "0123456789abcdef";
		const char byte[] = {' ', digits[data[i] >> 4], digits[data[i] & 15]};
		strbuf_add(&b, byte, sizeof(byte));
	}
	return b.error ? NULL : json_stringn_nocheck(b.data, b.len);
}

static json_t *unsigned_json(uint64_t n)
{
	char text[24];

	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	snprintf(text, sizeof(text), "%" PRIu64, n);
	return json_string(text);
}

static json_t *number_json(uint64_t n, bool is_signed)
{
	return is_signed ? json_integer((json_int_t)(int64_t)n) : unsigned_json(n);
}

/* Of 16 bytes, say. */
static json_t *large_json(const unsigned char *data, size_t size)
{
	cleanup_strbuf struct strbuf b = {0};

	strbuf_puts(&b, "0x");
	for (size_t i = 0; i < size; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		strbuf_printf(&b, "%02x", data[size - 1 - i]);
#else
		strbuf_printf(&b, "%02x", data[i]);
#endif
	return b.error ? NULL : json_string(b.data);
}

static json_t *enum_json(const struct btf *btf, const struct btf_type *t, uint64_t n,
			 bool is_signed)
{
	for (unsigned i = 0; i < btf_vlen(t); i++) {
		bool is_wide = btf_is_enum64(t);
		/* Of 32 bits, the sign is the type's. */
		uint64_t value = is_wide     ? btf_enum64_value(btf_enum64(t) + i)
				 : is_signed ? (uint64_t)(int64_t)btf_enum(t)[i].val
					     : (uint32_t)btf_enum(t)[i].val;
		__u32 name_off = is_wide ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;
		const char *name = btf__name_by_offset(btf, name_off);
		if (value == n && name && *name)
			return json_string(name);
	}
	return number_json(n, is_signed);
}

static json_t *float_json(const unsigned char *data, size_t size)
{
	char text[32];
	double d;
	float f;

	if (size == sizeof(f)) {
		memcpy(&f, data, sizeof(f));
		/* 0.1, where the same as a double would be 0.10000000149011612 */
		snprintf(text, sizeof(text), "%.9g", (double)f);
		for (int digits = 6; digits < 9; digits++) {
			snprintf(text, sizeof(text), "%.*g", digits, (double)f);
			if (strtof(text, NULL) == f)
				break;
		}
		d = strtod(text, NULL);
	} else {
		memcpy(&d, data, sizeof(d));
	}
	if (isfinite(d))
		return json_real(d);
	return json_string(isnan(d) ? "nan" : d > 0 ? "inf" : "-inf");
}

static json_t *address_json(const unsigned char *data, size_t size)
{
	static const unsigned char zero[12];
	char text[INET6_ADDRSTRLEN];
	/* As the programs keep an IPv4 address in 16 bytes. */
	bool is_4 = size == 4 || (memcmp(data, zero, 4) != 0 && memcmp(data + 4, zero, 12) == 0);

	return inet_ntop(is_4 ? AF_INET : AF_INET6, data, text, sizeof(text)) ? json_string(text)
									      : NULL;
}

static json_t *mac_json(const unsigned char *data)
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", data[0], data[1], data[2],
		 data[3], data[4], data[5]);
	return json_string(text);
}

/* NULL also where it is none. */
static json_t *prefix_json(const unsigned char *data, size_t size)
{
	char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 12];
	uint32_t length;

	memcpy(&length, data, sizeof(length));
	if (length > 8 * (size - 4) ||
	    /* In 16 bytes it is always IPv6: 2001:db8::/32 would look like an IPv4 address. */
	    !inet_ntop(size == 8 ? AF_INET : AF_INET6, data + 4, address, sizeof(address)))
		return NULL;
	snprintf(text, sizeof(text), "%s/%" PRIu32, address, length);
	return json_string(text);
}

/* Up to the first NUL: programs leave there what was there. */
static json_t *string_json(const unsigned char *data, size_t size)
{
	size_t len = strnlen((const char *)data, size), i;

	for (i = 0; i < len; i++)
		if ((data[i] < ' ' && !strchr("\t\n\r", data[i])) || data[i] == 0x7f ||
		    (data[i] == 0xc2 && i + 1 < len && data[i + 1] < 0xa0))
			break;
	/* Which is read as bytes. */
	bool is_hex =
		len >= 3 && memcmp(data, "hex", 3) == 0 && (len == 3 || strchr(" \t:", data[3]));
	json_t *json = i == len && !is_hex ? json_stringn((const char *)data, len) : NULL;
	return json ? json : bytes_json(data, size);
}

static json_t *char_json(unsigned char c)
{
	const char text[] = {(char)c, '\0'};

	/* A digit is read as a number. */
	return c > ' ' && c < 0x7f && !isdigit(c) ? json_string(text)
						  : json_integer((signed char)c);
}

static json_t *number_or_bits(const struct printer *p, const struct value_form *f, uint64_t bit)
{
	uint64_t n = f->kind == VALUE_BE ? 0 : value_get_bits(p->data, bit, f);

	if (f->kind == VALUE_BE) {
		for (size_t i = 0; i < f->size; i++)
			n = n << 8 | p->data[bit / 8 + i];
		return unsigned_json(n);
	}
	if (f->kind == VALUE_ENUM)
		return enum_json(p->btf, f->type, n, f->is_signed);
	if (f->kind == VALUE_BOOL && n < 2)
		return json_boolean(n);
	if (f->kind == VALUE_INT && f->size > 8 && f->bits > 64)
		return large_json(p->data + bit / 8, f->size);
	return number_json(n, f->is_signed);
}

static json_t *array_json(struct printer *p, const struct value_form *f, size_t offset,
			  unsigned depth)
{
	const struct btf_array *array = btf_array(f->type);
	long long size = btf__resolve_size(p->btf, array->type);
	json_t *all = json_array();

	/* What begins past the end is not there. */
	for (size_t i = 0; size > 0 && i < array->nelems && p->budget; i++) {
		uint64_t at = offset + (uint64_t)size * i;
		if (at >= p->size)
			break;
		json_array_append_new(all, print(p, array->type, NULL, 8 * at, 0, depth + 1));
	}
	return all;
}

/* A member's name, made another where it is taken: JSON has each once. */
static void add_member(json_t *to, const char *name, json_t *value)
{
	if (json_object_get(to, name))
		json_decref(value);
	else
		json_object_set_new(to, name, value);
}

static void members_json(struct printer *p, const struct btf_type *t, uint64_t bit, unsigned depth,
			 json_t *to)
{
	for (unsigned i = 0; i < btf_vlen(t) && p->budget; i++) {
		struct value_member m = value_member(p->btf, t, i);
		struct value_form f;
		p->budget--;
		value_form(p->btf, m.type, m.name, !*m.name, &f);
		if (f.kind == VALUE_OPAQUE)
			continue;
		if (*m.name)
			add_member(to, m.name,
				   print(p, m.type, m.name, bit + m.bit_offset, m.bits, depth + 1));
		else if (f.kind == VALUE_STRUCT && depth < VALUE_DEPTH)
			members_json(p, f.type, bit + m.bit_offset, depth + 1, to);
	}
}

static bool is_there(const struct printer *p, const struct value_form *f, uint64_t bit,
		     unsigned bits)
{
	if (bits)
		return bits <= 64 && bit + bits <= (uint64_t)8 * p->size;
	if (f->kind == VALUE_STRUCT || f->kind == VALUE_SECTION || f->kind == VALUE_ARRAY)
		return bit % 8 == 0;
	return f->size && bit % 8 == 0 && bit / 8 + f->size <= p->size;
}

static json_t *print_form(struct printer *p, struct value_form *f, uint64_t bit, unsigned bits,
			  unsigned depth)
{
	const unsigned char *data = p->data + bit / 8;
	json_t *json;

	if (bits)
		value_form_bits(f, bits);
	switch (f->kind) {
	case VALUE_BYTES:
		return bytes_json(data, f->size);
	case VALUE_INT:
	case VALUE_BE:
	case VALUE_BOOL:
	case VALUE_ENUM:
		return number_or_bits(p, f, bit);
	case VALUE_CHAR:
		return char_json(*data);
	case VALUE_FLOAT:
		return float_json(data, f->size);
	case VALUE_POINTER:
		return large_json(data, f->size);
	case VALUE_ADDRESS4:
	case VALUE_ADDRESS16:
		return address_json(data, f->size);
	case VALUE_MAC:
		return mac_json(data);
	case VALUE_STRING:
		return string_json(data, f->size);
	case VALUE_ARRAY:
		return array_json(p, f, bit / 8, depth);
	case VALUE_PREFIX:
		json = prefix_json(data, f->size);
		if (json)
			return json;
		/* fall through */
	case VALUE_STRUCT:
	case VALUE_SECTION:
		json = json_object();
		members_json(p, f->type, bit, depth, json);
		return json;
	case VALUE_OPAQUE:
		break;
	}
	return json_null();
}

static json_t *print(struct printer *p, __u32 id, const char *name, uint64_t bit, unsigned bits,
		     unsigned depth)
{
	struct value_form f;

	if (!p->budget || depth >= VALUE_DEPTH)
		return json_null();
	p->budget--;
	value_form(p->btf, id, name, false, &f);
	return is_there(p, &f, bit, bits) ? print_form(p, &f, bit, bits, depth) : json_null();
}

json_t *value_json(const struct btf *btf, __u32 type, const void *data, size_t size)
{
	struct printer p = {.btf = btf, .data = data, .size = size, .budget = 4096 + 16 * size};

	return type && btf ? print(&p, type, NULL, 0, 0, 0) : bytes_json(data, size);
}

static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_-.:/+@%", text[i]))
			return false;
	return len > 0;
}

/* A room that is not filled is not shown to its end. */
static void hex_text(const char *text, size_t len, struct strbuf *to)
{
	enum { ZERO = 3, SHOWN = 8 * ZERO }; /* " 00" */
	size_t zeros = 0;

	while (zeros + ZERO < len && memcmp(text + len - zeros - ZERO, " 00", ZERO) == 0)
		zeros += ZERO;
	strbuf_add(to, text, zeros > SHOWN ? len - zeros + ZERO : len);
	if (zeros > SHOWN)
		strbuf_puts(to, " ...");
}

static void string_text(const json_t *json, struct strbuf *to)
{
	const char *text = json_string_value(json);
	size_t len = json_string_length(json);

	if (str_begins(text, "hex ")) {
		hex_text(text, len, to);
		return;
	}
	if (is_plain(text, len)) {
		strbuf_add(to, text, len);
		return;
	}
	cleanup_free char *quoted = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
	if (quoted)
		strbuf_puts(to, quoted);
	else
		to->error = -ENOMEM;
}

/* Padding is not worth a line's room. */
static bool is_padding(const char *name, const json_t *value)
{
	const char *text = json_string_value(value);

	return value_is_padding(name) &&
	       (json_is_integer(value) ? json_integer_value(value) == 0
				       : text && str_begins(text, "hex") &&
						 strspn(text + 3, " 0") == strlen(text + 3));
}

static void object_text(const json_t *json, struct strbuf *to)
{
	const char *name, *comma = "";
	json_t *value, *object = (json_t *)json; /* jansson: no const there, and nothing written */

	strbuf_putc(to, '{');
	json_object_foreach(object, name, value) {
		if (is_padding(name, value))
			continue;
		strbuf_printf(to, "%s%s: ", comma, name);
		value_text_json(value, to);
		comma = ", ";
	}
	strbuf_putc(to, '}');
}

void value_text_json(const json_t *json, struct strbuf *to)
{
	size_t i;
	const json_t *value;

	if (json_is_string(json)) {
		string_text(json, to);
	} else if (json_is_object(json)) {
		object_text(json, to);
	} else if (json_is_array(json)) {
		strbuf_putc(to, '[');
		json_array_foreach(json, i, value) {
			strbuf_puts(to, i ? ", " : "");
			value_text_json(value, to);
		}
		strbuf_putc(to, ']');
	} else if (json_is_integer(json)) {
		strbuf_printf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
	} else if (json_is_real(json)) {
		strbuf_printf(to, "%.15g", json_real_value(json));
	} else if (json_is_boolean(json)) {
		strbuf_puts(to, json_is_true(json) ? "true" : "false");
	} else {
		strbuf_putc(to, '?');
	}
}

void value_text(const struct btf *btf, __u32 type, const void *data, size_t size, struct strbuf *to)
{
	json_t *json = value_json(btf, type, data, size);

	if (json)
		value_text_json(json, to);
	else
		to->error = -ENOMEM;
	json_decref(json);
}
