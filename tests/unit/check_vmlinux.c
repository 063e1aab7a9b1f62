/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/vmlinux-lock.h"
#include "core/vmlinux.h"
#include "remote-bench.h"
#include "shared/io.h"

/* Programs in the place of crossbpf-loader; tests/integration/vmlinux.test has the real one. */

static int run(const char *script, struct strbuf *ret_header, struct crossbpf_error *e)
{
	struct strbuf btf = {.data = (char *)"types", .len = 5};

	write_program("loader", script);
	return vmlinux_by_loader("./loader", "a kernel", &btf, -1, ret_header, e);
}

static void assert_fails(const char *script, const char *message)
{
	cleanup_strbuf struct strbuf header = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(run(script, &header, &e), -ENOEXEC);
	ck_assert_int_eq(e.status, EXIT_STATUS_FAILED);
	ck_assert_msg(strstr(e.message, message), "%s", e.message);
	ck_assert_uint_eq(header.len, 0);
}

#define END "#endif /* __VMLINUX_H__ */"

TEST(loader_writes)
{
	cleanup_strbuf struct strbuf header = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(run("test \"$1\" = dump-btf || exit 1\n"
			     "echo \"int (*f)(); $(cat)\"; echo '" END "'",
			     &header, &e),
			 0);
	ck_assert_str_eq(header.data, "int (*f)(void); types\n" END "\n");
}

TEST(loader_fails)
{
	cleanup_strbuf struct strbuf header = {0};
	cleanup_error struct crossbpf_error e = {0};

	assert_fails("echo 'no types here' >&2; echo more >&2; exit 1", "C: no types here");
	assert_fails("exit 1", "it is malformed");
	assert_fails("kill -SEGV $$", "was ended by signal 11");
	assert_fails("echo '" END "' half", "it is malformed");
	ck_assert_int_eq(vmlinux_by_loader("./nowhere", "x", &(struct strbuf){.data = (char *)""},
					   -1, &header, &e),
			 -ENOENT);
	ck_assert_ptr_ne(strstr(e.message, "./nowhere"), NULL);
}

/* And by a builder that does not see the host's files: what its bpftool says is the error. */
TEST(builder_writes)
{
	REMOTE_BENCH(b);
	cleanup_strbuf struct strbuf header = {0}, none = {0};
	cleanup_free char *bpftool = str_printf("%s/there/bin/bpftool", b.here);
	struct strbuf btf = {.data = (char *)"types", .len = 5};

	write_program(bpftool, "echo \"int (*f)(); $1 $2 $3 $5 $6 $(cat \"$4\")\"; echo '" END "'");
	int r = vmlinux_by_builder(&b.remote, "a kernel", &btf, &header, &b.error);
	ck_assert_msg(r == 0, "%s", b.error.message);
	ck_assert_str_eq(header.data, "int (*f)(void); btf dump file format c types\n" END "\n");
	write_program(bpftool, "echo 'Error: no types here' >&2; exit 1");
	ck_assert_int_eq(vmlinux_by_builder(&b.remote, "a kernel", &btf, &none, &b.error),
			 -ENOEXEC);
	ck_assert_str_eq(b.error.message,
			 "a kernel: its BTF cannot be written as C: Error: no types here");
}

TEST(no_temporary_file)
{
	cleanup_strbuf struct strbuf header = {0};
	cleanup_error struct crossbpf_error e = {0}, f = {0};

	setenv("TMPDIR", "/nowhere/at/all", 1);
	int r = run("exit 0", &header, &e);
	int s = vmlinux_by_builder(NULL, "x", &(struct strbuf){.data = (char *)""}, &header, &f);
	unsetenv("TMPDIR");
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_OUTPUT);
	ck_assert_int_eq(s, -ENOENT);
	ck_assert_int_eq(f.status, EXIT_STATUS_OUTPUT);
}

/* crossbpf.lock. */

TEST(compares)
{
	cleanup_lock_file struct lock_file lock = {0};
	const char *was = NULL;

	ck_assert_int_eq(vmlinux_lock_compare(&lock, "x86", "a", 1, &was), 0);
	ck_assert_int_eq(vmlinux_lock_set(&lock, "x86", "a", 1, "kernel 1"), 0);
	ck_assert_str_eq(lock_file_get(&lock, "vmlinux.x86"),
			 "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
	ck_assert_str_eq(lock_file_get(&lock, "vmlinux.x86.of"), "kernel 1");
	ck_assert_int_eq(vmlinux_lock_compare(&lock, "x86", "a", 1, &was), 0);
	ck_assert_int_eq(vmlinux_lock_compare(&lock, "x86", "b", 1, &was), -EPERM);
	ck_assert_str_eq(was, "kernel 1");
	ck_assert_int_eq(vmlinux_lock_compare(&lock, "arm64", "b", 1, NULL), 0);
}

static void list_archs(struct strv *archs)
{
	strv_add(archs, "arm64");
	strv_add(archs, "x86");
}

TEST(describes)
{
	cleanup_lock_file struct lock_file old = {0}, found = {0}, changed = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *root = getcwd(NULL, 0);
	cleanup_strv struct strv archs = {0};

	list_archs(&archs);
	write_text("x86.h", "a");
	vmlinux_lock_set(&old, "x86", "a", 1, "kernel 1");
	vmlinux_lock_set(&old, "arm64", "b", 1, "kernel 2"); /* it is not here */
	ck_assert_int_eq(vmlinux_lock_describe(&found, &old, root, "{arch}.h", &archs, &e), 0);
	ck_assert_uint_eq(found.n, 4);
	ck_assert_str_eq(lock_file_get(&found, "vmlinux.x86.of"), "kernel 1");
	ck_assert_str_eq(lock_file_get(&found, "vmlinux.arm64.of"), "kernel 2");
	write_text("x86.h", "c");
	ck_assert_int_eq(vmlinux_lock_describe(&changed, &old, root, "{arch}.h", &archs, &e), 0);
	ck_assert_ptr_eq(lock_file_get(&changed, "vmlinux.x86.of"), NULL);
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	ck_assert_int_eq(vmlinux_lock_describe(&changed, &old, root, "dir", &archs, &e), -EISDIR);
}

TEST(checks)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_lock_file struct lock_file lock = {0};
	cleanup_free char *root = getcwd(NULL, 0), *text = NULL;
	cleanup_strv struct strv archs = {0};

	list_archs(&archs);
	ck_assert_int_eq(vmlinux_lock_check(root, "{arch}.h", &archs, &e), 0); /* no lock */
	vmlinux_lock_set(&lock, "x86", "a", 1, "kernel 1");
	ck_assert_int_eq(lock_file_text(&lock, &text), 0);
	write_text("crossbpf.lock", text);
	ck_assert_int_eq(vmlinux_lock_check(root, "{arch}.h", &archs, &e), 0); /* no header */
	write_text("x86.h", "a");
	write_text("arm64.h", "?"); /* not locked */
	ck_assert_int_eq(vmlinux_lock_check(root, "{arch}.h", &archs, &e), 0);
	write_text("x86.h", "b");
	ck_assert_int_eq(vmlinux_lock_check(root, "{arch}.h", &archs, &e), -EPERM);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	ck_assert_ptr_ne(strstr(e.message, "x86.h"), NULL);
	ck_assert_ptr_ne(strstr(e.message, "kernel 1"), NULL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, loader_writes);
	tcase_add_test(c, loader_fails);
	tcase_add_test(c, builder_writes);
	tcase_add_test(c, no_temporary_file);
	tcase_add_test(c, compares);
	tcase_add_test(c, describes);
	tcase_add_test(c, checks);
}

int main(void)
{
	return suite_run("vmlinux", add_tests);
}
