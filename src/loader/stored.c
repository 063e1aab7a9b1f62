/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "stored.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "value.h"

/* What is stored at once. */
#if ULONG_MAX > UINT32_MAX
enum { WORD = 8 };
#else
enum { WORD = 4 };
#endif

static bool are_all(const unsigned char *named, size_t n)
{
	while (n && named[n - 1] == 0xff)
		n--;
	return n == 0;
}

/* A program that reads it at this moment sees the old one or the new one. */
static void store(unsigned char *to, const unsigned char *from, size_t n)
{
	union {
		uint64_t u64;
		uint32_t u32;
		uint16_t u16;
		unsigned char bytes[WORD];
	} word = {0};

	memcpy(word.bytes, from, n);
	switch (n) {
#if ULONG_MAX > UINT32_MAX
	case 8:
		__atomic_store_n((uint64_t *)(void *)to, word.u64, __ATOMIC_RELAXED);
		break;
#endif
	case 4:
		__atomic_store_n((uint32_t *)(void *)to, word.u32, __ATOMIC_RELAXED);
		break;
	case 2:
		__atomic_store_n((uint16_t *)(void *)to, word.u16, __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n(to, word.bytes[0], __ATOMIC_RELAXED);
	}
}

/* Of a bit field: the other bits of its byte may change meanwhile. */
static void store_bits(unsigned char *to, unsigned char bits, unsigned char named)
{
	unsigned char old = __atomic_load_n(to, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(to, &old,
					    (unsigned char)((old & ~named) | (bits & named)), false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* In steps as large as a variable that begins there can be. */
static void store_named(unsigned char *to, const unsigned char *from, const unsigned char *named,
			size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t n = WORD;
		while (n > 1 && (at % n || n > size - at || !are_all(named + at, n)))
			n /= 2;
		if (named[at] == 0xff)
			store(to + at, from + at, n);
		else if (named[at])
			store_bits(to + at, from[at], named[at]);
		at += n;
	}
}

/* NULL: it cannot be mapped. It begins a page, so that what is aligned in it is. */
static unsigned char *map_section(const struct map *m)
{
	if (!(m->info.map_flags & BPF_F_MMAPABLE) || m->info.type != BPF_MAP_TYPE_ARRAY ||
	    m->info.max_entries != 1)
		return NULL;
	void *at = mmap(NULL, m->info.value_size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

int stored_set(const struct map *m, const char *text, struct crossbpf_error *e)
{
	size_t size = m->info.value_size;
	cleanup_free unsigned char *value = calloc(1, size + 1), *named = calloc(1, size + 1);

	if (!value || !named)
		return error_no_memory(e);
	int r = value_parse_named(m->btf, m->info.btf_value_type_id, text, value, named, size, e);
	if (r < 0)
		return r;
	unsigned char *section = map_section(m);
	if (!section)
		return 1;
	store_named(section, value, named, size);
	munmap(section, size);
	return 0;
}
