/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file is a line "crossbpf-cache FORMAT DIGEST" and the content. How many bytes there are is kept
 * in the file "counts", for nobody wants to look at all files after each build; a process that was
 * killed did not add its own, so that is an estimate, put right whenever files are removed.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "shared/io.h"

#define HEAD "crossbpf-cache 1 "

enum {
	HEAD_SIZE = sizeof(HEAD) - 1 + DIGEST_HEX_SIZE, /* with the newline, without a NUL */
	MAX_CONTENT = 1 << 30,
	N_DIRS = 256,
};

#define HOUR (INT64_C(3600) * 1000000000)

struct cache {
	char *dir;
	uint64_t limit;
	struct cache_counts added; /* since it was opened; by atomic operations */
	struct cache_shared shared;
};

static const char *const kind_names[CACHE_KINDS] = {
	[CACHE_OBJECT] = "object", [CACHE_MANIFEST] = "manifest"};

struct cache *cache_new(const char *dir, uint64_t limit)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->dir = str_printf("%s/cache", dir);
	c->limit = limit;
	if (c->dir)
		return c;
	free(c);
	return NULL;
}

const char *cache_dir(const struct cache *c)
{
	return c->dir;
}

static char *file_of(const struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(key, hex);
	return str_printf("%s/%s/%.2s/%s", c->dir, kind_names[kind], hex, hex + 2);
}

static void add(uint64_t *to, uint64_t n)
{
	__atomic_fetch_add(to, n, __ATOMIC_RELAXED);
}

void cache_count_hit(struct cache *c)
{
	add(&c->added.hits, 1);
}

void cache_count_miss(struct cache *c)
{
	add(&c->added.misses, 1);
}

static bool is_sound(const struct strbuf *file)
{
	uint8_t digest[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];

	if (file->len < HEAD_SIZE || memcmp(file->data, HEAD, sizeof(HEAD) - 1) != 0 ||
	    file->data[HEAD_SIZE - 1] != '\n')
		return false;
	digest_of(file->data + HEAD_SIZE, file->len - HEAD_SIZE, digest);
	digest_hex(digest, hex);
	return memcmp(file->data + sizeof(HEAD) - 1, hex, DIGEST_HEX_SIZE - 1) == 0;
}

/* It was used: by that the oldest are known. Once an hour is enough. */
static void touch(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && io_now() - io_mtime(&st) > HOUR)
		utimensat(AT_FDCWD, path, NULL, 0);
}

static int get_here(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		    struct strbuf *ret_content)
{
	cleanup_free char *path = file_of(c, kind, key);
	cleanup_strbuf struct strbuf file = {0};

	if (!path)
		return -ENOMEM;
	int r = io_read_file(path, MAX_CONTENT, &file);
	if (r < 0)
		return r == -ENOMEM ? r : -ENOENT;
	if (!is_sound(&file)) {
		unlink(path);
		return -ENOENT;
	}
	touch(path);
	strbuf_add(ret_content, file.data + HEAD_SIZE, file.len - HEAD_SIZE);
	return ret_content->error;
}

void cache_keep(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		const void *content, size_t len)
{
	cleanup_free char *path = file_of(c, kind, key);
	cleanup_strbuf struct strbuf file = {0};
	uint8_t digest[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];
	struct stat old;

	if (len > MAX_CONTENT - HEAD_SIZE)
		return;
	digest_of(content, len, digest);
	digest_hex(digest, hex);
	strbuf_printf(&file, HEAD "%s\n", hex);
	strbuf_add(&file, content, len);
	if (!path || file.error || io_make_parents(path, 0700) < 0)
		return;
	uint64_t before = stat(path, &old) == 0 ? (uint64_t)old.st_size : 0;
	if (io_replace_file(path, file.data, file.len) == 0 && file.len > before)
		add(&c->added.bytes, file.len - before);
}

void cache_share(struct cache *c, const struct cache_shared *shared)
{
	c->shared = *shared;
}

int cache_fetch(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		struct strbuf *ret_content)
{
	return c->shared.get ? c->shared.get(c->shared.ctx, kind, key, ret_content) : -ENOENT;
}

int cache_get(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
	      struct strbuf *ret_content)
{
	size_t before = ret_content->len;
	int r = get_here(c, kind, key, ret_content);

	if (r != -ENOENT || kind != CACHE_OBJECT)
		return r;
	r = cache_fetch(c, kind, key, ret_content);
	if (r == 0)
		cache_keep(c, kind, key, ret_content->data + before, ret_content->len - before);
	return r;
}

void cache_put(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
	       const void *content, size_t len)
{
	cache_keep(c, kind, key, content, len);
	if (c->shared.put)
		c->shared.put(c->shared.ctx, kind, key, content, len);
}

/* A file that is there. */
struct found {
	char *path;
	int64_t used;
	uint64_t size;
	bool is_object;
};

struct listing {
	struct found *v;
	size_t n, room;
	int error;
};

static void listing_free(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
}
#define cleanup_listing CLEANUP(listing_free)

static void list_file(struct listing *l, const char *dir, const char *name, bool is_object)
{
	cleanup_free char *path = str_printf("%s/%s", dir, name);
	struct stat st;

	if (path && (lstat(path, &st) < 0 || !S_ISREG(st.st_mode)))
		return;
	if (path && l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 1024;
		struct found *v = realloc(l->v, room * sizeof(*v));
		l->v = v ? v : l->v;
		l->room = v ? room : l->room;
	}
	if (!path || l->n == l->room) {
		l->error = -ENOMEM;
		return;
	}
	/* What a killed process left: nobody writes for an hour. */
	bool is_left = strlen(name) != DIGEST_HEX_SIZE - 3;
	int64_t used = io_mtime(&st);
	l->v[l->n++] = (struct found){TAKE_PTR(path), is_left && io_now() - used > HOUR ? 0 : used,
				      (uint64_t)st.st_size, is_object && !is_left};
}

static void list_all(const struct cache *c, struct listing *ret_listing)
{
	for (size_t i = 0; i < CACHE_KINDS * (size_t)N_DIRS && !ret_listing->error; i++) {
		cleanup_free char *dir = str_printf("%s/%s/%02x", c->dir, kind_names[i / N_DIRS],
						    (unsigned)(i % N_DIRS));
		cleanup_closedir DIR *entries = dir ? opendir(dir) : NULL;
		if (!dir)
			ret_listing->error = -ENOMEM;
		for (struct dirent *entry; entries && (entry = readdir(entries));)
			list_file(ret_listing, dir, entry->d_name, i / N_DIRS == CACHE_OBJECT);
	}
}

static int compare_used(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

/* They are this machine's own: as they are in memory. */
static void read_counts(int fd, struct cache_counts *ret_counts)
{
	cleanup_strbuf struct strbuf bytes = {0};

	if (lseek(fd, 0, SEEK_SET) == 0 && io_read_fd(fd, 4096, &bytes) == 0 &&
	    bytes.len == sizeof(*ret_counts))
		memcpy(ret_counts, bytes.data, sizeof(*ret_counts));
}

static void write_counts(int fd, const struct cache_counts *counts)
{
	if (lseek(fd, 0, SEEK_SET) == 0)
		(void)!io_write_fd(fd, counts, sizeof(*counts));
}

/* Opens the counts, locked until they are closed; -1 where that cannot be done. */
static int open_counts(const struct cache *c)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	cleanup_free char *path = str_printf("%s/counts", c->dir);

	if (!path)
		return -1;
	io_make_parents(path, 0700);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	while (fd >= 0 && fcntl(fd, F_SETLKW, &lock) < 0 && errno == EINTR)
		;
	return fd;
}

/* Removes the oldest until `limit` holds; *ret_left is how many bytes stay. */
static int remove_oldest(struct cache *c, uint64_t limit, uint64_t *ret_files, uint64_t *ret_bytes,
			 uint64_t *ret_left)
{
	cleanup_listing struct listing l = {0};

	list_all(c, &l);
	if (l.error)
		return l.error;
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), compare_used);
	*ret_left = *ret_files = *ret_bytes = 0;
	for (size_t i = 0; i < l.n; i++)
		*ret_left += l.v[i].size;
	for (size_t i = 0; i < l.n && (*ret_left > limit || !l.v[i].used); i++) {
		if (unlink(l.v[i].path) < 0)
			continue;
		*ret_left -= l.v[i].size;
		*ret_bytes += l.v[i].size;
		++*ret_files;
	}
	return 0;
}

int cache_prune(struct cache *c, uint64_t limit, uint64_t *ret_files, uint64_t *ret_bytes)
{
	cleanup_close int fd = open_counts(c);
	struct cache_counts counts = {0};
	uint64_t left;

	int r = remove_oldest(c, limit, ret_files, ret_bytes, &left);
	if (r < 0 || fd < 0)
		return r;
	if (limit)
		read_counts(fd, &counts);
	counts.bytes = left;
	write_counts(fd, &counts);
	return 0;
}

int cache_stats(struct cache *c, struct cache_counts *ret_counts, uint64_t *ret_entries)
{
	cleanup_listing struct listing l = {0};
	cleanup_close int fd = open_counts(c);
	struct cache_counts counts = {0};

	list_all(c, &l);
	if (l.error)
		return l.error;
	if (fd >= 0)
		read_counts(fd, &counts);
	counts.bytes = *ret_entries = 0;
	for (size_t i = 0; i < l.n; i++) {
		counts.bytes += l.v[i].size;
		*ret_entries += l.v[i].is_object;
	}
	*ret_counts = counts;
	return 0;
}

/* Down to four fifths, so that not every build from now on looks at all files. */
static void add_counts(struct cache *c)
{
	cleanup_close int fd = open_counts(c);
	struct cache_counts counts = {0};
	uint64_t files, bytes;

	if (fd < 0)
		return;
	read_counts(fd, &counts);
	counts.bytes += c->added.bytes;
	counts.hits += c->added.hits;
	counts.misses += c->added.misses;
	if (counts.bytes > c->limit)
		(void)remove_oldest(c, c->limit / 5 * 4, &files, &bytes, &counts.bytes);
	write_counts(fd, &counts);
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	if (c->added.bytes || c->added.hits || c->added.misses)
		add_counts(c);
	free(c->dir);
	free(c);
}
