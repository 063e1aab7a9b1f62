/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/tool-words.h"

enum { MAX_WORDS = 12 };

/* What a word is: a letter each. */
#define INPUT 'i'
#define OUTPUT 'o'
#define FILE_ 'f' /* a file that is there, and none of these */
#define OTHER '-'

struct row {
	const char *args[MAX_WORDS];
	const char *kinds; /* of each */
	bool in_place;
};

static char *here;

static void make_files(void)
{
	static const char *const files[] = {"a.o",   "b.o",      "-x.o",   "-",     "@list",
					    "list",  "a b.o",    "nl\n.o", "'\".o", "b\\.o",
					    "k=v.o", "base.btf", "name"};

	free(here);
	here = getcwd(NULL, 0);
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	for (size_t i = 0; i < LENGTH(files); i++)
		write_text(files[i], "");
}

static char kind_of(const struct tool_word *word)
{
	if (word->is_output)
		return OUTPUT;
	if (word->is_input)
		return INPUT;
	return word->path ? FILE_ : OTHER;
}

static void read_words(enum tool_name name, const char *const *args, struct tool_words *ret_words)
{
	ck_assert_int_eq(tool_words_read(name, args, here, ret_words), 0);
}

static void check_rows(enum tool_name name, const struct row *rows, size_t n)
{
	make_files();
	for (size_t i = 0; i < n; i++) {
		cleanup_tool_words struct tool_words w = {0};
		char kinds[MAX_WORDS + 1] = "";

		read_words(name, rows[i].args, &w);
		ck_assert_uint_eq(w.n, strlen(rows[i].kinds));
		for (size_t j = 0; j < w.n; j++) {
			ck_assert_ptr_eq(w.v[j].text, rows[i].args[j]);
			kinds[j] = kind_of(&w.v[j]);
		}
		ck_assert_msg(strcmp(kinds, rows[i].kinds) == 0, "row %zu: %s, not %s", i, kinds,
			      rows[i].kinds);
		ck_assert_msg(w.in_place == rows[i].in_place, "row %zu: in place?", i);
	}
}

TEST(strip_operands)
{
	static const struct row rows[] = {
		{{NULL}, "", true},
		{{"a.o"}, "i", true},
		{{"-g", "a.o", "b.o"}, "-ii", true},
		{{"--strip-debug", "a.o", "missing.o"}, "-ii", true},
		{{"a b.o", "nl\n.o", "'\".o", "b\\.o", "k=v.o"}, "iiiii", true},
		{{""}, "i", true},
		{{"--", "-x.o", "--", "a.o"}, "-iii", true},
		{{"-x.o", "a.o"}, "fi", true}, /* an option of that name; the file does no harm */
		{{"--"}, "-", true},
	};

	check_rows(TOOL_LLVM_STRIP, rows, LENGTH(rows));
}

TEST(strip_outputs)
{
	static const struct row rows[] = {
		{{"-o", "new.o", "a.o"}, "-oi", false},
		{{"a.o", "-o", "new.o"}, "i-o", false},
		{{"--output", "new.o", "a.o"}, "-oi", false},
		{{"--output=new.o", "a.o"}, "oi", false},
		{{"-onew.o", "a.o"}, "oi", false},
		{{"-o", "-", "a.o"}, "-oi", false},
		{{"--output=", "a.o"}, "oi", false},
		{{"-o", "-x.o", "a.o"}, "-oi", false},
		/* Wrong usage, which is the tool's to tell. */
		{{"a.o", "-o"}, "i-", true},
		{{"a.o", "--output"}, "i-", true},
		{{"--outputs=x", "a.o"}, "-i", true},
		/* Behind the end of options there is none. */
		{{"--", "-o", "a.o"}, "-ii", true},
	};

	check_rows(TOOL_LLVM_STRIP, rows, LENGTH(rows));
}

/* The next word is none of the operands. */
TEST(strip_values)
{
	static const struct row rows[] = {
		{{"-R", ".BTF", "a.o"}, "--i", true},
		{{"-K", "main", "a.o"}, "--i", true},
		{{"-N", "main", "a.o"}, "--i", true},
		{{"--remove-section", ".BTF", "a.o"}, "--i", true},
		{{"--keep-section", "-o", "a.o"}, "--i", true},
		{{"--keep-symbol", "s", "--strip-symbol", "t", "a.o"}, "----i", true},
		{{"--remove-section=.BTF", "a.o"}, "-i", true},
		{{"a.o", "-R"}, "i-", true},
	};

	check_rows(TOOL_LLVM_STRIP, rows, LENGTH(rows));
}

/* A list of arguments is read by the tool: it is to be there, and is not stripped. */
TEST(strip_response_file)
{
	static const struct row rows[] = {
		{{"@list", "a.o"}, "fi", true},
		{{"@missing", "a.o"}, "-i", true},
		{{"@", "a.o"}, "-i", true},
	};

	check_rows(TOOL_LLVM_STRIP, rows, LENGTH(rows));
}

static bool reads_stream(const char *const *args)
{
	cleanup_tool_words struct tool_words w = {0};

	read_words(TOOL_LLVM_STRIP, args, &w);
	return w.reads_stream;
}

TEST(strip_standard_input)
{
	make_files();
	ck_assert(reads_stream((const char *const[]){"-", NULL}));
	ck_assert(reads_stream((const char *const[]){"-g", "-", "-o", "new.o", NULL}));
	ck_assert(reads_stream((const char *const[]){"--", "-", NULL}));
	ck_assert(!reads_stream((const char *const[]){"a.o", "-o", "-", NULL}));
	ck_assert(!reads_stream((const char *const[]){"-g", "a.o", NULL}));
	ck_assert(!reads_stream((const char *const[]){"-R", "-", "a.o", NULL}));
}

TEST(bpftool_outputs)
{
	static const struct row rows[] = {
		{{"gen", "object", "new.o", "a.o", "b.o"}, "--off", false},
		{{"-j", "gen", "object", "new.o", "a.o"}, "---of", false},
		{{"gen", "-p", "object", "-d", "new.o", "a.o"}, "----of", false},
		{{"g", "o", "new.o", "a.o"}, "--of", false},
		{{"gen", "object", "a.o", "b.o"}, "--of", false},
		{{"gen", "min_core_btf", "base.btf", "new.btf", "a.o"}, "--fof", false},
		{{"gen", "min", "base.btf", "new.btf", "a.o"}, "--fof", false},
		{{"gen", "object"}, "--", false},
		{{"gen", "min_core_btf", "base.btf"}, "--f", false},
	};

	check_rows(TOOL_BPFTOOL, rows, LENGTH(rows));
}

TEST(bpftool_prints)
{
	static const struct row rows[] = {
		{{NULL}, "", false},
		{{"gen"}, "-", false},
		{{"gen", "skeleton", "a.o", "name", "x"}, "--ff-", false},
		{{"gen", "subskeleton", "a.o"}, "--f", false},
		{{"btf", "dump", "file", "a.o", "format", "c"}, "---f--", false},
		{{"object", "gen", "a.o", "b.o"}, "--ff", false},
		{{"prog", "object", "a.o", "b.o"}, "--ff", false},
		{{"", "", "a.o", "b.o"}, "--ff", false},
		{{"genx", "object", "a.o"}, "--f", false},
		{{"gen", "objects", "a.o"}, "--f", false},
	};

	check_rows(TOOL_BPFTOOL, rows, LENGTH(rows));
}

TEST(bpftool_values)
{
	static const struct row rows[] = {
		{{"-B", "base.btf", "gen", "object", "new.o", "a.o"}, "-f--of", false},
		{{"--base-btf", "gen", "gen", "object", "new.o"}, "----o", false},
		{{"--base-btf=base.btf", "gen", "object", "new.o"}, "f--o", false},
		{{"gen", "object", "new.o", "a.o", "-B"}, "--of-", false},
	};

	check_rows(TOOL_BPFTOOL, rows, LENGTH(rows));
}

/* Absolute, as the tool would find them. */
TEST(paths)
{
	cleanup_tool_words struct tool_words w = {0};
	make_files();
	cleanup_free char *above = str_printf("%s/dir/../a.o", here);
	cleanup_free char *joined = str_printf("--base-btf=%s/base.btf", here);
	const struct {
		const char *word, *path; /* below here */
	} rows[] = {
		{above, "/dir/../a.o"}, {"a.o", "/a.o"},
		{"./a.o", "/./a.o"},    {"dir/../a.o", "/dir/../a.o"},
		{joined, "/base.btf"},  {"@list", "/list"},
		{"k=v.o", "/k=v.o"},    {"dir", NULL},
		{"/nowhere/a.o", NULL}, {"--x=dir", NULL},
		{"/dev/null", NULL},    {"-p=a.o", "/a.o"},
	};
	const char *args[LENGTH(rows) + 1] = {NULL};

	for (size_t i = 0; i < LENGTH(rows); i++)
		args[i] = rows[i].word;
	read_words(TOOL_BPFTOOL, args, &w);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		cleanup_free char *want =
			rows[i].path ? str_printf("%s%s", here, rows[i].path) : strdup("(none)");
		ck_assert_str_eq(w.v[i].path ? w.v[i].path : "(none)", want);
	}
}

/* An output need not be there; one without a name is none. */
TEST(paths_of_outputs)
{
	cleanup_tool_words struct tool_words w = {0}, joined = {0}, empty = {0};

	make_files();
	cleanup_free char *want = str_printf("%s/new dir/new.o", here);
	read_words(TOOL_LLVM_STRIP, (const char *const[]){"-o", "new dir/new.o", "a.o", NULL}, &w);
	ck_assert_str_eq(w.v[1].path, want);
	read_words(TOOL_LLVM_STRIP, (const char *const[]){"-onew dir/new.o", "a.o", NULL}, &joined);
	ck_assert_str_eq(joined.v[0].path, want);
	read_words(TOOL_LLVM_STRIP, (const char *const[]){"--output=", "a.o", NULL}, &empty);
	ck_assert(empty.v[0].is_output);
	ck_assert_ptr_eq(empty.v[0].path, NULL);
}

TEST(a_pipe_is_no_file_to_send)
{
	cleanup_tool_words struct tool_words w = {0};

	make_files();
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(symlink("a.o", "link.o"), 0);
	ck_assert_int_eq(symlink("nowhere", "dangling.o"), 0);
	read_words(TOOL_LLVM_STRIP, (const char *const[]){"pipe", "link.o", "dangling.o", NULL},
		   &w);
	ck_assert_ptr_eq(w.v[0].path, NULL);
	ck_assert_ptr_ne(w.v[1].path, NULL);
	ck_assert_ptr_eq(w.v[2].path, NULL);
}

TEST(very_many)
{
	enum { MANY = 5000 };
	static const char *args[MANY + 1];
	static char long_name[8192];
	cleanup_tool_words struct tool_words w = {0};

	make_files();
	memset(long_name, 'x', sizeof(long_name) - 1);
	for (size_t i = 0; i < MANY; i++)
		args[i] = i == 7 ? long_name : "a.o";
	read_words(TOOL_LLVM_STRIP, args, &w);
	ck_assert_uint_eq(w.n, MANY);
	ck_assert_ptr_eq(w.v[7].path, NULL);
	ck_assert_ptr_ne(w.v[MANY - 1].path, NULL);
	tool_words_free(&w);
	tool_words_free(&w);
	ck_assert_uint_eq(w.n, 0);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, strip_operands);
	tcase_add_test(c, strip_outputs);
	tcase_add_test(c, strip_values);
	tcase_add_test(c, strip_response_file);
	tcase_add_test(c, strip_standard_input);
	tcase_add_test(c, bpftool_outputs);
	tcase_add_test(c, bpftool_prints);
	tcase_add_test(c, bpftool_values);
	tcase_add_test(c, paths);
	tcase_add_test(c, paths_of_outputs);
	tcase_add_test(c, a_pipe_is_no_file_to_send);
	tcase_add_test(c, very_many);
}

int main(void)
{
	int r = suite_run("tool_words", add_tests);

	free(here);
	return r;
}
