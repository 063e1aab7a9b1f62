/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare-objects A B [A B]…: do libbpf and libelf see the same in both? What differs between two
 * objects that say the same is left out: where things lie in the file, the string tables, what
 * .llvm_addrsig holds (llvm-strip leaves stale numbers), and the stamp in B.
 *
 * What is seen is written down as text, and the texts are compared.
 */
#include "config.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "shared/io.h"

static struct strbuf *facts; /* of the object at hand */

__attribute__((format(printf, 2, 0))) static int take_message(enum libbpf_print_level level,
							      const char *format, va_list args)
{
	if (level == LIBBPF_WARN) {
		strbuf_puts(facts, "warning: ");
		strbuf_vprintf(facts, format, args);
	}
	return 0;
}

/* A line with a digest of these bytes (FNV-1a). */
static void add_bytes(const char *what, const void *data, size_t len)
{
	uint64_t digest = 0xcbf29ce484222325;

	for (size_t i = 0; data && i < len; i++)
		digest = (digest ^ ((const uint8_t *)data)[i]) * 0x100000001b3;
	strbuf_printf(facts, "  %s: %zu bytes, %016" PRIx64 "\n", what, len, digest);
}

static void add_program(const struct bpf_program *p)
{
	strbuf_printf(facts, "program %s in %s: type %d, attach %d, flags %u, autoload %d\n",
		      bpf_program__name(p), bpf_program__section_name(p), bpf_program__type(p),
		      bpf_program__expected_attach_type(p), bpf_program__flags(p),
		      bpf_program__autoload(p));
	add_bytes("instructions", bpf_program__insns(p),
		  bpf_program__insn_cnt(p) * sizeof(struct bpf_insn));
}

static void add_map(const struct bpf_map *m)
{
	size_t len = 0;
	const void *value = bpf_map__initial_value((struct bpf_map *)m, &len);

	strbuf_printf(facts, "map %s: type %d, key %u %u, value %u %u, entries %u, flags %u\n",
		      bpf_map__name(m), bpf_map__type(m), bpf_map__key_size(m),
		      bpf_map__btf_key_type_id(m), bpf_map__value_size(m),
		      bpf_map__btf_value_type_id(m), bpf_map__max_entries(m),
		      bpf_map__map_flags(m));
	strbuf_printf(facts,
		      "  extra %" PRIu64 ", node %u, ifindex %u, internal %d, autocreate %d\n",
		      (uint64_t)bpf_map__map_extra(m), bpf_map__numa_node(m), bpf_map__ifindex(m),
		      bpf_map__is_internal(m), bpf_map__autocreate(m));
	add_bytes("initial value", value, len);
}

/* As libbpf sees it, its warnings included. The name is the same for both. */
static void add_libbpf(const struct strbuf *object)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "object");
	struct bpf_object *o = bpf_object__open_mem(object->data, object->len, &options);
	struct bpf_program *p;
	struct bpf_map *m;

	if (!o) {
		strbuf_printf(facts, "libbpf: cannot open: %s\n", strerror(errno));
		return;
	}
	strbuf_printf(facts, "kernel version %u\n", bpf_object__kversion(o));
	bpf_object__for_each_program(p, o)
		add_program(p);
	bpf_object__for_each_map(m, o)
		add_map(m);
	if (bpf_object__btf(o)) {
		uint32_t len = 0;
		const void *raw = btf__raw_data(bpf_object__btf(o), &len);

		add_bytes("types", raw, len);
	}
	bpf_object__close(o);
}

/* As libelf sees it. */
struct object {
	Elf *elf;
	size_t names;
	Elf_Data *symbols;
	size_t symbol_names;
};

static bool is_stamp(const char *name)
{
	return name && strcmp(name, ".debug_crossbpf") == 0;
}

static const char *section_name(const struct object *o, size_t i)
{
	Elf_Scn *section = i && i < SHN_LORESERVE ? elf_getscn(o->elf, i) : NULL;
	GElf_Shdr header;

	if (!section || !gelf_getshdr(section, &header))
		return i == SHN_ABS ? "ABS" : i == SHN_COMMON ? "COMMON" : i ? "?" : "UNDEF";
	return elf_strptr(o->elf, o->names, header.sh_name);
}

/* Without a name of its own a section's symbol is known by that section. */
static const char *symbol_name(const struct object *o, const GElf_Sym *s)
{
	return s->st_name ? elf_strptr(o->elf, o->symbol_names, s->st_name)
			  : section_name(o, s->st_shndx);
}

static void add_symbols(const struct object *o)
{
	GElf_Sym s;

	for (int i = 0; gelf_getsym(o->symbols, i, &s); i++)
		strbuf_printf(facts,
			      "  %d: %s value %" PRIx64 " size %" PRIu64 " info %x other %x %s\n",
			      i, symbol_name(o, &s), (uint64_t)s.st_value, (uint64_t)s.st_size,
			      s.st_info, s.st_other, section_name(o, s.st_shndx));
}

static void add_relocations(const struct object *o, Elf_Data *data)
{
	GElf_Rel r;

	for (int i = 0; gelf_getrel(data, i, &r); i++) {
		GElf_Sym s = {0};

		if (!gelf_getsym(o->symbols, (int)GELF_R_SYM(r.r_info), &s))
			strbuf_puts(facts, "no such symbol ");
		strbuf_printf(facts, "  at %" PRIx64 ": %u %s + %" PRIx64 "\n",
			      (uint64_t)r.r_offset, (unsigned)GELF_R_TYPE(r.r_info),
			      symbol_name(o, &s), (uint64_t)s.st_value);
	}
}

static void add_section(const struct object *o, Elf_Scn *section, const GElf_Shdr *h)
{
	Elf_Data *data = elf_getdata(section, NULL);
	bool is_addrsig = h->sh_type == 0x6fff4c03;

	strbuf_printf(facts, "section %s: type %x, flags %" PRIx64 ", align %u, entry %u",
		      section_name(o, elf_ndxscn(section)), h->sh_type, (uint64_t)h->sh_flags,
		      (unsigned)h->sh_addralign, (unsigned)h->sh_entsize);
	strbuf_printf(facts, ", link %s", is_addrsig ? "-" : section_name(o, h->sh_link));
	if (h->sh_type == SHT_REL)
		strbuf_printf(facts, ", info %s\n", section_name(o, h->sh_info));
	else
		strbuf_printf(facts, ", info %u\n", h->sh_info);
	if (h->sh_type == SHT_SYMTAB)
		add_symbols(o);
	else if (h->sh_type == SHT_REL)
		add_relocations(o, data);
	else if (h->sh_type != SHT_STRTAB && !is_addrsig)
		add_bytes("content", data ? data->d_buf : NULL, h->sh_size);
}

static void add_libelf(const struct strbuf *file)
{
	struct object o = {.elf = elf_memory(file->data, file->len)};
	Elf_Scn *section = NULL;
	GElf_Shdr h;

	if (!o.elf || elf_getshdrstrndx(o.elf, &o.names) != 0) {
		strbuf_printf(facts, "libelf: %s\n", elf_errmsg(-1));
		return;
	}
	while ((section = elf_nextscn(o.elf, section)) && gelf_getshdr(section, &h))
		if (h.sh_type == SHT_SYMTAB) {
			o.symbols = elf_getdata(section, NULL);
			o.symbol_names = h.sh_link;
		}
	while ((section = elf_nextscn(o.elf, section)) && gelf_getshdr(section, &h))
		if (!is_stamp(elf_strptr(o.elf, o.names, h.sh_name)))
			add_section(&o, section, &h);
	elf_end(o.elf);
}

static int add_facts(const char *path, struct strbuf *ret)
{
	cleanup_strbuf struct strbuf object = {0};
	int r = io_read_file(path, (size_t)1 << 30, &object);

	facts = ret;
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return r;
	}
	add_libbpf(&object);
	add_libelf(&object);
	return ret->error;
}

/* The first line that differs. */
static void report(const char *a, const char *b)
{
	size_t begin = 0, i = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '\n')
			begin = i + 1;
	fprintf(stderr, "< %.*s\n> %.*s\n", (int)strcspn(a + begin, "\n"), a + begin,
		(int)strcspn(b + begin, "\n"), b + begin);
}

static bool is_same(const char *first, const char *second)
{
	cleanup_strbuf struct strbuf a = {0}, b = {0};

	if (add_facts(first, &a) < 0 || add_facts(second, &b) < 0)
		return false;
	if (strcmp(a.data, b.data) == 0)
		return true;
	fprintf(stderr, "%s and %s:\n", first, second);
	report(a.data, b.data);
	return false;
}

int main(int argc, char **argv)
{
	unsigned failed = 0;

	if (argc < 3 || argc % 2 != 1)
		return 2;
	elf_version(EV_CURRENT);
	libbpf_set_print(take_message);
	for (int i = 1; i + 1 < argc; i += 2)
		failed += !is_same(argv[i], argv[i + 1]);
	return failed != 0;
}
