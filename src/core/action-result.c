/* SPDX-License-Identifier: BSD-2-Clause */
/* Protocol buffers' wire format: protobuf.dev/programming-guides/encoding. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "action-result.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

enum { RESULT_OUTPUT_FILES = 2, RESULT_EXIT_CODE = 4 };
enum { FILE_PATH = 1, FILE_DIGEST = 2 };
enum { DIGEST_HASH = 1, DIGEST_SIZE_BYTES = 2 };

static void add_varint(struct strbuf *b, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		strbuf_putc(b, (char)(0x80 | (n & 0x7f)));
	strbuf_putc(b, (char)n);
}

static void add_number(struct strbuf *b, unsigned field, uint64_t n)
{
	if (!n) /* proto3 leaves it out */
		return;
	add_varint(b, (uint64_t)field << 3 | VARINT);
	add_varint(b, n);
}

static void add_bytes(struct strbuf *b, unsigned field, const char *data, size_t len)
{
	add_varint(b, (uint64_t)field << 3 | BYTES);
	add_varint(b, len);
	strbuf_add(b, data, len);
}

/* A message within another; its own error is handed on. */
static void add_message(struct strbuf *b, unsigned field, const struct strbuf *message)
{
	add_bytes(b, field, message->data ? message->data : "", message->len);
	if (message->error)
		b->error = message->error;
}

void action_result_write(struct strbuf *b, const char *path, const uint8_t digest[DIGEST_SIZE],
			 uint64_t size)
{
	cleanup_strbuf struct strbuf message = {0}, file = {0};
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	add_bytes(&message, DIGEST_HASH, hex, sizeof(hex) - 1);
	add_number(&message, DIGEST_SIZE_BYTES, size);
	add_bytes(&file, FILE_PATH, path, strlen(path));
	add_message(&file, FILE_DIGEST, &message);
	add_message(b, RESULT_OUTPUT_FILES, &file);
}

/* What is left of a message. */
struct wire {
	const uint8_t *at, *end;
};

struct field {
	uint64_t number;
	unsigned type;
	uint64_t value;      /* of a VARINT */
	struct wire content; /* of BYTES */
};

static bool read_varint(struct wire *w, uint64_t *ret_n)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
		uint8_t byte = *w->at++;
		if (shift == 63 && byte > 1)
			return false;
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret_n = n;
			return true;
		}
	}
	return false;
}

static bool pass(struct wire *w, uint64_t len)
{
	if (len > (uint64_t)(w->end - w->at))
		return false;
	w->at += len;
	return true;
}

/* The next field; false where there is none, or none that is sound: then w->at is not the end. */
static bool read_field(struct wire *w, struct field *ret_field)
{
	const uint8_t *begin = w->at;
	uint64_t tag = 0, len = 0;
	bool sound = w->at < w->end && read_varint(w, &tag) && tag >> 3 != 0;

	if (!sound) {
		w->at = begin;
		return false;
	}
	*ret_field = (struct field){.number = tag >> 3, .type = tag & 7};
	switch (ret_field->type) {
	case VARINT:
		sound = read_varint(w, &ret_field->value);
		break;
	case FIXED64:
		sound = pass(w, 8);
		break;
	case FIXED32:
		sound = pass(w, 4);
		break;
	case BYTES:
		sound = read_varint(w, &len);
		ret_field->content.at = w->at;
		sound = sound && pass(w, len);
		ret_field->content.end = w->at;
		break;
	default: /* groups are no longer made, and these messages never had any */
		sound = false;
	}
	if (!sound)
		w->at = begin;
	return sound;
}

static bool is_bytes(const struct field *f, unsigned number)
{
	return f->number == number && f->type == BYTES;
}

static bool is_number(const struct field *f, unsigned number)
{
	return f->number == number && f->type == VARINT;
}

struct output_file {
	struct wire path, hash;
	uint64_t size;
};

static bool read_digest(struct wire w, struct output_file *file)
{
	struct field f;

	while (read_field(&w, &f)) {
		if (is_bytes(&f, DIGEST_HASH))
			file->hash = f.content;
		if (is_number(&f, DIGEST_SIZE_BYTES))
			file->size = f.value;
	}
	return w.at == w.end;
}

static bool read_file(struct wire w, struct output_file *ret_file)
{
	struct output_file file = {0};
	bool sound = true;
	struct field f;

	while (sound && read_field(&w, &f)) {
		if (is_bytes(&f, FILE_PATH))
			file.path = f.content;
		if (is_bytes(&f, FILE_DIGEST))
			sound = read_digest(f.content, &file);
	}
	*ret_file = file;
	return sound && w.at == w.end;
}

static size_t length(const struct wire *w)
{
	return (size_t)(w->end - w->at);
}

static bool is_text(const struct wire *w, const char *text)
{
	size_t len = strlen(text);

	return length(w) == len && len && memcmp(w->at, text, len) == 0;
}

static bool parse_hash(const struct wire *w, uint8_t ret_digest[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	if (length(w) != sizeof(hex) - 1)
		return false;
	memcpy(hex, w->at, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	return digest_parse(hex, ret_digest) == 0;
}

int action_result_find(const void *data, size_t len, const char *path,
		       uint8_t ret_digest[DIGEST_SIZE], uint64_t *ret_size)
{
	struct wire w = {len ? data : NULL, len ? (const uint8_t *)data + len : NULL};
	struct output_file file, found = {0};
	uint8_t digest[DIGEST_SIZE];
	uint64_t exit_code = 0;
	struct field f;

	while (read_field(&w, &f)) {
		if (is_number(&f, RESULT_EXIT_CODE))
			exit_code = f.value;
		if (!is_bytes(&f, RESULT_OUTPUT_FILES))
			continue;
		if (!read_file(f.content, &file))
			return -EINVAL;
		if (is_text(&file.path, path))
			found = file;
	}
	if (w.at != w.end)
		return -EINVAL;
	if (exit_code || !found.path.at)
		return -ENOENT;
	if (found.size > INT64_MAX || !found.hash.at || !parse_hash(&found.hash, digest))
		return -EINVAL;
	memcpy(ret_digest, digest, sizeof(digest));
	*ret_size = found.size;
	return 0;
}
