/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/depfile.h"
#include "shared/strbuf.h"

/* Parses what lies in memory of just that size, with the NUL behind that a strbuf has. */
static int parse(const char *text, size_t len, struct strv *ret_files)
{
	cleanup_free char *copy = malloc(len + 1);

	ck_assert_ptr_ne(copy, NULL);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return depfile_parse(copy, len, ret_files);
}

/* As many as are expected, each as it is expected. */
static void check_files(const char *text, const char *const *expected)
{
	cleanup_strv struct strv files = {0};
	size_t n = 0;

	ck_assert_msg(parse(text, strlen(text), &files) == 0, "not parsed: %s", text);
	for (; expected[n]; n++) {
		ck_assert_msg(n < files.n, "%s lacks \"%s\"", text, expected[n]);
		ck_assert_msg(strcmp(files.v[n], expected[n]) == 0, "%s: \"%s\", not \"%s\"", text,
			      files.v[n], expected[n]);
	}
	ck_assert_msg(files.n == n, "%s has more: \"%s\"", text, n < files.n ? files.v[n] : "");
}

struct row {
	const char *text;
	const char *files[6];
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_files(rows[i].text, rows[i].files);
}

TEST(plain_names)
{
	static const struct row rows[] = {
		{"x.o: x.c\n", {"x.c"}},
		{"x.o: x.c a.h\n", {"x.c", "a.h"}},
		{"x.o y.o: x.c\n", {"x.c"}},
		{"x.o : x.c\n", {"x.c"}},
		{"dir/x.o: ./x.c ../a.h /usr/include/b.h\n",
		 {"./x.c", "../a.h", "/usr/include/b.h"}},
		{"x.o: x.c\ta.h  b.h\n", {"x.c", "a.h", "b.h"}},
		{"x.o: \xff\xfe.c \xc3\xa9.h\n", {"\xff\xfe.c", "\xc3\xa9.h"}},
		{"x.o: 'q'.c \"d\".h a%b.h a*b.h\n", {"'q'.c", "\"d\".h", "a%b.h", "a*b.h"}},
	};

	check_rows(rows, LENGTH(rows));
}

TEST(what_make_reads_otherwise)
{
	static const struct row rows[] = {
		{"x.o: a\\ b.c\n", {"a b.c"}},
		{"x.o: \\ b.c a.h\n", {" b.c", "a.h"}},
		{"x.o: a\\ \\ b.c\n", {"a  b.c"}},
		{"x.o: a\\#b.c\n", {"a#b.c"}},
		{"x.o: \\#b.c\n", {"#b.c"}},
		{"x.o: a$$b.c\n", {"a$b.c"}},
		{"x.o: $$$$b.c $$\n", {"$$b.c", "$"}},
		{"x.o: a$b.c $\n", {"a$b.c", "$"}}, /* no clang writes this */
		{"x.o: a\\ b\\#c$$d.h\n", {"a b#c$d.h"}},
	};

	check_rows(rows, LENGTH(rows));
}

/* They stand for themselves, but before a space, where clang doubles those of the name. */
TEST(backslashes)
{
	static const struct row rows[] = {
		{"x.o: a\\b.c\n", {"a\\b.c"}},
		{"x.o: a\\\\b.c\n", {"a\\\\b.c"}},
		{"x.o: \\\\server\\share\\x.c a.h\n", {"\\\\server\\share\\x.c", "a.h"}},
		{"x.o: a\\\\\\ b.c\n", {"a\\ b.c"}},
		{"x.o: a\\\\\\\\\\ b.c\n", {"a\\\\ b.c"}},
		{"x.o: a\\\\#b.c\n", {"a\\#b.c"}},
		{"x.o: a\\$$b.c\n", {"a\\$b.c"}},
		{"x.o: a\\", {"a\\"}},
	};

	check_rows(rows, LENGTH(rows));
}

TEST(lines)
{
	static const struct row rows[] = {
		{"x.o: x.c \\\n  a.h \\\n  b.h\n", {"x.c", "a.h", "b.h"}},
		{"x.o: x.c\\\n a.h\n", {"x.c", "a.h"}},
		{"x.o: \\\n  x.c\n", {"x.c"}},
		{"x.o:\\\n  x.c\n", {"x.c"}},
		{"x.o: x.c \\\n\n", {"x.c"}},
		{"x.o: x.c \\\n", {"x.c"}},
		{"x.o: x.c \\", {"x.c", "\\"}},
		{"x.o: x.c", {"x.c"}},
		{"x.o: x.c ", {"x.c"}},
		{"x.o: a\\ b.c \\\n  c\\ d.h\n", {"a b.c", "c d.h"}},
		{"x.o: x.c\r\n", {"x.c"}},
		{"x.o: x.c a.h\r\n\r\n", {"x.c", "a.h"}},
	};

	check_rows(rows, LENGTH(rows));
}

TEST(colons)
{
	static const struct row rows[] = {
		{"a:b.o: x.c\n", {"x.c"}},
		{"C:/x.o: C:/x.c\n", {"C:/x.c"}},
		{"x.o: a:b.h :c.h d.h:\n", {"a:b.h", ":c.h", "d.h:"}},
		{"x.o: a:\\ b.h\n", {"a: b.h"}},
	};

	check_rows(rows, LENGTH(rows));
}

/* A second rule may be the rest of a name with a newline. */
TEST(only_one_rule)
{
	static const struct row rows[] = {{"\n\nx.o: x.c\n", {"x.c"}},
					  {"x.o: x.c\n\n \n", {"x.c"}}};
	static const char *const texts[] = {"x.o: x.c a.h\n\na.h:\n", "x.o: x.c\ny.o: y.c\n",
					    "x.o: x.c bad\nname.h a.h\n", "x.o:\n\ny.o: y.c\n"};

	check_rows(rows, LENGTH(rows));
	for (size_t i = 0; i < LENGTH(texts); i++) {
		cleanup_strv struct strv files = {0};
		ck_assert_msg(parse(texts[i], strlen(texts[i]), &files) == -EINVAL, "%s", texts[i]);
	}
}

TEST(no_prerequisite)
{
	static const struct row rows[] = {
		{"x.o:", {NULL}},     {"x.o:\n", {NULL}}, {"x.o: \n", {NULL}},
		{"x.o:\r\n", {NULL}}, {":", {NULL}},
	};

	check_rows(rows, LENGTH(rows));
}

TEST(no_rule)
{
	static const char *const texts[] = {
		"", "\n", "x.o", "x.c a.h\n", "C:/x.c\n", "a:b", "#include <x.h>\n",
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		cleanup_strv struct strv files = {0};
		ck_assert_msg(parse(texts[i], strlen(texts[i]), &files) == -EINVAL, "%s", texts[i]);
		ck_assert_uint_eq(files.n, 0);
	}
}

TEST(appends)
{
	cleanup_strv struct strv files = {0};

	strv_add(&files, "first");
	ck_assert_int_eq(parse("x.o: x.c\n", 9, &files), 0);
	ck_assert_int_eq(parse("y.o: y.c\n", 9, &files), 0);
	ck_assert_uint_eq(files.n, 3);
	ck_assert_str_eq(files.v[0], "first");
	ck_assert_str_eq(files.v[1], "x.c");
	ck_assert_str_eq(files.v[2], "y.c");
	ck_assert_ptr_eq(files.v[3], NULL);
}

static const char sample[] = "dir/x.o: x.c a\\ b.h a\\\\\\ b.h c\\#.h \\\r\n d$$.h $ \\\n"
			     "  \\\\e.h f:\\ g.h \xff.h tail\\\\ \\\n\\\n h.h\\\n\n\na\\ b.h:\n";

TEST(cut_anywhere)
{
	for (size_t from = 0; from < sizeof(sample); from++)
		for (size_t to = from; to < sizeof(sample); to++) {
			cleanup_strv struct strv files = {0};
			int r = parse(sample + from, to - from, &files);

			ck_assert(r == 0 || r == -EINVAL);
			for (size_t i = 0; i < files.n; i++)
				ck_assert_uint_gt(strlen(files.v[i]), 0);
		}
}

TEST(any_bytes)
{
	static const char bytes[] = "\\\\ #$:\n\r\ta\xff";
	uint32_t random = 1;

	for (unsigned i = 0; i < 20000; i++) {
		cleanup_strv struct strv files = {0};
		char text[48] = "x: ";
		size_t len = 3;

		for (; len < 3 + i % 40; len++) {
			random = random * 1664525 + 1013904223;
			text[len] = bytes[(random >> 16) % (sizeof(bytes) - 1)];
		}
		int r = parse(text, len, &files);
		ck_assert(r == 0 || r == -EINVAL);
	}
}

/* depfile_replace(): names below /usr/ are theirs. */

static bool is_theirs(const void *ctx, const char *name)
{
	const char *prefix = ctx;

	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void check_replaced(const char *text, const char *stamp, const char *want)
{
	cleanup_strbuf struct strbuf result = {0};
	size_t len = strlen(text);
	cleanup_free char *copy = malloc(len + 1); /* of just that size */

	ck_assert_ptr_ne(copy, NULL);
	memcpy(copy, text, len);
	strbuf_puts(&result, "before;");
	ck_assert_int_eq(depfile_replace(copy, len, is_theirs, "/usr/", stamp, &result), 0);
	ck_assert_msg(strcmp(result.data + strlen("before;"), want) == 0, "%s\nbecame\n%s\nnot\n%s",
		      text, result.data, want);
}

/* The stamp, as it is written, has a rule of its own. */
static void check_stamped(const char *text, const char *stamp, const char *written,
			  const char *want)
{
	bool ends = want[0] && want[strlen(want) - 1] == '\n';
	cleanup_free char *whole = str_printf("%s%s%s:\n", want, ends ? "" : "\n", written);

	check_replaced(text, stamp, whole);
}

struct replacement {
	const char *text, *want;
};

static void check_all_replaced(const char *stamp, const struct replacement *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (stamp && strstr(rows[i].want, stamp))
			check_stamped(rows[i].text, stamp, stamp, rows[i].want);
		else
			check_replaced(rows[i].text, stamp, rows[i].want);
}

/* Byte for byte. */
TEST(replaces_nothing_of_ours)
{
	static const char *const texts[] = {
		"",
		"\n",
		" \t\r\n",
		"x.o: x.c\n",
		"x.o: x.c",
		"x.o: x.c \\\n  a.h \\\n  b.h\n",
		"x.o: x.c \\\r\n  a.h\r\n",
		"x.o: a\\ b.c c\\#.h d$$.h e\\\\\\ f.h \\g.h\n",
		"x.o: x.c a.h\n\na.h:\n\nb.h:\n",
		"x.o y.o : usr/a.h /usr /usrx/a.h\n",
		"x.o: x.c \\",
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		check_replaced(texts[i], "stamp", texts[i]);
		check_replaced(texts[i], NULL, texts[i]);
	}
}

TEST(replaces_the_first)
{
	static const struct replacement rows[] = {
		{"x.o: x.c /usr/a.h\n", "x.o: x.c stamp\n"},
		{"x.o: x.c /usr/a.h", "x.o: x.c stamp"},
		{"x.o: x.c /usr/a.h /usr/b.h\n", "x.o: x.c stamp\n"},
		{"x.o: /usr/a.h x.c\n", "x.o: stamp x.c\n"},
		{"x.o: x.c \\\n  /usr/a.h \\\n  b.h \\\n  /usr/c.h\n",
		 "x.o: x.c \\\n  stamp \\\n  b.h\n"},
		{"x.o: /usr/a.h /usr/b.h /usr/c.h b.h\n", "x.o: stamp b.h\n"},
		{"x.o: \\\n  /usr/a.h\n", "x.o: \\\n  stamp\n"},
		{"x.o: /usr/a.h\r\n", "x.o: stamp\r\n"},
	};

	check_all_replaced("stamp", rows, LENGTH(rows));
}

TEST(leaves_them_out)
{
	static const struct replacement rows[] = {
		{"x.o: x.c /usr/a.h\n", "x.o: x.c\n"},
		{"x.o: x.c \\\n  /usr/a.h \\\n  b.h\n", "x.o: x.c \\\n  b.h\n"},
		{"x.o: /usr/a.h\n", "x.o:\n"},
		{"x.o: /usr/a.h /usr/b.h", "x.o:"},
		{"/usr/a.h", ""},
	};

	check_all_replaced(NULL, rows, LENGTH(rows));
}

/* -MP makes a target of each header, which has no stamp. */
TEST(leaves_out_targets)
{
	static const struct replacement rows[] = {
		{"x.o: x.c /usr/a.h b.h\n\n/usr/a.h:\n\nb.h:\n", "x.o: x.c stamp b.h\n\nb.h:\n"},
		{"x.o: x.c /usr/a.h\n\n/usr/a.h:\n", "x.o: x.c stamp\n"},
		{"x.o: x.c\n\n/usr/a\\ b.h:\n\nc.h:\n", "x.o: x.c\n\nc.h:\n"},
	};

	check_all_replaced("stamp", rows, LENGTH(rows));
}

/* In names that make reads otherwise, on both sides. */
TEST(replaces_odd_names)
{
	static const struct replacement rows[] = {
		{"x.o: x.c /usr/a\\ b.h /usr/$$c.h /usr/d\\#.h e\\ f.h\n",
		 "x.o: x.c stamp e\\ f.h\n"},
		{"x.o: /usr/\xff.h\n", "x.o: stamp\n"},
	};

	check_all_replaced("stamp", rows, LENGTH(rows));
	check_stamped("x.o: /usr/a.h\n", "a b", "a\\ b", "x.o: a\\ b\n");
	check_stamped("x.o: /usr/a.h\n", "a#$b", "a\\#$$b", "x.o: a\\#$$b\n");
	check_stamped("x.o: /usr/a.h\n", "a\\b\\ c", "a\\b\\\\\\ c", "x.o: a\\b\\\\\\ c\n");
	check_stamped("x.o: /usr/a.h\n", "\xc3\xa9", "\xc3\xa9", "x.o: \xc3\xa9\n");
}

/* A stamp is read back as what it is. */
TEST(stamp_is_a_name)
{
	static const char *const stamps[] = {"/c/a b",   "/c/ a",      "/c/#a",    "/c/$a",
					     "/c/a\\ b", "/c/a\\\\ b", "/c/a'\"b", "/c/a:b"};

	for (size_t i = 0; i < LENGTH(stamps); i++) {
		cleanup_strbuf struct strbuf text = {0};
		cleanup_strv struct strv files = {0};
		static const char from[] = "x.o: x.c /usr/a.h b.h\n";

		ck_assert_int_eq(
			depfile_replace(from, strlen(from), is_theirs, "/usr/", stamps[i], &text),
			0);
		const char *rule_end = strchr(text.data, '\n');
		ck_assert_int_eq(parse(text.data, (size_t)(rule_end - text.data), &files), 0);
		ck_assert_uint_eq(files.n, 3);
		ck_assert_str_eq(files.v[0], "x.c");
		ck_assert_str_eq(files.v[1], stamps[i]);
		ck_assert_str_eq(files.v[2], "b.h");
	}
}

/* Without any of theirs nothing changes; where all are, none is left that is longer. */
TEST(replaces_any_bytes)
{
	static const char bytes[] = "\\\\ #$:\n\r\ta/\xff";
	uint32_t random = 1;

	for (unsigned i = 0; i < 20000; i++) {
		cleanup_strbuf struct strbuf same = {0}, less = {0};
		char text[48];
		size_t len = 0;

		for (; len < i % 40; len++) {
			random = random * 1664525 + 1013904223;
			text[len] = bytes[(random >> 16) % (sizeof(bytes) - 1)];
		}
		cleanup_free char *copy = malloc(len + 1);
		memcpy(copy, text, len);
		ck_assert_int_eq(depfile_replace(copy, len, is_theirs, "/usr/", "s", &same), 0);
		ck_assert_uint_eq(same.len, len);
		ck_assert(len == 0 || memcmp(same.data, copy, len) == 0);
		ck_assert_int_eq(depfile_replace(copy, len, is_theirs, "", NULL, &less), 0);
		ck_assert_uint_le(less.len, len);
		for (size_t j = 0; j < less.len; j++)
			ck_assert_ptr_ne(strchr(" \t\r\n\\", less.data[j]), NULL);
	}
}

/* What the clang of this system says that it read; -1: it could not be run. */
static int run_clang(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		alarm(20);
		execlp("clang", "clang", "-fsyntax-only", "-iquote", "odd dir", "-MD", "-MF", "x.d",
		       "-MQ", "x: $.o", "x y.c", (char *)NULL);
		_exit(127);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static bool contains(const struct strv *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->v[i], name) == 0)
			return true;
	return false;
}

/* With a backslash in it only where this clang does not take it for a slash. */
TEST(what_clang_writes)
{
	static const char *const names[] = {
		"plain.h",  "a b.h", " a.h",     "a  b .h", "a#b.h", "#a.h",   "a$b.h",
		"$$.h",     "a'b.h", "\xff\xfe", "a:b.h",   ":.h",   "a%b.h",  "a # $ b.h",
		"a;b|c&.h", "(a).h", "~a.h",     "*.h",     "a=b.h", "[a]{b}",
	};
	cleanup_strv struct strv files = {0};
	cleanup_strbuf struct strbuf source = {0};

	ck_assert_int_eq(mkdir("odd dir", 0755), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *path = str_printf("odd dir/%s", names[i]);
		write_text(path, "\n");
		strbuf_printf(&source, "#include \"%s\"\n", names[i]);
	}
	write_text("x y.c", source.data);
	if (run_clang() < 0) {
		fprintf(stderr, "what_clang_writes: skipped: no clang that can be run\n");
		return;
	}
	cleanup_free char *text = read_text("x.d");
	ck_assert_ptr_ne(text, NULL);
	/* Of the target a part stands with the names, as it ends in a colon. */
	const char *rule = strstr(text, ".o: ");
	ck_assert_ptr_ne(rule, NULL);
	ck_assert_int_eq(parse(rule, strlen(rule), &files), 0);
	ck_assert_uint_eq(files.n, LENGTH(names) + 1);
	ck_assert_str_eq(files.v[0], "x y.c");
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *path = str_printf("odd dir/%s", names[i]);
		ck_assert_msg(contains(&files, path), "no \"%s\" of:\n%s", path, text);
	}
}

TEST(lists)
{
	static const char list[] = "./v.h\n/usr/include/a b.h\n\n./v.h\n...\nlast.h";
	cleanup_strv struct strv names = {0};

	ck_assert_int_eq(depfile_parse_list(list, strlen(list), &names), 0);
	ck_assert_uint_eq(names.n, 4);
	ck_assert_str_eq(names.v[0], "./v.h");
	ck_assert_str_eq(names.v[1], "/usr/include/a b.h");
	ck_assert_str_eq(names.v[3], "last.h");
	ck_assert_int_eq(depfile_parse_list(list, 0, &names), 0);
	ck_assert_uint_eq(names.n, 4);
}

TEST(first_rule)
{
	static const char rules[] = "a.o: b.c \\\r\n  c.h\r\n\nc.h:\n";
	cleanup_strv struct strv names = {0}, all = {0};

	ck_assert_int_eq(depfile_parse_first(rules, strlen(rules), &names), 0);
	ck_assert_uint_eq(names.n, 2);
	ck_assert_str_eq(names.v[1], "c.h");
	ck_assert_int_eq(depfile_parse(rules, strlen(rules), &all), -EINVAL);
	ck_assert_int_eq(depfile_parse_first("\n", 1, &names), -EINVAL);
}

TEST(adds_targets)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{"a.o: a.c b.h\n", "a.o x.go y\\ z.h: a.c b.h\n"},
		{"a.o:\n", "a.o x.go y\\ z.h:\n"},
		{"a:b.o: a.c \\\n  b.h\n", "a:b.o x.go y\\ z.h: a.c \\\n  b.h\n"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_strv struct strv targets = {0};
		cleanup_strbuf struct strbuf text = {0};
		strv_add(&targets, "x.go");
		strv_add(&targets, "y z.h");
		ck_assert_int_eq(
			depfile_add_targets(table[i].text, strlen(table[i].text), &targets, &text),
			0);
		ck_assert_str_eq(text.data, table[i].want);
	}
	cleanup_strv struct strv none = {0};
	cleanup_strbuf struct strbuf text = {0};
	ck_assert_int_eq(depfile_add_targets("a.o", 3, &none, &text), -EINVAL);
	ck_assert_int_eq(depfile_add_targets("a\nb.o: c", 8, &none, &text), -EINVAL);
	ck_assert_int_eq(depfile_add_targets("a.o: c\n", 7, &none, &text), 0);
	ck_assert_str_eq(text.data, "a.o: c\n");
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, lists);
	tcase_add_test(tests, first_rule);
	tcase_add_test(tests, adds_targets);
	tcase_add_test(tests, plain_names);
	tcase_add_test(tests, what_make_reads_otherwise);
	tcase_add_test(tests, backslashes);
	tcase_add_test(tests, lines);
	tcase_add_test(tests, colons);
	tcase_add_test(tests, only_one_rule);
	tcase_add_test(tests, no_prerequisite);
	tcase_add_test(tests, no_rule);
	tcase_add_test(tests, appends);
	tcase_add_test(tests, cut_anywhere);
	tcase_add_test(tests, any_bytes);
	tcase_add_test(tests, replaces_nothing_of_ours);
	tcase_add_test(tests, replaces_the_first);
	tcase_add_test(tests, leaves_them_out);
	tcase_add_test(tests, leaves_out_targets);
	tcase_add_test(tests, replaces_odd_names);
	tcase_add_test(tests, stamp_is_a_name);
	tcase_add_test(tests, replaces_any_bytes);
	tcase_add_test(tests, what_clang_writes);
}

int main(void)
{
	return suite_run("depfile", add_tests);
}
