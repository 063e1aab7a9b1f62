/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-object.h"
#include "object/elf.h"
#include "object/object.h"

enum { MADE_EXT = MADE_COUNT };

static const char *why;

/* An object's strings; those that are NULL it has not. */
struct source {
	const char *file, *text;
	uint32_t line;
};

static uint32_t add_string(struct made *m, uint32_t strings, const char *string)
{
	uint32_t at = (uint32_t)m->sections[MADE_BTF].size - strings;

	if (!*string)
		return 0;
	for (size_t i = 0; i <= strlen(string); i++)
		made_number(m, MADE_BTF, 1, (uint8_t)string[i]);
	return at;
}

/* The strings in the order in which LLVM meets them: types, a function's lines, later types. */
static void make_btf(struct made *m, const struct source *s, uint32_t ret_strings[4])
{
	enum { TYPES = 4 * (3 + 6) + 12, HEADER = 24 };
	struct made_section *btf = &m->sections[MADE_BTF];

	btf->size = 0;
	for (int i = 0; i < HEADER + TYPES; i++)
		made_number(m, MADE_BTF, 1, 0);
	made_number(m, MADE_BTF, 1, 0); /* the empty string */
	uint32_t strings = HEADER + TYPES, first = add_string(m, strings, "first");
	ret_strings[0] = add_string(m, strings, ".text");
	ret_strings[1] = add_string(m, strings, s->file);
	ret_strings[2] = add_string(m, strings, s->text);
	uint32_t last = add_string(m, strings, "last");
	ret_strings[3] = add_string(m, strings, "0:1");
	made_put(m, btf->data, 2, 0xeb9f);
	btf->data[2] = 1;
	made_put(m, btf->data + 4, 4, HEADER);
	made_put(m, btf->data + 12, 4, TYPES);
	made_put(m, btf->data + 16, 4, TYPES);
	made_put(m, btf->data + 20, 4, btf->size - strings);
	/* A declaration ahead, and a structure with one member. */
	made_put(m, btf->data + HEADER, 4, first);
	made_put(m, btf->data + HEADER + 4, 4, 7 << 24);
	made_put(m, btf->data + HEADER + 12, 4, last);
	made_put(m, btf->data + HEADER + 16, 4, 4 << 24 | 1);
	made_put(m, btf->data + HEADER + 24, 4, last);
	made_put(m, btf->data + HEADER + 36, 4, first);
	made_put(m, btf->data + HEADER + 40, 4, 8 << 24);
}

static void make_ext(struct made *m, const struct source *s, const uint32_t strings[4])
{
	static const uint32_t header[] = {0, 20, 20, 28, 48, 28};

	m->sections[MADE_EXT] = (struct made_section){".BTF.ext", .type = 1, .align = 4};
	m->n_sections = MADE_EXT + 1;
	made_number(m, MADE_EXT, 2, 0xeb9f);
	made_number(m, MADE_EXT, 2, m->big ? 0x0100 : 1);
	made_number(m, MADE_EXT, 4, 32);
	for (unsigned i = 0; i < LENGTH(header); i++)
		made_number(m, MADE_EXT, 4, header[i]);
	const uint32_t words[] = {
		8,  strings[0], 1, 0, 1,                                         /* func_info */
		16, strings[0], 1, 0, strings[1], strings[2], s->line << 10 | 3, /* line_info */
		16, strings[0], 1, 8, 2,          strings[3], 0,                 /* core_relo */
	};
	for (unsigned i = 0; i < LENGTH(words); i++)
		made_number(m, MADE_EXT, 4, words[i]);
}

static void make(struct made *m, const struct source *s)
{
	uint32_t strings[4];

	made_init(m);
	make_btf(m, s, strings);
	make_ext(m, s, strings);
	made_finish(m);
}

static const struct source with_name = {"/p/a.c", "", 7};
static const struct source with_lines = {"/builder/root/p/a.c", "\treturn 0;", 7};
static const struct source wanted = {"/p/a.c", "\treturn 0;", 7};

static int lacks(const struct source *s, bool big)
{
	struct made m = {.big = big};

	make(&m, s);
	return object_lacks_lines(m.data, m.len, &why);
}

TEST(knows_what_lacks_lines)
{
	static const struct source no_line = {"/p/a.c", "", 0};

	for (int big = 0; big < 2; big++) {
		ck_assert_int_eq(lacks(&with_name, big), 1);
		ck_assert_int_eq(lacks(&with_lines, big), 0);
		ck_assert_int_eq(lacks(&no_line, big), 0);
	}
	struct made m = {0};
	made_init(&m);
	made_finish(&m);
	ck_assert_int_eq(object_lacks_lines(m.data, m.len, &why), 0);
	ck_assert_int_eq(object_lacks_lines(m.data, 10, &why), -ENOEXEC);
}

static const struct elf_section *section(const struct elf_object *e, const char *name)
{
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (strcmp(e->sections[i].name, name) == 0)
			return &e->sections[i];
	ck_abort_msg("no section %s", name);
}

/* All but the tables of names is as in the other object. */
static void expect_sections(const struct strbuf *got, const struct made *expected)
{
	struct elf_object a, b;

	ck_assert_int_eq(elf_object_open(&a, got->data, got->len, &why), 0);
	ck_assert_int_eq(elf_object_open(&b, expected->data, expected->len, &why), 0);
	ck_assert_uint_eq(a.n_sections, b.n_sections);
	for (uint32_t i = 1; i < a.n_sections; i++) {
		const struct elf_section *s = section(&a, b.sections[i].name);
		ck_assert_uint_eq(s->type, b.sections[i].type);
		ck_assert_uint_eq(s->link, b.sections[i].link);
		ck_assert_uint_eq(s->size, b.sections[i].size);
		if (s->data)
			ck_assert_mem_eq(s->data, b.sections[i].data, s->size);
		if (s->data && s->align && s->align <= 8)
			ck_assert_uint_eq((size_t)(s->data - a.data) % s->align, 0);
	}
	elf_object_close(&a);
	elf_object_close(&b);
}

TEST(takes_lines)
{
	for (int big = 0; big < 2; big++) {
		struct made named = {.big = big}, lined = {.big = big}, expected = {.big = big};
		cleanup_strbuf struct strbuf got = {0}, again = {0};
		make(&named, &with_name);
		make(&lined, &with_lines);
		make(&expected, &wanted);
		ck_assert_int_eq(
			object_take_lines(named.data, named.len, lined.data, lined.len, &got, &why),
			0);
		expect_sections(&got, &expected);
		/* What has the names already is left as it is. */
		ck_assert_int_eq(object_take_lines(got.data, got.len, expected.data, expected.len,
						   &again, &why),
				 0);
		ck_assert_uint_eq(again.len, got.len);
		ck_assert_mem_eq(again.data, got.data, got.len);
	}
}

TEST(renames_sources)
{
	static const struct source renamed = {"./p/a.c", "\treturn 0;", 7};

	for (int big = 0; big < 2; big++) {
		struct made made = {.big = big}, expected = {.big = big};
		cleanup_strbuf struct strbuf got = {0}, same = {0};
		make(&made, &with_lines);
		make(&expected, &renamed);
		ck_assert_int_eq(object_rename_sources(made.data, made.len, "/builder/root/", "./",
						       &got, &why),
				 0);
		expect_sections(&got, &expected);
		ck_assert_int_eq(object_rename_sources(made.data, made.len, "/builder/other/", "./",
						       &same, &why),
				 0);
		expect_sections(&same, &made);
	}
	struct made plain = {0};
	cleanup_strbuf struct strbuf got = {0};
	made_init(&plain);
	made_finish(&plain);
	ck_assert_int_eq(object_rename_sources(plain.data, plain.len, "/", ".", &got, &why), 0);
	ck_assert_uint_eq(got.len, plain.len);
	ck_assert_int_eq(object_rename_sources(plain.data, 9, "/", ".", &got, &why), -ENOEXEC);
}

static int take(struct made *named, struct made *lined)
{
	cleanup_strbuf struct strbuf got = {0};

	return object_take_lines(named->data, named->len, lined->data, lined->len, &got, &why);
}

TEST(refuses_another_program)
{
	static const struct source other_name = {"/builder/root/p/b.c", "\treturn 0;", 7},
				   name_as_text = {"/builder/root/p/a.c", "/p/a.c", 7};
	struct made named = {0}, lined = {0};

	make(&named, &with_name);
	make(&lined, &other_name);
	ck_assert_int_eq(take(&named, &lined), -ENOEXEC);
	assert_contains(why, "differ");
	make(&lined, &name_as_text);
	ck_assert_int_eq(take(&named, &lined), -ENOEXEC);
	assert_contains(why, "differ");
	lined = (struct made){0};
	made_init(&lined);
	lined.sections[MADE_TEXT].data[8] ^= 1;
	uint32_t strings[4];
	make_btf(&lined, &with_lines, strings);
	make_ext(&lined, &with_lines, strings);
	made_finish(&lined);
	ck_assert_int_eq(take(&named, &lined), -ENOEXEC);
	assert_contains(why, "differ");
	lined = (struct made){.big = true};
	make(&lined, &with_lines);
	ck_assert_int_eq(take(&named, &lined), -ENOEXEC);
	made_init(&lined);
	made_finish(&lined);
	ck_assert_int_eq(take(&named, &lined), -ENOEXEC);
}

/* Any word of .BTF.ext or BTF may be anything: nothing outside is read. */
TEST(survives_any_word)
{
	static const uint32_t values[] = {0,      1,          3,          0x7f,
					  0xffff, 0x7fffffff, 0xfffffff8, 0xffffffff};
	static const unsigned parts[] = {MADE_BTF, MADE_EXT};
	struct made named = {0}, lined = {0};

	make(&named, &with_name);
	for (unsigned p = 0; p < LENGTH(parts); p++) {
		make(&lined, &with_lines);
		for (uint64_t at = 0; at + 4 <= lined.sections[parts[p]].size; at += 4) {
			for (unsigned i = 0; i < LENGTH(values); i++) {
				uint32_t strings[4];
				struct made m = {0};
				made_init(&m);
				make_btf(&m, &with_lines, strings);
				make_ext(&m, &with_lines, strings);
				made_put(&m, m.sections[parts[p]].data + at, 4, values[i]);
				made_finish(&m);
				cleanup_free void *copy = made_copy(m.data, m.len);
				cleanup_strbuf struct strbuf got = {0};
				int r = object_lacks_lines(copy, m.len, &why);
				ck_assert(r == 0 || r == 1 || r == -ENOEXEC);
				r = object_take_lines(named.data, named.len, copy, m.len, &got,
						      &why);
				ck_assert(r == 0 || r == -ENOEXEC);
			}
		}
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, knows_what_lacks_lines);
	tcase_add_test(c, takes_lines);
	tcase_add_test(c, renames_sources);
	tcase_add_test(c, refuses_another_program);
	tcase_add_test(c, survives_any_word);
}

int main(void)
{
	return suite_run("object_source_lines", add_tests);
}
