/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/arch-headers.h"
#include "shared/strbuf.h"

#define TYPES                                                                           \
	"/usr/include/linux/types.h", "/usr/include/x86_64-linux-gnu/asm/types.h",      \
		"/usr/include/asm-generic/types.h", "/usr/include/linux/posix_types.h", \
		"/usr/include/aarch64-linux-gnu/asm/posix_types_64.h"

static char *search[] = {(char *)"/usr/include", (char *)"/usr/lib/llvm-14",
			 (char *)"/usr/lib/llvm-19", (char *)"/home/me/.cache/crossbpf/mirror/1a"};
static const struct toolchain toolchain = {.search = {.v = search, .n = LENGTH(search)}};

/* With x.bpf.c, which is the source, and these. */
static bool depends(const char *const *headers)
{
	cleanup_strv struct strv inputs = {0};

	strv_add(&inputs, "x.bpf.c");
	strv_add_all(&inputs, headers);
	return arch_headers_depend(".", &toolchain, &inputs, "x.bpf.c");
}

#define DEPENDS(...) depends((const char *const[]){__VA_ARGS__, NULL})

TEST(plain_headers)
{
	write_text("x.bpf.c", "int x;\n");
	write_text("own.h", "int y;\n");
	ck_assert(!DEPENDS("own.h"));
	ck_assert(!DEPENDS(TYPES, "own.h", "/usr/include/linux/bpf.h",
			   "/usr/include/bpf/bpf_helpers.h"));
	ck_assert(!DEPENDS(TYPES, "/usr/lib/llvm-14/lib/clang/14.0.6/include/stdbool.h"));
	ck_assert(!DEPENDS(TYPES, "/usr/lib/llvm-19/lib/clang/19/include/__stddef_size_t.h"));
	ck_assert(!DEPENDS(TYPES, "/home/me/.cache/crossbpf/mirror/1a/usr/include/linux/ip.h"));
	/* What reads none of an architecture depends on none, whatever it is. */
	ck_assert(!DEPENDS("/usr/include/linux/wireless.h", "own.h"));
}

TEST(headers_of_an_architecture)
{
	static const char *const names[] = {"ptrace.h",  "errno.h",     "ioctl.h", "unistd.h",
					    "types.hpp", "sub/types.h", "stat.h"};

	write_text("x.bpf.c", "int x;\n");
	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *path =
			str_printf("/usr/include/x86_64-linux-gnu/asm/%s", names[i]);
		ck_assert_msg(DEPENDS(path), "%s", path);
		ck_assert(DEPENDS(TYPES, path));
	}
	ck_assert(DEPENDS("asm/own.h"));
	ck_assert(DEPENDS("include/asm/own.h"));
	/* Another header of the system's may hand on what these say. */
	ck_assert(DEPENDS(TYPES, "/usr/include/linux/input.h"));
	ck_assert(DEPENDS(TYPES, "/usr/include/stdint.h"));
	ck_assert(DEPENDS(TYPES, "/other/project/own.h"));
}

TEST(what_the_project_asks_for)
{
	static const char *const asks[] = {"#if __BITS_PER_LONG == 64\n#endif\n",
					   "__kernel_size_t n;\n", "x = __swab(y);\n"};

	write_text("x.bpf.c", "int x;\n");
	for (size_t i = 0; i < LENGTH(asks); i++) {
		write_text("own.h", asks[i]);
		ck_assert(DEPENDS(TYPES, "own.h"));
		ck_assert(!DEPENDS("own.h"));
		write_text("x.bpf.c", asks[i]);
		ck_assert(DEPENDS(TYPES));
		write_text("x.bpf.c", "int x = __swab32(1); /* BITS_PER_LONG _kernel_ */\n");
		ck_assert(!DEPENDS(TYPES));
	}
	ck_assert(DEPENDS(TYPES, "gone.h"));
	write_text("own.h", "");
	ck_assert(!DEPENDS(TYPES, "own.h"));
}

/* Without any header of an architecture, as a program with CO-RE reads none. */
TEST(what_names_the_architecture)
{
	static const char asks[] = "#if defined(__TARGET_ARCH_x86)\n#endif\n";
	cleanup_free char *dir = getcwd(NULL, 0), *own = str_printf("%s/own.h", dir);

	write_text("x.bpf.c", "int x;\n");
	write_text("own.h", asks);
	ck_assert(DEPENDS("own.h"));
	ck_assert(DEPENDS(TYPES, "own.h"));
	/* By whatever name, as long as it is not the builder's. */
	ck_assert(DEPENDS(own));
	write_text("own.h", "TARGET_ARCH_x86\n");
	ck_assert(!DEPENDS("own.h"));
	ck_assert(!DEPENDS(own));
	ck_assert(DEPENDS("gone.h"));
	/* libbpf's own asks, wherever it lies. */
	write_text("bpf_tracing.h", asks);
	ck_assert(!DEPENDS("bpf_tracing.h", "/usr/include/bpf/bpf_tracing.h"));
	ck_assert(!DEPENDS(TYPES, "bpf_tracing.h"));
	write_text("bpf_tracing.h", "__BITS_PER_LONG\n");
	ck_assert(DEPENDS(TYPES, "bpf_tracing.h"));
	write_text("x.bpf.c", asks);
	ck_assert(DEPENDS("own.h"));
}

TEST(where_the_source_lies)
{
	cleanup_strv struct strv inputs = {0};
	cleanup_free char *dir = getcwd(NULL, 0), *source = str_printf("%s/asm/x.bpf.c", dir);

	ck_assert_int_eq(mkdir("asm", 0700), 0);
	write_text("asm/x.bpf.c", "int x;\n");
	strv_add(&inputs, source);
	ck_assert(!arch_headers_depend(".", &toolchain, &inputs, source));
	strv_add(&inputs, "/usr/include/x86_64-linux-gnu/asm/types.h");
	ck_assert(!arch_headers_depend(".", &toolchain, &inputs, source));
	write_text("asm/x.bpf.c", "int x = __BITS_PER_LONG;\n");
	ck_assert(arch_headers_depend(".", &toolchain, &inputs, source));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, plain_headers);
	tcase_add_test(c, headers_of_an_architecture);
	tcase_add_test(c, what_the_project_asks_for);
	tcase_add_test(c, what_names_the_architecture);
	tcase_add_test(c, where_the_source_lies);
}

int main(void)
{
	return suite_run("arch_headers", add_tests);
}
