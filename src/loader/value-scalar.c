/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of what is one value: a number, a name, an address. */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/nearest.h"
#include "shared/strv.h"
#include "value-form.h"

static void add_place(const struct value_place *at, struct strbuf *to)
{
	if (!at)
		return;
	add_place(at->up, to);
	if (!at->name)
		strbuf_printf(to, "[%zu]", at->index);
	else
		strbuf_printf(to, "%s%s", to->len ? "." : "", at->name);
}

int value_error(const struct value_place *at, int code, const char *hint, struct crossbpf_error *e,
		const char *format, ...)
{
	cleanup_strbuf struct strbuf b = {0};
	va_list args;

	add_place(at, &b);
	if (b.len)
		strbuf_puts(&b, ": ");
	va_start(args, format);
	strbuf_vprintf(&b, format, args);
	va_end(args);
	if (b.error)
		return error_no_memory(e);
	return error_set(e, code, EXIT_STATUS_USAGE, hint, "%s", b.data);
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : 16;
}

int value_hex(const char *text, unsigned char *ret, size_t room)
{
	size_t n = 0;

	if (strncmp(text, "hex", 3) != 0 || (text[3] && !strchr(" \t:", text[3])))
		return -EINVAL;
	for (text += 3; *text; n++) {
		text += strspn(text, " \t:");
		if (!*text)
			break;
		int high = digit_of(text[0]), low = high < 16 ? digit_of(text[1]) : 16;
		if (low > 15)
			return -EINVAL;
		if (n >= room)
			return -E2BIG;
		ret[n] = (unsigned char)(high << 4 | low);
		text += 2;
	}
	return (int)n;
}

/* Decimal or 0x. -EINVAL, or -ERANGE where 64 bits do not hold it. */
static int read_unsigned(const char *text, uint64_t *ret)
{
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	uint64_t n = 0;
	bool is_large = false;

	text += base == 16 ? 2 : 0;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		int digit = digit_of(*text);
		if (digit >= base)
			return -EINVAL;
		is_large |= n > (UINT64_MAX - (unsigned)digit) / (unsigned)base;
		n = n * (unsigned)base + (unsigned)digit;
	}
	*ret = n;
	return is_large ? -ERANGE : 0;
}

/* The largest of the type's bits. */
static uint64_t all_bits(const struct value_form *f)
{
	return f->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << f->bits) - 1;
}

static int out_of_range(const struct value_form *f, const char *text, const struct value_place *at,
			struct crossbpf_error *e)
{
	uint64_t max = all_bits(f);

	if (f->is_signed)
		return value_error(at, -ERANGE, NULL, e,
				   "'%s' is out of range: %" PRId64 " to %" PRIu64, text,
				   (int64_t)(-(int64_t)(max / 2) - 1), max / 2);
	return value_error(at, -ERANGE, NULL, e, "'%s' is out of range: 0 to %" PRIu64, text, max);
}

static int read_number(const struct value_form *f, const char *text, uint64_t *ret)
{
	bool is_negative = text[0] == '-';
	uint64_t n, max = all_bits(f);
	int r = read_unsigned(text + (is_negative || text[0] == '+'), &n);

	if (r < 0)
		return r;
	if (is_negative && n) {
		if (!f->is_signed || n > max / 2 + 1)
			return -ERANGE;
		*ret = -n;
		return 0;
	}
	/* Of bits, hexadecimal may give all also where there is a sign. */
	if (n > (f->is_signed && f->bits > 1 ? max / 2 : max) &&
	    !(f->is_signed && text[0] == '0' && n <= max && f->bits <= 64))
		return -ERANGE;
	*ret = n;
	return 0;
}

static uint64_t enum_value(const struct btf_type *t, unsigned i)
{
	return btf_is_enum64(t) ? btf_enum64_value(btf_enum64(t) + i)
				: (uint64_t)(int64_t)btf_enum(t)[i].val;
}

static const char *enum_name(const struct btf *btf, const struct btf_type *t, unsigned i)
{
	const char *name = btf__name_by_offset(btf, btf_is_enum64(t) ? btf_enum64(t)[i].name_off
								     : btf_enum(t)[i].name_off);

	return name ? name : "";
}

static int unknown_name(const struct btf *btf, const struct btf_type *t, const char *text,
			const struct value_place *at, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};
	cleanup_free char *hint = NULL;

	for (unsigned i = 0; i < btf_vlen(t); i++)
		strv_add(&names, enum_name(btf, t, i));
	if (!names.error && names.n)
		hint = nearest_hint(text, (const char *const *)names.v);
	return value_error(at, -EINVAL, hint, e, "'%s' is no number and no name of it", text);
}

static int read_enum(const struct btf *btf, const struct value_form *f, const char *text,
		     uint64_t *ret)
{
	for (unsigned i = 0; i < btf_vlen(f->type); i++)
		if (strcmp(enum_name(btf, f->type, i), text) == 0) {
			*ret = enum_value(f->type, i);
			return 0;
		}
	return -ENOENT;
}

int value_number(const struct btf *btf, const struct value_form *f, const char *text, uint64_t *ret,
		 const struct value_place *at, struct crossbpf_error *e)
{
	if (f->kind == VALUE_ENUM && read_enum(btf, f, text, ret) == 0)
		return 0;
	if (f->kind == VALUE_BOOL && strcmp(text, "true") == 0) {
		*ret = 1;
		return 0;
	}
	if (f->kind == VALUE_BOOL && strcmp(text, "false") == 0) {
		*ret = 0;
		return 0;
	}
	if (f->kind == VALUE_CHAR && text[0] && !text[1] && !isdigit((unsigned char)text[0])) {
		*ret = (unsigned char)text[0];
		return 0;
	}
	int r = read_number(f, text, ret);
	if (r == -ERANGE)
		return out_of_range(f, text, at, e);
	if (r < 0 && f->kind == VALUE_ENUM)
		return unknown_name(btf, f->type, text, at, e);
	if (r < 0)
		return value_error(at, -EINVAL, NULL, e, "'%s' is no %s", text,
				   f->kind == VALUE_BOOL ? "truth value: true or false" : "number");
	if (f->kind == VALUE_BOOL && *ret > 1)
		return value_error(at, -ERANGE, NULL, e, "'%s' is out of range: true or false",
				   text);
	return 0;
}

/* In the order of this machine, or the network's. */
static void put_number(const struct value_form *f, uint64_t n, unsigned char *ret)
{
	bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && f->kind != VALUE_BE;
	unsigned char fill = f->is_signed && (int64_t)n < 0 ? 0xff : 0;

	for (size_t i = 0; i < f->size; i++)
		ret[is_little ? i : f->size - 1 - i] = i < 8 ? (unsigned char)(n >> 8 * i) : fill;
}

/* Hexadecimal, up to the size; of 16 bytes and more. */
static int read_large(const struct value_form *f, const char *text, unsigned char *ret)
{
	size_t len = strlen(text);

	if (strncmp(text, "0x", 2) != 0 || len == 2)
		return -EINVAL;
	memset(ret, 0, f->size);
	for (size_t i = 0; i < len - 2; i++) {
		int digit = digit_of(text[len - 1 - i]);
		if (digit > 15)
			return -EINVAL;
		if (i / 2 >= f->size)
			return -ERANGE;
		bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
		ret[is_little ? i / 2 : f->size - 1 - i / 2] |=
			(unsigned char)(digit << (i % 2 ? 4 : 0));
	}
	return 0;
}

static int read_address(const struct value_form *f, const char *text, unsigned char *ret)
{
	unsigned char address[16] = {0};
	bool is_6 = strchr(text, ':') != NULL;

	if ((is_6 && f->size != 16) || inet_pton(is_6 ? AF_INET6 : AF_INET, text, address) != 1)
		return -EINVAL;
	memcpy(ret, address, f->size);
	return 0;
}

static int read_mac(const char *text, unsigned char *ret)
{
	unsigned char mac[6];

	for (int i = 0; i < 6; i++, text += 3) {
		int high = digit_of(text[0]), low = high < 16 ? digit_of(text[1]) : 16;
		if (low > 15 || text[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		mac[i] = (unsigned char)(high << 4 | low);
	}
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

static void clear_host_bits(unsigned char *address, size_t size, uint64_t length)
{
	for (size_t i = 0; i < size; i++) {
		unsigned kept = length > 8 * i ? (unsigned)(length - 8 * i) : 0;
		address[i] &= kept >= 8 ? 0xff : (unsigned char)(0xff00 >> kept);
	}
}

static int host_bits(const unsigned char *network, size_t size, uint64_t length, const char *text,
		     const struct value_place *at, struct crossbpf_error *e)
{
	char meant[INET6_ADDRSTRLEN];

	inet_ntop(size == 4 ? AF_INET : AF_INET6, network, meant, sizeof(meant));
	cleanup_free char *hint = str_printf("did you mean %s/%" PRIu64 "?", meant, length);
	return value_error(at, -EINVAL, hint, e, "'%s' has bits set behind the prefix", text);
}

static int read_prefix(const struct value_form *f, const char *text, unsigned char *ret,
		       const struct value_place *at, struct crossbpf_error *e)
{
	size_t size = f->size - 4, len = strcspn(text, "/");
	unsigned char address[16], network[16];
	char head[INET6_ADDRSTRLEN];
	uint64_t length = 8 * size;
	const char *kind = size == 4 ? "IPv4" : "IPv6";

	if (len < sizeof(head)) {
		memcpy(head, text, len);
		head[len] = '\0';
	}
	if (len >= sizeof(head) || inet_pton(size == 4 ? AF_INET : AF_INET6, head, address) != 1)
		return value_error(at, -EINVAL, NULL, e, "'%s' is no %s prefix", text, kind);
	int r = text[len] ? read_unsigned(text + len + 1, &length) : 0;
	if (r == -ERANGE || length > 8 * size)
		return value_error(at, -ERANGE, NULL, e,
				   "'%s': the length of a prefix of %s is 0 to %zu", text, kind,
				   8 * size);
	if (r < 0)
		return value_error(at, r, NULL, e, "'%s' is no %s prefix", text, kind);
	memcpy(network, address, size);
	clear_host_bits(network, size, length);
	if (memcmp(network, address, size) != 0)
		return host_bits(network, size, length, text, at, e);
	const uint32_t word = (uint32_t)length;
	memcpy(ret, &word, sizeof(word));
	memcpy(ret + sizeof(word), address, size);
	return 0;
}

static int read_float(const struct value_form *f, const char *text, unsigned char *ret)
{
	char *end;
	double d;
	float s;

	if (!*text || isspace((unsigned char)*text))
		return -EINVAL;
	d = strtod(text, &end);
	if (*end)
		return -EINVAL;
	s = f->size == sizeof(s) ? strtof(text, NULL) : 0;
	memcpy(ret, f->size == sizeof(s) ? (const void *)&s : (const void *)&d, f->size);
	return 0;
}

static int read_string(const struct value_form *f, const char *text, unsigned char *ret,
		       const struct value_place *at, struct crossbpf_error *e)
{
	size_t len = strlen(text);

	if (len > f->size)
		return value_error(at, -ERANGE, NULL, e,
				   "'%s' is too long: %zu bytes, with room for %zu", text, len,
				   f->size);
	/* No NUL, where there is no room for one. */
	for (size_t i = 0; i < f->size; i++)
		ret[i] = i < len ? (unsigned char)text[i] : 0;
	return 0;
}

static int integer(const struct btf *btf, const struct value_form *f, const char *text,
		   unsigned char *ret, const struct value_place *at, struct crossbpf_error *e)
{
	uint64_t n;

	if (f->size > 8 && read_large(f, text, ret) == 0)
		return 0;
	int r = value_number(btf, f, text, &n, at, e);
	if (r == 0)
		put_number(f, n, ret);
	return r;
}

int value_scalar(const struct btf *btf, const struct value_form *f, const char *text,
		 unsigned char *ret, const struct value_place *at, struct crossbpf_error *e)
{

	switch (f->kind) {
	case VALUE_INT:
	case VALUE_BE:
	case VALUE_BOOL:
	case VALUE_CHAR:
	case VALUE_ENUM:
	case VALUE_POINTER:
		return integer(btf, f, text, ret, at, e);
	case VALUE_FLOAT:
		return read_float(f, text, ret) == 0
			       ? 0
			       : value_error(at, -EINVAL, NULL, e, "'%s' is no number", text);
	case VALUE_ADDRESS4:
	case VALUE_ADDRESS16:
		return read_address(f, text, ret) == 0
			       ? 0
			       : value_error(at, -EINVAL, NULL, e, "'%s' is no %s address", text,
					     f->size == 4 ? "IPv4" : "IP");
	case VALUE_MAC:
		return read_mac(text, ret) == 0 ? 0
						: value_error(at, -EINVAL, "as 02:00:00:00:00:01",
							      e, "'%s' is no MAC address", text);
	case VALUE_PREFIX:
		return read_prefix(f, text, ret, at, e);
	case VALUE_STRING:
		return read_string(f, text, ret, at, e);
	case VALUE_OPAQUE:
		return value_error(at, -EINVAL, NULL, e, "the kernel alone sets it");
	default:
		return value_error(at, -EINVAL, "bytes are written as: hex 01 02", e,
				   "'%s' are no bytes", text);
	}
}
