/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <time.h>

#include "core/toolchain-memory.h"

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)

/* One that is later than the time of any file here that is not set below. */
#define IDENTITY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONTENT "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define LATER (INT64_C(4000000000) * SECOND)

static void set_mtime(const char *path, int64_t ns)
{
	struct timespec times[2] = {{.tv_sec = (time_t)(ns / SECOND), .tv_nsec = ns % SECOND}};

	times[1] = times[0];
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* With `path` as the PATH and a variable that means nothing here. */
static int open_with(const char *cache_dir, const char *backend, const char *clang,
		     const char *path, struct toolchain_memory *m)
{
	cleanup_free char *variable = str_printf("PATH=%s", path);
	const char *env[] = {"HOME=/", variable, NULL};

	const struct toolchain_request request = {
		.clang = clang, .env = env, .cache_dir = cache_dir};

	return toolchain_memory_open(&request, backend, m);
}

static void open_memory(struct toolchain_memory *m)
{
	ck_assert_int_eq(open_with("cache", "native", NULL, "bin1:bin2", m), 0);
}

/* Two directories of a PATH and a compiler. */
static void begin(void)
{
	ck_assert_int_eq(mkdir("bin1", 0755), 0);
	ck_assert_int_eq(mkdir("bin2", 0755), 0);
	write_text("bin2/clang", "");
	set_mtime("bin2/clang", 1000 * SECOND + 1);
	set_mtime("bin1", 1000 * SECOND + 1);
	set_mtime("bin2", 1000 * SECOND + 1);
}

static struct toolchain a_toolchain(const char *clang)
{
	struct toolchain t = {
		.clang = strdup(clang),
		.number = strdup("14.0.6"),
		.version = strdup("Some clang version 14.0.6 (\"x\")"),
		.libbpf_dir = strdup("/opt/libbpf"),
	};

	strv_add(&t.looked, "include");
	strv_add(&t.search, "/usr/include");
	strv_add(&t.filled, "/usr/include/filled");
	t.has_kernel = true;
	memcpy(t.identity, IDENTITY, sizeof(t.identity));
	memcpy(t.content, CONTENT, sizeof(t.content));
	memcpy(t.scripts, IDENTITY, sizeof(t.scripts));
	memcpy(t.bpftool, IDENTITY, sizeof(t.bpftool));
	strv_add(&t.asm_dirs, "x86:/asm/b");
	strv_add(&t.asm_dirs, "x86:/asm/a");
	return t;
}

/* Remembers a toolchain whose probe began at `began`; 0: now. */
static void save_at(int64_t began)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	cleanup_toolchain struct toolchain t = a_toolchain("bin2/clang");

	open_memory(&m);
	if (began)
		m.began = began;
	toolchain_memory_save(&m, &t);
}

static int load(void)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	cleanup_toolchain struct toolchain t = {0};

	open_memory(&m);
	int r = toolchain_memory_load(&m, &t);
	ck_assert_int_eq(t.clang != NULL, r == 0);
	return r;
}

static char *record_file(void)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};

	open_memory(&m);
	return TAKE_PTR(m.file);
}

TEST(loads_what_was_saved)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	cleanup_toolchain struct toolchain t = {0};

	begin();
	ck_assert_int_eq(load(), -ENOENT);
	save_at(0);
	open_memory(&m);
	ck_assert_int_eq(toolchain_memory_load(&m, &t), 0);
	ck_assert_str_eq(t.clang, "bin2/clang");
	ck_assert_str_eq(t.number, "14.0.6");
	ck_assert_str_eq(t.version, "Some clang version 14.0.6 (\"x\")");
	ck_assert_str_eq(t.libbpf_dir, "/opt/libbpf");
	ck_assert_uint_eq(t.asm_dirs.n, 2);
	ck_assert_str_eq(t.asm_dirs.v[0], "x86:/asm/b");
	ck_assert_str_eq(t.asm_dirs.v[1], "x86:/asm/a");
	ck_assert_uint_eq(t.search.n, 1);
	ck_assert_str_eq(t.search.v[0], "/usr/include");
	ck_assert_uint_eq(t.filled.n, 1);
	ck_assert_str_eq(t.filled.v[0], "/usr/include/filled");
	ck_assert(t.has_kernel && !t.has_libbpf);
	ck_assert_str_eq(t.identity, IDENTITY);
	ck_assert_str_eq(t.content, CONTENT);
	ck_assert_str_eq(t.scripts, IDENTITY);
	ck_assert_str_eq(t.bpftool, IDENTITY);
}

TEST(loads_what_lacks_the_optional)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	cleanup_toolchain struct toolchain t = a_toolchain("bin2/clang"), loaded = {0};

	begin();
	open_memory(&m);
	free(t.libbpf_dir);
	t.libbpf_dir = NULL;
	strv_free(&t.asm_dirs);
	toolchain_memory_save(&m, &t);
	ck_assert_int_eq(toolchain_memory_load(&m, &loaded), 0);
	ck_assert_ptr_eq(loaded.libbpf_dir, NULL);
	ck_assert_uint_eq(loaded.asm_dirs.n, 0);
}

TEST(is_private)
{
	cleanup_free char *file = record_file();
	struct stat st;

	begin();
	save_at(0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(stat("cache/toolchain", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_uint_eq(count_entries("cache/toolchain"), 1);
}

/* The file's name for one request. */
static char *file_for(const char *backend, const char *clang, const char *path)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};

	ck_assert_int_eq(open_with("/cache", backend, clang, path, &m), 0);
	return TAKE_PTR(m.file);
}

TEST(one_for_each_request)
{
	char *files[] = {
		file_for("native", NULL, "/bin"),      file_for("native", "", "/bin"),
		file_for("native", "clang", "/bin"),   file_for("record", NULL, "/bin"),
		file_for("native", NULL, "/bin:/opt"), file_for("native", NULL, ""),
	};
	cleanup_free char *again = file_for("native", "clang", "/bin");

	ck_assert_str_eq(files[2], again);
	ck_assert_int_eq(strncmp(again, "/cache/toolchain/", 17), 0);
	ck_assert_str_eq(again + strlen(again) - 5, ".json");
	for (size_t i = 0; i < LENGTH(files); i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(files[i], files[j]);
	for (size_t i = 0; i < LENGTH(files); i++)
		free(files[i]);
}

TEST(witnesses_are_the_directories)
{
	static const struct {
		const char *path;
		const char *dirs[4];
	} table[] = {
		{"/a:/b", {"/a", "/b"}},       {"/a", {"/a"}},       {"", {"."}},
		{"/a::/b", {"/a", ".", "/b"}}, {":/a", {".", "/a"}}, {"/a:", {"/a", "."}},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_toolchain_memory struct toolchain_memory m = {0};
		size_t n = 0;

		ck_assert_int_eq(open_with("c", "b", NULL, table[i].path, &m), 0);
		for (; table[i].dirs[n]; n++) {
			ck_assert_uint_lt(n, m.n);
			ck_assert_str_eq(m.witnesses[n].path, table[i].dirs[n]);
		}
		ck_assert_uint_eq(m.n, n);
	}
}

TEST(damaged_file)
{
	static const char *const damaged[] = {
		"",
		"{",
		"null",
		"[]",
		"{}",
		"\xff\xfe",
		"no json at all",
		"{\"format\":11,\"began\":4000000000000000000,\"clang\":\"c\",\"number\":\"1\","
		"\"version\":\"v\",\"asm_dirs\":[],\"search\":[],\"filled\":[],\"identity\":"
		"\"" IDENTITY "\",\"witnesses\":[]}",
		"{\"format\":11,\"began\":4000000000000000000,\"clang\":\"c\",\"number\":\"1\","
		"\"version\":\"v\",\"asm_dirs\":[],\"search\":[],\"filled\":[],\"identity\":"
		"\"" IDENTITY "\",\"witnesses\":[[]]}",
		"{\"format\":11,\"began\":4000000000000000000,\"clang\":\"c\",\"number\":\"1\","
		"\"version\":\"v\",\"asm_dirs\":[],\"search\":[],\"filled\":[],\"identity\":"
		"\"" IDENTITY "\",\"witnesses\":{\"a\":1}}",
		"{\"format\":11,\"began\":4000000000000000000,\"clang\":7,\"number\":\"1\","
		"\"version\":\"v\",\"asm_dirs\":[],\"search\":[],\"filled\":[],\"identity\":"
		"\"" IDENTITY "\",\"witnesses\":[[\"/missing\",-1,0,0]]}",
		"{\"format\":11,\"began\":\"x\",\"clang\":\"c\",\"number\":\"1\","
		"\"version\":\"v\",\"asm_dirs\":[],\"search\":[],\"filled\":[],\"identity\":"
		"\"" IDENTITY "\",\"witnesses\":[[\"/missing\",-1,0,0]]}",
		/* Another format is another program's. */
		"{\"format\":1,\"began\":4000000000000000000,\"clang\":\"c\",\"number\":\"1\","
		"\"version\":\"v\",\"asm_dirs\":[],\"search\":[],\"filled\":[],\"identity\":"
		"\"" IDENTITY "\",\"witnesses\":[[\"/missing\",-1,0,0]]}",
	};
	static const char sound[] =
		"{\"format\":11,\"began\":4000000000000000000,\"clang\":\"c\",\"number\":\"1\","
		"\"version\":\"v\",\"asm_dirs\":[],\"search\":[],\"filled\":[],\"identity\":"
		"\"" IDENTITY "\",\"witnesses\":[[\"/missing\",-1,0,0]]}";
	cleanup_free char *file = record_file();

	begin();
	save_at(0);
	for (size_t i = 0; i < LENGTH(damaged); i++) {
		write_text(file, damaged[i]);
		ck_assert_msg(load() == -ENOENT, "%s", damaged[i]);
	}
	/* What differs in the above is what was wrong. */
	write_text(file, sound);
	ck_assert_int_eq(load(), 0);

	/* It is made anew. */
	write_text(file, "{");
	save_at(0);
	ck_assert_int_eq(load(), 0);
}

TEST(cut_anywhere)
{
	cleanup_free char *file = record_file();

	begin();
	save_at(0);
	cleanup_free char *text = read_text(file);
	for (size_t len = strlen(text); len-- > 0;) {
		text[len] = '\0';
		write_text(file, text);
		ck_assert_msg(load() == -ENOENT, "cut to %zu bytes", len);
	}
}

TEST(too_big)
{
	cleanup_free char *file = record_file();
	cleanup_free char *text = malloc((1 << 20) + 2);

	begin();
	save_at(0);
	memset(text, ' ', (1 << 20) + 1);
	text[(1 << 20) + 1] = '\0';
	write_text(file, text);
	ck_assert_int_eq(load(), -ENOENT);
}

TEST(unreadable)
{
	cleanup_free char *file = record_file();

	begin();
	ck_assert_int_eq(mkdir("cache", 0700), 0);
	ck_assert_int_eq(mkdir("cache/toolchain", 0700), 0);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	ck_assert_int_eq(load(), -ENOENT);
}

TEST(changed_witness)
{
	begin();
	save_at(0);
	ck_assert_int_eq(load(), 0);
	set_mtime("bin1", 999 * SECOND); /* older counts as well as newer */
	ck_assert_int_eq(load(), -ENOENT);
	set_mtime("bin1", 1000 * SECOND + 1);
	ck_assert_int_eq(load(), 0);
	set_mtime("bin1", 1000 * SECOND + 2);
	ck_assert_int_eq(load(), -ENOENT);
}

TEST(changed_compiler)
{
	begin();
	save_at(0);
	set_mtime("bin2/clang", 1001 * SECOND + 1);
	ck_assert_int_eq(load(), -ENOENT);
	save_at(0);
	ck_assert_int_eq(load(), 0);
	ck_assert_int_eq(unlink("bin2/clang"), 0);
	set_mtime("bin2", 1000 * SECOND + 1);
	ck_assert_int_eq(load(), -ENOENT);
}

/* Another one moved there with the time of the first, as cp -p and mv do. */
TEST(exchanged_compiler)
{
	begin();
	save_at(0);
	write_text("bin2/other", "");
	set_mtime("bin2/other", 1000 * SECOND + 1);
	ck_assert_int_eq(rename("bin2/other", "bin2/clang"), 0);
	set_mtime("bin2", 1000 * SECOND + 1);
	ck_assert_int_eq(load(), -ENOENT);
	save_at(0);
	ck_assert_int_eq(load(), 0);
	write_text("bin2/clang", "longer");
	set_mtime("bin2/clang", 1000 * SECOND + 1);
	ck_assert_int_eq(load(), -ENOENT);
}

/* It names a program that is to be run. */
TEST(record_of_a_stranger)
{
	cleanup_free char *file = record_file();

	begin();
	save_at(0);
	ck_assert_int_eq(load(), 0);
	ck_assert_int_eq(chmod(file, 0620), 0);
	ck_assert_int_eq(load(), -ENOENT);
	ck_assert_int_eq(chmod(file, 0602), 0);
	ck_assert_int_eq(load(), -ENOENT);
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_assert_int_eq(load(), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(file, 12345, 12345), 0);
		ck_assert_int_eq(load(), -ENOENT);
	}
}

static char *file_in_env(const char *clang, const char *const *env)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};

	const struct toolchain_request request = {
		.clang = clang, .env = env, .cache_dir = "/cache"};
	ck_assert_int_eq(toolchain_memory_open(&request, "native", &m), 0);
	return TAKE_PTR(m.file);
}

TEST(what_of_the_environment_counts)
{
	const char *plain[] = {"PATH=/bin", "X=1", NULL}, *other[] = {"X=2", "PATH=/bin", NULL},
		   *path[] = {"PATH=/sbin", NULL},
		   *pkg[] = {"PATH=/bin", "PKG_CONFIG_PATH=/opt", NULL},
		   *relative[] = {"PATH=/bin:here", NULL};
	cleanup_free char *want = file_in_env(NULL, plain), *same = file_in_env(NULL, other),
			  *by_path = file_in_env(NULL, path), *by_pkg = file_in_env(NULL, pkg),
			  *named = file_in_env("/opt/clang", plain),
			  *named_too = file_in_env("/opt/clang", path),
			  *here = file_in_env(NULL, relative),
			  *clang_here = file_in_env("./clang", plain);

	ck_assert_str_eq(want, same);
	ck_assert_str_ne(want, by_path);
	ck_assert_str_ne(want, by_pkg);
	/* A compiler's path needs no PATH; a relative one needs the directory. */
	ck_assert_str_eq(named, named_too);
	ck_assert_int_eq(mkdir("elsewhere", 0700), 0);
	ck_assert_int_eq(chdir("elsewhere"), 0);
	cleanup_free char *still = file_in_env(NULL, plain), *there = file_in_env(NULL, relative),
			  *clang_there = file_in_env("./clang", plain);
	ck_assert_str_eq(want, still);
	ck_assert_str_ne(here, there);
	ck_assert_str_ne(clang_here, clang_there);
}

/* Headers may appear where they were looked for. */
TEST(changed_headers)
{
	begin();
	save_at(0);
	ck_assert_int_eq(load(), 0);
	ck_assert_int_eq(mkdir("include", 0755), 0);
	ck_assert_int_eq(load(), -ENOENT);
	set_mtime("include", 1000 * SECOND + 1);
	save_at(0);
	ck_assert_int_eq(load(), 0);
	ck_assert_int_eq(mkdir("include/asm", 0755), 0);
	ck_assert_int_eq(load(), -ENOENT);
}

static void save_looked(const char *const *looked)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	cleanup_toolchain struct toolchain t = a_toolchain("bin2/clang");

	strv_free(&t.looked);
	t.looked = (struct strv){0};
	strv_add_all(&t.looked, looked);
	open_memory(&m);
	toolchain_memory_save(&m, &t);
}

/* What is below one that is missing needs no witness, nor does what is one already. */
TEST(headers_that_another_witness_tells_of)
{
	static const char *const looked[] = {"inc/arm/asm", "inc/arm", "inc/link", "inc", "inc",
					     "old",         "old/asm", "/nowhere", "",    NULL};
	cleanup_free char *file = record_file(), *record = NULL;

	begin();
	ck_assert_int_eq(mkdir("inc", 0755), 0);
	ck_assert_int_eq(symlink("../later", "inc/link"), 0);
	ck_assert_int_eq(mkdir("old", 0755), 0);
	ck_assert_int_eq(mkdir("old/asm", 0755), 0);
	set_mtime("inc", 1000 * SECOND);
	set_mtime("old/asm", -SECOND);
	set_mtime("old", -SECOND);
	save_looked(looked);
	ck_assert_int_eq(load(), 0);
	record = read_text(file);
	ck_assert_ptr_eq(strstr(record, "arm/asm"), NULL);
	assert_contains(record, "[\"inc/arm\",-1,0,0],[\"inc/link\",-1,0,0],"
				"[\"inc\",1000000000000,");
	ck_assert_ptr_eq(strstr(strstr(record, "inc\",1") + 1, "inc\",1"), NULL);
	assert_contains(record, "\"old/asm\"");
	assert_contains(record, "\"/nowhere\",-1,0,0]");

	/* Each of them appears. */
	ck_assert_int_eq(mkdir("later", 0755), 0);
	ck_assert_int_eq(load(), -ENOENT);
	set_mtime("later", 1000 * SECOND);
	save_looked(looked);
	ck_assert_int_eq(load(), 0);
	/* By what sets the time of the directory back. */
	ck_assert_int_eq(mkdir("inc/arm", 0755), 0);
	set_mtime("inc/arm", 1000 * SECOND);
	set_mtime("inc", 1000 * SECOND);
	ck_assert_int_eq(load(), -ENOENT);
	save_looked(looked);
	ck_assert_int_eq(load(), 0);
	ck_assert_int_eq(mkdir("inc/arm/asm", 0755), 0);
	set_mtime("inc/arm/asm", 1000 * SECOND);
	set_mtime("inc/arm", 1000 * SECOND);
	ck_assert_int_eq(load(), -ENOENT);
	save_looked(looked);
	ck_assert_int_eq(load(), 0);
	set_mtime("old/asm", 1000 * SECOND);
	ck_assert_int_eq(load(), -ENOENT);
}

/* A directory of PATH that was missing, and appears; and one that goes. */
TEST(witness_comes_and_goes)
{
	begin();
	ck_assert_int_eq(rmdir("bin1"), 0);
	save_at(0);
	ck_assert_int_eq(load(), 0);
	ck_assert_int_eq(mkdir("bin1", 0755), 0);
	ck_assert_int_eq(load(), -ENOENT);
	set_mtime("bin1", 1000 * SECOND + 1);
	save_at(0);
	ck_assert_int_eq(load(), 0);
	ck_assert_int_eq(rmdir("bin1"), 0);
	ck_assert_int_eq(load(), -ENOENT);
}

/* A change in the clock tick in which the probe began may bear the time of one after it. */
TEST(racy_witness)
{
	begin();
	set_mtime("bin1", LATER + 1);
	save_at(LATER + 1 + 5 * MILLISECOND);
	ck_assert_int_eq(load(), -ENOENT);
	save_at(LATER + 1 + 20 * MILLISECOND);
	ck_assert_int_eq(load(), 0);
	/* Changed while the probe ran. */
	save_at(LATER - SECOND);
	ck_assert_int_eq(load(), -ENOENT);
}

/* File systems that keep whole seconds, or every other one. */
TEST(racy_witness_with_coarse_times)
{
	begin();
	set_mtime("bin1", LATER);
	save_at(LATER + 20 * MILLISECOND);
	ck_assert_int_eq(load(), -ENOENT);
	save_at(LATER + SECOND + 900 * MILLISECOND);
	ck_assert_int_eq(load(), -ENOENT);
	save_at(LATER + 2 * SECOND + MILLISECOND);
	ck_assert_int_eq(load(), 0);
}

static int64_t now(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &t), 0);
	return t.tv_sec * SECOND + t.tv_nsec;
}

TEST(probe_began_now)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	int64_t before = now();

	open_memory(&m);
	ck_assert(before <= m.began && m.began <= now());
}

/* What goes wrong in saving is no error. */
TEST(cannot_be_saved)
{
	begin();
	write_text("cache", "a file in its place");
	save_at(0);
	ck_assert_int_eq(load(), -ENOENT);
	assert_text("cache", "a file in its place");
}

/* JSON holds no such path. A record without a part of the toolchain would be worse than none. */
TEST(paths_that_are_no_utf8)
{
	static const char odd[] = "bin2/cl\xff";
	cleanup_toolchain struct toolchain by_clang = a_toolchain(odd);
	cleanup_toolchain struct toolchain by_libbpf = a_toolchain("bin2/clang");
	cleanup_toolchain struct toolchain by_asm = a_toolchain("bin2/clang");
	struct toolchain *const toolchains[] = {&by_clang, &by_libbpf, &by_asm};

	begin();
	free(by_libbpf.libbpf_dir);
	by_libbpf.libbpf_dir = strdup(odd);
	strv_add(&by_asm.asm_dirs, odd);
	for (size_t i = 0; i < LENGTH(toolchains); i++) {
		cleanup_toolchain_memory struct toolchain_memory m = {0};

		open_memory(&m);
		toolchain_memory_save(&m, toolchains[i]);
		ck_assert_msg(load() == -ENOENT, "toolchain %zu", i);
	}
}

TEST(odd_path)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	cleanup_toolchain struct toolchain t = a_toolchain("bin2/clang"), loaded = {0};

	begin();
	ck_assert_int_eq(open_with("cache", "native", NULL, "bin2:\xff", &m), 0);
	toolchain_memory_save(&m, &t);
	ck_assert_int_eq(toolchain_memory_load(&m, &loaded), -ENOENT);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, loads_what_was_saved);
	tcase_add_test(c, loads_what_lacks_the_optional);
	tcase_add_test(c, is_private);
	tcase_add_test(c, one_for_each_request);
	tcase_add_test(c, witnesses_are_the_directories);
	tcase_add_test(c, damaged_file);
	tcase_add_test(c, cut_anywhere);
	tcase_add_test(c, too_big);
	tcase_add_test(c, unreadable);
	tcase_add_test(c, changed_witness);
	tcase_add_test(c, exchanged_compiler);
	tcase_add_test(c, record_of_a_stranger);
	tcase_add_test(c, what_of_the_environment_counts);
	tcase_add_test(c, changed_compiler);
	tcase_add_test(c, changed_headers);
	tcase_add_test(c, headers_that_another_witness_tells_of);
	tcase_add_test(c, witness_comes_and_goes);
	tcase_add_test(c, racy_witness);
	tcase_add_test(c, racy_witness_with_coarse_times);
	tcase_add_test(c, probe_began_now);
	tcase_add_test(c, cannot_be_saved);
	tcase_add_test(c, paths_that_are_no_utf8);
	tcase_add_test(c, odd_path);
}

int main(void)
{
	return suite_run("toolchain_memory", add_tests);
}
