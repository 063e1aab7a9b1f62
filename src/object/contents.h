/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in a BPF object, as a loader sees it: programs, maps, variables. All of it points into
 * the object's bytes, which are borrowed.
 *
 *	cleanup_contents struct contents c = {0};
 *	const char *why;
 *	int r = contents_open(&c, data, len, &why);
 *
 * An object without BTF has no maps of .maps and no variables: see has_btf.
 */
#ifndef CROSSBPF_CONTENTS_H
#define CROSSBPF_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf.h"
#include "types.h"

struct contents_program {
	const char *name;            /* of the function */
	const char *section;         /* as SEC() has it, less its '?' */
	uint32_t section_number;     /* in elf.sections */
	uint32_t offset;             /* within the section, in bytes */
	const uint8_t *instructions; /* eight bytes each */
	uint32_t n_instructions;
	bool autoload;      /* SEC("?…") is not */
	bool is_subprogram; /* of .text, which programs call; no program of its own */
	bool is_global;     /* not a static function */
	bool is_weak;
	uint32_t func; /* its FUNC among the types; 0: unknown */
};

enum contents_map_kind {
	CONTENTS_MAP_DEFINED, /* a variable of .maps */
	CONTENTS_MAP_LEGACY,  /* a struct bpf_map_def in "maps", which libbpf 1.0 no longer takes */
	CONTENTS_MAP_DATA,    /* a section of variables: .data, .rodata, .bss, or .data.NAME … */
	CONTENTS_MAP_KCONFIG, /* the extern variables of .kconfig, which the loader fills in */
	CONTENTS_MAP_STRUCT_OPS, /* a variable of .struct_ops or .struct_ops.link */
};

enum { CONTENTS_PIN_NONE = 0, CONTENTS_PIN_BY_NAME = 1 };

/* One within .maps: numbers are as the object has them: max_entries 0 is for the loader to set. */
struct contents_map {
	const char *name;    /* of DATA and KCONFIG: the section's, ".bss"; of an inner map "" */
	const char *section; /* of STRUCT_OPS less its '?' */
	enum contents_map_kind kind;
	bool is_on_demand; /* of SEC("?.struct_ops…"): a loader makes it where it is told to */
	uint32_t type;     /* enum bpf_map_type */
	uint32_t key_size, value_size, max_entries, flags, numa_node, pinning;
	uint64_t extra;
	uint32_t key_type, value_type; /* among the types; 0: it was given a size alone, or none */
	uint32_t offset;               /* of STRUCT_OPS: within its section */
	uint32_t inner; /* of a map of maps: maps[inner] is like those that it holds; 0: not said */
};

/* A variable of the program's. Functions that are extern (kfuncs) are among them. */
struct contents_variable {
	const char *name;
	const char *section; /* ".bss", ".rodata.NAME", ".kconfig", ".ksyms" … */
	uint32_t type;       /* among the types: what the variable is of; of a function its FUNC */
	uint32_t offset;     /* within the section; of .ksyms 0 */
	uint32_t size;       /* of a function, and of what is extern without a size, 0 */
	uint32_t linkage;    /* TYPE_LINKAGE_… */
	bool is_function, is_weak;
};

struct contents {
	struct elf_object elf;
	bool has_btf;
	struct types types;                /* without BTF there is none but void */
	struct contents_program *programs; /* by section and offset; owned */
	size_t n_programs;
	/* [0] is not used; then n_maps; behind them n_inner of maps of maps. Owned. */
	struct contents_map *maps;
	size_t n_maps, n_inner;
	struct contents_variable *variables; /* by section and offset; owned */
	size_t n_variables;
	const char *license; /* "": it says none */
};

/* 0, -ENOMEM, -EFBIG, or -ENOEXEC with *why as in object.h. */
int contents_open(struct contents *ret, const void *data, size_t len, const char **why);
void contents_close(struct contents *c);
#define cleanup_contents CLEANUP(contents_close)

#endif
