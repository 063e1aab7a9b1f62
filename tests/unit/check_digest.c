/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "shared/digest.h"

static const char *digest_of_strings(const char *const *strings, size_t n)
{
	static char hex[2][DIGEST_HEX_SIZE];
	static int turn;
	struct digest d;

	turn = !turn;
	digest_init(&d);
	for (size_t i = 0; i < n; i++)
		digest_string(&d, strings[i]);
	digest_finish(&d, hex[turn]);
	return hex[turn];
}

#define DIGEST(...)                                           \
	digest_of_strings((const char *const[]){__VA_ARGS__}, \
			  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Records on disk are named by these: they must stay. From sha256sum(1). */
TEST(known_digests)
{
	ck_assert_str_eq(digest_of_strings(NULL, 0),
			 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_assert_str_eq(DIGEST(""),
			 "28a3d6d537e5d5090d33c042ad97db2081e47f9cc713e983ebb94121172153c8");
	ck_assert_str_eq(DIGEST(NULL),
			 "3973e022e93220f9212c18d0d0c543ae7c309e46640da93a4a0314de999f5112");
	ck_assert_str_eq(DIGEST("ab", "c"),
			 "d1c8e65b67f0d7fc5c33c1d6ccf5a058634a3723f54fe0950f84d664b99b5bda");
	ck_assert_str_eq(DIGEST("a", "bc"),
			 "3c5a50b846eb609870e94ec23dc3ee68089b3ac37128222acef01eb09f14f738");
}

TEST(same_strings_same_digest)
{
	ck_assert_str_eq(DIGEST("a", NULL, "b"), DIGEST("a", NULL, "b"));
}

TEST(every_boundary_counts)
{
	ck_assert_str_ne(DIGEST("abc"), DIGEST("ab", "c"));
	ck_assert_str_ne(DIGEST("a", ""), DIGEST("a"));
	ck_assert_str_ne(DIGEST("", "a"), DIGEST("a", ""));
	ck_assert_str_ne(DIGEST(NULL), DIGEST(""));
	ck_assert_str_ne(DIGEST(NULL), DIGEST("-"));
	ck_assert_str_ne(DIGEST(NULL, "a"), DIGEST("a", NULL));
	ck_assert_str_ne(DIGEST(NULL, NULL), DIGEST(NULL));
}

/* Bytes are added as they are, without a mark and in as many parts as one likes. */
TEST(bytes)
{
	uint8_t one[DIGEST_SIZE], parts[DIGEST_SIZE], none[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	/* FIPS 180-4's own example. */
	digest_init(&d);
	digest_bytes(&d, "abc", 3);
	digest_finish(&d, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

	digest_init(&d);
	digest_bytes(&d, "a\0bc", 4);
	digest_finish_bytes(&d, one);
	digest_init(&d);
	digest_bytes(&d, "a", 1);
	digest_bytes(&d, "", 0);
	digest_bytes(&d, "\0bc", 3);
	digest_finish_bytes(&d, parts);
	ck_assert_mem_eq(one, parts, DIGEST_SIZE);

	digest_of("a\0bc", 4, parts);
	ck_assert_mem_eq(one, parts, DIGEST_SIZE);

	digest_init(&d);
	digest_finish_bytes(&d, none);
	ck_assert_mem_eq(none, "\xe3\xb0\xc4\x42", 4);
	ck_assert_mem_ne(none, one, DIGEST_SIZE);
}

/* Once finished, it begins anew. */
TEST(finish_begins_anew)
{
	char first[DIGEST_HEX_SIZE], again[DIGEST_HEX_SIZE];
	struct digest d;

	digest_init(&d);
	digest_string(&d, "a");
	digest_finish(&d, first);
	digest_string(&d, "a");
	digest_finish(&d, again);
	ck_assert_str_eq(first, again);
	ck_assert_str_eq(first, DIGEST("a"));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, known_digests);
	tcase_add_test(c, same_strings_same_digest);
	tcase_add_test(c, every_boundary_counts);
	tcase_add_test(c, bytes);
	tcase_add_test(c, finish_begins_anew);
}

int main(void)
{
	return suite_run("digest", add_tests);
}
