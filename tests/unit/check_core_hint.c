/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/core-hint.h"
#include "shared/strbuf.h"

static void assert_hint(const char *path, const char *expected)
{
	const char *use = core_hint_needs_btf(path);

	if (expected)
		ck_assert_str_eq(use ? use : "(none)", expected);
	else
		ck_assert_ptr_eq(use, NULL);
}

static void assert_hint_of(const char *text, const char *expected)
{
	write_text("a.c", text);
	assert_hint("a.c", expected);
}

TEST(uses)
{
	assert_hint_of("#include \"vmlinux.h\"\n", "CO-RE");
	assert_hint_of("#include <vmlinux.h>\n", "CO-RE");
	assert_hint_of("#include <bpf/bpf_core_read.h>\n", "CO-RE");
	assert_hint_of("int x __attribute__((preserve_access_index));\n", "CO-RE");
	assert_hint_of("struct { int x; } m SEC(\".maps\");\n", "SEC(\".maps\")");
	assert_hint_of("/* no newline at the end */ SEC(\".maps\")", "SEC(\".maps\")");
}

TEST(no_use)
{
	assert_hint_of("", NULL);
	assert_hint_of("#include <linux/bpf.h>\nint x;\n", NULL);
	assert_hint_of("SEC(\"maps\") SEC(\"xdp\")\n", NULL);
	assert_hint("missing.c", NULL);
	assert_hint(".", NULL);
	assert_hint("", NULL);
}

/* Beside the file that includes it, whatever the working directory. */
TEST(included_by_quotes)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *text = str_printf("#include \"%s/dir/deep/c.h\"\n", here);

	ck_assert_int_eq(mkdir("dir", 0700), 0);
	ck_assert_int_eq(mkdir("dir/deep", 0700), 0);
	write_text("dir/a.c", "#include <stdint.h>\n#include \"b.h\"\n");
	write_text("dir/b.h", "#include \"deep/c.h\"\n");
	write_text("dir/deep/c.h", "#include \"../d.h\"\n");
	write_text("dir/d.h", "SEC(\".maps\")\n");
	write_text("d.h", "vmlinux.h\n");
	assert_hint("dir/a.c", "SEC(\".maps\")");
	assert_hint_of(text, "SEC(\".maps\")");
}

TEST(ways_to_include)
{
	write_text("h.h", "SEC(\".maps\")\n");
	assert_hint_of("#include\"h.h\"", "SEC(\".maps\")");
	assert_hint_of("#include \t \"h.h\"\n", "SEC(\".maps\")");
	assert_hint_of("  #  include \"h.h\"\r\n", "SEC(\".maps\")");
	assert_hint_of("int x;\n#include \"none.h\"\n#include \"h.h\"\n", "SEC(\".maps\")");
	/* By brackets it is another's; and these are no includes. */
	assert_hint_of("#include <h.h>\n", NULL);
	assert_hint_of("#include \"h.h\n\"\n", NULL);
	assert_hint_of("#include \"h.h", NULL);
	assert_hint_of("#include", NULL);
	assert_hint_of("#include \"\"\n", NULL);
	assert_hint_of("#include HEADER\n", NULL);
}

TEST(cycles)
{
	write_text("b.h", "#include \"a.c\"\n#include \"b.h\"\n");
	assert_hint_of("#include \"b.h\"\n#include \"b.h\"\n#include \"a.c\"\n", NULL);
}

/* h0.h includes h1.h and so on; the last one needs BTF. */
static void write_chain(int n)
{
	char name[16], text[32];

	write_text("a.c", "#include \"h0.h\"\n");
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "h%d.h", i);
		snprintf(text, sizeof(text), i < n - 1 ? "#include \"h%d.h\"\n" : "vmlinux.h\n",
			 i + 1);
		write_text(name, text);
	}
}

/* It ends somewhere. */
TEST(number_of_files_is_bounded)
{
	write_chain(50);
	assert_hint("a.c", "CO-RE");
	write_chain(200);
	assert_hint("a.c", NULL);
}

TEST(size_of_files_is_bounded)
{
	cleanup_free char *text = malloc((2 << 20) + 1);

	memset(text, '\n', 2 << 20);
	memcpy(text, "vmlinux.h", 9);
	text[2 << 20] = '\0';
	assert_hint_of(text, NULL);
	text[1000] = '\0';
	assert_hint_of(text, "CO-RE");
}

/* What was in a pipe the compiler has read: who reads it again waits for ever. */
TEST(pipe_is_not_read)
{
	pid_t pid = make_pipe("fifo.c", "vmlinux.h");
	const char *use = core_hint_needs_btf("fifo.c");

	end_process(pid);
	ck_assert_ptr_eq(use, NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, uses);
	tcase_add_test(c, no_use);
	tcase_add_test(c, included_by_quotes);
	tcase_add_test(c, ways_to_include);
	tcase_add_test(c, cycles);
	tcase_add_test(c, number_of_files_is_bounded);
	tcase_add_test(c, size_of_files_is_bounded);
	tcase_add_test(c, pipe_is_not_read);
}

int main(void)
{
	return suite_run("core_hint", add_tests);
}
