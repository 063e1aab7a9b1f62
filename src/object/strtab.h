/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A string table made anew with the strings of an old one that are still used. What it holds
 * depends on those strings alone, not on their order or on what the old table held beside them;
 * a string that another one ends with shares its bytes, so that the new table is not larger.
 */
#ifndef CROSSBPF_STRTAB_H
#define CROSSBPF_STRTAB_H

#include <stddef.h>
#include <stdint.h>

#include "shared/cleanup.h"

struct strtab {
	char *old; /* the old table, then what was added; owned */
	uint32_t old_len;
	uint32_t *places; /* by offset in `old`: not used, used, and then its place; owned */
	char *data;       /* the new table; owned */
	uint32_t len;
};

/* `old` ends in a NUL; `added` is one string more, at the offset `len`. 0 or -ENOMEM. */
int strtab_init(struct strtab *ret, const void *old, uint32_t len, const char *added);
void strtab_free(struct strtab *t);

/* An offset below what was initialised. */
void strtab_use(struct strtab *t, uint32_t offset);
/* Makes the table; then the place of each string that is used can be asked for. 0 or -ENOMEM. */
int strtab_build(struct strtab *t);
uint32_t strtab_place(const struct strtab *t, uint32_t offset);

#endif
