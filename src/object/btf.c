/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "btf.h"
#include "bytes.h"
#include "elf.h"

enum {
	BTF_MAGIC = 0xeb9f,
	BTF_VERSION = 1,
	BTF_HEADER_SIZE = 24,
	BTF_TYPE_SIZE = 12,
};

/* What follows a type of each kind: so much, and so much more for each of its members; do members
 * begin with a name? */
static const struct {
	uint8_t known, once, each, named;
} kinds[] = {
	[1] = {1, 4, 0, 0},   /* INT */
	[2] = {1, 0, 0, 0},   /* PTR */
	[3] = {1, 12, 0, 0},  /* ARRAY */
	[4] = {1, 0, 12, 1},  /* STRUCT */
	[5] = {1, 0, 12, 1},  /* UNION */
	[6] = {1, 0, 8, 1},   /* ENUM */
	[7] = {1, 0, 0, 0},   /* FWD */
	[8] = {1, 0, 0, 0},   /* TYPEDEF */
	[9] = {1, 0, 0, 0},   /* VOLATILE */
	[10] = {1, 0, 0, 0},  /* CONST */
	[11] = {1, 0, 0, 0},  /* RESTRICT */
	[12] = {1, 0, 0, 0},  /* FUNC: its number of members is a linkage */
	[13] = {1, 0, 8, 1},  /* FUNC_PROTO */
	[14] = {1, 4, 0, 0},  /* VAR */
	[15] = {1, 0, 12, 0}, /* DATASEC */
	[16] = {1, 0, 0, 0},  /* FLOAT */
	[17] = {1, 4, 0, 0},  /* DECL_TAG */
	[18] = {1, 0, 0, 0},  /* TYPE_TAG */
	[19] = {1, 0, 12, 1}, /* ENUM64 */
};

static bool is_inside(uint64_t offset, uint64_t len, uint64_t limit)
{
	return offset <= limit && len <= limit - offset;
}

int btf_open(struct btf *ret, const uint8_t *data, size_t len, bool big, const char **why)
{
	if (len < BTF_HEADER_SIZE || bytes_get16(data, big) != BTF_MAGIC)
		return elf_malformed(why, "its BTF has no header");
	if (data[2] != BTF_VERSION)
		return elf_malformed(why, "the version of its BTF is unknown");

	uint32_t header = bytes_get32(data + 4, big);
	uint32_t types = bytes_get32(data + 8, big), types_len = bytes_get32(data + 12, big);
	uint32_t strings = bytes_get32(data + 16, big), strings_len = bytes_get32(data + 20, big);
	if (header < BTF_HEADER_SIZE || header > len ||
	    !is_inside(types, types_len, len - header) ||
	    !is_inside(strings, strings_len, len - header))
		return elf_malformed(why, "parts of its BTF lie outside of the section");
	*ret = (struct btf){
		.types = data + header + types,
		.types_len = types_len,
		.strings = (const char *)data + header + strings,
		.strings_len = strings_len,
		.big = big,
	};
	if (!strings_len || ret->strings[strings_len - 1] != '\0')
		return elf_malformed(why, "the strings of its BTF do not end");
	return 0;
}

int btf_next(const struct btf *b, uint32_t *at, struct btf_place *ret, const char **why)
{
	if (b->types_len - *at < BTF_TYPE_SIZE)
		return elf_malformed(why, "a type of its BTF is cut off");

	const uint8_t *type = b->types + *at;
	uint32_t name = bytes_get32(type, b->big), info = bytes_get32(type + 4, b->big);
	uint32_t kind = info >> 24 & 0x1f, members = info & 0xffff;
	if (kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[kind].known)
		return elf_malformed(why, "its BTF has a type of an unknown kind");

	uint32_t len = BTF_TYPE_SIZE + kinds[kind].once + kinds[kind].each * members;
	if (b->types_len - *at < len)
		return elf_malformed(why, "a type of its BTF is cut off");
	if (name >= b->strings_len)
		return elf_malformed(why, "a name of its BTF lies outside of its strings");
	*ret = (struct btf_place){
		.name = b->strings + name,
		.at = *at,
		.own_at = *at + BTF_TYPE_SIZE,
		.members_at = *at + BTF_TYPE_SIZE + kinds[kind].once,
		.n_members = kinds[kind].each ? members : 0,
		.kind = (uint8_t)kind,
		.member_size = kinds[kind].each,
		.has_names = kinds[kind].named,
	};
	*at += len;
	return 0;
}

int btf_each_name(const struct btf *b, int (*visit)(void *ctx, uint32_t type, uint32_t at),
		  void *ctx, const char **why)
{
	struct btf_place type;
	int r = 0;

	for (uint32_t at = 0, id = 1; r == 0 && at < b->types_len; id++) {
		if ((r = btf_next(b, &at, &type, why)) < 0)
			return r;
		r = visit(ctx, id, type.at);
		for (uint32_t i = 0; r == 0 && type.has_names && i < type.n_members; i++)
			r = visit(ctx, id, type.members_at + i * type.member_size);
	}
	return r;
}

int btf_has_type(const uint8_t *data, size_t len, bool big, bool (*is)(const char *name),
		 const char **why)
{
	struct btf b;
	struct btf_place type;
	int r = btf_open(&b, data, len, big, why);

	for (uint32_t at = 0; r == 0 && at < b.types_len;) {
		r = btf_next(&b, &at, &type, why);
		if (r == 0 && is(type.name))
			return 1;
	}
	return r;
}
