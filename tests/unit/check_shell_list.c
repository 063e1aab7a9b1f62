/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/shell-list.h"
#include "shared/strbuf.h"

#define BEGIN "crossbpf-shell 1\n"
#define END "programs\nothers\nend\n"

static void free_list(struct shell_list **l)
{
	shell_list_free(*l);
}
#define cleanup_list CLEANUP(free_list)

/* From memory of just that size. */
static int read_list(const char *text, struct shell_list **ret_list)
{
	char *copy = strdup(text);

	ck_assert_ptr_ne(copy, NULL);
	return shell_list_read(copy, ret_list);
}

static struct shell_list *must_read(const char *text)
{
	struct shell_list *l = NULL;

	ck_assert_msg(read_list(text, &l) == 0, "not read: %s", text);
	ck_assert_ptr_ne(l, NULL);
	return l;
}

static const struct shell_entry *must_find(const struct shell_list *l, const char *name)
{
	const struct shell_entry *entry = shell_list_find(l, name);

	ck_assert_msg(entry != NULL, "lacks \"%s\"", name);
	ck_assert_str_eq(entry->name, name);
	return entry;
}

TEST(reads)
{
	cleanup_list struct shell_list *l =
		must_read(BEGIN "d1  ./src/x.c\nd2  ./run.sh\nd3  ./a.h\nprograms\n./run.sh\n"
				"others\n./link\n./a.pipe\nend\n");

	ck_assert_uint_eq(l->n, 5);
	for (size_t i = 1; i < l->n; i++)
		ck_assert_int_lt(strcmp(l->entries[i - 1].name, l->entries[i].name), 0);
	ck_assert(must_find(l, "run.sh")->is_program);
	ck_assert(!must_find(l, "src/x.c")->is_program);
	assert_contains(must_find(l, "src/x.c")->content, "d1");
	assert_contains(must_find(l, "a.h")->content, "d3");
	ck_assert_ptr_eq(must_find(l, "link")->content, NULL);
	ck_assert_ptr_eq(must_find(l, "a.pipe")->content, NULL);
	static const char *const missing[] = {"", "x.c", "./a.h", "src", "a", "zzz", "d1"};
	for (size_t i = 0; i < LENGTH(missing); i++)
		ck_assert_ptr_eq(shell_list_find(l, missing[i]), NULL);
}

TEST(empty)
{
	cleanup_list struct shell_list *l = must_read(BEGIN END);

	ck_assert_uint_eq(l->n, 0);
	ck_assert_ptr_eq(shell_list_find(l, "x"), NULL);
	shell_list_free(NULL);
}

/* What a login shell says before, and whatever comes behind. */
TEST(surroundings)
{
	cleanup_list struct shell_list *l =
		must_read("Welcome!\nd0  ./no\nend\n" BEGIN "d1  ./x\n" END "d2  ./y\nno line");

	ck_assert_uint_eq(l->n, 1);
	must_find(l, "x");
}

/* Of one content it is one word, of another another, whichever tool made it. */
TEST(contents)
{
	cleanup_list struct shell_list *text = must_read(BEGIN "aa  ./x\n12 7 ./y\naa  ./z\n" END);
	cleanup_list struct shell_list *binary =
		must_read(BEGIN "aa *./x\n12 8 ./y\n\\aa  ./z\n" END);

	ck_assert_str_eq(must_find(text, "x")->content, must_find(binary, "x")->content);
	ck_assert_str_ne(must_find(text, "y")->content, must_find(binary, "y")->content);
	ck_assert_str_eq(must_find(text, "z")->content, must_find(binary, "z")->content);
	ck_assert_str_ne(must_find(text, "x")->content, must_find(text, "y")->content);
}

TEST(odd_names)
{
	static const char *const names[] = {
		"a b",     " a",    "a ", "-x",       "programs",   "others", "end",
		"q'\"`$x", "a./b",  "\t", "\xff\xfe", "\xc3\xa9.c", "*",      "crossbpf-shell 1",
		".hidden", "a  ./b"};
	cleanup_strbuf struct strbuf text = {0};

	strbuf_puts(&text, BEGIN);
	for (size_t i = 0; i < LENGTH(names); i++)
		strbuf_printf(&text, "d%zu  ./%s\n", i, names[i]);
	strbuf_puts(&text, "programs\n");
	for (size_t i = 0; i < LENGTH(names); i += 2)
		strbuf_printf(&text, "./%s\n", names[i]);
	strbuf_puts(&text, "others\n./o p\n./end\\\nend\n");
	cleanup_list struct shell_list *l = must_read(text.data);
	ck_assert_uint_eq(l->n, LENGTH(names) + 2);
	for (size_t i = 0; i < LENGTH(names); i++) {
		const struct shell_entry *entry = must_find(l, names[i]);
		cleanup_free char *digest = str_printf("d%zu", i);
		ck_assert_int_eq(strncmp(entry->content, digest, strlen(digest)), 0);
		ck_assert_int_eq(entry->is_program, i % 2 == 0);
	}
	ck_assert_ptr_eq(must_find(l, "o p")->content, NULL);
	ck_assert_ptr_eq(must_find(l, "end\\")->content, NULL);
}

/* A digest's tool escapes such names, and find does not. */
TEST(escapes)
{
	cleanup_list struct shell_list *l =
		must_read(BEGIN "\\d1  ./a\\\\b\n\\d2  ./n\\nn\n\\d3  ./r\\rr\n\\d4  ./end\\\n"
				"d5  ./as\\nis\n\\d6  ./\\\\n\n"
				"programs\n./a\\b\n./as\\nis\nothers\nend\n");

	ck_assert_uint_eq(l->n, 6);
	ck_assert(must_find(l, "a\\b")->is_program);
	must_find(l, "n\nn");
	must_find(l, "r\rr");
	must_find(l, "end\\");
	ck_assert(must_find(l, "as\\nis")->is_program);
	must_find(l, "\\n");
}

TEST(each_once)
{
	cleanup_list struct shell_list *l =
		must_read(BEGIN "d1  ./x\nd2  ./y\nd1  ./x\nd1  ./x\nd2  ./y\n"
				"programs\n./x\n./x\nothers\n./x\n./z\n./z\nend\n");

	ck_assert_uint_eq(l->n, 3);
	must_find(l, "x");
	ck_assert(!must_find(l, "y")->is_program);
	ck_assert_ptr_eq(must_find(l, "z")->content, NULL);
}

/* A program that was not among the files came to be meanwhile. */
TEST(unknown_program)
{
	cleanup_list struct shell_list *l =
		must_read(BEGIN "d1  ./x\nprograms\n./y\n./\nothers\nend\n");
	cleanup_list struct shell_list *none = must_read(BEGIN "programs\n./y\nothers\nend\n");

	ck_assert_uint_eq(l->n, 1);
	ck_assert(!must_find(l, "x")->is_program);
	ck_assert_uint_eq(none->n, 0);
}

TEST(no_list)
{
	static const char *const texts[] = {
		"",
		"\n",
		"crossbpf-shell",
		"crossbpf-shell 1",
		"crossbpf-shell 2\n" END,
		"d1  ./x\n" END,
		BEGIN "\n" END,
		BEGIN "d1\n" END,
		BEGIN "d1  x\n" END,
		BEGIN "d1  /etc/passwd\n" END,
		BEGIN "./x\n" END,
		BEGIN "\\./x\n" END,
		BEGIN "\\\n" END,
		BEGIN "others\nend\n",
		BEGIN "end\n",
		BEGIN "programs\nend\n",
		BEGIN "programs\nx\nothers\nend\n",
		BEGIN "programs\n/x\nothers\nend\n",
		BEGIN "programs\n.\nothers\nend\n",
		BEGIN "programs\nothers\nx\nend\n",
		BEGIN "programs\nothers\n../x\nend\n",
		BEGIN "programs\nothers\n\nend\n",
		BEGIN "programs\nprograms\nothers\nend\n",
		BEGIN "programs \nothers\nend\n",
		BEGIN BEGIN END,
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		cleanup_list struct shell_list *l = NULL;
		ck_assert_msg(read_list(texts[i], &l) == -EPROTO, "read: %s", texts[i]);
		ck_assert_ptr_eq(l, NULL);
	}
}

/* Wherever it is cut off it is none. */
TEST(truncated)
{
	static const char text[] = BEGIN "d1  ./x\n\\d2  ./y\\nz\nprograms\n./x\n"
					 "others\n./o\nend\n";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		cleanup_free char *part = strndup(text, len);
		cleanup_list struct shell_list *l = NULL;
		ck_assert_ptr_ne(part, NULL);
		ck_assert_msg(read_list(part, &l) == -EPROTO, "read: %s", part);
	}
	cleanup_list struct shell_list *whole = must_read(text);
	ck_assert_uint_eq(whole->n, 3);
}

/* It is read as it is: bring_back_is_name() says which may be written. */
TEST(foreign_names)
{
	cleanup_list struct shell_list *l =
		must_read(BEGIN "d1  ./../x\nd2  .//etc/passwd\nd3  ./.git/config\nd4  ./\n"
				"not a digest  ./y\n-1 99999999999999999999 ./z\n" END);

	ck_assert_uint_eq(l->n, 6);
	must_find(l, "../x");
	must_find(l, "/etc/passwd");
	must_find(l, ".git/config");
	must_find(l, "");
	must_find(l, "y");
	must_find(l, "z");
}

TEST(huge)
{
	enum { N = 50000, LONG = 100000 };
	cleanup_strbuf struct strbuf text = {0};
	cleanup_free char *name = malloc(LONG + 1);

	ck_assert_ptr_ne(name, NULL);
	memset(name, 'x', LONG);
	name[LONG] = '\0';
	strbuf_puts(&text, BEGIN);
	for (int i = N; i > 0; i--)
		strbuf_printf(&text, "d%d  ./f%d\n", i, i);
	strbuf_printf(&text, "d  ./%s\nprograms\n./%s\n./f7\nothers\n", name, name);
	for (int i = 0; i < N; i++)
		strbuf_printf(&text, "./o%d\n", i);
	strbuf_puts(&text, "end\n");
	ck_assert_int_eq(text.error, 0);
	cleanup_list struct shell_list *l = must_read(text.data);
	ck_assert_uint_eq(l->n, 2 * N + 1);
	ck_assert(must_find(l, name)->is_program);
	ck_assert(must_find(l, "f7")->is_program);
	assert_contains(must_find(l, "f50000")->content, "d50000");
	ck_assert_ptr_eq(must_find(l, "o49999")->content, NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, reads);
	tcase_add_test(c, empty);
	tcase_add_test(c, surroundings);
	tcase_add_test(c, contents);
	tcase_add_test(c, odd_names);
	tcase_add_test(c, escapes);
	tcase_add_test(c, each_once);
	tcase_add_test(c, unknown_program);
	tcase_add_test(c, no_list);
	tcase_add_test(c, truncated);
	tcase_add_test(c, foreign_names);
	tcase_add_test(c, huge);
}

int main(void)
{
	return suite_run("shell_list", add_tests);
}
