/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/include-scan.h"
#include "shared/io.h"
#include "shared/strbuf.h"

static void write_file(const char *path, const char *text)
{
	ck_assert_int_eq(io_make_parents(path, 0755), 0);
	write_text(path, text);
}

/* "NAME" or "NAME: text", each a file with an #include of every name in the text. */
static void write_tree(const char *const *files)
{
	for (; *files; files++) {
		cleanup_strbuf struct strbuf text = {0};
		size_t len = strcspn(*files, ":");
		cleanup_free char *name = strndup(*files, len);
		const char *at = *files + len + ((*files)[len] == ':');
		while (*(at += strspn(at, " "))) {
			strbuf_puts(&text, "#include ");
			strbuf_add(&text, at, strcspn(at, " "));
			strbuf_putc(&text, '\n');
			at += strcspn(at, " ");
		}
		strbuf_puts(&text, "int x;\n");
		write_file(name, text.data);
	}
}

struct setting {
	const char *builder[4], *system[4]; /* below the test's directory */
};

static const struct setting plain;

static void add_absolute(struct strv *dirs, const char *cwd, const char *const *names)
{
	for (; *names; names++)
		strv_take(dirs, str_printf("%s/%s", cwd, *names));
}

/* What is found, without the test's directory, each with a blank. */
static char *scan_with(struct include_scan *scan, const struct setting *setting,
		       const char *const *args)
{
	const struct include_environment environment = {NULL, NULL};
	cleanup_include_options struct include_options options = {0};
	cleanup_strv struct strv words = {0}, builder = {0}, system = {0}, files = {0};
	struct strbuf all = {0};
	char cwd[512], *result;

	ck_assert_ptr_ne(getcwd(cwd, sizeof(cwd)), NULL);
	strv_add_all(&words, args);
	add_absolute(&builder, cwd, setting->builder);
	add_absolute(&system, cwd, setting->system);
	ck_assert_int_eq(include_options_read(&words, &environment, &options), 0);
	const struct include_request request = {
		.dir = cwd, .options = &options, .builder = &builder, .system = &system};
	ck_assert_int_eq(include_scan_files(scan, &request, &files), 0);
	for (size_t i = 0; i < files.n; i++) {
		bool inside = strncmp(files.v[i], cwd, strlen(cwd)) == 0;
		strbuf_printf(&all, "%s%s", i ? " " : "",
			      files.v[i] + (inside ? strlen(cwd) + 1 : 0));
	}
	ck_assert_int_eq(strbuf_finish(&all, &result), 0);
	return result;
}

static char *scan_in(const struct setting *setting, const char *const *args)
{
	cleanup_include_scan struct include_scan *scan = include_scan_new();

	cleanup_free char *once = scan_with(scan, setting, args);
	char *again = scan_with(scan, setting, args);
	ck_assert_str_eq(once, again);
	return again;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

#define assert_scan_in(setting, expected, ...)                                   \
	do {                                                                     \
		cleanup_free char *found_ = scan_in(setting, ARGS(__VA_ARGS__)); \
		ck_assert_str_eq(found_, expected);                              \
	} while (0)
#define assert_scan(expected, ...) assert_scan_in(&plain, expected, __VA_ARGS__)

TEST(order_of_directories)
{
	write_tree(ARGS("x.c: \"a.h\" <b.h>", "s/y.c: \"a.h\" <a.h>", "s/a.h", "q/a.h", "i/a.h",
			"i/b.h", "j/b.h", "z/a.h", "z/b.h"));
	assert_scan("x.c q/a.h i/b.h", "x.c", "-iquote", "q", "-Ii", "-Ij");
	assert_scan("x.c i/a.h j/b.h", "x.c", "-Ij", "-isystem", "i");
	assert_scan("x.c i/a.h i/b.h", "x.c", "-idirafter", "z", "-isystem", "i");
	assert_scan("s/y.c s/a.h i/a.h", "s/y.c", "-iquote", "q", "-Ii");
	assert_scan("x.c", "x.c");
	assert_scan("x.c s/y.c z/a.h z/b.h s/a.h", "x.c", "s/y.c", "-Iz");
	assert_scan("", "none.c", "-Ii");
}

TEST(spelling)
{
	cleanup_free char *absolute = realpath(".", NULL);
	cleanup_free char *include = str_printf("x.c: \"%s/a/abs.h\"", absolute);

	write_tree(ARGS(include, "b/y.c: \"../a/h.h\" \"./k.h\" \".//sub/l.h\"",
			"a/abs.h: \"rel.h\"", "a/rel.h", "a/h.h", "b/k.h", "b/sub/l.h"));
	assert_scan("x.c a/abs.h a/rel.h", "./x.c");
	assert_scan("b/y.c b/../a/h.h b/k.h b/sub/l.h", "./b//y.c");
	assert_scan("a/../b/y.c a/../b/../a/h.h a/../b/k.h a/../b/sub/l.h", "a/../b/y.c");
}

/* Clang looks beside the including file, not beside those that include that. */
TEST(only_beside_the_includer)
{
	write_tree(ARGS("x.c: \"s/a.h\"", "s/a.h: \"b.h\"", "b.h"));
	assert_scan("x.c s/a.h", "x.c");
}

TEST(both_branches)
{
	write_tree(ARGS("a.h", "b.h", "c.h", "d.h", "e.bin"));
	write_file("x.c", "#if 0\n#include \"a.h\"\n#else\n#include \"b.h\"\n#endif\n"
			  "#if __has_include(\"c.h\")\n#endif\n#import \"d.h\"\n"
			  "const char e[] = {\n#embed \"e.bin\"\n};\n");
	assert_scan("x.c a.h b.h c.h d.h e.bin", "x.c");
}

/* What is only asked for is not followed, unless it is included too. */
TEST(asked_for)
{
	write_tree(ARGS("i/a.h: \"b.h\"", "i/b.h", "j/a.h"));
	write_file("x.c", "#if __has_include(<a.h>)\n#endif\n");
	write_file("y.c", "#if __has_include(<a.h>)\n#include <a.h>\n#endif\n");
	write_file("z.c", "#if __has_include_next(<a.h>)\n#endif\n");
	assert_scan("x.c i/a.h", "x.c", "-Ii", "-Ij");
	assert_scan("y.c i/a.h i/b.h", "y.c", "-Ii", "-Ij");
	assert_scan("z.c i/a.h j/a.h", "z.c", "-Ii", "-Ij");
}

TEST(include_next)
{
	write_tree(ARGS("x.c: <a.h>", "j/a.h: \"k.h\"", "j/k.h", "l/a.h"));
	write_file("i/a.h", "#include_next <a.h>\n");
	assert_scan("x.c i/a.h j/a.h l/a.h j/k.h", "x.c", "-Ii", "-Ij", "-idirafter", "l");
}

TEST(first_files)
{
	write_tree(ARGS("x.c", "a.h: \"b.h\"", "b.h", "i/m.h", "a.h.pch", "c.gch", "i/a.h"));
	assert_scan("x.c a.h i/m.h a.h.pch c.gch b.h", "x.c", "-include", "a.h", "-imacros", "m.h",
		    "-include-pch", "c.gch", "-Ii");
}

TEST(cycles)
{
	write_tree(ARGS("x.c: \"x.c\" \"a.h\"", "a.h: \"b.h\"", "b.h: \"a.h\" \"x.c\""));
	assert_scan("x.c a.h b.h", "x.c");

	/* Another name each time. */
	write_tree(ARGS("y.c: \"s/../y.c\" \"t/../y.c\"", "s/s.h", "t/t.h"));
	cleanup_free char *found = scan_in(&plain, ARGS("y.c"));
	assert_contains(found, "y.c s/../y.c t/../y.c s/../s/../y.c");
	ck_assert_uint_lt(strlen(found), 4000);
}

TEST(links)
{
	write_tree(ARGS("x.c: \"l/a.h\" \"k.h\"", "real/a.h: \"b.h\"", "real/b.h", "t/c.h: \"d.h\"",
			"t/d.h", "e/d.h"));
	ck_assert_int_eq(symlink("real", "l"), 0);
	ck_assert_int_eq(symlink("t/c.h", "k.h"), 0);
	ck_assert_int_eq(symlink("nowhere.h", "e/n.h"), 0);
	assert_scan("x.c l/a.h k.h l/b.h", "x.c");

	/* Two names of one file: clang 14 looks in the first's directory, later ones do not. */
	write_tree(ARGS("y.c: \"t/c.h\" \"k.h\" <n.h>", "f/n.h"));
	assert_scan("y.c t/c.h k.h f/n.h t/d.h e/d.h", "y.c", "-Ie", "-If");
	write_tree(ARGS("z.c: \"t/c.h\" \"e/c.h\""));
	ck_assert_int_eq(link("t/c.h", "e/c.h"), 0);
	assert_scan("z.c t/c.h e/c.h t/d.h e/d.h", "z.c");
}

TEST(no_plain_files)
{
	write_tree(ARGS("x.c: \"d.h\" \"p.h\" \"u.h\"", "d.h/a", "i/d.h", "u.h: \"v.h\"", "v.h"));
	pid_t pid = make_pipe("p.h", "#include \"v.h\"\n");
	ck_assert_int_eq(chmod("u.h", 0), 0);
	cleanup_free char *found = scan_in(&plain, ARGS("x.c", "-Ii"));
	end_process(pid);
	assert_contains(found, "x.c i/d.h p.h u.h");
}

/* A directory that clang finds twice it may look for in the second place alone. */
TEST(directories_named_twice)
{
	write_tree(ARGS("x.c: <a.h>", "i/a.h", "j/a.h"));
	assert_scan("x.c i/a.h j/a.h", "x.c", "-Ii", "-Ij", "-isystem", "i");
	assert_scan("x.c i/a.h j/a.h", "x.c", "-Ii", "-Ij", "-idirafter", "j/../i");
	assert_scan("x.c i/a.h", "x.c", "-Ii", "-Ij", "-Ii");
	assert_scan("x.c i/a.h", "x.c", "-Ii", "-isystem", "j", "-idirafter", "j");
}

static const struct setting builders = {.builder = {"usr"}, .system = {"usr/include"}};

TEST(builders_files)
{
	write_tree(ARGS("x.c: <a.h> <b.h> <c.h>", "usr/include/a.h: <own.h> \"b.h\"",
			"usr/include/b.h", "usr/include/features.h", "i/own.h: <c.h>", "z/b.h",
			"z/c.h", "usr/lib/c.h", "usr/src/y.c"));
	assert_scan_in(&builders, "x.c z/b.h z/c.h i/own.h", "x.c", "-Ii", "-idirafter", "z");
	/* Clang forgets this -I. */
	assert_scan_in(&builders, "x.c z/b.h z/c.h i/own.h", "x.c", "-Ii", "-Iusr/lib", "-isystem",
		       "z", "-Iusr/include", "-isystem", "usr/include");
	assert_scan_in(&builders, "", "usr/src/y.c");
	/* Through one, but not below. */
	assert_scan_in(&builders, "x.c usr/../z/b.h usr/../z/c.h", "x.c", "-Iusr/../z");
	assert_scan_in(&builders, "x.c", "x.c", "-Iz/../usr/lib");
}

/* Without the builder's headers here: what they may include. */
TEST(headers_that_a_builder_may_want)
{
	write_tree(ARGS("x.c: <linux/bpf.h>", "i/linux/types.h: \"../own.h\"", "i/own.h",
			"i/linux/byteorder/little.h", "i/asm/posix_types.h", "i/stdint.h",
			"i/other/o.h", "i/o.h", "y.c: <own.h>"));
	assert_scan_in(&builders,
		       "x.c i/asm/posix_types.h i/linux/byteorder/little.h i/linux/types.h "
		       "i/stdint.h i/linux/../own.h",
		       "x.c", "-Ii");
	assert_scan_in(&builders, "y.c i/own.h", "y.c", "-Ii");

	/* With them, what is not found is nobody's. */
	write_tree(ARGS("usr/include/features.h", "usr/include/linux/types.h",
			"usr/include/asm/types.h"));
	assert_scan_in(&builders, "x.c", "x.c", "-Ii");
}

TEST(computed)
{
	write_tree(ARGS("a.h", "b.h", "i/c.h", "i/d.h", "e.h", "i/deep/f.h"));
	write_file("x.c", "#define A \"a.h\"\n#define B A\n#include B\n");
	assert_scan("x.c a.h", "x.c", "-Ii");
	write_file("x.c", "#ifdef X\n#define A <c.h>\n#else\n#define A \"b.h\"\n#endif\n"
			  "#include A\n");
	assert_scan("x.c i/c.h b.h", "x.c", "-Ii");
	/* A definition that comes later, or in a header, or in the command line. */
	write_file("y.c", "#include \"g.h\"\n#define A \"a.h\"\n");
	write_file("g.h", "#include A\n");
	assert_scan("y.c g.h a.h", "y.c", "-Ii");
	write_file("y.c", "#include \"h.h\"\n#include A\n");
	write_file("h.h", "#define A B\n");
	assert_scan("y.c h.h e.h", "y.c", "-DB=\"e.h\"");
	write_file("y.c",
		   "#define S(x) S2(x)\n#define S2( x ) # x\n#define D i\n#include S(i/c.h)\n");
	assert_scan("y.c i/c.h", "y.c");
	write_file("y.c", "#define S(x) #x\n#include S(FILE)\n");
	assert_scan("y.c b.h", "y.c", "-DFILE=b.h", "-Ii");
	write_file("y.c", "#if __has_include(A)\n#endif\n#define A <c.h>\n");
	assert_scan("y.c i/c.h", "y.c", "-Ii");
	write_file("y.c", "#define HAS(f) __has_include(f)\n#if HAS(A)\n#endif\n#define A <d.h>\n");
	assert_scan("y.c i/d.h", "y.c", "-Ii");
}

/* All headers, where nothing says which. */
TEST(computed_by_what_is_not_known)
{
	write_tree(ARGS("a.h", "i/c.h: \"k\"", "i/k", "i/deep/f.h", "i/deep/er/g.h", "s/t.def",
			"s/u.txt", "s/h.c"));
	const char *all = "s/x.c s/h.c s/t.def i/c.h i/deep/f.h i/k";

	write_file("s/x.c", "#include A\n");
	assert_scan(all, "s/x.c", "-Ii");
	write_file("s/x.c", "#define A(x) <x.h>\n#include A(c)\n");
	assert_scan(all, "s/x.c", "-Ii");
	write_file("s/x.c", "#define A <c/ARCH.h>\n#define ARCH b\n#include A\n");
	assert_scan(all, "s/x.c", "-Ii");
	write_file("s/x.c", "#define A A\n#include A\n");
	assert_scan(all, "s/x.c", "-Ii");
	write_file("s/x.c", "#define A B C\n#include A\n");
	assert_scan(all, "s/x.c", "-Ii");
}

TEST(guesses_are_bounded)
{
	char name[64];

	write_file("x.c", "#include A\n");
	for (unsigned i = 0; i < INCLUDE_SCAN_GUESSES + 100; i++) {
		snprintf(name, sizeof(name), "i/%u.h", i);
		write_file(name, "");
	}
	cleanup_free char *found = scan_in(&plain, ARGS("x.c", "-Ii"));
	unsigned n = 0;
	for (const char *at = found; (at = strstr(at, ".h")); at++)
		n++;
	ck_assert_uint_eq(n, INCLUDE_SCAN_GUESSES);
}

TEST(assembly)
{
	write_tree(ARGS("s/a.bin", "a.bin: \"b.h\"", "i/b.bin", "b.h", "c.bin"));
	write_file("s/x.c", "asm(\".incbin \\\"a.bin\\\"\\n.incbin \\\"b.bin\\\"\");\n");
	assert_scan("s/x.c a.bin i/b.bin b.h", "s/x.c", "-Ii");
	write_file("s/x.c", "#define BIN(f) asm(\".incbin \\\"\" f \"\\\"\");\n"
			    "BIN(\"c.bin\") BIN(\"b.bin\")\n");
	assert_scan("s/x.c c.bin i/b.bin", "s/x.c", "-Ii");
}

/* One memory for many sources, directories and working directories. */
TEST(one_memory)
{
	cleanup_include_scan struct include_scan *scan = include_scan_new();
	char source[32], expected[64];

	write_tree(ARGS("v.h: <w.h>", "i/w.h", "j/w.h"));
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(source, sizeof(source), "%u.c", i);
		write_text(source, "#include \"v.h\"\n");
		snprintf(expected, sizeof(expected), "%u.c v.h %c/w.h", i, i % 3 ? 'i' : 'j');
		cleanup_free char *found =
			scan_with(scan, &plain, ARGS(source, i % 3 ? "-Ii" : "-Ij"));
		ck_assert_str_eq(found, expected);
	}
	include_scan_free(NULL);
}

/* Macros of any kind, which name each other and files: it ends. */
TEST(random_macros)
{
	static const char *const parts[] = {"\n#define A ",
					    "\n#define B ",
					    "\n#define A(x) ",
					    "\n#define S( x ) #x",
					    "\n#include ",
					    "\n#include_next ",
					    "\n#if __has_include(",
					    "A",
					    "B",
					    "S",
					    "(",
					    ")",
					    "#",
					    "x",
					    "\"",
					    "<",
					    ">",
					    "a.h",
					    "..",
					    "/",
					    " ",
					    "\n",
					    "\\",
					    "\n.incbin \\\"",
					    "\\\"",
					    "i/b.h"};
	unsigned seed = 3;

	write_tree(ARGS("a.h", "i/b.h"));
	for (unsigned round = 0; round < 3000; round++) {
		const char *path = round % 2 ? "x.c" : "i/b.h";
		cleanup_strbuf struct strbuf text = {0};
		for (unsigned n = 0; n < 30; n++) {
			seed = seed * 1103515245u + 12345u;
			strbuf_puts(&text, parts[(seed >> 8) % LENGTH(parts)]);
		}
		write_text(path, text.data);
		free(scan_in(&plain, ARGS("x.c", "-I.", "-Ii", "-DB=A", "-DC(x", "-D")));
	}
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, order_of_directories);
	tcase_add_test(tests, spelling);
	tcase_add_test(tests, only_beside_the_includer);
	tcase_add_test(tests, both_branches);
	tcase_add_test(tests, asked_for);
	tcase_add_test(tests, include_next);
	tcase_add_test(tests, first_files);
	tcase_add_test(tests, cycles);
	tcase_add_test(tests, links);
	tcase_add_test(tests, no_plain_files);
	tcase_add_test(tests, directories_named_twice);
	tcase_add_test(tests, builders_files);
	tcase_add_test(tests, headers_that_a_builder_may_want);
	tcase_add_test(tests, computed);
	tcase_add_test(tests, computed_by_what_is_not_known);
	tcase_add_test(tests, guesses_are_bounded);
	tcase_add_test(tests, assembly);
	tcase_add_test(tests, one_memory);
	tcase_add_test(tests, random_macros);
}

int main(void)
{
	return suite_run("include_scan", add_tests);
}
