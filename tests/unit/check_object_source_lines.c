/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-lines.h"
#include "object/bytes.h"
#include "object/elf.h"
#include "object/object.h"

static const char *why;

static const struct source with_name = {"/p/a.c", "", 7};
static const struct source with_lines = {"/builder/root/p/a.c", "\treturn 0;", 7};
static const struct source wanted = {"/p/a.c", "\treturn 0;", 7};

static int expect_line(void *ctx, const struct object_line *line)
{
	const struct source *s = ctx;

	ck_assert_str_eq(line->file, s->file);
	ck_assert_str_eq(line->text, s->text);
	ck_assert_uint_eq(line->line, s->line);
	return 5;
}

static int no_line(void *ctx, const struct object_line *line)
{
	ck_abort_msg("%p has the line %s", ctx, line->text);
}

TEST(tells_lines)
{
	for (int big = 0; big < 2; big++) {
		struct source sources[] = {with_name, with_lines, {"/p/a.c", "", 0}};
		for (unsigned i = 0; i < LENGTH(sources); i++) {
			struct made m = {.big = big};
			make(&m, &sources[i]);
			ck_assert_int_eq(
				object_each_line(m.data, m.len, expect_line, &sources[i], &why), 5);
		}
	}
	struct made m = {0};
	made_init(&m);
	made_finish(&m);
	ck_assert_int_eq(object_each_line(m.data, m.len, no_line, NULL, &why), 0);
	ck_assert_int_eq(object_each_line(m.data, 10, no_line, NULL, &why), -ENOEXEC);
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

/* The text that is wanted, with more behind it that is no part of it. */
static int give_text(void *ctx, const struct object_line *line, const char **ret_text,
		     size_t *ret_len)
{
	const char *text = ctx;

	ck_assert_str_eq(line->file, "/p/a.c");
	ck_assert_uint_eq(line->line, 7);
	*ret_text = text;
	*ret_len = strcspn(text, "|");
	return 0;
}

static void set_text(const void *data, size_t len, char *text, struct strbuf *ret_object)
{
	ck_assert_int_eq(object_set_texts(data, len, give_text, text, ret_object, &why), 0);
}

TEST(sets_texts)
{
	for (int big = 0; big < 2; big++) {
		struct made bare = {.big = big}, expected = {.big = big};
		char text[] = "\treturn 0;|...", of_a_type[] = "last", none[] = "";
		struct source typed = {"/p/a.c", "last", 7};
		cleanup_strbuf struct strbuf got = {0}, again = {0}, back = {0}, named = {0},
					     unnamed = {0};
		make(&bare, &with_name);
		make(&expected, &wanted);
		set_text(bare.data, bare.len, text, &got);
		expect_sections(&got, &expected);
		set_text(got.data, got.len, text, &again);
		expect_sections(&again, &expected);
		set_text(got.data, got.len, none, &back);
		expect_sections(&back, &bare);
		/* A text that is a type's name too is one string, where the first of them is. */
		set_text(bare.data, bare.len, of_a_type, &named);
		ck_assert_int_eq(object_each_line(named.data, named.len, expect_line, &typed, &why),
				 5);
		set_text(named.data, named.len, none, &unnamed);
		expect_sections(&unnamed, &bare);
	}
}

static int refuse_text(void *ctx, const struct object_line *line, const char **ret_text,
		       size_t *ret_len)
{
	(void)ctx, (void)line, (void)ret_text, (void)ret_len;
	return -ENOTSUP;
}

TEST(sets_no_texts_of_what_it_does_not_know)
{
	cleanup_strbuf struct strbuf got = {0}, same = {0};
	struct made m = {0}, plain = {0};
	char text[] = "x";

	make(&m, &with_name);
	ck_assert_int_eq(object_set_texts(m.data, m.len, refuse_text, NULL, &got, &why), -ENOTSUP);
	/* What is patched comes in the place of a section's name: not as LLVM writes it. */
	uint8_t *ext = m.sections[MADE_EXT].data;
	uint32_t access = bytes_get32(ext + 32 + 48 + 20, false);
	made_put(&m, ext + 32 + 4, 4, access);
	made_finish(&m);
	ck_assert_int_eq(object_set_texts(m.data, m.len, give_text, text, &got, &why), -ENOEXEC);
	assert_contains(why, "unknown order");
	ck_assert_uint_eq(got.len, 0);
	/* Without lines there is nothing to set. */
	made_init(&plain);
	made_finish(&plain);
	ck_assert_int_eq(object_set_texts(plain.data, plain.len, give_text, text, &same, &why), 0);
	ck_assert_uint_eq(same.len, plain.len);
}

static int any_text(void *ctx, const struct object_line *line, const char **ret_text,
		    size_t *ret_len)
{
	(void)ctx, (void)line;
	*ret_text = "any";
	*ret_len = 3;
	return 0;
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

static int any_line(void *ctx, const struct object_line *line)
{
	(void)ctx;
	ck_assert_uint_lt(strlen(line->file) + strlen(line->text), MADE_SIZE);
	return 0;
}

/* Other types are another program, whatever it runs. */
TEST(refuses_other_types)
{
	struct made named = {0}, lined = {0};
	uint32_t strings[4];

	make(&named, &with_name);
	made_init(&lined);
	make_btf(&lined, &with_lines, strings);
	made_put(&lined, lined.sections[MADE_BTF].data + 24 + 12 + 8, 4, 16); /* a size */
	make_ext(&lined, &with_lines, strings);
	made_finish(&lined);
	ck_assert_int_eq(take(&named, &lined), -ENOEXEC);
	lined = (struct made){0};
	made_init(&lined);
	make_btf(&lined, &with_lines, strings);
	made_put(&lined, lined.sections[MADE_BTF].data + 24, 4, strings[0]); /* a name */
	make_ext(&lined, &with_lines, strings);
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
				int r = object_each_line(copy, m.len, any_line, NULL, &why);
				ck_assert(r == 0 || r == -ENOEXEC);
				r = object_take_lines(named.data, named.len, copy, m.len, &got,
						      &why);
				ck_assert(r == 0 || r == -ENOEXEC);
				cleanup_strbuf struct strbuf set = {0};
				r = object_set_texts(copy, m.len, any_text, NULL, &set, &why);
				ck_assert(r == 0 || r == -ENOEXEC);
			}
		}
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, tells_lines);
	tcase_add_test(c, takes_lines);
	tcase_add_test(c, sets_texts);
	tcase_add_test(c, sets_no_texts_of_what_it_does_not_know);
	tcase_add_test(c, refuses_another_program);
	tcase_add_test(c, refuses_other_types);
	tcase_add_test(c, survives_any_word);
}

int main(void)
{
	return suite_run("object_source_lines", add_tests);
}
