/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys and values of maps, records of buffers and variables, by their types in BTF.
 *
 * What a type means, where BTF cannot say it, follows from names, as in the programs' headers:
 * __be32 is an IPv4 address; __be32[4], struct in6_addr, and __u8[16] that is named as an address,
 * an address of either kind; __be16 and __be64 are numbers in network byte order; __u8[6] is a MAC
 * address; a structure of a length and an address is a prefix. A structure or union with a single
 * member is as that member.
 */
#ifndef CROSSBPF_VALUE_H
#define CROSSBPF_VALUE_H

#include <bpf/btf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/error.h"
#include "shared/strbuf.h"

/* Never reads past `size`: what is not there is null. Type 0 is "hex 01 02 …". Numbers above
 * INT64_MAX are strings. NULL: memory ran out. */
json_t *value_json(const struct btf *btf, __u32 type, const void *data, size_t size);

/* The same in one line for people: {saddr: 192.0.2.1, dport: 53}. */
void value_text(const struct btf *btf, __u32 type, const void *data, size_t size,
		struct strbuf *to);
/* What value_json() returned, as value_text() has it. */
void value_text_json(const json_t *json, struct strbuf *to);

/*
 * Reads a value: text for what is one, JSON for structures and arrays, "hex 01 02" for any. What is
 * left out is 0. The error says which part is wrong, not of what it is a part.
 */
int value_parse(const struct btf *btf, __u32 type, const char *text, void *ret, size_t size,
		struct crossbpf_error *e);
/* The same, but what is left out stays as it is. */
int value_parse_over(const struct btf *btf, __u32 type, const char *text, void *data, size_t size,
		     struct crossbpf_error *e);

/* The same; bits that are set in ret_named, as large, were in the text. */
int value_parse_named(const struct btf *btf, __u32 type, const char *text, void *data,
		      unsigned char *ret_named, size_t size, struct crossbpf_error *e);

/* Adds up what is made of unsigned numbers alone, such as counters; false where it is not. */
bool value_add(const struct btf *btf, __u32 type, void *sum, const void *data, size_t size);

#endif
