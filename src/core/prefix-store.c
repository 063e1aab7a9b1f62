/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record is lines: "crossbpf-prefix 2", "refused WHY" or "pch STAMP", "others DIGEST", and a
 * "file DIGEST STAMP NAME" each, or "system" in its place. It is written when the precompiled
 * header is in place; its own modification time says when that was last used.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prefix-store.h"
#include "shared/io.h"

#define HOUR (INT64_C(3600) * 1000000000)
#define HEAD "crossbpf-prefix 2\n"

enum {
	MAX_RECORD = 8 << 20,
	MAX_TEXT = 256 << 20,
	LOCK_PAUSE = 20, /* milliseconds */
	BLOCK = 4096,    /* what an empty file counts for */
};

void prefix_record_free(struct prefix_record *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->files[i].name);
	free(r->files);
	free(r->refused);
	*r = (struct prefix_record){0};
}

int prefix_record_add(struct prefix_record *r, const char *name, const uint8_t digest[DIGEST_SIZE],
		      const struct prefix_stamp *stamp)
{
	struct prefix_file *files = realloc(r->files, (r->n + 1) * sizeof(*files));
	char *copy = files ? strdup(name) : NULL;

	r->files = files ? files : r->files;
	if (!copy)
		return -ENOMEM;
	files[r->n] = (struct prefix_file){.name = copy, .stamp = *stamp};
	memcpy(files[r->n++].digest, digest, DIGEST_SIZE);
	return 0;
}

struct prefix_stamp prefix_stamp_of(const struct stat *st)
{
	return (struct prefix_stamp){
		.device = (uint64_t)st->st_dev,
		.inode = (uint64_t)st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime = io_mtime(st),
		.ctime = io_ctime(st),
	};
}

static bool is_same(const struct prefix_stamp *a, const struct prefix_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime == b->mtime && a->ctime == b->ctime;
}

bool prefix_stamp_is(const struct prefix_stamp *stamp, const struct stat *st)
{
	struct prefix_stamp now = prefix_stamp_of(st);

	return stamp->ctime != 0 && is_same(stamp, &now);
}

int prefix_stamp_read(const char *path, struct prefix_stamp *ret_stamp,
		      uint8_t ret_digest[DIGEST_SIZE], struct strbuf *ret_text)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	cleanup_strbuf struct strbuf text = {0};
	struct stat before, after;
	int64_t now = io_now();

	if (fd < 0 || fstat(fd, &before) < 0)
		return -errno;
	if (!S_ISREG(before.st_mode))
		return -EINVAL;
	int r = io_read_fd(fd, MAX_TEXT, &text);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0)
		return -errno;
	struct prefix_stamp a = prefix_stamp_of(&before), b = prefix_stamp_of(&after);
	if (!is_same(&a, &b))
		return -ESTALE;
	/* What changes within the clock's tick keeps its times. */
	if (a.ctime > now - io_tick(a.ctime))
		a.ctime = 0;
	digest_of(text.data, text.len, ret_digest);
	*ret_stamp = a;
	if (ret_text) {
		*ret_text = text;
		text = (struct strbuf){0};
	}
	return 0;
}

static bool is_private(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

char *prefix_store_dir(const char *cache_dir)
{
	cleanup_free char *dir = str_printf("%s/prefix", cache_dir);
	cleanup_free char *inside = str_printf("%s/prefix/x", cache_dir);

	/* Who may write in the directory above may put another in the place of this one. */
	if (!dir || !inside || io_make_parents(inside, 0700) < 0 || !is_private(dir) ||
	    !is_private(cache_dir))
		return NULL;
	return TAKE_PTR(dir);
}

char *prefix_store_find(const char *cache_dir)
{
	cleanup_free char *dir = str_printf("%s/prefix", cache_dir);

	return dir && is_private(dir) && is_private(cache_dir) ? TAKE_PTR(dir) : NULL;
}

static void write_stamp(struct strbuf *b, const struct prefix_stamp *s)
{
	strbuf_printf(b, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64, s->device,
		      s->inode, s->size, s->mtime, s->ctime);
}

static bool read_number(const char **at, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(*at, &end, 10);
	if (errno || end == *at)
		return false;
	*at = end;
	return true;
}

static bool read_time(const char **at, int64_t *ret_time)
{
	char *end;

	errno = 0;
	*ret_time = strtoll(*at, &end, 10);
	if (errno || end == *at)
		return false;
	*at = end;
	return true;
}

static bool read_stamp(const char **at, struct prefix_stamp *ret_stamp)
{
	return read_number(at, &ret_stamp->device) && read_number(at, &ret_stamp->inode) &&
	       read_number(at, &ret_stamp->size) && read_time(at, &ret_stamp->mtime) &&
	       read_time(at, &ret_stamp->ctime);
}

/* What stands behind `word` and a blank, or NULL. */
static const char *after(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static bool read_file_line(const char *at, struct prefix_record *r)
{
	uint8_t digest[DIGEST_SIZE];
	struct prefix_stamp stamp;

	if (strlen(at) < DIGEST_HEX_SIZE || digest_parse(at, digest) < 0)
		return false;
	at += DIGEST_HEX_SIZE;
	return read_stamp(&at, &stamp) && at[0] == ' ' && at[1] &&
	       prefix_record_add(r, at + 1, digest, &stamp) == 0;
}

static bool read_line(const char *line, struct prefix_record *r)
{
	const char *at;

	if ((at = after(line, "file")))
		return read_file_line(at, r);
	if ((at = after(line, "system")) && read_file_line(at, r)) {
		r->files[r->n - 1].system = true;
		return true;
	}
	if ((at = after(line, "others")))
		return digest_parse(at, r->others) == 0;
	if ((at = after(line, "pch")))
		return read_stamp(&at, &r->pch) && !*at;
	if ((at = after(line, "refused")) && !r->refused) {
		r->refused = strdup(at);
		return r->refused != NULL;
	}
	return false;
}

int prefix_store_read(const char *dir, const char *key, struct prefix_record *ret_record)
{
	cleanup_free char *path = str_printf("%s/%s.record", dir, key);
	cleanup_prefix_record struct prefix_record r = {0};
	cleanup_strbuf struct strbuf text = {0};

	if (!path || io_read_file(path, MAX_RECORD, &text) < 0 || !text.data ||
	    strncmp(text.data, HEAD, strlen(HEAD)) != 0 || text.data[text.len - 1] != '\n')
		return -ENOENT;
	for (char *line = text.data + strlen(HEAD), *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -ENOENT;
		*end = '\0';
		if (!read_line(line, &r))
			return -ENOENT;
	}
	if (!r.n)
		return -ENOENT;
	*ret_record = r;
	r = (struct prefix_record){0};
	return 0;
}

void prefix_store_write(const char *dir, const char *key, const struct prefix_record *r)
{
	cleanup_free char *path = str_printf("%s/%s.record", dir, key);
	cleanup_strbuf struct strbuf b = {0};
	char hex[DIGEST_HEX_SIZE];

	strbuf_puts(&b, HEAD);
	if (r->refused) {
		strbuf_printf(&b, "refused %s\n", r->refused);
	} else {
		strbuf_puts(&b, "pch ");
		write_stamp(&b, &r->pch);
		strbuf_putc(&b, '\n');
	}
	digest_hex(r->others, hex);
	strbuf_printf(&b, "others %s\n", hex);
	for (size_t i = 0; i < r->n; i++) {
		digest_hex(r->files[i].digest, hex);
		strbuf_printf(&b, "%s %s ", r->files[i].system ? "system" : "file", hex);
		write_stamp(&b, &r->files[i].stamp);
		strbuf_printf(&b, " %s\n", r->files[i].name);
	}
	if (path && !b.error)
		(void)io_replace_file(path, b.data, b.len);
}

void prefix_store_touch(const char *dir, const char *key)
{
	cleanup_free char *path = str_printf("%s/%s.record", dir, key);
	struct stat st;

	if (path && stat(path, &st) == 0 && io_now() - io_mtime(&st) > HOUR)
		utimensat(AT_FDCWD, path, NULL, 0);
}

bool prefix_store_seen(const char *dir, const char *key)
{
	cleanup_free char *path = str_printf("%s/%s.seen", dir, key);
	cleanup_close int fd = -1;

	if (!path)
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 && errno == EEXIST;
}

int prefix_store_lock(const char *dir, const char *key, unsigned wait, int control)
{
	struct pollfd ends = {.fd = control, .events = POLLIN};
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	cleanup_free char *path = str_printf("%s/%s.lock", dir, key);

	if (!path)
		return -ENOMEM;
	cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	for (unsigned waited = 0; fcntl(fd, F_SETLK, &lock) < 0; waited += LOCK_PAUSE) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -errno;
		if (waited >= wait)
			return -EAGAIN;
		if (poll(&ends, 1, LOCK_PAUSE) > 0)
			return -EINTR;
	}
	return TAKE_FD(fd);
}

/* All files of one key. */
struct stored {
	char key[DIGEST_HEX_SIZE];
	int64_t used;
	uint64_t size, files;
	bool header; /* is among them */
};

static struct stored *find_stored(struct stored **stored, size_t *n, const char *key)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*stored)[i].key, key) == 0)
			return &(*stored)[i];
	struct stored *v = realloc(*stored, (*n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	*stored = v;
	v[*n] = (struct stored){0};
	memcpy(v[*n].key, key, DIGEST_HEX_SIZE);
	return &v[(*n)++];
}

static int compare_used(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

/* Whoever has one of them open keeps it; whoever does not find it compiles without. Also what a
 * killed compiler left. */
static void remove_key(const char *dir, const char *key)
{
	cleanup_closedir DIR *entries = opendir(dir);

	for (struct dirent *entry; entries && (entry = readdir(entries));)
		if (strncmp(entry->d_name, key, DIGEST_HEX_SIZE - 1) == 0)
			unlinkat(dirfd(entries), entry->d_name, 0);
}

/* All that is there, by key, what was used longest ago first. */
static int list_stored(const char *dir, struct stored **ret_stored, size_t *ret_n)
{
	cleanup_closedir DIR *entries = opendir(dir);

	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		char name[DIGEST_HEX_SIZE] = "";
		struct stat st;
		if (strlen(entry->d_name) < DIGEST_HEX_SIZE ||
		    fstatat(dirfd(entries), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		memcpy(name, entry->d_name, DIGEST_HEX_SIZE - 1);
		struct stored *s = find_stored(ret_stored, ret_n, name);
		if (!s)
			return -ENOMEM;
		s->size += st.st_size < BLOCK ? BLOCK : (uint64_t)st.st_size;
		s->files++;
		s->header = s->header || strcmp(entry->d_name + DIGEST_HEX_SIZE - 1, ".pch") == 0;
		s->used = io_mtime(&st) > s->used ? io_mtime(&st) : s->used;
	}
	if (*ret_n)
		qsort(*ret_stored, *ret_n, sizeof(**ret_stored), compare_used);
	return 0;
}

static void count(const struct stored *s, struct prefix_counts *counts)
{
	counts->headers += s->header ? 1 : 0;
	counts->files += s->files;
	counts->bytes += s->size;
}

int prefix_store_count(const char *dir, struct prefix_counts *ret_counts)
{
	cleanup_free struct stored *stored = NULL;
	size_t n = 0;

	*ret_counts = (struct prefix_counts){0};
	int r = list_stored(dir, &stored, &n);
	for (size_t i = 0; i < n; i++)
		count(&stored[i], ret_counts);
	return r;
}

void prefix_store_trim(const char *dir, const char *key, uint64_t limit,
		       struct prefix_counts *ret_removed)
{
	cleanup_free struct stored *stored = NULL;
	struct prefix_counts removed = {0};
	uint64_t sum = 0;
	size_t n = 0;

	if (list_stored(dir, &stored, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		sum += stored[i].size;
	for (size_t i = 0; i < n && sum > limit; i++) {
		if (key && strcmp(stored[i].key, key) == 0)
			continue;
		remove_key(dir, stored[i].key);
		sum -= stored[i].size;
		count(&stored[i], &removed);
	}
	if (ret_removed)
		*ret_removed = removed;
}
