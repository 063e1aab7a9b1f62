/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/project.h"
#include "core/toolchain.h"
#include "fake-clang.h"

/* The toolchain in an answer of the probe that came to its end, or the error. */
static int parse(const char *answer, struct toolchain *t, struct crossbpf_error *e)
{
	cleanup_free char *copy = str_printf("%s\nend\t\n", answer);

	return toolchain_parse(copy, "here", t, e);
}

TEST(parses_an_answer)
{
	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(parse("no-bpf\t/usr/bin/clang-20\n"
			       "clang\t/opt/my clang\n"
			       "number\t14.0.6\n"
			       "version\tDebian clang version\t14\n"
			       "asm\tx86:/asm/1\n"
			       "asm\tx86:/asm/2\n"
			       "looked\t/asm/1\n"
			       "filled\t/usr/include\n"
			       "libbpf\t/opt/include\n"
			       "has\tbpf/bpf_helpers.h\n"
			       "has\tsomething.h\n"
			       "a line that means nothing\n\n",
			       &t, &e),
			 0);
	ck_assert_str_eq(t.clang, "/opt/my clang");
	ck_assert_str_eq(t.number, "14.0.6");
	ck_assert_str_eq(t.version, "Debian clang version\t14");
	ck_assert_str_eq(t.libbpf_dir, "/opt/include");
	ck_assert_uint_eq(t.asm_dirs.n, 2);
	ck_assert_str_eq(t.asm_dirs.v[1], "x86:/asm/2");
	ck_assert_uint_eq(t.looked.n, 1);
	ck_assert_str_eq(t.looked.v[0], "/asm/1");
	ck_assert_uint_eq(t.filled.n, 1);
	ck_assert_str_eq(t.filled.v[0], "/usr/include");
	ck_assert(t.has_libbpf && !t.has_kernel);
	ck_assert_int_eq(e.status, EXIT_STATUS_OK);
}

TEST(knows_clangs_own_headers)
{
	static const struct {
		const char *search, *expected;
	} table[] = {
		{"/usr/lib/llvm-14/lib/clang/14.0.6/include",
		 "/usr/lib/llvm-14/lib/clang/14.0.6/include"},
		{"/opt/clang/19/lib/clang/19/include", "/opt/clang/19/lib/clang/19/include"},
		{"/opt/clang/include", NULL},
		{"/opt/clang/19/include/more", NULL},
		{"/usr/include", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_toolchain struct toolchain t = {0};
		strv_add(&t.search, "/usr/local/include");
		strv_add(&t.search, table[i].search);
		const char *found = toolchain_clang_dir(&t);
		ck_assert_msg(found ? table[i].expected && strcmp(found, table[i].expected) == 0
				    : !table[i].expected,
			      "%s", table[i].search);
	}
}

TEST(parses_the_least)
{
	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(parse("version\tv\nclang\tfirst\nnumber\t1\nclang\tlast", &t, &e), 0);
	ck_assert_str_eq(t.clang, "last");
	ck_assert_ptr_eq(t.libbpf_dir, NULL);
	ck_assert_uint_eq(t.asm_dirs.n, 0);
}

TEST(says_why_there_is_none)
{
	static const struct {
		const char *answer, *message;
	} table[] = {
		{"", "here: no clang was found"},
		{"nonsense", "here: no clang was found"},
		{"clang\t/usr/bin/clang\nnumber\t1\n", "here: no clang was found"},
		{"apple\t/usr/bin/clang\n", "here: /usr/bin/clang is Apple's clang"},
		{"no-bpf\t/usr/bin/clang\n", "here: /usr/bin/clang has no BPF target"},
		{"none\t/bin/true\n", "here: /bin/true is no clang"},
		{"missing\tclang-99\n", "here: there is no program 'clang-99'"},
		{"apple\t/a\nno-bpf\t/b\n", "here: /b has no BPF target"},
	};

	for (size_t i = 0; i < LENGTH(table); i++) {
		struct toolchain t = {0};
		cleanup_error struct crossbpf_error e = {0};

		ck_assert_int_eq(parse(table[i].answer, &t, &e), -ENOENT);
		ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
		assert_contains(e.message, table[i].message);
		ck_assert_ptr_ne(e.hint, NULL);
		ck_assert_ptr_eq(t.clang, NULL);
	}
}

/* The shell was killed, or what it wrote to is full: a part must not be remembered. */
TEST(an_answer_without_an_end)
{
	char answer[] = "clang\t/usr/bin/clang\nnumber\t14\nversion\tv\nlooked\t/end", none[] = "";
	cleanup_error struct crossbpf_error e = {0}, e2 = {0};
	struct toolchain t = {0};

	ck_assert_int_eq(toolchain_parse(answer, "here", &t, &e), -EINTR);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(e.message, "did not come to its end");
	ck_assert_int_eq(toolchain_parse(none, "here", &t, &e2), -EINTR);
	ck_assert_ptr_eq(t.clang, NULL);
}

TEST(header_dirs)
{
	static char libbpf[] = "/libbpf";
	struct toolchain t = {.libbpf_dir = libbpf};
	static const struct {
		const char *arch, *dirs[3];
	} table[] = {
		{"arm", {"/asm/hf", "/libbpf"}},
		{"arm64", {"/asm/64", "/libbpf"}},
		{"x86", {"/asm/a:b", "/libbpf"}},
		{"ar", {"/libbpf"}},
		{"", {"/libbpf"}},
		{NULL, {"/libbpf"}},
		{"s390", {"/libbpf"}},
	};

	strv_add(&t.asm_dirs, "arm64:/asm/64");
	strv_add(&t.asm_dirs, "arm:/asm/hf"); /* the first of them counts */
	strv_add(&t.asm_dirs, "arm:/asm/soft");
	strv_add(&t.asm_dirs, "nonsense");
	strv_add(&t.asm_dirs, "x86:/asm/a:b");
	for (size_t i = 0; i < LENGTH(table); i++) {
		cleanup_strv struct strv dirs = {0};
		size_t n = 0;

		toolchain_header_dirs(&t, table[i].arch, &dirs);
		for (; table[i].dirs[n]; n++) {
			ck_assert_uint_lt(n, dirs.n);
			ck_assert_str_eq(dirs.v[n], table[i].dirs[n]);
		}
		ck_assert_uint_eq(dirs.n, n);
	}
	strv_free(&t.asm_dirs);
}

/* An environment in which the only clangs are in the directories bin and more. */
static const char *const *bare_env(void)
{
	static char path[2048], record[1024];
	static const char *env[] = {path, record, NULL};
	cleanup_free char *here = getcwd(NULL, 0);

	snprintf(path, sizeof(path), "PATH=%s/my bin:%s/more:%s/tools", here, here, here);
	snprintf(record, sizeof(record), "CROSSBPF_RECORD=%s/record", here);
	return env;
}

static void begin(void)
{
	ck_assert_int_eq(mkdir("my bin", 0755), 0);
	ck_assert_int_eq(mkdir("more", 0755), 0);
	make_tools("tools");
}

static int find(const char *plugin, const char *clang, const char *cache_dir, struct toolchain *t,
		struct crossbpf_error *e)
{
	static char root[] = "/";
	struct toolchain_request request = {
		.clang = clang, .env = bare_env(), .cache_dir = cache_dir};
	struct project project = {.root = root, .id = "0"};
	cleanup_session struct session s = {.control = -1};

	make_old("my bin");
	make_old("more");
	make_old("tools");
	ck_assert_int_eq(session_open(&s, TEST_PLUGINDIR, plugin, NULL, &project, e), 0);
	return toolchain_find(&s, &request, t, e);
}

/* Finds `clang` (or NULL), and expects the one whose path ends so, with that number. */
static void assert_finds(const char *clang, const char *end, const char *number)
{
	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	int r = find("record", clang, NULL, &t, &e);
	ck_assert_msg(r == 0, "%s", e.message ? e.message : strerror(-r));
	ck_assert_int_eq(t.clang[0], '/');
	ck_assert_uint_ge(strlen(t.clang), strlen(end));
	ck_assert_str_eq(t.clang + strlen(t.clang) - strlen(end), end);
	ck_assert_str_eq(t.number, number);
}

static void assert_finds_none(const char *clang, const char *message)
{
	struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(find("record", clang, NULL, &t, &e), -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(e.message, message);
}

TEST(finds_the_one_that_was_named)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *absolute = str_printf("%s/my bin/mine", here);
	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	begin();
	write_clang("my bin/mine", "Fake clang version 96.1.2 (of a test)", true, "/none");
	write_clang("my bin/clang", "Fake clang version 99.0.0", true, "/none");
	assert_finds("mine", "/my bin/mine", "96.1.2");
	ck_assert_int_eq(find("record", absolute, NULL, &t, &e), 0);
	ck_assert_str_eq(t.clang, absolute);
	ck_assert_str_eq(t.number, "96.1.2");
	ck_assert_str_eq(t.version, "Fake clang version 96.1.2 (of a test)");
}

TEST(named_one_will_not_do)
{
	begin();
	write_clang("more/clang", "Fake clang version 99.0.0", true, "/none");
	write_clang("more/no-bpf", "Fake clang version 99.0.0", false, "/none");
	write_clang("more/apple", "Apple clang version 17.0.0 (clang-1700)", true, "/none");
	write_clang("more/gcc", "gcc (GCC) 12.2.0", true, "/none");
	write_program("more/fails", "exit 1");
	assert_finds_none("no-bpf", "/more/no-bpf has no BPF target");
	assert_finds_none("apple", "/more/apple is Apple's clang");
	assert_finds_none("gcc", "/more/gcc is no clang");
	assert_finds_none("fails", "/more/fails is no clang");
	assert_finds_none("missing", "there is no program 'missing'");
	assert_finds_none("/missing/clang", "there is no program '/missing/clang'");
}

TEST(finds_the_newest)
{
	begin();
	write_clang("my bin/clang", "Fake clang version 97.0.1", true, "/none");
	write_clang("more/clang", "Fake clang version 97.0.1", true, "/none");
	assert_finds(NULL, "/my bin/clang", "97.0.1"); /* the first of equal ones */
	write_clang("more/clang", "Fake clang version 97.0.10", true, "/none");
	assert_finds(NULL, "/more/clang", "97.0.10");
}

TEST(finds_the_newest_by_whatever_name)
{
	begin();
	write_clang("my bin/clang", "Fake clang version 98.0.0", true, "/none");
	write_clang("my bin/clang-97", "Fake clang version 97.9.0+rc1", true, "/none");
	write_clang("my bin/clang-98", "Apple clang version 150.0.0", true, "/none");
	write_clang("more/clang-8", "Fake clang version 103.0.0git (x)", true, "/none");
	/* These are none that may be taken. */
	write_clang("more/clang-cl", "Fake clang version 200.0.0", true, "/none");
	write_clang("more/clang-100", "Fake clang version 200.0.0", true, "/none");
	ck_assert_int_eq(mkdir("my bin/clang-7", 0755), 0);
	write_text("my bin/clang-6", "not executable");
	assert_finds(NULL, "/more/clang-8", "103.0.0");
}

TEST(newest_has_no_bpf)
{
	begin();
	write_clang("my bin/clang-99", "Fake clang version 199.0.0", false, "/none");
	write_clang("my bin/clang-98", "Fake clang version 198.0.0", true, "/none");
	assert_finds(NULL, "/my bin/clang-98", "198.0.0");
}

/* Homebrew's is found whatever PATH says. */
static bool has_homebrew(void)
{
	return is_there("/opt/homebrew/opt/llvm") || is_there("/usr/local/opt/llvm") ||
	       is_there("/home/linuxbrew/.linuxbrew/opt/llvm");
}

TEST(finds_none)
{
	begin();
	if (has_homebrew())
		return;
	assert_finds_none(NULL, "no clang was found");
	write_clang("more/clang", "Fake clang version 99.0.0", false, "/none");
	assert_finds_none(NULL, "/more/clang has no BPF target");
	write_clang("more/clang", "Apple clang version 99.0.0", false, "/none");
	assert_finds_none(NULL, "/more/clang is Apple's clang");
}

TEST(finds_libbpf)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *search = str_printf("%s/search", here);
	cleanup_free char *script = str_printf("[ \"$*\" = '--variable=includedir libbpf' ] && "
					       "echo %s/packaged",
					       here);
	cleanup_free char *packaged = str_printf("%s/packaged", here);
	cleanup_toolchain struct toolchain by_itself = {0}, by_pkg_config = {0};
	cleanup_error struct crossbpf_error e = {0};

	begin();
	for (const char *const *dir = (const char *const[]){"search", "search/bpf", "packaged",
							    "packaged/bpf", NULL};
	     *dir; dir++)
		ck_assert_int_eq(mkdir(*dir, 0755), 0);
	write_text("packaged/bpf/bpf_helpers.h", "");
	write_program("more/pkg-config", script);
	write_clang("more/clang", "Fake clang version 99.0.0", true, search);

	ck_assert_int_eq(find("record", "clang", NULL, &by_pkg_config, &e), 0);
	ck_assert_str_eq(by_pkg_config.libbpf_dir, packaged);
	write_text("search/bpf/bpf_helpers.h", "");
	ck_assert_int_eq(find("record", "clang", NULL, &by_itself, &e), 0);
	ck_assert_ptr_eq(by_itself.libbpf_dir, NULL);
}

/* Whatever this host has: what is named is there. */
TEST(finds_asm_headers)
{
	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	begin();
	write_clang("more/clang", "Fake clang version 99.0.0", true, "/none");
	ck_assert_int_eq(find("record", "clang", NULL, &t, &e), 0);
	for (size_t i = 0; i < t.asm_dirs.n; i++) {
		const char *colon = strchr(t.asm_dirs.v[i], ':');
		ck_assert_ptr_ne(colon, NULL);
		cleanup_free char *header = str_printf("%s/asm/types.h", colon + 1);
		ck_assert_msg(is_there(header), "%s", header);
	}
}

/* How often the probe ran. */
static unsigned count_probes(void)
{
	cleanup_free char *record = read_text("record");
	unsigned n = 0;

	for (const char *at = record; at && (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static void find_with_cache(const char *plugin)
{
	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(find(plugin, NULL, "cache", &t, &e), 0);
	ck_assert_str_eq(t.number, "99.0.0");
}

TEST(remembers)
{
	begin();
	write_clang("more/clang", "Fake clang version 99.0.0", true, "/none");
	find_with_cache("record");
	ck_assert_uint_eq(count_probes(), 1);
	find_with_cache("record");
	ck_assert_uint_eq(count_probes(), 1);

	/* The compiler is another one now. */
	const struct timespec times[2] = {{.tv_sec = 2000}, {.tv_sec = 2000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, "more/clang", times, 0), 0);
	find_with_cache("record");
	ck_assert_uint_eq(count_probes(), 2);
	find_with_cache("record");
	ck_assert_uint_eq(count_probes(), 2);
}

/* None was found: that is looked for each time. */
TEST(failure_is_not_remembered)
{
	struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	begin();
	ck_assert_int_eq(find("record", "mine", "cache", &t, &e), -ENOENT);
	ck_assert_int_eq(find("record", "mine", "cache", &t, &e), -ENOENT);
	ck_assert_uint_eq(count_probes(), 2);
	ck_assert(!is_there("cache"));
}

/* A builder elsewhere is remembered by its name, for as long as it bears that. */
TEST(other_builders_are_remembered_by_name)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *path = str_printf("%s/more:%s", here, getenv("PATH"));

	begin();
	setenv("PATH", path, 1);
	write_clang("more/clang", "Fake clang version 99.0.0", true, "/none");
	setenv("TEST_BUILDER_IDENTITY", "", 1);
	find_with_cache("elsewhere");
	ck_assert(!is_there("cache"));
	setenv("TEST_BUILDER_IDENTITY", "one", 1);
	find_with_cache("elsewhere");
	write_clang("more/clang", "Fake clang version 100.0.0", true, "/none");
	find_with_cache("elsewhere");

	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};
	setenv("TEST_BUILDER_IDENTITY", "two", 1);
	ck_assert_int_eq(find("elsewhere", NULL, "cache", &t, &e), 0);
	ck_assert_str_eq(t.number, "100.0.0");
	ck_assert_str_eq(t.builder, "two");
	unsetenv("TEST_BUILDER_IDENTITY");
}

/* And with it the version of its bpftool, which is another package than clang. */
TEST(bpftool_of_other_builders)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *path = str_printf("%s/more:%s", here, getenv("PATH"));
	cleanup_toolchain struct toolchain one = {0}, again = {0}, two = {0}, none = {0},
					   host = {0};
	cleanup_error struct crossbpf_error e = {0};

	begin();
	setenv("PATH", path, 1);
	write_clang("more/clang", "Fake clang version 99.0.0", true, "/none");
	write_program("more/bpftool", "echo \"$1 1\"");
	setenv("TEST_BUILDER_IDENTITY", "one", 1);
	ck_assert_int_eq(find("elsewhere", NULL, "cache", &one, &e), 0);
	ck_assert_uint_eq(strlen(one.bpftool), DIGEST_HEX_SIZE - 1);
	write_program("more/bpftool", "echo \"$1 2\"");
	ck_assert_int_eq(find("elsewhere", NULL, "cache", &again, &e), 0);
	ck_assert_str_eq(again.bpftool, one.bpftool);
	setenv("TEST_BUILDER_IDENTITY", "two", 1);
	ck_assert_int_eq(find("elsewhere", NULL, "cache", &two, &e), 0);
	ck_assert_str_ne(two.bpftool, one.bpftool);
	ck_assert_str_eq(two.identity, one.identity);
	/* One without a name is asked each time. */
	setenv("TEST_BUILDER_IDENTITY", "", 1);
	ck_assert_int_eq(find("elsewhere", NULL, "cache", &none, &e), 0);
	ck_assert_str_eq(none.bpftool, two.bpftool);
	unsetenv("TEST_BUILDER_IDENTITY");
	/* The host's is read when it is used. */
	ck_assert_int_eq(find("record", NULL, "cache", &host, &e), 0);
	ck_assert_str_eq(host.bpftool, "");
}

TEST(without_path)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *absolute = str_printf("%s/more/clang", here);
	static char root[] = "/";
	struct toolchain_request request = {.clang = absolute,
					    .env = (const char *const[]){"HOME=/", NULL},
					    .cache_dir = "cache"};
	struct project project = {.root = root, .id = "0"};
	cleanup_session struct session s = {.control = -1};
	cleanup_toolchain struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};

	begin();
	write_clang("more/clang", "Fake clang version 99.0.0", true, "/none");
	ck_assert_int_eq(session_open(&s, BACKEND_DIR, "native", NULL, &project, &e), 0);
	ck_assert_int_eq(toolchain_find(&s, &request, &t, &e), 0);
	ck_assert_str_eq(t.clang, absolute);
}

/* The probe itself cannot be run. */
TEST(session_fails)
{
	static char root[] = "/";
	struct toolchain_request request = {.clang = NULL, .env = bare_env(), .cache_dir = "cache"};
	struct project project = {.root = root, .id = "0"};
	cleanup_session struct session s = {.control = -1};
	struct toolchain t = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *kept = strdup(getenv("PATH"));

	ck_assert_int_eq(session_open(&s, BACKEND_DIR, "native", NULL, &project, &e), 0);
	setenv("PATH", "/missing/directory", 1);
	ck_assert_int_eq(toolchain_find(&s, &request, &t, &e), -ENOENT);
	setenv("PATH", kept, 1);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(e.message, "cannot run 'sh'");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, parses_an_answer);
	tcase_add_test(c, knows_clangs_own_headers);
	tcase_add_test(c, parses_the_least);
	tcase_add_test(c, says_why_there_is_none);
	tcase_add_test(c, an_answer_without_an_end);
	tcase_add_test(c, header_dirs);
	tcase_add_test(c, finds_the_one_that_was_named);
	tcase_add_test(c, named_one_will_not_do);
	tcase_add_test(c, finds_the_newest);
	tcase_add_test(c, finds_the_newest_by_whatever_name);
	tcase_add_test(c, newest_has_no_bpf);
	tcase_add_test(c, finds_none);
	tcase_add_test(c, finds_libbpf);
	tcase_add_test(c, finds_asm_headers);
	tcase_add_test(c, remembers);
	tcase_add_test(c, failure_is_not_remembered);
	tcase_add_test(c, other_builders_are_remembered_by_name);
	tcase_add_test(c, bpftool_of_other_builders);
	tcase_add_test(c, without_path);
	tcase_add_test(c, session_fails);
}

int main(void)
{
	return suite_run("toolchain", add_tests);
}
