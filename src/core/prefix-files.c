/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "prefix-files.h"
#include "prefix-text.h"
#include "shared/io.h"

int prefix_file_check(const char *dir, struct prefix_file *f, bool *ret_new)
{
	cleanup_free char *path = io_absolute(dir, f->name);
	uint8_t digest[DIGEST_SIZE];
	struct prefix_stamp stamp;
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (stat(path, &st) == 0 && prefix_stamp_is(&f->stamp, &st))
		return 0;
	if (prefix_stamp_read(path, &stamp, digest, NULL) < 0 ||
	    memcmp(digest, f->digest, DIGEST_SIZE) != 0)
		return -ESTALE;
	*ret_new = *ret_new || stamp.ctime != 0;
	f->stamp = stamp;
	return 0;
}

int prefix_files_check(const char *dir, struct prefix_record *r, bool *ret_new)
{
	int error = 0;

	for (size_t i = 0; i < r->n && error == 0; i++)
		error = prefix_file_check(dir, &r->files[i], ret_new);
	return error;
}

/* Why it may be no part of a precompiled header, or NULL. */
static const char *refuse(const struct strbuf *content)
{
	const char *text = content->data ? content->data : "";
	const char *why = prefix_refuse_text(text, content->len);

	return why ? why : prefix_refuse_data(text, content->len);
}

int prefix_files_read(const char *dir, const struct strv *names, struct prefix_record *r,
		      uint64_t *ret_size)
{
	*ret_size = 0;
	for (size_t i = 0; i < names->n; i++) {
		cleanup_free char *path = io_absolute(dir, names->v[i]);
		cleanup_strbuf struct strbuf text = {0};
		uint8_t digest[DIGEST_SIZE];
		struct prefix_stamp stamp;
		if (!path)
			return -ENOMEM;
		int error = prefix_stamp_read(path, &stamp, digest, &text);
		if (error == 0)
			error = prefix_record_add(r, names->v[i], digest, &stamp);
		if (error < 0)
			return error;
		*ret_size += text.len;
		const char *why = r->refused ? NULL : refuse(&text);
		if (why && !(r->refused = str_printf("%s: %s", names->v[i], why)))
			return -ENOMEM;
	}
	return 0;
}
