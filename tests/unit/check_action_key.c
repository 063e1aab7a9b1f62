/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/action-key.h"
#include "core/builder-headers.h"

enum { MAX_FILES = 8 };

/* An action on a builder, what it read, and what is there. */
struct bench {
	const char *root, *header_dir;
	struct settings settings;
	struct toolchain toolchain;
	struct action_file files[MAX_FILES];
	size_t n;
	const char *one[2]; /* names of one file */
	const char *there;  /* the one file that exists beside */
	int status;         /* of action_key() */
};

static void set(char **member, const char *value)
{
	free(*member);
	*member = strdup(value);
}

static void add_file(struct bench *b, const char *path, char content, const char *asks)
{
	struct action_file *file = &b->files[b->n++];

	ck_assert_uint_le(b->n, MAX_FILES);
	file->path = path;
	file->asks = asks;
	memset(file->digest, content, DIGEST_SIZE);
}

static const char *const usual_search[] = {
	"/usr/local/include", "/usr/lib/llvm-14/lib/clang/14.0.6/include", "/usr/include", NULL};

/* As on Debian. */
static void bench_open(struct bench *b)
{
	*b = (struct bench){.root = "/home/me/project",
			    .header_dir = "/usr/share/crossbpf/include"};
	set(&b->settings.outdir, ".");
	set(&b->settings.cpu, "v1");
	strv_add(&b->settings.sources, "a.bpf.c");
	strv_add(&b->settings.arch, "x86");
	set(&b->toolchain.clang, "/usr/bin/clang");
	snprintf(b->toolchain.identity, sizeof(b->toolchain.identity), "identity");
	strv_add_all(&b->toolchain.search, usual_search);
	strv_add_all(&b->toolchain.filled, usual_search + 1);
	strv_add(&b->toolchain.asm_dirs, "x86:/usr/include/x86_64-linux-gnu");
	strv_add(&b->toolchain.asm_dirs, "arm64:/usr/aarch64-linux-gnu/include");
	add_file(b, "a.bpf.c", 'a', NULL);
	add_file(b, "inc/common.h", 'c', NULL);
	add_file(b, "/usr/include/bpf/bpf_helpers.h", 'h', NULL);
	add_file(b, "/usr/include/x86_64-linux-gnu/asm/types.h", 't', NULL);
	add_file(b, "/usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h", 's', NULL);
}

/* The same headers in other places. */
static void move_all(struct bench *b)
{
	strv_free(&b->toolchain.search);
	strv_free(&b->toolchain.filled);
	b->toolchain.search = b->toolchain.filled = (struct strv){0};
	strv_add(&b->toolchain.search, "/usr/local/include");
	strv_add(&b->toolchain.search, "/opt/clang/lib/clang/14.0.6/include");
	strv_add(&b->toolchain.search, "/usr/include");
	strv_add_all(&b->toolchain.filled, (const char *const *)b->toolchain.search.v);
	set(&b->toolchain.clang, "/opt/clang/bin/clang");
	set(&b->toolchain.libbpf_dir, "/opt/libbpf");
	b->files[2].path = "/opt/libbpf/bpf/bpf_helpers.h";
	b->files[4].path = "/opt/clang/lib/clang/14.0.6/include/stddef.h";
}

static void bench_close(struct bench *b)
{
	settings_free(&b->settings);
	toolchain_free(&b->toolchain);
}

#define BENCH(b)                                                 \
	__attribute__((cleanup(bench_close))) struct bench b##_; \
	struct bench *b = &b##_;                                 \
	bench_open(b)

static bool exists(void *ctx, const char *path)
{
	const struct bench *b = ctx;

	return b->there && strcmp(path, b->there) == 0;
}

/* All are files of their own, but for those in b->one. */
static bool identify(void *ctx, const char *path, struct action_file_id *ret_id)
{
	const struct bench *b = ctx;
	uint64_t number = 1;

	for (size_t i = 0; i < LENGTH(b->one); i++)
		if (b->one[i] && strcmp(b->one[i], path) == 0) {
			*ret_id = (struct action_file_id){1, 0};
			return true;
		}
	for (const char *at = path; *at; at++)
		number = number * 257 + (unsigned char)*at;
	*ret_id = (struct action_file_id){0, number};
	return true;
}

/* The key, or what action_key() returned. */
static void get_key(struct bench *b, char ret_hex[DIGEST_HEX_SIZE])
{
	cleanup_build_plan struct build_plan plan = {0};
	cleanup_error struct crossbpf_error e = {0};
	uint8_t key[DIGEST_SIZE];

	ck_assert_int_eq(
		build_plan_make(b->root, &b->settings, &b->toolchain, b->header_dir, &plan, &e), 0);
	struct action_key_request request = {
		.plan = &plan,
		.action = &plan.actions[0],
		.toolchain = &b->toolchain,
		.root = b->root,
		.header_dir = b->header_dir,
		.files = b->files,
		.n = b->n,
		.exists = exists,
		.identify = identify,
		.ctx = b,
	};
	b->status = action_key(&request, key);
	snprintf(ret_hex, DIGEST_HEX_SIZE, "%d", b->status);
	if (b->status == 0)
		digest_hex(key, ret_hex);
}

/* The keys of two benches as `setup` leaves them, one of which was then changed. */
#define KEYS(setup, change, same)                                                                 \
	do {                                                                                      \
		char one_[DIGEST_HEX_SIZE], other_[DIGEST_HEX_SIZE];                              \
		for (int i_ = 0; i_ < 2; i_++) {                                                  \
			BENCH(b);                                                                 \
			setup;                                                                    \
			if (i_)                                                                   \
				change;                                                           \
			get_key(b, i_ ? other_ : one_);                                           \
			ck_assert_int_eq(b->status, 0);                                           \
		}                                                                                 \
		ck_assert_msg((strcmp(one_, other_) == 0) == (same), "%s: %s, %s", #change, one_, \
			      other_);                                                            \
	} while (0)
#define SAME(change) KEYS((void)b, change, true)
#define DIFFERENT(change) KEYS((void)b, change, false)
#define SAME_WITH(setup, change) KEYS(setup, change, true)
#define DIFFERENT_WITH(setup, change) KEYS(setup, change, false)

TEST(where_things_are_is_of_no_effect)
{
	SAME((void)b);
	SAME(b->root = "/somewhere/else");
	SAME(b->header_dir = "/opt/crossbpf/include");
	SAME(set(&b->toolchain.clang, "/usr/lib/llvm-14/bin/clang-14"));
	SAME(set(&b->toolchain.version, "another string"));
	SAME(set(&b->toolchain.builder, "sha256:of an image"));
	SAME(memset(b->toolchain.headers, 'a', DIGEST_HEX_SIZE - 1));
	SAME(set(&b->settings.outdir, "build"));
	SAME(set(&b->settings.output, "other.o"));
	SAME(b->settings.emit_dep = true);
	SAME(move_all(b));
	SAME(strv_add(&b->toolchain.asm_dirs, "s390:/usr/s390x-linux-gnu/include"));
}

/* From another root clang would read it too, and call it otherwise. */
TEST(what_is_named_absolutely_is_not_of_another_root)
{
	DIFFERENT(b->files[1].path = "/home/me/project/inc/common.h");
	DIFFERENT_WITH(b->files[1].path = "/home/me/project/inc/common.h", b->root = "/home/me");
	DIFFERENT_WITH(b->files[1].path = "/home/me/project/inc/common.h", b->root = "/other");
	SAME_WITH(b->files[1].path = "/opt/inc/common.h", b->root = "/other");
	DIFFERENT_WITH(strv_add(&b->settings.define, "DIR=/home/me/project/x"), b->root = "/other");
}

TEST(which_are_one_file_has_effect)
{
	SAME(b->one[0] = "inc/common.h"); /* it alone */
	DIFFERENT((b->one[0] = "inc/common.h", b->one[1] = "a.bpf.c"));
}

TEST(the_order_of_the_closure_is_of_no_effect)
{
	SAME({
		struct action_file last = b->files[4];
		memmove(&b->files[1], &b->files[0], 4 * sizeof(last));
		b->files[0] = last;
	});
}

/* Under one name of the object: then it matters which is which. */
TEST(of_two_files_with_one_name_the_order_matters)
{
	DIFFERENT_WITH(
		{
			move_all(b);
			add_file(b, "/usr/local/include/x.h", '1', NULL);
			add_file(b, "/usr/include/x.h", '2', NULL);
		},
		{
			memset(b->files[5].digest, '2', DIGEST_SIZE);
			memset(b->files[6].digest, '1', DIGEST_SIZE);
		});
}

TEST(what_is_compiled_how_has_effect)
{
	DIFFERENT(snprintf(b->toolchain.identity, sizeof(b->toolchain.identity), "another"));
	DIFFERENT(set(&b->settings.cpu, "v3"));
	DIFFERENT(strv_add(&b->settings.target, "bpfeb"));
	DIFFERENT(set(&b->settings.arch.v[0], "arm64"));
	DIFFERENT(strv_add(&b->settings.define, "X=1"));
	DIFFERENT(strv_add(&b->settings.cflags, "-O1"));
	DIFFERENT(strv_add(&b->settings.include, "inc"));
	DIFFERENT(set(&b->settings.sources.v[0], "b.bpf.c"));
	DIFFERENT(b->settings.debug = true);
	DIFFERENT_WITH(strv_add(&b->settings.cflags, "-O1"), set(&b->settings.cflags.v[0], "-Os"));
	DIFFERENT_WITH(strv_add(&b->settings.define, "X=1"), set(&b->settings.define.v[0], "X=2"));
	/* What says the same in two places may not say the same to clang. */
	DIFFERENT_WITH(
		{
			strv_add(&b->settings.include, "a");
			strv_add(&b->settings.include, "b");
		},
		{
			set(&b->settings.include.v[0], "b");
			set(&b->settings.include.v[1], "a");
		});
}

TEST(what_is_read_has_effect)
{
	for (size_t i = 0; i < 5; i++) {
		DIFFERENT(b->files[i].digest[DIGEST_SIZE - 1] ^= 1);
		DIFFERENT(b->files[i].path = "another/name.h");
	}
	DIFFERENT(b->n--);
	DIFFERENT(add_file(b, "inc/more.h", 'm', NULL));
	DIFFERENT(add_file(b, "", 0, NULL));
	/* These are not called by another name in the object. */
	DIFFERENT(b->files[3].path = "/usr/x86_64-linux-gnu/include/asm/types.h");
	DIFFERENT(b->files[1].path = "/home/me/project-2/inc/common.h");
	DIFFERENT_WITH(b->files[4].path = "/usr/lib/llvm-14/lib/clang/14.0.6/include/code.h", {
		move_all(b);
		b->files[4].path = "/opt/clang/lib/clang/14.0.6/include/code.h";
	});
}

TEST(own_headers_are_known_by_their_content)
{
	SAME_WITH(add_file(b, "/usr/share/crossbpf/include/gnu/stubs-32.h", 'o', NULL), {
		b->header_dir = "/opt/crossbpf";
		b->files[5].path = "/opt/crossbpf/gnu/stubs-32.h";
	});
	DIFFERENT_WITH(add_file(b, "/usr/share/crossbpf/include/gnu/stubs-32.h", 'o', NULL),
		       b->files[5].digest[0] = 'p');
}

/* DWARF holds where everything is. */
TEST(with_debug_places_have_effect)
{
	SAME_WITH(b->settings.debug = true, b->root = "/somewhere/else");
	DIFFERENT_WITH(b->settings.debug = true, move_all(b));
	DIFFERENT_WITH(b->settings.debug = true,
		       b->files[4].path = "/usr/lib/llvm-14/lib/clang/14.0.0/include/stddef.h");
}

/* Clang cannot be told to call such a root another name. */
TEST(a_root_that_is_not_mapped_has_effect)
{
	DIFFERENT(b->root = "/home/me/a=b");
	DIFFERENT_WITH(b->root = "/home/me/a=b", b->root = "/home/me/a=c");
	DIFFERENT_WITH(b->root = "/home/me/a=b", b->files[1].path = "/home/me/a=b/inc/common.h");
}

TEST(what_is_asked_for_has_effect)
{
	SAME(b->there = "inc/config.h"); /* nobody asks for it */
	SAME_WITH(b->files[1].asks = "config.h\n", b->there = "far/config.h");
	DIFFERENT_WITH(b->files[1].asks = "config.h\n", b->there = "inc/config.h");
	DIFFERENT_WITH(b->files[1].asks = "config.h\n", b->there = "config.h");
	DIFFERENT_WITH(b->files[1].asks = "bpf/x.h\n", b->there = "/usr/include/bpf/x.h");
	SAME_WITH(
		{
			b->files[1].asks = "bpf/x.h\n";
			b->there = "/usr/include/bpf/x.h";
		},
		{
			move_all(b);
			b->there = "/opt/libbpf/bpf/x.h";
		});
	/* The builder's own ask where their maker left nothing to find out. */
	SAME_WITH(b->files[2].asks = "config.h\n", b->there = "config.h");
}

TEST(what_is_not_known_has_no_key)
{
	char hex[DIGEST_HEX_SIZE];
	BENCH(b);

	b->files[1].asks = "\n";
	get_key(b, hex);
	ck_assert_int_eq(b->status, -ENODATA);
	b->files[1].asks = "\nconfig.h\n";
	get_key(b, hex);
	ck_assert_int_eq(b->status, -ENODATA);
	b->files[1].asks = NULL;
	b->files[2].asks = "\n"; /* the builder's */
	get_key(b, hex);
	ck_assert_int_eq(b->status, -ENODATA);
	b->files[2].asks = NULL;
	strv_add(&b->settings.define, "NOW=__TIME__");
	get_key(b, hex);
	ck_assert_int_eq(b->status, -ENODATA);
}

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0f"

TEST(reads_the_headers_of_a_builder)
{
	cleanup_builder_headers struct builder_headers h = {0};
	uint8_t digest[DIGEST_SIZE];

	write_text("stamp", HEX_A "  /usr/include/z.h\n" HEX_B "  /usr/include/a b.h\n"
				  "\\" HEX_A "  /usr/include/new\\nline.h\n"
				  "short  /usr/include/short.h\n" HEX_A "\n\n" HEX_A "  ");
	ck_assert_int_eq(builder_headers_load("stamp", &h), 0);
	ck_assert(builder_headers_find(&h, "/usr/include/z.h", digest));
	ck_assert_uint_eq(digest[0], 0xaa);
	ck_assert(builder_headers_find(&h, "/usr/include/a b.h", digest));
	ck_assert_uint_eq(digest[0], 0xbb);
	ck_assert_uint_eq(digest[DIGEST_SIZE - 1], 0x0f);
	ck_assert(builder_headers_find(&h, "/usr/include/z.h", NULL));
	ck_assert(!builder_headers_find(&h, "/usr/include/short.h", digest));
	ck_assert(!builder_headers_find(&h, "/usr/include/", digest));
	ck_assert(!builder_headers_find(&h, "", digest));
}

TEST(a_builder_without_a_stamp_has_no_headers)
{
	cleanup_builder_headers struct builder_headers h = {0};

	ck_assert_int_eq(builder_headers_load("none", &h), 0);
	ck_assert(!builder_headers_find(&h, "/usr/include/z.h", NULL));
	write_text("empty", "");
	ck_assert_int_eq(builder_headers_load("empty", &h), 0);
	ck_assert(!builder_headers_find(&h, "/usr/include/z.h", NULL));
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, where_things_are_is_of_no_effect);
	tcase_add_test(tests, what_is_named_absolutely_is_not_of_another_root);
	tcase_add_test(tests, which_are_one_file_has_effect);
	tcase_add_test(tests, the_order_of_the_closure_is_of_no_effect);
	tcase_add_test(tests, of_two_files_with_one_name_the_order_matters);
	tcase_add_test(tests, what_is_compiled_how_has_effect);
	tcase_add_test(tests, what_is_read_has_effect);
	tcase_add_test(tests, own_headers_are_known_by_their_content);
	tcase_add_test(tests, with_debug_places_have_effect);
	tcase_add_test(tests, a_root_that_is_not_mapped_has_effect);
	tcase_add_test(tests, what_is_asked_for_has_effect);
	tcase_add_test(tests, what_is_not_known_has_no_key);
	tcase_add_test(tests, reads_the_headers_of_a_builder);
	tcase_add_test(tests, a_builder_without_a_stamp_has_no_headers);
}

int main(void)
{
	return suite_run("action_key", add_tests);
}
