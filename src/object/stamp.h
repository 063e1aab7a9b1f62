/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stamp: what an object was compiled for, in a section of its own. By its name that is debug
 * information, which libbpf, bpftool and linkers pass over without a word, and which whoever
 * strips the object removes: no stamp means that nothing is known.
 */
#ifndef CROSSBPF_STAMP_H
#define CROSSBPF_STAMP_H

#include <stddef.h>

#include "object/elf.h"
#include "object/object.h"

#define STAMP_SECTION ".debug_crossbpf" /* SHT_PROGBITS, no flags, alignment 1 */

/*
 * Three strings, each with its NUL: the number of the format in decimal, the target, the
 * architecture; `1\0bpfel\0x86\0`. In ASCII, so that no byte order is needed to read it, and
 * without a version of ours: a release must not change the bytes of every object. A format that
 * holds anything else has another number.
 */
#define STAMP_FORMAT "1"

enum { STAMP_WORD_MAX = 31 }; /* bytes of a target or an architecture, without the NUL */

/* 0, -ENOMEM or -EINVAL. */
int stamp_write(const struct object_stamp *stamp, struct strbuf *ret_content);
/* 0, -ENOTSUP or -ENOEXEC with *why as in object.h. */
int stamp_read(const void *content, size_t len, struct object_stamp *ret_stamp, const char **why);
/* The stamp of an object: -ENOENT where there is none, else as stamp_read(). */
int stamp_find(const struct elf_object *e, struct object_stamp *ret_stamp, const char **why);

#endif
