/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that is told about an object: what is in it (contents.h), what its programs are and use, and
 * what a kernel must have to load it. It borrows the object's bytes.
 */
#ifndef CROSSBPF_INSPECTION_H
#define CROSSBPF_INSPECTION_H

#include "code.h"
#include "contents.h"
#include "object.h"
#include "section-name.h"

enum need_kind {
	NEED_PROGRAM_TYPE,
	NEED_ATTACH_TYPE,
	NEED_STRUCT_OPS,
	NEED_MAP_TYPE,
	NEED_MAP_FLAG,
	NEED_HELPER,
	NEED_KFUNC,
	NEED_FEATURE,
};

struct need {
	enum need_kind kind;
	const char *name; /* NULL: it has none here, and is known by its number */
	uint32_t number;
	uint16_t since; /* KERNEL_VERSION_OF(); 0: not known */
	/* The object is loaded without it: its users look whether it is there, or are not loaded
	 * unless that is asked for, or get it from elsewhere. */
	bool is_optional;
	/* libbpf takes something else where the kernel is older than this; else 0 */
	uint16_t replaced_before;
	const char *user; /* the first function or map that needs it */
};

struct inspection_program {
	struct section_meaning meaning; /* of a subprogram nothing */
	/* What it attaches to: by its section's name, or "tcp_congestion_ops.init"; NULL: not said.
	 * Owned. */
	char *target;
	struct code code;
	/* A structure of struct_ops has it; and one that is not on demand. */
	bool is_operation, is_made_use_of;
	/* A loader loads it unasked: by itself, or with what calls it. */
	bool is_loaded;
};

struct inspection {
	struct contents contents;
	struct object_arch arch;
	struct inspection_program *programs; /* by contents.programs; owned */
	struct names *externs; /* what is extern, by name: a place in contents.variables plus one;
				  owned */
	uint8_t guarded[CODE_HELPERS_MAX / 8]; /* helpers that it looks for before it calls them */
	size_t n_relocations;                  /* for CO-RE */
	unsigned cpu; /* the level of instructions, 1 to 4; 0: there are none */
	struct need
		*needs; /* each once, the newest first; what is not known stands before; owned */
	size_t n_needs, needs_room;
	uint16_t oldest;   /* kernel that has all that is needed and known; 0: nothing is needed */
	bool has_unknown;  /* and there is what is not known */
	bool asks_version; /* it has LINUX_KERNEL_VERSION, and may do without some of it */
};

/* 0, -ENOMEM, -EFBIG, or -ENOEXEC with *why as in object.h: an object without BTF is refused. */
int inspection_open(struct inspection *ret, const void *data, size_t len, const char **why);
void inspection_close(struct inspection *i);
#define cleanup_inspection CLEANUP(inspection_close)

/* The variable or function of .ksyms or .kconfig with the name of this symbol; NULL: unknown. */
const struct contents_variable *inspection_extern(const struct inspection *i, uint32_t symbol);

/* The architecture: of the stamp, else of the registers in BTF; NULL: it is for any, or not known.
 */
const char *inspection_arch(const struct inspection *i);

/* For inspection_open(): finds what is needed. 0 or -ENOMEM. */
int inspection_find_needs(struct inspection *i);

/* From now on `needs` and what is made of them are of this program alone, less maps and functions
 * that it calls. 0, -ENOMEM, or -ENOENT: there is none of that name. */
int inspection_narrow(struct inspection *i, const char *program);

#endif
