/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "shared/cleanup.h"
#include "shared/io.h"
#include "unpack.h"

enum {
	BLOCK_SIZE = 256 << 10,
	MAX_ENTRIES = 100000,
	PASSED_LIMITS = 2, /* so many times as much as a kernel may have, before that */
};

static void archive_freep(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}
#define cleanup_archive CLEANUP(archive_freep)

/* The packed bytes, as libarchive asks for them. */
struct input {
	struct unpack *u;
	uint64_t done;
	char block[BLOCK_SIZE];
};

static bool is_told_to_stop(const struct unpack *u)
{
	struct pollfd p = {.fd = u->control, .events = POLLIN};

	return u->control >= 0 && poll(&p, 1, 0) > 0;
}

static la_ssize_t read_block(struct archive *archive, void *ctx, const void **ret_data)
{
	struct input *in = ctx;
	const struct unpack *u = in->u;
	uint64_t left = u->len - in->done;
	size_t want = left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE;
	ssize_t n;

	if (is_told_to_stop(u)) {
		archive_set_error(archive, ECANCELED, "stopped");
		return -1;
	}
	do {
		n = pread(u->from, in->block, want, (off_t)(u->offset + in->done));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		archive_set_error(archive, errno, "%s", strerror(errno));
	else
		in->done += (uint64_t)n;
	*ret_data = in->block;
	return n;
}

/* Those of what is packed have numbers that libarchive makes up. */
static int fail(struct unpack *u, struct archive *a)
{
	const char *why = archive_error_string(a);
	int code = archive_errno(a);

	snprintf(u->why, sizeof(u->why), "%s", why ? why : "it cannot be unpacked");
	return code == ENOMEM || code == ECANCELED || code == EIO ? -code : -ENOEXEC;
}

/* The content of the entry that `a` is at. */
static int write_entry(struct unpack *u, struct archive *a, int to)
{
	uint64_t total = 0;

	for (;;) {
		const void *data;
		size_t len;
		la_int64_t offset;
		int r = archive_read_data_block(a, &data, &len, &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r < ARCHIVE_OK)
			return fail(u, a);
		if ((uint64_t)offset != total) /* holes, which nobody's kernel has */
			return -ENOEXEC;
		if (len > u->limit - total)
			return -EFBIG;
		if (is_told_to_stop(u))
			return -ECANCELED;
		r = io_write_fd(to, data, len);
		if (r < 0)
			return r;
		total += len;
	}
}

static void support_filters(struct archive *a)
{
	/* A warning says that a program does it. */
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_lz4(a);
}

static int unpack_stream(struct unpack *u)
{
	cleanup_free struct input *in = calloc(1, sizeof(*in));
	cleanup_archive struct archive *a = archive_read_new();
	struct archive_entry *entry;

	if (!in || !a)
		return -ENOMEM;
	in->u = u;
	support_filters(a);
	archive_read_support_format_raw(a);
	if (archive_read_open(a, in, NULL, read_block, NULL) < ARCHIVE_WARN ||
	    archive_read_next_header(a, &entry) < ARCHIVE_WARN)
		return fail(u, a);
	if (archive_filter_count(a) < 2) { /* only the one that reads */
		snprintf(u->why, sizeof(u->why), "its compression is unknown");
		return -ENOEXEC;
	}
	return write_entry(u, a, u->to);
}

/* Goes on to the next entry. 1, 0 behind the last, or a negative errno. *passed is the size of all
 * until then: what is passed over is unpacked too. */
static int next_entry(struct unpack *u, struct archive *a, uint64_t *passed,
		      struct archive_entry **ret_entry)
{
	int r = archive_read_next_header(a, ret_entry);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r < ARCHIVE_WARN)
		return fail(u, a);
	la_int64_t size = archive_entry_size(*ret_entry);
	if (size < 0 || (uint64_t)size > u->limit || *passed > PASSED_LIMITS * u->limit)
		return -EFBIG;
	*passed += (uint64_t)size;
	return is_told_to_stop(u) ? -ECANCELED : 1;
}

static bool is_kernel(struct archive_entry *entry)
{
	static const char *const patterns[] = {"boot/vmlinuz-*", "boot/vmlinux-*",
					       "usr/lib/debug/boot/vmlinux-*",
					       "usr/lib/modules/*/vmlinuz"};
	const char *name = archive_entry_pathname(entry);

	if (!name || archive_entry_filetype(entry) != AE_IFREG)
		return false;
	name += strncmp(name, "./", 2) == 0 ? 2 : 0;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (fnmatch(patterns[i], name, FNM_PATHNAME) == 0)
			return true;
	return false;
}

/* An entry of one archive as the bytes of another. */
static la_ssize_t read_outer(struct archive *archive, void *ctx, const void **ret_data)
{
	struct archive *outer = ctx;
	size_t len;
	la_int64_t offset;

	int r = archive_read_data_block(outer, ret_data, &len, &offset);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r >= ARCHIVE_WARN)
		return (la_ssize_t)len;
	archive_set_error(archive, archive_errno(outer), "%s", archive_error_string(outer));
	return -1;
}

static bool is_compression(const char *end)
{
	return !*end || strcmp(end, ".xz") == 0 || strcmp(end, ".zst") == 0 ||
	       strcmp(end, ".gz") == 0;
}

/* Which of the wanted it is; NULL: none that was not found yet. */
static struct unpack_wanted *find_wanted(struct archive_entry *entry, struct unpack_wanted *wanted,
					 size_t n)
{
	const char *path = archive_entry_pathname(entry);

	if (!path || archive_entry_filetype(entry) != AE_IFREG)
		return NULL;
	const char *name = io_basename(path);
	for (size_t i = 0; i < n; i++) {
		struct unpack_wanted *w = &wanted[i];
		size_t len = w->name ? strlen(w->name) : 0;
		if (w->found ||
		    (w->name ? strncmp(name, w->name, len) != 0 || !is_compression(name + len)
			     : !is_kernel(entry)))
			continue;
		snprintf(w->end, sizeof(w->end), "%s", w->name ? name + len : "");
		return w;
	}
	return NULL;
}

static int unpack_tar(struct unpack *u, struct archive *outer, struct unpack_wanted *wanted,
		      size_t n_wanted)
{
	cleanup_archive struct archive *a = archive_read_new();
	struct archive_entry *entry;
	uint64_t passed = 0;
	size_t left = n_wanted;
	int r = 1;

	if (!a)
		return -ENOMEM;
	support_filters(a);
	archive_read_support_format_tar(a);
	if (archive_read_open(a, outer, NULL, read_outer, NULL) < ARCHIVE_WARN)
		return fail(u, a);
	for (int n = 0; n < MAX_ENTRIES && left && (r = next_entry(u, a, &passed, &entry)) > 0;
	     n++) {
		struct unpack_wanted *w = find_wanted(entry, wanted, n_wanted);
		int written = w ? write_entry(u, a, w->to) : 0;
		if (written < 0)
			return written;
		if (w)
			w->found = true;
		left -= w ? 1 : 0;
	}
	return r < 0 ? r : 0;
}

static int unpack_package_files(struct unpack *u, struct unpack_wanted *wanted, size_t n_wanted)
{
	cleanup_free struct input *in = calloc(1, sizeof(*in));
	cleanup_archive struct archive *a = archive_read_new();
	struct archive_entry *entry;
	uint64_t passed = 0;
	int r = 1;

	if (!in || !a)
		return -ENOMEM;
	in->u = u;
	archive_read_support_format_ar(a);
	if (archive_read_open(a, in, NULL, read_block, NULL) < ARCHIVE_WARN)
		return fail(u, a);
	for (int n = 0; n < MAX_ENTRIES && (r = next_entry(u, a, &passed, &entry)) > 0; n++) {
		const char *name = archive_entry_pathname(entry);
		if (name && strncmp(name, "data.tar", strlen("data.tar")) == 0)
			return unpack_tar(u, a, wanted, n_wanted);
	}
	return r < 0 ? r : -ENOENT;
}

static int unpack_package(struct unpack *u)
{
	struct unpack_wanted kernel = {.to = u->to};

	int r = unpack_package_files(u, &kernel, 1);
	return r < 0 || kernel.found ? r : -ENOENT;
}

const struct unpack_module *crossbpf_unpack_init(void)
{
	static const struct unpack_module table = {sizeof(table), unpack_stream, unpack_package,
						   unpack_package_files};

	return &table;
}
