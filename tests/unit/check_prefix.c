/* SPDX-License-Identifier: BSD-2-Clause */
/* What needs no clang; tests/integration/prefix.test has one. */
#include "suite.h"

#include "core/depfile.h"
#include "core/prefix.h"

static void make_prefix(struct prefix *p, const char *const *names)
{
	const struct prefix_stamp stamp = {0};
	const uint8_t digest[DIGEST_SIZE] = {0};

	p->dir = strdup("/root/p");
	p->pch = strdup("/cache/x.pch");
	for (; *names; names++)
		ck_assert_int_eq(prefix_record_add(&p->record, *names, digest, &stamp), 0);
}
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The rule that is made of one that clang wrote; NULL: none. With `user`, the last of the names is
 * a system's. */
static char *rewrite_user(const char *rule, const char *const *names, bool user)
{
	cleanup_prefix struct prefix p = {.dots = PREFIX_DOTS_EACH};
	struct strbuf dep = {.data = (char *)rule, .len = strlen(rule)};
	cleanup_strbuf struct strbuf text = {0};
	cleanup_strv struct strv inputs = {0};

	make_prefix(&p, names);
	p.record.files[p.record.n - 1].system = user;
	if (prefix_inputs(&p, "src/a.c", &dep, user, &inputs) < 0 ||
	    depfile_rewrite(&dep, &inputs, &text) < 0)
		return NULL;
	return TAKE_PTR(text.data);
}

static char *rewrite(const char *rule, const char *const *names)
{
	return rewrite_user(rule, names, false);
}

TEST(dependencies)
{
	cleanup_free char *plain =
		rewrite("a.o: \\\n  /root/p/inc/v.h src/a.c src/b.h\n", NAMES("inc/v.h"));
	ck_assert_str_eq(plain, "a.o: src/a.c inc/v.h src/b.h\n");
	cleanup_free char *twice =
		rewrite("a b: /usr/x.h /root/p/../v.h /root/p/i.h src/a.c i.h z\n",
			NAMES("i.h", "/usr/x.h", "../v.h"));
	ck_assert_str_eq(twice, "a b: src/a.c i.h /usr/x.h ../v.h z\n");
	/* Not all of it, or more than it was made of, is there. */
	ck_assert_ptr_eq(rewrite("a.o: /root/p/i.h src/a.c\n", NAMES("i.h", "j.h")), NULL);
	ck_assert_ptr_eq(rewrite("a.o: /root/p/i.h k.h src/a.c\n", NAMES("i.h")), NULL);
	ck_assert_ptr_eq(rewrite("a.o: src/a.c\n", NAMES("i.h")), NULL);
	ck_assert_ptr_eq(rewrite("a.o: /root/p/i.h src/b.c\n", NAMES("i.h")), NULL);
	ck_assert_ptr_eq(rewrite("a.o: /root/p/i.h\n", NAMES("i.h")), NULL);
	ck_assert_ptr_eq(rewrite("", NAMES("i.h")), NULL);
}

/* -MMD: the header itself is none of the system's in a precompiled one. */
TEST(user_dependencies)
{
	cleanup_free char *without = rewrite_user("a.o: /root/p/i.h sys/s.h src/a.c b.h\n",
						  NAMES("i.h", "sys/s.h"), true);
	ck_assert_str_eq(without, "a.o: src/a.c i.h b.h\n");
	cleanup_free char *unnamed =
		rewrite_user("a.o: /root/p/i.h src/a.c\n", NAMES("i.h", "sys/s.h"), true);
	ck_assert_str_eq(unnamed, "a.o: src/a.c i.h\n");
	ck_assert_ptr_eq(rewrite_user("a.o: k.h src/a.c\n", NAMES("i.h"), true), NULL);
}

/* -MP, as clang 14 writes it, and later ones. */
TEST(phony_dependencies)
{
	cleanup_free char *old =
		rewrite("a.o: /root/p/i.h src/a.c b.h\n\nsrc/a.c:\n\nb.h:\n", NAMES("i.h"));
	ck_assert_str_eq(old, "a.o: src/a.c i.h b.h\n\ni.h:\n\nb.h:\n");
	cleanup_free char *new =
		rewrite("a.o: \\\n  /root/p/i.h \\\n  src/a.c b.h\nsrc/a.c:\nb.h:\n", NAMES("i.h"));
	ck_assert_str_eq(new, "a.o: src/a.c i.h b.h\ni.h:\nb.h:\n");
}

/* A "./" of clang's own is not in the file, and no other name may be changed with that one. */
TEST(names_with_a_dot)
{
	cleanup_free char *plain = rewrite("a.o: /root/p/v.h src/a.c b.h\n", NAMES("./v.h"));
	ck_assert_str_eq(plain, "a.o: src/a.c v.h b.h\n");
	ck_assert_ptr_eq(rewrite("a.o: /root/p/v.h src/a.c /root/p/v.h2\n", NAMES("./v.h")), NULL);

	cleanup_prefix struct prefix p = {.dots = PREFIX_DOTS_EACH};
	cleanup_strv struct strv argv = {0};
	make_prefix(&p, NAMES("./v.h"));
	strv_add(&argv, "-ffile-prefix-map=/root/p/=");
	prefix_options(&p, 9, &argv);
	ck_assert(strv_contains(&argv, "-fdebug-prefix-map=/root/p/v.h=./v.h"));
	ck_assert(strv_contains(&argv, "-ffile-prefix-map=/root/p/="));
	strv_free(&argv);
	argv = (struct strv){0};
	p.dots = PREFIX_DOTS_ROOT;
	strv_add(&argv, "-ffile-prefix-map=/root/p/=");
	prefix_options(&p, 9, &argv);
	ck_assert_str_eq(argv.v[0], "-ffile-prefix-map=/root/p=.");

	struct prefix_request q = {.dir = "/root/p", .dots = PREFIX_DOTS_ROOT};
	char *names[] = {(char *)"./v.h", (char *)"./w.h", (char *)"inc/x.h"};
	const struct strv two = {.v = names, .n = 2}, three = {.v = names, .n = 3};
	ck_assert(!prefix_names_differ(&q, &two));
	ck_assert(prefix_names_differ(&q, &three));
	q.dots = PREFIX_DOTS_EACH;
	ck_assert(!prefix_names_differ(&q, &three));
	names[1] = (char *)"./v.h.h";
	ck_assert(prefix_names_differ(&q, &two));
	q.dots = PREFIX_DOTS_REFUSED;
	ck_assert(prefix_names_differ(&q, &two));
}

/* Each of what a key is made of makes another. */
TEST(keys)
{
	struct prefix_include angle = {.name = (char *)"<v.h>"};
	struct prefix_include quote = {.name = (char *)"\"v.h\"", .quote = true};
	cleanup_strv struct strv argv = {0}, more = {0};
	char key[DIGEST_HEX_SIZE], other[DIGEST_HEX_SIZE];

	strv_add(&argv, "clang");
	strv_add(&more, "clang");
	strv_add(&more, "-DX");
	const struct prefix_request q = {
		.dir = "/p", .source = "d/a.c", .include = &angle, .argv = &argv, .version = "14"};
	prefix_key(&q, key);
	struct prefix_request others[] = {q, q, q, q, q};
	others[0].dir = "/q";
	others[1].include = &quote;
	others[2].argv = &more;
	others[3].version = "15";
	others[4].content = "of another wrapper";
	for (size_t i = 0; i < LENGTH(others); i++) {
		prefix_key(&others[i], other);
		ck_assert_str_ne(key, other);
	}
	/* A source of another directory has the same header by <>, and perhaps not by quotes. */
	struct prefix_request moved = q;
	moved.source = "e/b.c";
	prefix_key(&moved, other);
	ck_assert_str_eq(key, other);
	moved.include = &quote;
	prefix_key(&moved, other);
	others[1].source = "d/b.c";
	prefix_key(&others[1], key);
	ck_assert_str_ne(key, other);
}

TEST(options)
{
	cleanup_prefix struct prefix p = {0};
	cleanup_strv struct strv argv = {0};

	make_prefix(&p, NAMES("v.h"));
	prefix_options(&p, 42, &argv);
	ck_assert_uint_eq(argv.n, 6);
	ck_assert_str_eq(argv.v[3], "/cache/x.pch");
	ck_assert_str_eq(argv.v[5], "-preamble-bytes=42,1");
	ck_assert(!prefix_holds(&p));
}

/* Without a session: none is asked for what is refused. */
TEST(refusals)
{
	struct prefix_include include = {.name = (char *)"<v.h>"};
	cleanup_strv struct strv argv = {0};
	cleanup_free char *dir = getcwd(NULL, 0), *cache = str_printf("%s/cache", dir), *why = NULL;
	struct prefix p;
	struct prefix_request q = {.cache_dir = cache,
				   .dir = dir,
				   .source = "a.c",
				   .include = &include,
				   .argv = &argv,
				   .version = "14",
				   .search = &(struct strv){0},
				   .uses = 1};

	strv_add(&argv, "clang");
	strv_add(&argv, "-fdebug-macro");
	q.n_own = argv.n;
	ck_assert_int_eq(prefix_get(&q, &p, &why), -ENOENT);
	assert_contains(why, "-fdebug-macro");
	free(TAKE_PTR(why));
	q.n_own = 1;
	ck_assert_int_eq(prefix_get(&q, &p, &why), -ENOENT);
	assert_contains(why, "once");
	free(TAKE_PTR(why));
	q.source = "a;b.c";
	ck_assert_int_eq(prefix_get(&q, &p, &why), -ENOENT);
	assert_contains(why, "name");
	free(TAKE_PTR(why));
	q.source = "a.c";
	ck_assert_int_eq(chmod(cache, 0777), 0);
	ck_assert_int_eq(prefix_get(&q, &p, &why), -ENOENT);
	assert_contains(why, "others may write");
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, dependencies);
	tcase_add_test(tests, user_dependencies);
	tcase_add_test(tests, phony_dependencies);
	tcase_add_test(tests, names_with_a_dot);
	tcase_add_test(tests, keys);
	tcase_add_test(tests, options);
	tcase_add_test(tests, refusals);
}

int main(void)
{
	return suite_run("prefix", add_tests);
}
