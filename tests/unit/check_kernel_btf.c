/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/kernel-btf.h"
#include "object/bytes.h"

/* What is packed is tests/integration/vmlinux.test's; here there is no archive.so. */

enum { LEN = 24 + 16 + 12 + 12 + 16 };

/* An int, and a struct with one member, whose names these are. */
static void make(uint8_t *at, const char *type, const char *member)
{
	memset(at, 0, LEN);
	bytes_put16(at, 0xeb9f, false);
	at[2] = 1;
	bytes_put32(at + 4, 24, false);
	bytes_put32(at + 12, 40, false);
	bytes_put32(at + 16, 40, false);
	bytes_put32(at + 20, 16, false);
	bytes_put32(at + 24 + 4, 1 << 24, false);
	bytes_put32(at + 24 + 8, 4, false);
	bytes_put32(at + 24 + 12, 32, false);
	uint8_t *s = at + 40;
	bytes_put32(s, 1, false);
	bytes_put32(s + 4, 4 << 24 | 1, false);
	bytes_put32(s + 8, 4, false);
	bytes_put32(s + 12, 8, false);
	bytes_put32(s + 16, 1, false);
	memcpy(at + 64 + 1, type, strlen(type));
	memcpy(at + 64 + 8, member, strlen(member));
}

static void put(const char *path, const void *data, size_t len)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
}

static int get(const char *path, struct kernel_btf *ret, struct crossbpf_error *e)
{
	char *here = getcwd(NULL, 0);
	struct kernel_btf_request request = {.path = path, .module_dir = here, .control = -1};

	int r = kernel_btf_read(&request, ret, e);
	free(here);
	return r;
}

static void assert_refused(const char *path, enum exit_status status, const char *message)
{
	cleanup_kernel_btf struct kernel_btf k = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_lt(get(path, &k, &e), 0);
	ck_assert_int_eq(e.status, status);
	ck_assert_msg(strstr(e.message, message), "%s", e.message);
	ck_assert_uint_eq(k.data.len, 0);
}

TEST(reads)
{
	cleanup_kernel_btf struct kernel_btf k = {0};
	cleanup_error struct crossbpf_error e = {0};
	uint8_t data[LEN];

	make(data, "a_1", "b.c:d");
	put("btf", data, LEN);
	ck_assert_msg(get("btf", &k, &e) == 0, "%s", e.message);
	ck_assert_uint_eq(k.data.len, LEN);
	ck_assert_mem_eq(k.data.data, data, LEN);
	ck_assert_ptr_eq(k.arch, NULL);
}

/* They would be text of a header. */
TEST(refuses_names)
{
	static const char *const names[] = {"a\nb", "a\"b", "a;b", "a{b",
					    "a/b",  "a\\b", "#a",  "a\x80"};
	uint8_t data[LEN];

	for (size_t i = 0; i < LENGTH(names); i++) {
		make(data, names[i], "m");
		put("btf", data, LEN);
		assert_refused("btf", EXIT_STATUS_FAILED, "none that C has");
		make(data, "t", names[i]);
		put("btf", data, LEN);
		assert_refused("btf", EXIT_STATUS_FAILED, "none that C has");
	}
	make(data, "t", "m");
	bytes_put32(data + 40 + 12, 1 << 20, false);
	put("btf", data, LEN);
	assert_refused("btf", EXIT_STATUS_FAILED, "none that C has");
}

TEST(refuses_malformed)
{
	uint8_t data[LEN];

	make(data, "t", "m");
	bytes_put32(data + 24 + 4, 31U << 24, false);
	put("btf", data, LEN);
	assert_refused("btf", EXIT_STATUS_FAILED, "unknown kind");
	make(data, "t", "m");
	data[LEN - 1] = 'x';
	put("btf", data, LEN);
	assert_refused("btf", EXIT_STATUS_FAILED, "do not end");
	assert_refused("nowhere", EXIT_STATUS_USAGE, "cannot read nowhere");
	assert_refused(".", EXIT_STATUS_USAGE, "Is a directory");
	write_text("text", "this is not the kernel that you are looking for");
	assert_refused("text", EXIT_STATUS_USAGE, "no kernel");
	put("packed", "\x1f\x8b and what follows is gzip's own", 32);
	assert_refused("packed", EXIT_STATUS_NO_BACKEND, "what unpacks kernels");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, reads);
	tcase_add_test(c, refuses_names);
	tcase_add_test(c, refuses_malformed);
}

int main(void)
{
	return suite_run("kernel_btf", add_tests);
}
