/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anything as an object. Beside what sanitizers see: it is refused with a reason, or rewritten to
 * what is read again, is rewritten to itself, and is not large. Under libFuzzer, or run-once.c.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "object/object.h"
#include "target.h"

static const struct object_stamp little = {"bpfel", "x86"}, big = {"bpfeb", "any"};

/* 0, or refused for a good reason. */
static int rewrite(const void *data, size_t len, bool keep_debug, struct strbuf *ret)
{
	const struct object_stamp *stamp =
		len > 5 && ((const uint8_t *)data)[5] == 2 ? &big : &little;
	const char *why;
	int r = object_rewrite(data, len, keep_debug, stamp, ret, &why);

	CHECK(r == 0 || (r == -ENOEXEC && why));
	CHECK(r == 0 || !ret->data);
	return r;
}

static void expect_same(const struct strbuf *a, const struct strbuf *b)
{
	CHECK(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

static void check_stamp(const struct strbuf *object)
{
	const struct object_stamp *want = object->data[5] == 2 ? &big : &little;
	struct object_stamp stamp;
	const char *why;

	CHECK(object_read_stamp(object->data, object->len, &stamp, &why) == 0);
	CHECK(strcmp(stamp.target, want->target) == 0 && strcmp(stamp.arch, want->arch) == 0);
}

/* Of what was rewritten. */
static void check_result(const struct strbuf *object, size_t len, bool keep_debug)
{
	cleanup_strbuf struct strbuf again = {0};

	CHECK(object->len <= 2 * len + 512);
	check_stamp(object);
	CHECK(rewrite(object->data, object->len, keep_debug, &again) == 0);
	expect_same(object, &again);
}

static int read_line(void *ctx, const struct object_line *line)
{
	size_t *total = ctx;

	*total += strlen(line->file) + strlen(line->text);
	return 0;
}

/* An object that takes its own lines is as sound as before. */
static void check_lines(const uint8_t *data, size_t len)
{
	cleanup_strbuf struct strbuf taken = {0}, again = {0};
	size_t total = 0;
	const char *why;
	int r = object_each_line(data, len, read_line, &total, &why);

	CHECK(r == 0 || (r == -ENOEXEC && why));
	r = object_take_lines(data, len, data, len, &taken, &why);
	CHECK(r == 0 || (r == -ENOEXEC && why));
	if (r < 0)
		return;
	CHECK(object_take_lines(taken.data, taken.len, taken.data, taken.len, &again, &why) == 0);
	expect_same(&taken, &again);
}

static int own_text(void *ctx, const struct object_line *line, const char **ret_text,
		    size_t *ret_len)
{
	(void)ctx;
	*ret_text = line->line % 2 ? line->file : line->text;
	*ret_len = strlen(*ret_text);
	return 0;
}

/* An object with other texts is as sound, and may be given them again. */
static void check_texts(const uint8_t *data, size_t len)
{
	cleanup_strbuf struct strbuf set = {0}, again = {0};
	const char *why;
	int r = object_set_texts(data, len, own_text, NULL, &set, &why);

	CHECK(r == 0 || (r == -ENOEXEC && why));
	if (r < 0)
		return;
	CHECK(object_set_texts(set.data, set.len, own_text, NULL, &again, &why) == 0);
}

/* The first half takes the lines of the second. */
static void check_pair(const uint8_t *data, size_t len)
{
	cleanup_strbuf struct strbuf taken = {0};
	const char *why;
	int r = object_take_lines(data, len / 2, data + len / 2, len - len / 2, &taken, &why);

	CHECK(r == 0 || (r == -ENOEXEC && why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_strbuf struct strbuf whole = {0}, stripped = {0}, late = {0};
	struct object_stamp stamp;
	const char *why;

	object_read_stamp(data, len, &stamp, &why);
	int registers = object_uses_registers(data, len, &why);
	CHECK(registers >= 0 || (registers == -ENOEXEC && why));
	check_lines(data, len);
	check_texts(data, len);
	check_pair(data, len);

	bool is_whole = rewrite(data, len, true, &whole) == 0;
	bool is_stripped = rewrite(data, len, false, &stripped) == 0;
	if (is_whole)
		check_result(&whole, len, true);
	if (is_stripped) {
		check_result(&stripped, len, false);
		CHECK(object_uses_registers(stripped.data, stripped.len, &why) == registers);
	}
	/* Debug information may be removed at any time. */
	if (is_whole && is_stripped) {
		CHECK(rewrite(whole.data, whole.len, false, &late) == 0);
		expect_same(&stripped, &late);
	}
	return 0;
}
