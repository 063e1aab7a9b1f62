/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-object.h"
#include "object/object.h"
#include "object/stamp.h"

static const char *why;

TEST(writes)
{
	static const char want[] = "1\0bpfel\0loongarch";
	const struct object_stamp stamp = {"bpfel", "loongarch"};
	cleanup_strbuf struct strbuf content = {0};

	ck_assert_int_eq(stamp_write(&stamp, &content), 0);
	ck_assert_uint_eq(content.len, sizeof(want));
	ck_assert_mem_eq(content.data, want, sizeof(want));
}

static int read_content(const char *content, size_t len, struct object_stamp *ret)
{
	cleanup_free void *copy = made_copy(content, len);
	int r = stamp_read(copy, len, ret, &why);

	return r;
}

TEST(reads)
{
	static const char content[] = "1\0bpfeb\0any";
	struct object_stamp stamp;

	ck_assert_int_eq(stamp_read(content, sizeof(content), &stamp, &why), 0);
	ck_assert_str_eq(stamp.target, "bpfeb");
	ck_assert_str_eq(stamp.arch, "any");
	for (size_t len = 0; len < sizeof(content); len++)
		ck_assert_int_eq(read_content(content, len, &stamp), -ENOEXEC);
}

TEST(refuses)
{
	static const char more[] = "1\0bpfel\0x86\0more", empty[] = "1\0bpfel\0",
			  odd[] = "1\0bpfel\0x\n86", later[] = "2\0whatever",
			  old[] = "\0bpfel\0x86";
	struct object_stamp stamp;

	ck_assert_int_eq(read_content(more, sizeof(more), &stamp), -ENOEXEC);
	ck_assert_int_eq(read_content(empty, sizeof(empty), &stamp), -ENOEXEC);
	ck_assert_int_eq(read_content(odd, sizeof(odd), &stamp), -ENOEXEC);
	assert_contains(why, "stamp");
	ck_assert_int_eq(read_content(later, sizeof(later), &stamp), -ENOTSUP);
	ck_assert_int_eq(read_content(old, sizeof(old), &stamp), -ENOTSUP);
}

TEST(of_an_object)
{
	for (int order = 0; order < 2; order++) {
		const struct object_stamp want = {order ? "bpfeb" : "bpfel", "arm64"};
		cleanup_strbuf struct strbuf object = {0};
		struct object_stamp stamp;
		struct made m;

		made_object(&m, order);
		ck_assert_int_eq(object_read_stamp(m.data, m.len, &stamp, &why), -ENOENT);
		ck_assert_ptr_eq(why, NULL);
		ck_assert_int_eq(object_read_stamp(m.data, 70, &stamp, &why), -ENOEXEC);
		ck_assert_int_eq(object_rewrite(m.data, m.len, false, &want, &object, &why), 0);
		ck_assert_int_eq(object_read_stamp(object.data, object.len, &stamp, &why), 0);
		ck_assert_str_eq(stamp.target, want.target);
		ck_assert_str_eq(stamp.arch, want.arch);
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, writes);
	tcase_add_test(c, reads);
	tcase_add_test(c, refuses);
	tcase_add_test(c, of_an_object);
}

int main(void)
{
	return suite_run("object_stamp", add_tests);
}
