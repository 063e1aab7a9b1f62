/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "archive-maker.h"

struct archive_maker {
	struct archive *archive;
	struct strbuf *to;
	int error;
};

static la_ssize_t append(struct archive *archive, void *ctx, const void *data, size_t len)
{
	struct archive_maker *a = ctx;

	strbuf_add(a->to, data, len);
	if (!a->to->error)
		return (la_ssize_t)len;
	archive_set_error(archive, ENOMEM, "out of memory");
	return -1;
}

static void check(struct archive_maker *a, int result)
{
	if (result < ARCHIVE_WARN && !a->error)
		a->error = archive_errno(a->archive) == ENOMEM ? -ENOMEM : -EINVAL;
}

static struct archive_maker *begin(struct strbuf *to, int (*set_format)(struct archive *))
{
	cleanup_free struct archive_maker *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->to = to;
	a->archive = archive_write_new();
	if (!a->archive)
		return NULL;
	check(a, set_format(a->archive));
	check(a, archive_write_set_bytes_per_block(a->archive, 0));
	check(a, archive_write_open(a->archive, a, NULL, append, NULL));
	return TAKE_PTR(a);
}

/* Of what all three read, the one that holds names of any length; and, as long as nobody calls
 * setlocale(), of any bytes. */
struct archive_maker *archive_begin(struct strbuf *to)
{
	return begin(to, archive_write_set_format_gnutar);
}

struct archive_maker *archive_begin_initramfs(struct strbuf *to)
{
	return begin(to, archive_write_set_format_cpio_newc);
}

static void add_header(struct archive_maker *a, const char *name, unsigned type, const char *target,
		       const struct stat *st, uint64_t len)
{
	struct archive_entry *entry = archive_entry_new();

	name += strspn(name, "/");
	if (!entry || !name[0]) { /* libarchive takes no name for one */
		if (!a->error)
			a->error = entry ? -EINVAL : -ENOMEM;
		archive_entry_free(entry);
		return;
	}
	archive_entry_copy_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, st ? st->st_mode & 0777 : 0644);
	if (st)
		archive_entry_set_mtime(entry, st->st_mtime, 0);
	archive_entry_set_size(entry, (la_int64_t)len);
	if (target)
		archive_entry_copy_symlink(entry, target);
	check(a, archive_write_header(a->archive, entry));
	archive_entry_free(entry);
}

void archive_add_file(struct archive_maker *a, const char *name, const void *data, size_t len)
{
	add_header(a, name, AE_IFREG, NULL, NULL, len);
	archive_add_data(a, data, len);
}

void archive_begin_file(struct archive_maker *a, const char *name, const struct stat *st)
{
	add_header(a, name, AE_IFREG, NULL, st, (uint64_t)st->st_size);
}

void archive_add_data(struct archive_maker *a, const void *data, size_t len)
{
	if (len && !a->error && archive_write_data(a->archive, data, len) != (la_ssize_t)len)
		check(a, ARCHIVE_FATAL);
}

void archive_add_directory(struct archive_maker *a, const char *name, const struct stat *st)
{
	add_header(a, name, AE_IFDIR, NULL, st, 0);
}

void archive_add_link(struct archive_maker *a, const char *name, const char *target,
		      const struct stat *st)
{
	add_header(a, name, AE_IFLNK, target, st, 0);
}

void archive_add_device(struct archive_maker *a, const char *name, unsigned major, unsigned minor)
{
	struct archive_entry *entry = archive_entry_new();

	if (!entry) {
		a->error = a->error ? a->error : -ENOMEM;
		return;
	}
	archive_entry_copy_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFCHR);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_rdevmajor(entry, major);
	archive_entry_set_rdevminor(entry, minor);
	archive_entry_set_size(entry, 0);
	check(a, archive_write_header(a->archive, entry));
	archive_entry_free(entry);
}

int archive_end(struct archive_maker *a)
{
	check(a, archive_write_close(a->archive));
	int error = a->error;
	archive_write_free(a->archive);
	free(a);
	return error;
}

const struct archive_module *crossbpf_archive_init(void)
{
	static const struct archive_module table = {
		sizeof(table),      archive_begin,    archive_add_file,
		archive_begin_file, archive_add_data, archive_add_directory,
		archive_add_link,   archive_end,      archive_begin_initramfs,
		archive_add_device,
	};

	return &table;
}
