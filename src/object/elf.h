/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded reader of relocatable ELF64 objects. What elf_object_open() accepts can be read through
 * these structures without further checks, except where said. The constants are ours, for macOS has
 * no <elf.h>; prefixed, for the loader includes that too.
 */
#ifndef CROSSBPF_ELF_H
#define CROSSBPF_ELF_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/cleanup.h"

enum { /* sizes of the structures in a file */
       ELF_HEADER_SIZE = 64,
       ELF_SECTION_SIZE = 64,
       ELF_SYMBOL_SIZE = 24,
       ELF_REL_SIZE = 16,
       ELF_RELA_SIZE = 24,
};

enum { /* of the header, by offset */
       ELF_E_CLASS = 4,
       ELF_E_DATA = 5,
       ELF_E_IDENT_VERSION = 6,
       ELF_E_TYPE = 16,
       ELF_E_MACHINE = 18,
       ELF_E_VERSION = 20,
       ELF_E_PHOFF = 32,
       ELF_E_SHOFF = 40,
       ELF_E_EHSIZE = 52,
       ELF_E_PHENTSIZE = 54,
       ELF_E_PHNUM = 56,
       ELF_E_SHENTSIZE = 58,
       ELF_E_SHNUM = 60,
       ELF_E_SHSTRNDX = 62,

       ELF_CLASS_64 = 2,
       ELF_DATA_LITTLE = 1,
       ELF_DATA_BIG = 2,
       ELF_VERSION_CURRENT = 1,
       ELF_TYPE_REL = 1,
       ELF_MACHINE_BPF = 247,
};

enum { /* types of sections */
       ELF_SHT_NULL = 0,
       ELF_SHT_PROGBITS = 1,
       ELF_SHT_SYMTAB = 2,
       ELF_SHT_STRTAB = 3,
       ELF_SHT_RELA = 4,
       ELF_SHT_NOBITS = 8,
       ELF_SHT_REL = 9,
       ELF_SHT_GROUP = 17,
       ELF_SHT_SYMTAB_SHNDX = 18,
       ELF_SHT_LLVM_ADDRSIG = 0x6fff4c03,
};

enum { ELF_SHF_EXECINSTR = 4, ELF_SHF_INFO_LINK = 0x40 };

enum { /* section numbers that are none */
       ELF_SHN_UNDEF = 0,
       ELF_SHN_LORESERVE = 0xff00,
       ELF_SHN_XINDEX = 0xffff,
};

enum { /* types and bindings of symbols */
       ELF_STT_NOTYPE = 0,
       ELF_STT_OBJECT = 1,
       ELF_STT_FUNC = 2,
       ELF_STT_SECTION = 3,
       ELF_STT_FILE = 4,

       ELF_STB_LOCAL = 0,
       ELF_STB_GLOBAL = 1,
       ELF_STB_WEAK = 2,
};

struct elf_section {
	const char *name;
	uint32_t name_offset; /* in the table of section names */
	uint32_t type;
	uint64_t flags;
	uint64_t addr;
	const uint8_t *data; /* NULL for SHT_NULL and SHT_NOBITS, which have no content */
	uint64_t size;       /* with data: it is in the file */
	uint32_t link, info; /* unchecked, but for the symbol table's link */
	uint64_t align;      /* unchecked */
	uint64_t entsize;    /* unchecked */
};

struct elf_object {
	const uint8_t *data;
	size_t len;
	bool big;
	struct elf_section *sections; /* [0] is all zero; owned */
	uint32_t n_sections;          /* below ELF_SHN_LORESERVE */
	uint32_t names;               /* the section with their names */
	uint32_t symtab;              /* the symbol table; 0: there is none */
	uint32_t n_symbols;
};

struct elf_symbol {
	uint32_t name_offset; /* within the string table */
	uint8_t info, other;
	uint16_t section; /* of a section, or from ELF_SHN_LORESERVE on; never ELF_SHN_XINDEX */
	uint64_t value, size;
};

/* Borrows `data`. 0, -ENOMEM, -EFBIG, or -ENOEXEC with *why as in object.h. */
int elf_object_open(struct elf_object *ret, const void *data, size_t len, const char **why);
void elf_object_close(struct elf_object *e);
#define cleanup_elf_object CLEANUP(elf_object_close)

/* The symbol i < n_symbols. */
void elf_object_symbol(const struct elf_object *e, uint32_t i, struct elf_symbol *ret);

/* Its name. */
const char *elf_object_symbol_name(const struct elf_object *e, const struct elf_symbol *s);

/* The first section of that name; NULL: there is none. */
const struct elf_section *elf_object_find(const struct elf_object *e, const char *name);

static inline unsigned elf_symbol_binding(const struct elf_symbol *s)
{
	return s->info >> 4;
}

static inline unsigned elf_symbol_type(const struct elf_symbol *s)
{
	return s->info & 0xf;
}

static inline int elf_malformed(const char **why, const char *what)
{
	*why = what;
	return -ENOEXEC;
}

#endif
