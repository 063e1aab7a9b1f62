/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/lock-file.h"
#include "core/project.h"
#include "shared/strbuf.h"

static void assert_reads(const char *text, struct lock_file *ret_lock)
{
	cleanup_error struct crossbpf_error e = {0};

	write_text("crossbpf.lock", text);
	ck_assert_msg(lock_file_read("crossbpf.lock", ret_lock, &e) == 0, "%s: %s", text,
		      e.message ? e.message : "");
}

static void assert_refused(const char *text, const char *message)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_lock_file struct lock_file lock = {0};

	write_text("crossbpf.lock", text);
	ck_assert_int_eq(lock_file_read("crossbpf.lock", &lock, &e), -EINVAL);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	assert_contains(e.message, message);
	assert_contains(e.hint, "crossbpf lock");
	ck_assert_uint_eq(lock.n, 0);
}

static void assert_entry(const struct lock_file *lock, const char *key, const char *value)
{
	const char *got = lock_file_get(lock, key);

	ck_assert_str_eq(got ? got : "(none)", value ? value : "(none)");
}

TEST(path_of_root)
{
	cleanup_free char *path = lock_file_path("/a"), *top = lock_file_path("/");

	ck_assert_str_eq(path, "/a/crossbpf.lock");
	ck_assert_str_eq(top, "/crossbpf.lock");
}

TEST(reads)
{
	cleanup_lock_file struct lock_file lock = {0};

	assert_reads("# a comment\n\nb = 2\na = x = y  z\n# c = 3\nd = last", &lock);
	ck_assert_uint_eq(lock.n, 3);
	assert_entry(&lock, "a", "x = y  z");
	assert_entry(&lock, "b", "2");
	assert_entry(&lock, "c", NULL);
	assert_entry(&lock, "d", "last");
}

TEST(missing_or_empty)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_lock_file struct lock_file lock = {0};

	ck_assert_int_eq(lock_file_read("crossbpf.lock", &lock, &e), -ENOENT);
	ck_assert_ptr_eq(e.message, NULL);
	assert_reads("", &lock);
	ck_assert_uint_eq(lock.n, 0);
}

TEST(malformed)
{
	assert_refused("a = 1\nb\n", "crossbpf.lock:2: ");
	assert_refused("<<<<<<< ours\n", "crossbpf.lock:1: ");
	assert_refused("a=1\n", "crossbpf.lock:1: ");
	assert_refused(" = 1\n", "crossbpf.lock:1: ");
	assert_refused("a = \n", "crossbpf.lock:1: ");
	assert_refused("a b = 1\n", "crossbpf.lock:1: ");
	assert_refused("a = 1\n\na = 1\n", "crossbpf.lock:3: ");
	assert_refused("a = \033[2J\n", "crossbpf.lock:1: ");
	assert_refused("a = 1\r\n", "crossbpf.lock:1: ");
}

TEST(no_file_that_can_be_read)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_lock_file struct lock_file lock = {0};

	ck_assert_int_eq(mkdir("crossbpf.lock", 0700), 0);
	ck_assert_int_eq(lock_file_read("crossbpf.lock", &lock, &e), -EISDIR);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
}

/* Sorted, and read back as it was written. */
TEST(writes)
{
	cleanup_lock_file struct lock_file lock = {0}, again = {0};
	cleanup_free char *text = NULL;

	ck_assert_int_eq(lock_file_set(&lock, "b", "2"), 0);
	ck_assert_int_eq(lock_file_set(&lock, "c", "3"), 0);
	ck_assert_int_eq(lock_file_set(&lock, "a", "old"), 0);
	ck_assert_int_eq(lock_file_set(&lock, "a", "x = y"), 0);
	/* What cannot be told is left out. */
	ck_assert_int_eq(lock_file_set(&lock, "d", NULL), 0);
	ck_assert_int_eq(lock_file_set(&lock, "d", ""), 0);
	ck_assert_int_eq(lock_file_set(&lock, "d", "two\nlines"), 0);
	ck_assert_int_eq(lock_file_text(&lock, &text), 0);
	ck_assert_ptr_eq(strstr(text, "# "), text);
	ck_assert_str_eq(strchr(text, '\n'), "\na = x = y\nb = 2\nc = 3\n");
	assert_reads(text, &again);
	ck_assert_uint_eq(again.n, 3);
	assert_entry(&again, "a", "x = y");
}

static struct toolchain make_toolchain(char *number, char *version)
{
	struct toolchain t = {.number = number, .version = version};

	memset(t.identity, 'a', sizeof(t.identity) - 1);
	return t;
}

TEST(describes)
{
	char number[] = "14.0.6", version[] = "Debian clang version 14.0.6";
	struct toolchain t = make_toolchain(number, version);
	cleanup_lock_file struct lock_file lock = {0}, elsewhere = {0};

	ck_assert_int_eq(lock_file_describe(&lock, "here", &t, ""), 0);
	ck_assert_uint_eq(lock.n, 4);
	assert_entry(&lock, "clang.number", "14.0.6");
	assert_entry(&lock, "clang.version", "Debian clang version 14.0.6");
	assert_entry(&lock, "toolchain.identity", t.identity);
	assert_entry(&lock, "crossbpf.version", PACKAGE_VERSION);
	strcpy(t.headers, "beef");
	ck_assert_int_eq(lock_file_describe(&elsewhere, "box", &t, "sha256:1"), 0);
	assert_entry(&elsewhere, "backend.box.image", "sha256:1");
	assert_entry(&elsewhere, "backend.box.headers", "beef");
}

static void assert_check(const char *lock_text, const char *image, const char *message)
{
	char number[] = "14.0.6", version[] = "clang version 14.0.6";
	struct toolchain t = make_toolchain(number, version);
	cleanup_lock_file struct lock_file lock = {0};
	cleanup_error struct crossbpf_error e = {0};

	assert_reads(lock_text, &lock);
	int r = lock_file_check(&lock, "box", NULL, &t, image, &e);
	if (!message) {
		ck_assert_msg(r == 0, "%s: %s", lock_text, e.message ? e.message : "");
		return;
	}
	ck_assert_int_eq(r, -EPERM);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	ck_assert_str_eq(e.message, message);
	assert_contains(e.hint, "crossbpf lock --backend box");
}

TEST(checks)
{
	assert_check("", "i", NULL);
	assert_check("clang.number = 14.0.6\nbackend.box.image = i\n", "i", NULL);
	assert_check("clang.number = 15.0.7\nbackend.box.image = k\n", "i",
		     "box: its clang.number is 14.0.6, and crossbpf.lock has 15.0.7");
	assert_check("clang.version = Other clang version 14.0.6\n", "i",
		     "box: its clang.version is clang version 14.0.6, and crossbpf.lock has "
		     "Other clang version 14.0.6");
	assert_check("backend.box.image = k\n", "i",
		     "box: its backend.box.image is i, and crossbpf.lock has k");
}

TEST(does_not_check)
{
	/* Another backend's, what the builder cannot tell, what is of no effect. */
	assert_check("backend.other.image = k\nbackend.boxes.image = k\n", "i", NULL);
	assert_check("backend.box.image = k\n", "", NULL);
	assert_check("headers.linux = 1.2.3\nbackend.box.headers = beef\n", "i", NULL);
	assert_check("crossbpf.version = 0\nlater.key = 1\n", "i", NULL);
}

TEST(other_backends)
{
	ck_assert(lock_file_is_of_other_backend("backend.a.image", "b"));
	ck_assert(lock_file_is_of_other_backend("backend.ab.image", "a"));
	ck_assert(!lock_file_is_of_other_backend("backend.a.image", "a"));
	ck_assert(!lock_file_is_of_other_backend("clang.number", "a"));
}

/* What a builder says of headers in these directories, in this order. */
static void ask_headers(const char *const *dirs, struct lock_file *ret_lock)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	static char root[] = "/";
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_error struct crossbpf_error e = {0};
	cleanup_session struct session s = {.control = -1};
	struct project project = {.root = root, .id = "0"};
	struct toolchain t = {0};

	for (; *dirs; dirs++)
		strv_take(&t.search, str_printf("%s/%s", here, *dirs));
	ck_assert_int_eq(session_open(&s, BACKEND_DIR, "native", NULL, &project, &e), 0);
	int r = lock_file_ask_headers(ret_lock, &s, &t, env, &e);
	strv_free(&t.search);
	ck_assert_msg(r == 0, "%s", e.message ? e.message : "");
}

static void make_dirs(const char *const *dirs)
{
	for (; *dirs; dirs++)
		ck_assert_int_eq(mkdir(*dirs, 0755), 0);
}

/* The first of each counts, as clang finds it. */
TEST(asks_for_headers)
{
	cleanup_lock_file struct lock_file lock = {0};

	make_dirs((const char *const[]){"a 'b", "a 'b/linux", "c", "c/linux", "c/bpf", "d", "d/bpf",
					NULL});
	write_text("a 'b/linux/version.h", "#define LINUX_VERSION_CODE 393271\n#define "
					   "KERNEL_VERSION(a,b,c) (((a) << 16) + ((b) << 8))\n");
	write_text("c/linux/version.h", "#define LINUX_VERSION_CODE 1\n");
	write_text("c/bpf/libbpf_version.h",
		   "#ifndef X\n#  define LIBBPF_MAJOR_VERSION\t1\n#define LIBBPF_MINOR_VERSION "
		   "12\n");
	write_text("d/bpf/libbpf_version.h",
		   "#define LIBBPF_MAJOR_VERSION 9\n#define LIBBPF_MINOR_VERSION 9\n");
	ask_headers((const char *const[]){"missing", "a 'b", "c", "d", NULL}, &lock);
	assert_entry(&lock, "headers.linux", "6.0.55");
	assert_entry(&lock, "headers.libbpf", "1.12");
	ck_assert_uint_eq(lock.n, 2);
}

/* What is not known is left out. */
TEST(asks_for_headers_in_vain)
{
	cleanup_lock_file struct lock_file nothing = {0}, none = {0}, odd = {0};

	ask_headers((const char *const[]){NULL}, &nothing);
	ck_assert_uint_eq(nothing.n, 0);
	ask_headers((const char *const[]){"missing", NULL}, &none);
	ck_assert_uint_eq(none.n, 0);
	make_dirs((const char *const[]){"a", "a/linux", "a/bpf", NULL});
	write_text("a/linux/version.h", "#define LINUX_VERSION_CODE KERNEL(1, 2)\n");
	write_text("a/bpf/libbpf_version.h", "#define LIBBPF_MAJOR_VERSION 1\n");
	ask_headers((const char *const[]){"a", NULL}, &odd);
	ck_assert_uint_eq(odd.n, 0);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, path_of_root);
	tcase_add_test(c, reads);
	tcase_add_test(c, missing_or_empty);
	tcase_add_test(c, malformed);
	tcase_add_test(c, no_file_that_can_be_read);
	tcase_add_test(c, writes);
	tcase_add_test(c, describes);
	tcase_add_test(c, checks);
	tcase_add_test(c, does_not_check);
	tcase_add_test(c, other_backends);
	tcase_add_test(c, asks_for_headers);
	tcase_add_test(c, asks_for_headers_in_vain);
}

int main(void)
{
	return suite_run("lock_file", add_tests);
}
