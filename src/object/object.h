/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF objects (relocatable ELF64 of either byte order), read and rewritten on any host.
 *
 * The input may be anything: each function checks what it reads, fails with -ENOEXEC where that is
 * no sound BPF object and lets *why, a sentence fragment that lives forever, say what is wrong
 * ("its section headers lie outside of the file"). For other errors *why is NULL.
 */
#ifndef CROSSBPF_OBJECT_H
#define CROSSBPF_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strbuf.h"

/* Nobody's BPF object is larger; -EFBIG. */
#define OBJECT_SIZE_MAX ((size_t)1 << 30)

/* What an object was compiled for: lower-case letters, digits and underscores. */
struct object_stamp {
	const char *target; /* "bpfel", "bpfeb" */
	const char *arch;   /* "x86", "arm64", …; "any": it depends on none */
};

/*
 * Puts the object with a stamp into ret_object, which is empty; without debug information, as
 * `llvm-strip -g` does it, unless keep_debug. A stamp that is there already is replaced. The
 * layout is ours, so that it does not depend on what tools a builder has, and takes at most
 * a few hundred bytes more than twice the input.
 *
 * -EINVAL for a stamp that cannot be written.
 */
int object_rewrite(const void *data, size_t len, bool keep_debug, const struct object_stamp *stamp,
		   struct strbuf *ret_object, const char **why);

/* The stamp's strings point into `data`. -ENOENT where there is none, -ENOTSUP where it has a
 * format that this release does not know. */
int object_read_stamp(const void *data, size_t len, struct object_stamp *ret_stamp,
		      const char **why);

/* 1 if BTF has a type of the registers that a machine saves (struct pt_regs and its like), whose
 * layout is the architecture's; else 0, as for an object without BTF; or a negative errno. */
int object_uses_registers(const void *data, size_t len, const char **why);

/*
 * Source lines in BTF. A compiler that is told to write other names of files than those it reads
 * may not find the lines' text; and clang 14, told to keep the text, keeps none of a file of which
 * the first thing with debug information is a macro's expansion (CGDebugInfo::getSource()).
 */

/* Is there a record of a line without its text? 1, 0, or a negative errno. */
int object_lacks_lines(const void *data, size_t len, const char **why);

/*
 * Puts the object `named` into ret_object, which is empty, with the BTF of `lined`: the same
 * program, compiled under names of files that end in those of `named`, whose names it gets.
 * -ENOEXEC where the two differ in more than that.
 */
int object_take_lines(const void *named, size_t named_len, const void *lined, size_t lined_len,
		      struct strbuf *ret_object, const char **why);

/* Puts the object into ret_object, which is empty, with each name of a file in BTF that begins with
 * `from` beginning with `to`: as a compiler would have written it that maps the one to the other. */
int object_rename_sources(const void *data, size_t len, const char *from, const char *to,
			  struct strbuf *ret_object, const char **why);

#endif
