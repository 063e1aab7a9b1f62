/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-object.h"
#include "object/elf.h"
#include "object/object.h"

static const struct object_stamp little = {"bpfel", "x86"}, big = {"bpfeb", "x86"};
static const char *why;

static const struct object_stamp *stamp_for(const struct made *m)
{
	return m->big ? &big : &little;
}

static void rewrite(const struct made *m, bool keep_debug, struct strbuf *ret)
{
	int r = object_rewrite(m->data, m->len, keep_debug, stamp_for(m), ret, &why);

	ck_assert_msg(r == 0, "%s", why ? why : strerror(-r));
}

static void assert_same(const struct strbuf *a, const struct strbuf *b)
{
	ck_assert_uint_eq(a->len, b->len);
	ck_assert_mem_eq(a->data, b->data, a->len);
}

/* The names of all sections, then of all symbols, with a space before each. */
static char *names_of(const struct strbuf *object)
{
	cleanup_elf_object struct elf_object e = {0};
	cleanup_strbuf struct strbuf names = {0};
	char *ret;

	ck_assert_int_eq(elf_object_open(&e, object->data, object->len, &why), 0);
	for (uint32_t i = 1; i < e.n_sections; i++)
		strbuf_printf(&names, " %s", e.sections[i].name);
	strbuf_puts(&names, " |");
	for (uint32_t i = 0; i < e.n_symbols; i++) {
		struct elf_symbol s;

		elf_object_symbol(&e, i, &s);
		strbuf_printf(&names, " %s",
			      (char *)e.sections[e.sections[e.symtab].link].data + s.name_offset);
	}
	ck_assert_int_eq(strbuf_finish(&names, &ret), 0);
	return ret;
}

static const struct elf_section *find(const struct elf_object *e, const char *name)
{
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (strcmp(e->sections[i].name, name) == 0)
			return &e->sections[i];
	ck_abort_msg("there is no section %s", name);
}

#define STRIPPED_SECTIONS                                                        \
	" .strtab .text .rel.text .bss .maps .BTF .group .llvm_addrsig .ordered" \
	" .symtab"
#define STRIPPED_SYMBOLS "   LBB0_1 prog map extern_map"

TEST(strips)
{
	for (int order = 0; order < 2; order++) {
		cleanup_strbuf struct strbuf object = {0};
		struct made m;

		made_object(&m, order);
		rewrite(&m, false, &object);
		cleanup_free char *names = names_of(&object);
		ck_assert_str_eq(names, STRIPPED_SECTIONS " .debug_crossbpf |" STRIPPED_SYMBOLS);
	}
}

TEST(keeps_debug)
{
	cleanup_strbuf struct strbuf object = {0};
	struct made m;

	made_object(&m, false);
	rewrite(&m, true, &object);
	cleanup_free char *names = names_of(&object);
	ck_assert_str_eq(names,
			 " .strtab .text .rel.text .bss .maps .debug_info .rel.debug_info .BTF "
			 ".group .llvm_addrsig .debug_line .ordered .symtab .debug_crossbpf |"
			 "  unit.c   LBB0_1 prog map extern_map");
}

TEST(numbers_follow)
{
	for (int order = 0; order < 2; order++) {
		cleanup_elf_object struct elf_object e = {0};
		cleanup_strbuf struct strbuf object = {0};
		struct elf_symbol s;
		struct made m;

		made_object(&m, order);
		rewrite(&m, false, &object);
		ck_assert_int_eq(elf_object_open(&e, object.data, object.len, &why), 0);

		const struct elf_section *symtab = &e.sections[e.symtab];
		ck_assert_uint_eq(symtab->info, NEW_PROG);
		ck_assert_uint_eq(e.n_symbols, NEW_COUNT);
		elf_object_symbol(&e, NEW_MAP, &s);
		ck_assert_ptr_eq(&e.sections[s.section], find(&e, ".maps"));
		ck_assert_uint_eq(s.value, 4);
		ck_assert_uint_eq(s.info, 0x11);

		const struct elf_section *rel = find(&e, ".rel.text");
		ck_assert_ptr_eq(&e.sections[rel->link], symtab);
		ck_assert_ptr_eq(&e.sections[rel->info], find(&e, ".text"));
		ck_assert_uint_eq(rel->size, 32);
		ck_assert_uint_eq(made_get(order, rel->data, 8), 0);
		ck_assert_uint_eq(made_get(order, rel->data + 8, 8), (uint64_t)NEW_MAP << 32 | 1);
		ck_assert_uint_eq(made_get(order, rel->data + 16, 8), 8);
		ck_assert_uint_eq(made_get(order, rel->data + 24, 8),
				  (uint64_t)NEW_TEXT << 32 | 10);

		const struct elf_section *group = find(&e, ".group");
		ck_assert_uint_eq(group->info, NEW_PROG);
		ck_assert_uint_eq(group->size, 8);
		ck_assert_ptr_eq(&e.sections[made_get(order, group->data + 4, 4)],
				 find(&e, ".text"));

		const struct elf_section *addrsig = find(&e, ".llvm_addrsig");
		ck_assert_ptr_eq(&e.sections[addrsig->link], symtab);
		ck_assert_uint_eq(addrsig->size, 2);
		ck_assert_uint_eq(addrsig->data[0], NEW_PROG);
		ck_assert_uint_eq(addrsig->data[1], NEW_EXTERN);

		ck_assert_ptr_eq(&e.sections[find(&e, ".ordered")->link], find(&e, ".text"));
		ck_assert_uint_eq(find(&e, ".bss")->size, 0x100000000);
		ck_assert_uint_eq(find(&e, ".maps")->align, 256);
		ck_assert_uint_eq(find(&e, ".BTF")->size, m.sections[MADE_BTF].size);
		ck_assert_mem_eq(find(&e, ".BTF")->data, m.sections[MADE_BTF].data,
				 m.sections[MADE_BTF].size);
	}
}

/* What it was stripped of does not show. */
TEST(meaning_alone_counts)
{
	for (int order = 0; order < 2; order++) {
		cleanup_strbuf struct strbuf object = {0}, bare = {0}, other = {0};
		struct made m, never = {.big = order, .without_debug = true};
		struct made names = {.big = order, .unused = "a_map"};

		made_object(&m, order);
		rewrite(&m, false, &object);

		made_init(&never);
		made_drop(&never, MADE_DEBUG_LINE);
		made_drop(&never, MADE_REL_DEBUG_INFO);
		made_drop(&never, MADE_DEBUG_INFO);
		made_finish(&never);
		rewrite(&never, false, &bare);
		assert_same(&object, &bare);

		made_init(&names);
		made_finish(&names);
		rewrite(&names, false, &other);
		assert_same(&object, &other);
	}
}

TEST(again_is_the_same)
{
	for (int keep = 0; keep < 2; keep++) {
		cleanup_strbuf struct strbuf first = {0}, second = {0}, third = {0};
		const struct object_stamp any = {"bpfel", "any"};
		struct object_stamp stamp;
		struct made m;

		made_object(&m, false);
		rewrite(&m, keep, &first);
		ck_assert_int_eq(
			object_rewrite(first.data, first.len, keep, &little, &second, &why), 0);
		assert_same(&first, &second);

		/* Another stamp replaces the one there is. */
		ck_assert_int_eq(object_rewrite(first.data, first.len, keep, &any, &third, &why),
				 0);
		ck_assert_uint_eq(first.len, third.len);
		ck_assert_int_eq(object_read_stamp(third.data, third.len, &stamp, &why), 0);
		ck_assert_str_eq(stamp.arch, "any");
		strbuf_free(&second);
		ck_assert_int_eq(
			object_rewrite(third.data, third.len, keep, &little, &second, &why), 0);
		assert_same(&first, &second);
	}
}

TEST(separate_tables_of_names)
{
	cleanup_strbuf struct strbuf object = {0};
	struct made m = {0};

	made_init(&m);
	m.sections[MADE_LINE_ORDER] =
		(struct made_section){".strings", .type = 3, .align = 1, .size = MADE_NAMES / 4};
	memcpy(m.sections[MADE_LINE_ORDER].data, m.names, m.names_len);
	m.sections[MADE_SYMTAB].link = MADE_LINE_ORDER;
	made_finish(&m);
	rewrite(&m, false, &object);
	cleanup_free char *names = names_of(&object);
	ck_assert_str_eq(names,
			 " .strtab .text .rel.text .bss .maps .BTF .group .llvm_addrsig .strings "
			 ".symtab .debug_crossbpf |" STRIPPED_SYMBOLS);
}

TEST(no_symbols)
{
	cleanup_strbuf struct strbuf object = {0};
	struct made m = {0};

	made_init(&m);
	m.n_sections = MADE_REL_TEXT;
	made_finish(&m);
	rewrite(&m, false, &object);
	cleanup_free char *names = names_of(&object);
	ck_assert_str_eq(names, " .strtab .text .debug_crossbpf |");
}

/* llvm-strip's own: numbers of symbols that are no more, and no link to the table. */
TEST(unlinked_addrsig_is_copied)
{
	cleanup_elf_object struct elf_object e = {0};
	cleanup_strbuf struct strbuf object = {0};
	struct made m = {0};

	made_init(&m);
	m.sections[MADE_ADDRSIG].link = 0;
	m.sections[MADE_ADDRSIG].data[0] = 0x70;
	made_finish(&m);
	rewrite(&m, false, &object);
	ck_assert_int_eq(elf_object_open(&e, object.data, object.len, &why), 0);
	ck_assert_mem_eq(find(&e, ".llvm_addrsig")->data, m.sections[MADE_ADDRSIG].data, 4);
}

TEST(needs_a_stamp_that_fits)
{
	static const struct object_stamp bad[] = {
		{"bpfel", ""},    {"", "x86"},
		{"bpfel", NULL},  {"bpfel", "x86 "},
		{"bpfel", "X86"}, {"bpfel", "a234567890123456789012345678901234567890"},
	};
	struct strbuf object = {0};
	struct made m;

	made_object(&m, false);
	for (unsigned i = 0; i < LENGTH(bad); i++)
		ck_assert_int_eq(object_rewrite(m.data, m.len, false, &bad[i], &object, &why),
				 -EINVAL);
	ck_assert_int_eq(object_rewrite(m.data, m.len, false, &big, &object, &why), -ENOEXEC);
	assert_contains(why, "byte order");
	ck_assert_ptr_eq(object.data, NULL);
}

static void expect_refused(const struct made *m, const char *part)
{
	struct strbuf object = {0};

	ck_assert_int_eq(object_rewrite(m->data, m->len, false, stamp_for(m), &object, &why),
			 -ENOEXEC);
	assert_contains(why, part);
	ck_assert_ptr_eq(object.data, NULL);
}

/* What a section may not say of itself. */
TEST(refuses_sections)
{
	static const struct {
		unsigned section;
		struct made_section with; /* what is not 0 replaces */
		const char *why;
	} bad[] = {
		{MADE_REL_TEXT, {.link = MADE_TEXT}, "relocations are malformed"},
		{MADE_REL_TEXT, {.link = 99}, "relocations are malformed"},
		{MADE_REL_TEXT, {.info = 99}, "a section that is not there"},
		{MADE_REL_TEXT, {.info = MADE_REL_DEBUG_INFO}, "or to debug information"},
		{MADE_REL_TEXT, {.entsize = 24}, "relocations are malformed"},
		{MADE_REL_TEXT, {.size = 17}, "relocations are malformed"},
		{MADE_REL_TEXT, {.type = 4}, "relocations are malformed"},
		{MADE_GROUP, {.size = 6}, "group is malformed"},
		{MADE_GROUP, {.link = MADE_TEXT}, "group is malformed"},
		{MADE_GROUP, {.info = SYM_DEBUG}, "a symbol of debug information"},
		{MADE_GROUP, {.info = SYM_COUNT}, "a symbol that is not there"},
		{MADE_LINE_ORDER, {.link = MADE_DEBUG_LINE}, "or to debug information"},
		{MADE_LINE_ORDER, {.link = 99}, "not there"},
		{MADE_LINE_ORDER, {.link = MADE_SYMTAB}, "unknown type"},
		{MADE_LINE_ORDER, {.link = MADE_STRTAB}, "unknown type"},
		{MADE_LINE_ORDER, {.flags = 0x40, .info = 99}, "not there"},
		{MADE_LINE_ORDER, {.type = 18}, "more sections"},
		{MADE_LINE_ORDER, {.type = 2}, "two symbol tables"},
		{MADE_SYMTAB, {.link = MADE_TEXT}, "table of symbol names"},
		{MADE_SYMTAB, {.link = 99}, "table of symbol names"},
		{MADE_SYMTAB, {.info = SYM_COUNT + 1}, "symbol table is malformed"},
		{MADE_SYMTAB, {.entsize = 16}, "symbol table is malformed"},
		{MADE_SYMTAB, {.size = 25}, "symbol table is malformed"},
		{MADE_SYMTAB, {.name = ".debug_symtab"}, "the name of debug information"},
		{MADE_STRTAB, {.name = ".debug_str"}, "the name of debug information"},
		{MADE_STRTAB, {.type = 1}, "section names is malformed"},
	};

	for (unsigned i = 0; i < LENGTH(bad); i++) {
		const struct made_section *with = &bad[i].with;
		struct made m = {0};

		made_init(&m);
		struct made_section *s = &m.sections[bad[i].section];
		s->name = with->name ? with->name : s->name;
		s->type = with->type ? with->type : s->type;
		s->link = with->link ? with->link : s->link;
		s->info = with->info ? with->info : s->info;
		s->flags = with->flags ? with->flags : s->flags;
		s->size = with->size ? with->size : s->size;
		s->entsize = with->entsize ? with->entsize : s->entsize;
		made_finish(&m);
		expect_refused(&m, bad[i].why);
	}
}

/* What may not stand in a section. */
TEST(refuses_contents)
{
	static const struct {
		unsigned section, offset, bytes;
		uint64_t value;
		const char *why;
	} bad[] = {
		{MADE_REL_TEXT, 8, 8, (uint64_t)SYM_DEBUG << 32, "a symbol of debug information"},
		{MADE_REL_TEXT, 8, 8, (uint64_t)SYM_COUNT << 32, "a symbol that is not there"},
		{MADE_REL_TEXT, 8, 8, (uint64_t)0xffffffff << 32, "a symbol that is not there"},
		{MADE_GROUP, 4, 4, 0, "group is malformed"},
		{MADE_GROUP, 4, 4, MADE_COUNT, "group is malformed"},
		{MADE_ADDRSIG, 0, 1, SYM_COUNT, "significant addresses"},
		{MADE_ADDRSIG, 3, 1, 0x87, "significant addresses"},
		{MADE_ADDRSIG, 0, 4, 0xffffffff, "significant addresses"},
		{MADE_SYMTAB, 24 * SYM_PROG, 4, 0xffffffff, "symbol's name"},
		{MADE_SYMTAB, 24 * SYM_PROG + 6, 2, MADE_COUNT, "a section that is not there"},
		{MADE_SYMTAB, 24 * SYM_PROG + 6, 2, 0xfeff, "a section that is not there"},
		{MADE_SYMTAB, 24 * SYM_PROG + 6, 2, 0xffff, "a section that is not there"},
	};

	for (unsigned i = 0; i < 2 * LENGTH(bad); i++) {
		struct made m = {.big = i % 2};

		made_init(&m);
		made_put(&m, m.sections[bad[i / 2].section].data + bad[i / 2].offset,
			 bad[i / 2].bytes, bad[i / 2].value);
		made_finish(&m);
		expect_refused(&m, bad[i / 2].why);
	}
}

/* Whatever it is given: an error, or an object that is read and rewritten to itself. */
static void try_anything(const void *data, size_t len)
{
	for (int keep = 0; keep < 2; keep++) {
		cleanup_strbuf struct strbuf object = {0}, again = {0};
		const struct object_stamp *stamp =
			len > 5 && ((const uint8_t *)data)[5] == 2 ? &big : &little;
		struct object_stamp read;

		int r = object_rewrite(data, len, keep, stamp, &object, &why);
		if (r < 0) {
			ck_assert_int_eq(r, -ENOEXEC);
			ck_assert_ptr_ne(why, NULL);
			continue;
		}
		ck_assert_uint_le(object.len, 2 * len + 512);
		ck_assert_int_eq(object_read_stamp(object.data, object.len, &read, &why), 0);
		ck_assert_str_eq(read.target, stamp->target);
		ck_assert_int_eq(object_rewrite(object.data, object.len, keep, stamp, &again, &why),
				 0);
		assert_same(&object, &again);
	}
}

TEST(cut_off_anywhere)
{
	struct strbuf object = {0};
	struct made m;

	made_object(&m, false);
	for (size_t len = 0; len < m.len; len++) {
		cleanup_free void *part = made_copy(m.data, len);

		ck_assert_int_eq(object_rewrite(part, len, false, &little, &object, &why),
				 -ENOEXEC);
		ck_assert_ptr_ne(why, NULL);
	}
}

TEST(any_byte_changed)
{
	static const uint8_t values[] = {0, 1, 2, 3, 4, 0x12, 0x7f, 0x80, 0xfe, 0xff};

	for (int order = 0; order < 2; order++) {
		struct made m;

		made_object(&m, order);
		for (size_t i = 0; i < m.len * LENGTH(values); i++) {
			cleanup_free uint8_t *changed = made_copy(m.data, m.len);

			changed[i / LENGTH(values)] = values[i % LENGTH(values)];
			try_anything(changed, m.len);
		}
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, strips);
	tcase_add_test(c, keeps_debug);
	tcase_add_test(c, numbers_follow);
	tcase_add_test(c, meaning_alone_counts);
	tcase_add_test(c, again_is_the_same);
	tcase_add_test(c, separate_tables_of_names);
	tcase_add_test(c, no_symbols);
	tcase_add_test(c, unlinked_addrsig_is_copied);
	tcase_add_test(c, needs_a_stamp_that_fits);
	tcase_add_test(c, refuses_sections);
	tcase_add_test(c, refuses_contents);
	tcase_add_test(c, cut_off_anywhere);
	tcase_add_test(c, any_byte_changed);
}

int main(void)
{
	return suite_run("object_rewrite", add_tests);
}
