/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/build-plan.h"
#include "core/mirror.h"
#include "core/path-map.h"
#include "core/toolchain-memory.h"
#include "shared/io.h"

static const char identity[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char other_identity[] =
	"1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void fill(struct toolchain *t, const char *clang_dir, const char *id)
{
	t->clang = strdup("/bin/clang");
	t->number = strdup("14.0.6");
	t->version = strdup("Debian clang version 14.0.6");
	strv_add(&t->search, "/usr/local/include");
	strv_add(&t->search, clang_dir);
	strv_add(&t->search, "/usr/include");
	memcpy(t->identity, id, sizeof(t->identity));
}

/* A mirror of a builder, and a clang of the host's without headers. */
struct bench {
	char *here, *cache;
	struct project project;
	struct mirror mirror;
	struct toolchain host;
	struct crossbpf_error error;
};

static void write_mirror(struct bench *b)
{
	cleanup_toolchain struct toolchain t = {.builder = strdup("image"), .has_kernel = true};
	cleanup_free char *json = mirror_file(&b->mirror, "toolchain.json");
	cleanup_free char *lock = mirror_file(&b->mirror, "lock");
	struct toolchain_memory memory = {.file = json, .builder = true};

	fill(&t, "/usr/lib/clang/14.0.6/include", identity);
	strv_add(&t.filled, "/usr/lib/clang/14.0.6/include");
	strv_add(&t.filled, "/usr/local/include");
	strv_add(&t.filled, "/usr/include");
	strv_add(&t.asm_dirs, "x86:/usr/include/x86_64-linux-gnu");
	strv_add(&t.asm_dirs, "arm64:/usr/aarch64-linux-gnu/include");
	t.libbpf_dir = strdup("/opt/libbpf");
	toolchain_memory_save(&memory, &t);
	write_text(lock, "backend.docker.headers = a\nbackend.docker.image = sha256:1\n"
			 "clang.number = 14.0.6\nclang.version = Debian clang version 14.0.6\n"
			 "headers.linux = 6.1.0\nmirror.of = docker:here\n");
}

static void bench_open(struct bench *b)
{
	static char root[] = "/project";

	*b = (struct bench){.here = getcwd(NULL, 0), .project = {.root = root, .id = "12ab"}};
	b->cache = str_printf("%s/cache", b->here);
	ck_assert_int_eq(mirror_at(b->cache, &b->project, &b->mirror), 0);
	write_mirror(b);
	mirror_free(&b->mirror);
	ck_assert_int_eq(mirror_open(b->cache, &b->project, &b->mirror), 0);
	fill(&b->host, "/brew/lib/clang/14/include", identity);
}

static void bench_close(struct bench *b)
{
	free(b->here);
	free(b->cache);
	mirror_free(&b->mirror);
	toolchain_free(&b->host);
	error_free(&b->error);
}

#define BENCH(b)                                              \
	__attribute__((cleanup(bench_close))) struct bench b; \
	bench_open(&b)

/* Each word with a bar, the mirror's root as @. */
static void assert_words(const struct bench *b, const struct strv *words, const char *expected)
{
	cleanup_strbuf struct strbuf all = {0};

	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->v[i], *at;
		strbuf_puts(&all, i ? "|" : "");
		for (; (at = strstr(word, b->mirror.root)); word = at + strlen(b->mirror.root)) {
			strbuf_add(&all, word, (size_t)(at - word));
			strbuf_putc(&all, '@');
		}
		strbuf_puts(&all, word);
	}
	ck_assert_str_eq(all.data ? all.data : "", expected);
}

TEST(opens_what_is_whole)
{
	BENCH(b);
	cleanup_free char *lock = mirror_file(&b.mirror, "lock");
	cleanup_free char *json = mirror_file(&b.mirror, "toolchain.json");
	struct project inside = {.root = b.here, .id = "12ab"};
	struct project other = {.root = b.project.root, .id = "34cd"};
	struct mirror m = {0};

	ck_assert_int_eq(mirror_open(b.cache, &other, &m), -ENOENT);
	/* There two maps of one name would meet. */
	ck_assert_int_eq(mirror_open(b.cache, &inside, &m), -ENOENT);
	write_text(lock, "mirror.of = docker\nno entry\n");
	ck_assert_int_eq(mirror_open(b.cache, &b.project, &m), -ENOENT);
	write_text(lock, "clang.number = 14.0.6\n");
	ck_assert_int_eq(mirror_open(b.cache, &b.project, &m), -ENOENT);
	write_text(lock, "mirror.of = docker\n");
	ck_assert_int_eq(mirror_open(b.cache, &b.project, &m), 0);
	mirror_free(&m);
	write_text(json, "{");
	ck_assert_int_eq(mirror_open(b.cache, &b.project, &m), -ENOENT);
}

TEST(gives_the_directories_of_the_builder)
{
	BENCH(b);
	cleanup_strv struct strv options = {0}, maps = {0}, argv = {0};

	ck_assert_int_eq(mirror_apply(&b.mirror, &b.host), 0);
	assert_words(&b, &b.host.search,
		     "@/usr/local/include|/brew/lib/clang/14/include|@/usr/include");
	assert_words(&b, &b.host.asm_dirs,
		     "x86:@/usr/include/x86_64-linux-gnu|arm64:@/usr/aarch64-linux-gnu/include");
	ck_assert(b.host.has_kernel && !b.host.has_libbpf);
	ck_assert_str_eq(b.host.clang, "/bin/clang");
	ck_assert_str_eq(b.host.identity, identity);
	ck_assert_str_eq(b.host.mirror_of, "docker:here");
	ck_assert_ptr_eq(b.host.builder, NULL);
	toolchain_header_options(&b.host, "x86", "/ours", &options);
	assert_words(&b, &options,
		     "-nostdinc|-Xclang|-internal-isystem|-Xclang|@/usr/local/include|"
		     "-Xclang|-internal-isystem|-Xclang|/brew/lib/clang/14/include|"
		     "-Xclang|-internal-isystem|-Xclang|@/usr/include|"
		     "-idirafter|@/usr/include/x86_64-linux-gnu|-idirafter|@/opt/libbpf|"
		     "-idirafter|/ours");
	mirror_add_maps(&b.host, &maps);
	assert_words(
		&b, &maps,
		"-ffile-prefix-map=@/=/|"
		"-ffile-prefix-map=/brew/lib/clang/14/include/=/usr/lib/clang/14.0.6/include/");
	path_map_mirror(&b.host,
			(const char *const[]){"clang", "-I/usr/include/x", "-I", "/usr/includes",
					      "-idirafter", "/usr/include", "-D", "/usr/include",
					      "-I/brew/lib/clang/14/include", "-I/opt/libbpf",
					      "-I/opt", NULL},
			&argv);
	assert_words(&b, &argv,
		     "clang|-I@/usr/include/x|-I|/usr/includes|-idirafter|@/usr/include|-D|"
		     "/usr/include|-I/brew/lib/clang/14/include|-I@/opt/libbpf|-I/opt");
}

TEST(needs_clangs_own_headers)
{
	BENCH(b);

	strv_free(&b.host.search);
	b.host.search = (struct strv){0};
	strv_add(&b.host.search, "/usr/include");
	ck_assert_int_eq(mirror_apply(&b.mirror, &b.host), -ENOTSUP);
	assert_words(&b, &b.host.search, "/usr/include");
}

/* What crossbpf build has objects call the copies: each file has one map that fits. */
TEST(names_in_objects)
{
	BENCH(b);
	cleanup_settings struct settings s = {.outdir = strdup("."), .cpu = strdup("v1")};
	cleanup_build_plan struct build_plan p = {0};
	static const char *const rows[][2] = {
		{"/usr/include/linux/x.h", "/usr/include/linux/x.h"},
		{"/usr/include/x86_64-linux-gnu/asm/x.h", "/usr/include/x86_64-linux-gnu/asm/x.h"},
		{"/usr/local/include/x.h", "/usr/include/x.h"},
		{"/opt/libbpf/bpf/x.h", "/usr/include/bpf/x.h"},
		{"/usr/aarch64-linux-gnu/include/asm/x.h",
		 "/usr/aarch64-linux-gnu/include/asm/x.h"},
	};

	strv_add(&s.sources, "a.bpf.c");
	strv_add(&s.arch, "x86");
	strv_add(&s.cflags, "-I/usr/include/x");
	ck_assert_int_eq(mirror_apply(&b.mirror, &b.host), 0);
	ck_assert_int_eq(build_plan_make("/root", &s, &b.host, NULL, &p, &b.error), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		cleanup_free char *path = str_printf("%s%s", b.mirror.root, rows[i][0]);
		cleanup_free char *name = build_plan_name(&p, "/root", path);
		ck_assert_str_eq(name, rows[i][1]);
	}
	assert_words(&b, &p.moved,
		     "@/usr/local/include|@/usr/include|@/usr/aarch64-linux-gnu/include|"
		     "@/opt/libbpf|/brew/lib/clang/14/include");
	/* Keys are of what was said, commands of what is meant. */
	cleanup_strv struct strv argv = {0};
	build_plan_argv(&p.actions[0], &argv);
	cleanup_free char *meant = str_printf("-I%s/usr/include/x", b.mirror.root);
	ck_assert(strv_contains(&argv, meant));
	ck_assert(strv_contains(&p.variants[0].argv, "-I/usr/include/x"));
	/* With DWARF all keep their names. */
	build_plan_free(&p);
	s.debug = true;
	ck_assert_int_eq(build_plan_make("/root", &s, &b.host, NULL, &p, &b.error), 0);
	cleanup_free char *path = str_printf("%s/opt/libbpf/x.h", b.mirror.root);
	cleanup_free char *name = build_plan_name(&p, "/root", path);
	ck_assert_str_eq(name, "/opt/libbpf/x.h");
}

static int check(struct bench *b, const char *lock_text)
{
	cleanup_lock_file struct lock_file lock = {0};

	error_free(&b->error);
	b->error = (struct crossbpf_error){0};
	write_text("crossbpf.lock", lock_text);
	ck_assert_int_eq(lock_file_read("crossbpf.lock", &lock, &b->error), 0);
	return mirror_check(&b->mirror, &lock, "here", &b->host, &b->error);
}

TEST(holds_against_a_lock)
{
	BENCH(b);

	ck_assert_int_eq(check(&b, ""), 0);
	ck_assert_int_eq(check(&b, "backend.docker.headers = a\nbackend.docker.image = sha256:1\n"
				   "backend.ssh.headers = z\nclang.number = 14.0.6\n"
				   "clang.version = Homebrew clang version 14.0.6\n"),
			 0);
	ck_assert_int_eq(check(&b, "backend.docker.headers = b\n"), -EPERM);
	ck_assert_int_eq(b.error.status, EXIT_STATUS_NO_BACKEND);
	assert_contains(b.error.message, "mirrored from docker:here the backend.docker.headers is "
					 "a, and crossbpf.lock has b");
	assert_contains(b.error.hint, "crossbpf headers");
	ck_assert_int_eq(check(&b, "backend.docker.image = sha256:2\n"), -EPERM);
	ck_assert_int_eq(check(&b, "headers.linux = 6.12.0\n"), -EPERM);
	/* The clang is that of the host. */
	ck_assert_int_eq(check(&b, "headers.linux = 6.12.0\nclang.number = 15.0.0\n"), -EPERM);
	assert_contains(b.error.message,
			"here: its clang.number is 14.0.6, and crossbpf.lock has 15.0.0");
	cleanup_free char *text = str_printf("toolchain.identity = %s\n", other_identity);
	ck_assert_int_eq(check(&b, text), -EPERM);
}

/* Writes a file below the test's directory, with those that lead to it. */
static void write_file(const char *path, const char *text)
{
	ck_assert_int_eq(io_make_parents(path, 0755), 0);
	write_text(path, text);
}

/* Of x.c, with this text and behind these options. */
static void find_cover(struct bench *b, const char *text, const char *const *options,
		       struct mirror_cover *ret_cover)
{
	cleanup_strv struct strv args = {0};

	write_text("x.c", text);
	strv_add_all(&args, options);
	toolchain_header_options(&b->host, "x86", NULL, &args);
	strv_add(&args, "x.c");
	ck_assert_int_eq(mirror_cover_begin(&b->host, ret_cover), 0);
	ck_assert_int_eq(mirror_cover_add(ret_cover, b->here, &args, NULL), 0);
}

/* What it misses. */
static void assert_missing(struct bench *b, const char *text, const char *const *options,
			   const char *expected)
{
	cleanup_mirror_cover struct mirror_cover cover = {0};

	find_cover(b, text, options, &cover);
	assert_words(b, &cover.missing, expected);
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define DIGEST "0000000000000000000000000000000000000000000000000000000000000000"

static void write_headers(struct bench *b)
{
	static const char *const mirrored[] = {"/usr/include/linux/here.h", "/usr/include/asks.h"};
	cleanup_free char *there = mirror_file(&b->mirror, "there");

	for (size_t i = 0; i < LENGTH(mirrored); i++) {
		cleanup_free char *path = str_printf("%s%s", b->mirror.root, mirrored[i]);
		write_file(path, i ? "#if __has_include(<asked.h>)\n#endif\n"
				   : "#include <linux/inner.h>\n");
	}
	write_text(there, DIGEST
		   "  /usr/include/linux/here.h\n" DIGEST "  /usr/include/linux/inner.h\n" DIGEST
		   "  /usr/include/linux/tcp.h\n" DIGEST "  /usr/include/asks.h\n" DIGEST
		   "  /usr/include/asked.h\n" DIGEST
		   "  /usr/include/x86_64-linux-gnu/asm/a.h\n" DIGEST
		   "  /usr/local/include/linux/udp.h\n" DIGEST "  /usr/include/linux/udp.h\n");
	ck_assert_int_eq(mirror_apply(&b->mirror, &b->host), 0);
}

TEST(misses_what_the_builder_has)
{
	BENCH(b);

	write_headers(&b);
	assert_missing(&b, "#include <linux/here.h>\n", OPTIONS(NULL), "");
	assert_missing(&b, "#include <linux/tcp.h>\n", OPTIONS(NULL), "/usr/include/linux/tcp.h");
	assert_missing(&b, "#include \"linux/tcp.h\"\n", OPTIONS(NULL), "/usr/include/linux/tcp.h");
	assert_missing(&b, "#ifdef NEVER\n#include <linux/tcp.h>\n#endif\n", OPTIONS(NULL),
		       "/usr/include/linux/tcp.h");
	assert_missing(&b, "#if __has_include(<linux/tcp.h>)\n#endif\n", OPTIONS(NULL),
		       "/usr/include/linux/tcp.h");
	assert_missing(&b, "#include <asm/a.h>\n", OPTIONS(NULL),
		       "/usr/include/x86_64-linux-gnu/asm/a.h");
	/* The first of two; with include_next both may be meant. */
	assert_missing(&b, "#include <linux/udp.h>\n", OPTIONS(NULL),
		       "/usr/local/include/linux/udp.h");
	assert_missing(&b, "#include_next <linux/udp.h>\n", OPTIONS(NULL),
		       "/usr/local/include/linux/udp.h|/usr/include/linux/udp.h");
	/* Nobody has it: clang says so, here as there. */
	assert_missing(&b, "#include <linux/nowhere.h>\n", OPTIONS(NULL), "");
	/* A header of the mirror's that includes more was read where it was made; what it asks for
	 * is answered in silence. */
	assert_missing(&b, "#include <asks.h>\n", OPTIONS(NULL), "/usr/include/asked.h");
}

/* For another arch a header of the mirror's reads another file. */
TEST(misses_headers_of_an_arch)
{
	BENCH(b);

	write_headers(&b);
	cleanup_free char *types = str_printf("%s/usr/include/linux/here.h", b.mirror.root);
	cleanup_free char *a = str_printf("%s/usr/include/x86_64-linux-gnu/asm/a.h", b.mirror.root);
	write_file(types, "#include <asm/a.h>\n#include <linux/inner.h>\n");
	assert_missing(&b, "#include <linux/here.h>\n", OPTIONS(NULL),
		       "/usr/include/x86_64-linux-gnu/asm/a.h");
	/* Those of one arch know which others they mean. */
	write_file(a, "#include <asm/b.h>\n");
	cleanup_free char *there = mirror_file(&b.mirror, "there");
	write_text(there, DIGEST "  /usr/include/x86_64-linux-gnu/asm/b.h\n");
	assert_missing(&b, "#include <linux/here.h>\n", OPTIONS(NULL), "");
}

/* The host's files count where clang finds them first. */
TEST(own_files_come_first)
{
	BENCH(b);

	write_headers(&b);
	write_file("own/linux/tcp.h", "#include <asm/a.h>\n");
	assert_missing(&b, "#include <linux/tcp.h>\n", OPTIONS("-Iown"),
		       "/usr/include/x86_64-linux-gnu/asm/a.h");
	write_file("own/linux/tcp.h", "");
	assert_missing(&b, "#include <linux/tcp.h>\n", OPTIONS("-Iown"), "");
	assert_missing(&b, "#include <linux/tcp.h>\n", OPTIONS("-isystem", "own"), "");
	assert_missing(&b, "#include <linux/tcp.h>\n", OPTIONS("-idirafter", "own"),
		       "/usr/include/linux/tcp.h");
	assert_missing(&b, "#include \"own/linux/tcp.h\"\n", OPTIONS(NULL), "");
}

/* What clang would take from the host, and a builder from itself. */
static bool covers(struct bench *b, const char *text, const char *const *options)
{
	cleanup_mirror_cover struct mirror_cover cover = {0};

	find_cover(b, text, options, &cover);
	return mirror_covers(&cover);
}

TEST(leaves_what_is_not_in_the_mirror)
{
	BENCH(b);

	write_headers(&b);
	write_text("more", "-I/usr/include");
	ck_assert(covers(&b, "#include <linux/here.h>\n", OPTIONS(NULL)));
	ck_assert(!covers(&b, "#include \"/usr/include/linux/tcp.h\"\n", OPTIONS(NULL)));
	ck_assert(!covers(&b, "", OPTIONS("-Wp,-I/usr/include")));
	ck_assert(!covers(&b, "", OPTIONS("-include", "/usr/include/linux/tcp.h")));
	ck_assert(!covers(&b, "", OPTIONS("@more")));
	/* A project's header in the place of one of the system's. */
	write_file("own/linux/inner.h", "");
	ck_assert(!covers(&b, "#include <linux/here.h>\n", OPTIONS("-idirafter", "own")));
	ck_assert(covers(&b, "#include <linux/here.h>\n", OPTIONS("-Iown")));
}

TEST(tells_what_is_missing)
{
	BENCH(b);
	struct mirror_cover cover = {.toolchain = &b.host};
	cleanup_mirror_lack struct mirror_lack none = {0}, two = {0}, five = {0}, outside = {0};

	ck_assert_int_eq(mirror_apply(&b.mirror, &b.host), 0);
	ck_assert_int_eq(mirror_cover_end(&cover, &none), 0);
	ck_assert_ptr_null(none.names);
	strv_add(&cover.missing, "/usr/include/linux/a.h");
	strv_add(&cover.missing, "/usr/include/x86_64-linux-gnu/asm/b.h");
	ck_assert_int_eq(mirror_cover_end(&cover, &two), 0);
	ck_assert_str_eq(two.names, "linux/a.h, asm/b.h");
	strv_add(&cover.missing, "/opt/libbpf/bpf/c.h");
	strv_add(&cover.missing, "/usr/include/d.h");
	strv_add(&cover.missing, "/usr/include/e.h");
	ck_assert_int_eq(mirror_cover_end(&cover, &five), 0);
	ck_assert_str_eq(five.names, "linux/a.h, asm/b.h, bpf/c.h and 2 more");
	ck_assert_int_eq(mirror_refuse("here", &five, &b.error), -ENOENT);
	ck_assert_str_eq(b.error.hint, "crossbpf headers mirrors them");
	error_free(&b.error);
	/* What no mirror would mend is what is told. */
	strv_add(&cover.outside, "what standard input includes");
	ck_assert_int_eq(mirror_cover_end(&cover, &outside), 0);
	ck_assert_str_eq(outside.names, "what standard input includes");
	ck_assert_int_eq(mirror_refuse("here", &outside, &b.error), -ENOENT);
	assert_contains(b.error.message, "mirrored from docker:here: what standard input");
	ck_assert(!strstr(b.error.hint, "crossbpf headers"));
	strv_free(&cover.missing);
	strv_free(&cover.outside);
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, opens_what_is_whole);
	tcase_add_test(tests, gives_the_directories_of_the_builder);
	tcase_add_test(tests, needs_clangs_own_headers);
	tcase_add_test(tests, names_in_objects);
	tcase_add_test(tests, holds_against_a_lock);
	tcase_add_test(tests, misses_what_the_builder_has);
	tcase_add_test(tests, misses_headers_of_an_arch);
	tcase_add_test(tests, own_files_come_first);
	tcase_add_test(tests, leaves_what_is_not_in_the_mirror);
	tcase_add_test(tests, tells_what_is_missing);
}

int main(void)
{
	return suite_run("mirror", add_tests);
}
