/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "btf-ext.h"
#include "bytes.h"
#include "elf.h"

enum { /* struct btf_ext_header */
       EXT_HEADER_LEN = 4,
       EXT_HEADER_MIN = 24,
       EXT_MAGIC = 0xeb9f,
};

static const struct {
	uint32_t header; /* where it says where the part is: an offset behind it, and a length */
	uint32_t record_min;
} parts[BTF_EXT_PARTS] = {
	[BTF_EXT_FUNC_INFO] = {8, 8},
	[BTF_EXT_LINE_INFO] = {16, 16},
	[BTF_EXT_CORE_RELO] = {24, 16},
};

static int malformed_ext(const char **why)
{
	return elf_malformed(why, "its .BTF.ext is malformed");
}

int btf_ext_open(struct btf_ext *ret, const uint8_t *data, size_t len, bool big, const char **why)
{
	if (len < EXT_HEADER_MIN || len > UINT32_MAX || bytes_get16(data, big) != EXT_MAGIC ||
	    bytes_get32(data + EXT_HEADER_LEN, big) > len)
		return malformed_ext(why);
	*ret = (struct btf_ext){data, (uint32_t)len, big};
	return 0;
}

int btf_ext_each(const struct btf_ext *x, enum btf_ext_part part,
		 int (*visit)(void *ctx, const struct btf_ext_record *record), void *ctx,
		 const char **why)
{
	uint32_t header = bytes_get32(x->data + EXT_HEADER_LEN, x->big);
	int r = 0;

	if (header < parts[part].header + 8)
		return 0;
	uint64_t at = (uint64_t)header + bytes_get32(x->data + parts[part].header, x->big);
	uint64_t end = at + bytes_get32(x->data + parts[part].header + 4, x->big);
	if (at == end)
		return 0;
	if (end > x->len || end - at < 4)
		return malformed_ext(why);
	uint32_t size = bytes_get32(x->data + at, x->big);
	if (size < parts[part].record_min)
		return malformed_ext(why);
	for (at += 4; at < end;) {
		struct btf_ext_record record = {.section_at = (uint32_t)at};
		if (end - at < 8)
			return malformed_ext(why);
		uint32_t n = bytes_get32(x->data + at + 4, x->big);
		if ((r = visit(ctx, &record)) != 0)
			return r;
		at += 8;
		if ((end - at) / size < n)
			return malformed_ext(why);
		for (uint32_t i = 0; i < n; i++, at += size) {
			record.at = (uint32_t)at;
			if ((r = visit(ctx, &record)) != 0)
				return r;
		}
	}
	return 0;
}
