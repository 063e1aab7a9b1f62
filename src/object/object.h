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
#include <stdint.h>

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

/* What is known of the machines that an object is for. The strings point into `data` or live
 * forever. */
struct object_arch {
	bool big;                  /* byte order */
	bool is_stamped;           /* and the stamp is one that this release knows */
	const char *target, *arch; /* of the stamp, or NULL */
	const char *registers;     /* whose registers BTF describes, or NULL: nobody's */
};

/* An object without a stamp, or without BTF, is one of which less is known. */
int object_read_arch(const void *data, size_t len, struct object_arch *ret, const char **why);

/*
 * Does it fit an architecture ("x86"), or a target ("bpfel")? Either may be NULL. What is not known
 * fits, and what is stamped "any" fits each architecture of its byte order. Else false, and
 * *ret_found, which lives as long as the object, is what was found instead, with *ret_where: "its
 * stamp says", "its byte order is", "the registers in its BTF are those of". For a message:
 *
 *	"%s: this object is not for %s: %s %s", file, arch, where, found
 */
bool object_fits(const struct object_arch *object, const char *arch, const char *target,
		 const char **ret_where, const char **ret_found);

/* Source lines in BTF: that of an instruction, as text, for who explains what the verifier says. */
struct object_line {
	const char *file, *text; /* "" where the compiler could not read it */
	uint32_t line;           /* 0: none */
};

/* Calls visit() for each record of a line, until that is not 0. 0, what visit() gave, or a negative
 * errno. An object without BTF has none. */
int object_each_line(const void *data, size_t len,
		     int (*visit)(void *ctx, const struct object_line *line), void *ctx,
		     const char **why);

/* The text of a line, which need not end: 0, or what object_set_texts() is to return. */
typedef int object_text_fn(void *ctx, const struct object_line *line, const char **ret_text,
			   size_t *ret_len);

/*
 * Puts the object into ret_object, which is empty, with the text that text() gives of each line: to
 * the last byte as LLVM writes it where it finds that text. -ENOEXEC also where an object's BTF is
 * not as LLVM writes it.
 */
int object_set_texts(const void *data, size_t len, object_text_fn *text, void *ctx,
		     struct strbuf *ret_object, const char **why);

/*
 * Puts the object `named` into ret_object, which is empty, with the BTF of `lined`: the same
 * program, compiled under names of files that end in those of `named`, whose names it gets.
 * -ENOEXEC where the two differ in more than that.
 */
int object_take_lines(const void *named, size_t named_len, const void *lined, size_t lined_len,
		      struct strbuf *ret_object, const char **why);

#endif
