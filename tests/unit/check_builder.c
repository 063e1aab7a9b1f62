/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/builder.h"
#include "core/mirror.h"
#include "core/project.h"
#include "core/toolchain-memory.h"
#include "fake-clang.h"
#include "shared/io.h"

/* A directory of plugins, and an environment whose only clang is a fake one, where there is one. */
struct bench {
	struct project project;
	struct builder_request request;
	struct builder builder;
	struct crossbpf_error error;
	char *plugins;
	char *why;
	char *path, *record, *cache;
	const char *env[3];
};

static void bench_open(struct bench *b, bool with_clang)
{
	static const char *const plugins[] = {"failing", "null_table", "record", "wrong_abi"};
	static char root[] = "/";
	cleanup_free char *here = getcwd(NULL, 0);

	*b = (struct bench){.project = {.root = root, .id = "0"}};
	ck_assert_int_eq(mkdir("plugins", 0755), 0);
	ck_assert_int_eq(symlink(BACKEND_DIR "/native.so", "plugins/native.so"), 0);
	for (size_t i = 0; i < LENGTH(plugins); i++) {
		cleanup_free char *file = str_printf(TEST_PLUGINDIR "/%s.so", plugins[i]);
		cleanup_free char *link = str_printf("plugins/%s.so", plugins[i]);
		ck_assert_int_eq(symlink(file, link), 0);
	}
	make_tools("tools");
	if (with_clang)
		write_clang("tools/mine", "Fake clang version 98.7.6", true, "/none");
	b->plugins = str_printf("%s/plugins", here);
	b->path = str_printf("PATH=%s/tools", here);
	b->record = str_printf("CROSSBPF_RECORD=%s/record.txt", here);
	b->cache = str_printf("%s/cache", here);
	b->env[0] = b->path;
	b->env[1] = b->record;
	b->request = (struct builder_request){
		.backend = "auto",
		.order = "native record",
		.dir = b->plugins,
		.toolchain = {.clang = "mine", .env = b->env},
		.control = -1,
	};
}

static void bench_close(struct bench *b)
{
	builder_close(&b->builder);
	builder_close(&b->builder);
	error_free(&b->error);
	free(b->plugins);
	free(b->path);
	free(b->record);
	free(b->cache);
	free(b->why);
}

#define BENCH(b) __attribute__((cleanup(bench_close))) struct bench b

static int open_builder(struct bench *b, const char *backend, const char *order)
{
	b->request.backend = backend;
	b->request.order = order;
	return builder_open(&b->builder, &b->request, &b->project, &b->why, &b->error);
}

static void assert_opens(const char *backend, const char *order, const char *name, const char *why)
{
	BENCH(b);

	bench_open(&b, true);
	int r = open_builder(&b, backend, order);
	ck_assert_msg(r == 0, "%s", b.error.message);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_OK);
	ck_assert_str_eq(b.builder.session.plugin.backend.name, name);
	ck_assert_str_eq(b.builder.toolchain.number, "98.7.6");
	assert_contains(b.why, why);
	assert_contains(b.why, ": clang 98.7.6, /");
}

TEST(named)
{
	assert_opens("record", "native", "record", "backend record, as asked for");
}

TEST(named_with_a_place)
{
	assert_opens("failing:here", "", "failing", "backend failing:here, as asked for");
}

TEST(first_in_the_order)
{
	assert_opens("auto", "native record", "native",
		     "backend native, the first in the order (native record) that works");
}

TEST(second_in_the_order)
{
	assert_opens("auto", "missing  record native", "record",
		     "backend record, the first in the order");
}

/* Refused ones are passed over, too. */
TEST(last_in_the_order)
{
	assert_opens("auto", "wrong_abi null_table native", "native", "backend native");
}

/* One that the user named is never replaced by another. */
static void assert_fails(const char *backend, int code, enum exit_status status,
			 const char *message)
{
	BENCH(b);

	bench_open(&b, true);
	ck_assert_int_eq(open_builder(&b, backend, "native record"), code);
	ck_assert_int_eq(b.error.status, status);
	assert_contains(b.error.message, message);
	ck_assert_ptr_eq(b.why, NULL);
	ck_assert_ptr_eq(b.builder.session.handle, NULL);
}

TEST(named_is_missing)
{
	assert_fails("missing", -ENOENT, EXIT_STATUS_NO_BACKEND, "'missing' is not installed");
}

TEST(named_is_refused)
{
	assert_fails("wrong_abi", -ENOEXEC, EXIT_STATUS_NO_BACKEND, "ABI");
}

TEST(named_does_not_open)
{
	assert_fails("failing:open", -ECONNREFUSED, EXIT_STATUS_NO_BACKEND, "the door is shut");
	suite_begin();
	assert_fails("failing:probe", -ENOENT, EXIT_STATUS_NO_BACKEND, "there is no engine");
}

TEST(named_is_no_name)
{
	assert_fails("", -EINVAL, EXIT_STATUS_USAGE, "no backend's name");
	suite_begin();
	assert_fails("../native", -EINVAL, EXIT_STATUS_USAGE, "no backend's name");
	suite_begin();
	assert_fails(":place", -EINVAL, EXIT_STATUS_USAGE, "no backend's name");
}

TEST(named_has_no_clang)
{
	BENCH(b);

	bench_open(&b, false);
	ck_assert_int_eq(open_builder(&b, "native", ""), -ENOENT);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "native: there is no program 'mine'");
	ck_assert_ptr_eq(b.builder.session.handle, NULL);
}

/* What is wrong with each is said, and what to do about it. */
TEST(none_in_the_order)
{
	BENCH(b);

	bench_open(&b, false);
	ck_assert_int_eq(open_builder(&b, "auto", "missing null_table native"), -ENOENT);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "no backend can build here:\n  ");
	assert_contains(b.error.message, "not installed in");
	assert_contains(b.error.message, ": missing");
	assert_contains(b.error.message, "'null_table' refused");
	assert_contains(b.error.message, "native: there is no program 'mine'");
	ck_assert_ptr_eq(b.why, NULL);
}

TEST(order_is_empty)
{
	BENCH(b);

	bench_open(&b, true);
	ck_assert_int_eq(open_builder(&b, "auto", " "), -ENOENT);
	assert_contains(b.error.message, "the order is empty");
}

static char logged[256];

static void keep_log(const char *message)
{
	snprintf(logged, sizeof(logged), "%s", message);
}

TEST(log_reaches_the_backend)
{
	BENCH(b);

	bench_open(&b, true);
	b.request.log = keep_log;
	ck_assert_int_eq(open_builder(&b, "auto", "missing failing"), 0);
	ck_assert_str_eq(logged, "/");
}

static unsigned count_commands(void)
{
	cleanup_free char *lines = read_text("record.txt");
	unsigned n = 0;

	for (const char *at = lines; at && (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

/* What is found is to be remembered. */
static void remember(struct bench *b)
{
	make_old("tools");
	b->request.toolchain.cache_dir = b->cache;
	b->request.lazy = true;
}

static void reopen(struct bench *b, const char *backend, const char *order)
{
	builder_close(&b->builder);
	free(b->why);
	b->why = NULL;
	int r = open_builder(b, backend, order);
	ck_assert_msg(r == 0, "%s", b->error.message);
	ck_assert_str_eq(b->builder.toolchain.number, "98.7.6");
	assert_contains(b->why, ": clang 98.7.6, /");
}

/* Nothing is known at first; then nothing is started. */
TEST(lazy_opens_no_session)
{
	BENCH(b);

	bench_open(&b, true);
	remember(&b);
	reopen(&b, "record", "");
	ck_assert(b.builder.connected);
	unsigned n = count_commands();
	ck_assert_uint_ge(n, 1);

	reopen(&b, "record", "");
	ck_assert_uint_eq(count_commands(), n);
	ck_assert(!b.builder.connected);
	ck_assert_str_eq(b.builder.name, "record");
	ck_assert_ptr_eq(b.builder.session.handle, NULL);
	assert_contains(b.why, "backend record, as asked for");

	ck_assert_int_eq(builder_connect(&b.builder, &b.request, &b.project, &b.error), 0);
	ck_assert(b.builder.connected);
	ck_assert_ptr_ne(b.builder.session.handle, NULL);
	ck_assert_str_eq(b.builder.session.plugin.backend.name, "record");
	const void *handle = b.builder.session.handle;
	ck_assert_int_eq(builder_connect(&b.builder, &b.request, &b.project, &b.error), 0);
	ck_assert_ptr_eq(b.builder.session.handle, handle);
	ck_assert_uint_eq(count_commands(), n);
}

TEST(lazy_in_the_order)
{
	BENCH(b);

	bench_open(&b, true);
	remember(&b);
	reopen(&b, "auto", "missing record native");
	reopen(&b, "auto", "missing record native");
	ck_assert(!b.builder.connected);
	ck_assert_str_eq(b.builder.name, "record");
	assert_contains(b.why, "backend record, the first in the order (missing record native)");
	ck_assert_int_eq(builder_connect(&b.builder, &b.request, &b.project, &b.error), 0);
}

/* One that is not lazy, or has no memory, opens a session each time. */
TEST(not_lazy)
{
	BENCH(b);

	bench_open(&b, true);
	remember(&b);
	reopen(&b, "record", "");
	b.request.lazy = false;
	reopen(&b, "record", "");
	ck_assert(b.builder.connected);
	b.request.lazy = true;
	b.request.toolchain.cache_dir = NULL;
	reopen(&b, "record", "");
	ck_assert(b.builder.connected);
}

/* What is remembered of a backend is of no use where it is no longer there. */
TEST(lazy_and_gone)
{
	BENCH(b);

	bench_open(&b, true);
	remember(&b);
	reopen(&b, "record", "");
	builder_close(&b.builder);
	free(b.why);
	b.why = NULL;
	ck_assert_int_eq(unlink("plugins/record.so"), 0);
	ck_assert_int_eq(open_builder(&b, "record", ""), -ENOENT);
	assert_contains(b.error.message, "'record' is not installed");
	ck_assert_ptr_eq(b.why, NULL);
}

/* It went between the two. */
TEST(lazy_and_gone_at_last)
{
	BENCH(b);

	bench_open(&b, true);
	remember(&b);
	reopen(&b, "record", "");
	reopen(&b, "record", "");
	ck_assert_int_eq(unlink("plugins/record.so"), 0);
	ck_assert_int_eq(builder_connect(&b.builder, &b.request, &b.project, &b.error), -ENOENT);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "'record' is not installed");
}

TEST(lazy_with_another_clang)
{
	BENCH(b);

	bench_open(&b, true);
	remember(&b);
	reopen(&b, "record", "");
	write_clang("tools/mine", "Fake clang version 98.7.6, another", true, "/none");
	const struct timespec times[2] = {{.tv_sec = 2000}, {.tv_sec = 2000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, "tools/mine", times, 0), 0);
	reopen(&b, "record", "");
	ck_assert(b.builder.connected);
	assert_contains(b.builder.toolchain.version, "another");
}

static char all_logged[1024];

static void keep_all(const char *message)
{
	size_t len = strlen(all_logged);

	snprintf(all_logged + len, sizeof(all_logged) - len, "%s\n", message);
}

/* The section of the backend that is opened, and what the user said first of all. */
TEST(sections_reach_the_backend)
{
	static struct crossbpf_kv failing[] = {
		{"host", "a"}, {"host", "b"}, {"where", "open"}, {NULL, NULL}};
	static struct crossbpf_kv other[] = {{"host", "c"}, {NULL, NULL}};
	static char failing_name[] = "failing", other_name[] = "record";
	struct conf_backend sections[] = {{.name = other_name, .kv = other, .n = 1},
					  {.name = failing_name, .kv = failing, .n = 3}};
	const struct conf conf = {.backends = sections, .n_backends = 2};
	BENCH(b);

	bench_open(&b, true);
	b.request.log = keep_all;
	b.request.conf = &conf;
	all_logged[0] = '\0';
	ck_assert_int_eq(open_builder(&b, "failing:settings", ""), 0);
	ck_assert_str_eq(all_logged, "/\nwhere = settings\nhost = a\nhost = b\nwhere = open\n");

	/* Without a place that was named, the section's counts. */
	builder_close(&b.builder);
	ck_assert_int_eq(open_builder(&b, "failing", ""), -ECONNREFUSED);
	assert_contains(b.error.message, "the door is shut");
}

TEST(without_a_section)
{
	const struct conf conf = {.n_backends = 0};
	BENCH(b);

	bench_open(&b, true);
	b.request.log = keep_all;
	b.request.conf = &conf;
	all_logged[0] = '\0';
	ck_assert_int_eq(open_builder(&b, "failing:settings", ""), 0);
	ck_assert_str_eq(all_logged, "/\nwhere = settings\n");
}

/* Beside a native clang that finds its headers in lib/clang/1/include, a builder that is elsewhere.
 */
static void open_with_elsewhere(struct bench *b)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *search = str_printf("%s/lib/clang/1/include", here);
	cleanup_free char *path = str_printf("%s/tools:%s", here, getenv("PATH"));

	bench_open(b, true);
	ck_assert_int_eq(symlink(TEST_PLUGINDIR "/elsewhere.so", "plugins/elsewhere.so"), 0);
	write_clang("tools/mine", "Fake clang version 98.7.6", true, search);
	ck_assert_int_eq(setenv("PATH", path, 1), 0);
	ck_assert_int_eq(setenv("TEST_BUILDER_SHELL", "/bin/sh", 1), 0);
	b->request.toolchain.cache_dir = b->cache;
}

static void assert_taken(struct bench *b, const char *order, const char *name)
{
	reopen(b, "auto", order);
	ck_assert_str_eq(b->builder.name, name);
}

/* A clang without headers of a kernel's is the last resort. */
TEST(without_headers)
{
	BENCH(b);

	open_with_elsewhere(&b);
	assert_taken(&b, "native elsewhere", "elsewhere");
	assert_taken(&b, "native record", "native");
	assert_contains(b.why, "backend native, the first in the order");
	assert_taken(&b, "missing native", "native");
	reopen(&b, "native", "");
	ck_assert_ptr_eq(b.builder.toolchain.mirror, NULL);
	ck_assert_int_eq(io_make_parents("lib/clang/1/include/linux/bpf.h", 0755), 0);
	write_text("lib/clang/1/include/linux/bpf.h", "");
	assert_taken(&b, "native elsewhere", "native");
}

/* Who looks for a builder's headers has no use for the host. */
TEST(only_elsewhere)
{
	BENCH(b);

	open_with_elsewhere(&b);
	b.request.elsewhere = true;
	assert_taken(&b, "native record elsewhere", "elsewhere");
	builder_close(&b.builder);
	free(TAKE_PTR(b.why));
	ck_assert_int_eq(open_builder(&b, "auto", "native record"), -ENOENT);
	assert_contains(b.error.message, "native: it sees this machine's files");
	assert_contains(b.error.message, "record: it sees this machine's files");
}

static void write_mirror(struct bench *b, const char *lock_text)
{
	cleanup_mirror struct mirror m = {0};
	cleanup_toolchain struct toolchain t = {.builder = strdup("image"),
						.clang = strdup("clang"),
						.number = strdup("1"),
						.version = strdup("1"),
						.has_kernel = true,
						.has_libbpf = true};

	memset(t.identity, 'a', DIGEST_HEX_SIZE - 1);
	strv_add(&t.search, "/usr/lib/clang/1/include");
	strv_add(&t.search, "/usr/include");
	ck_assert_int_eq(mirror_at(b->cache, &b->project, &m), 0);
	cleanup_free char *json = mirror_file(&m, "toolchain.json");
	cleanup_free char *lock = mirror_file(&m, "lock");
	struct toolchain_memory memory = {.file = json, .builder = true};
	toolchain_memory_save(&memory, &t);
	write_text(lock, lock_text);
}

TEST(mirrored_headers)
{
	BENCH(b);
	cleanup_free char *project = str_printf("%s/project", suite_dir);

	open_with_elsewhere(&b);
	b.project.root = project;
	write_mirror(&b, "backend.docker.headers = a\nmirror.of = docker\n");
	assert_taken(&b, "native elsewhere", "native");
	ck_assert_ptr_ne(b.builder.toolchain.mirror, NULL);
	assert_contains(b.why, ", with headers mirrored from docker");
	/* The same where it is remembered. */
	b.request.lazy = true;
	assert_taken(&b, "native elsewhere", "native");
	ck_assert_ptr_ne(b.builder.toolchain.mirror, NULL);
	reopen(&b, "native", "");
	ck_assert_ptr_ne(b.builder.toolchain.mirror, NULL);
	b.request.unmirrored = true;
	assert_taken(&b, "native elsewhere", "elsewhere");
	b.request.unmirrored = false;

	/* Of another builder than the one that was locked. */
	ck_assert_int_eq(mkdir(project, 0755), 0);
	cleanup_free char *lock = str_printf("%s/crossbpf.lock", project);
	write_text(lock, "backend.docker.headers = b\n");
	assert_taken(&b, "native elsewhere", "elsewhere");
	builder_close(&b.builder);
	free(TAKE_PTR(b.why));
	ck_assert_int_eq(open_builder(&b, "native", ""), -EPERM);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.hint, "crossbpf headers");
	write_text(lock, "backend.docker.headers = a\nclang.version = of another package\n");
	assert_taken(&b, "native elsewhere", "native");
	unlink(lock);
	rmdir(project);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, named);
	tcase_add_test(c, named_with_a_place);
	tcase_add_test(c, first_in_the_order);
	tcase_add_test(c, second_in_the_order);
	tcase_add_test(c, last_in_the_order);
	tcase_add_test(c, named_is_missing);
	tcase_add_test(c, named_is_refused);
	tcase_add_test(c, named_does_not_open);
	tcase_add_test(c, named_is_no_name);
	tcase_add_test(c, named_has_no_clang);
	tcase_add_test(c, none_in_the_order);
	tcase_add_test(c, order_is_empty);
	tcase_add_test(c, log_reaches_the_backend);
	tcase_add_test(c, lazy_opens_no_session);
	tcase_add_test(c, lazy_in_the_order);
	tcase_add_test(c, not_lazy);
	tcase_add_test(c, lazy_and_gone);
	tcase_add_test(c, lazy_and_gone_at_last);
	tcase_add_test(c, lazy_with_another_clang);
	tcase_add_test(c, sections_reach_the_backend);
	tcase_add_test(c, without_a_section);
	tcase_add_test(c, without_headers);
	tcase_add_test(c, only_elsewhere);
	tcase_add_test(c, mirrored_headers);
}

int main(void)
{
	return suite_run("builder", add_tests);
}
