/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file is a line "crossbpf-cache FORMAT DIGEST" and the content; the digest is of the kind, the
 * key and the content. How many bytes there are is kept in the file "counts", for nobody wants to
 * look at all files after each build. A process adds to it ahead of what it is about to write, and
 * takes back in the end what it did not: of one that was killed there is too much, and that is put
 * right whenever all files are looked at.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-store.h"
#include "cache.h"
#include "shared/io.h"

#define HEAD "crossbpf-cache 2 "

enum {
	HEAD_SIZE = sizeof(HEAD) - 1 + DIGEST_HEX_SIZE, /* with the newline, without a NUL */
	MAX_CONTENT = 1 << 30,
	PATIENCE = 50, /* milliseconds that another process may take to count */
};

#define HOUR (INT64_C(3600) * 1000000000)

struct cache {
	char *dir;
	uint64_t limit;
	struct cache_counts added; /* hits and misses since it was opened; by atomic operations */
	pthread_mutex_t lock;      /* guards what follows */
	struct cache_store store;
	bool is_open;
	int looked, made;  /* an errno of what was tried in vain */
	uint64_t reserved; /* bytes that are counted and not written yet */
	unsigned patience;
	struct cache_shared shared;
};

struct cache *cache_new(const char *dir, uint64_t limit)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct cache){
		.dir = str_printf("%s/cache", dir),
		.limit = limit,
		.store = CACHE_STORE_CLOSED,
		.patience = PATIENCE,
	};
	if (!c->dir) {
		free(c);
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

const char *cache_dir(const struct cache *c)
{
	return c->dir;
}

uint64_t cache_limit(const struct cache *c)
{
	return c->limit;
}

/* Once for each way: what failed is not tried for each object. */
static int open_locked(struct cache *c, bool make)
{
	int *tried = make ? &c->made : &c->looked;

	if (c->is_open)
		return 0;
	if (*tried == 0)
		*tried = cache_store_open(&c->store, c->dir, make);
	c->is_open = *tried == 0;
	return *tried;
}

static int open_store(struct cache *c, bool make)
{
	pthread_mutex_lock(&c->lock);
	int r = open_locked(c, make);
	pthread_mutex_unlock(&c->lock);
	return r;
}

int cache_look(struct cache *c)
{
	return open_store(c, false);
}

void cache_count_hit(struct cache *c)
{
	__atomic_fetch_add(&c->added.hits, 1, __ATOMIC_RELAXED);
}

void cache_count_miss(struct cache *c)
{
	__atomic_fetch_add(&c->added.misses, 1, __ATOMIC_RELAXED);
}

/* An entry under another's name is none. */
static void make_head(enum cache_kind kind, const uint8_t key[DIGEST_SIZE], const void *content,
		      size_t len, char ret_head[HEAD_SIZE + 1])
{
	uint8_t digest[DIGEST_SIZE], which = (uint8_t)kind;
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	digest_init(&d);
	digest_bytes(&d, &which, sizeof(which));
	digest_bytes(&d, key, DIGEST_SIZE);
	digest_bytes(&d, content, len);
	digest_finish_bytes(&d, digest);
	digest_hex(digest, hex);
	snprintf(ret_head, HEAD_SIZE + 1, HEAD "%s\n", hex);
}

/* It was used: by that the oldest are known. Once an hour is enough. */
static void touch(int fd, const struct stat *st)
{
	int64_t age = io_now() - io_mtime(st);

	if (age > HOUR || age < -HOUR)
		futimens(fd, NULL);
}

static int read_whole(int fd, char *to, size_t len)
{
	while (len) {
		ssize_t n = read(fd, to, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

/* -EBADMSG for what is no entry, or not ours. */
static int read_entry(int fd, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		      struct strbuf *ret_content)
{
	char head[HEAD_SIZE + 1];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !io_is_own(&st) || st.st_size < HEAD_SIZE ||
	    st.st_size > MAX_CONTENT)
		return -EBADMSG;
	size_t size = (size_t)st.st_size, len = size - HEAD_SIZE;
	cleanup_free char *data = malloc(size + 1);
	if (!data)
		return -ENOMEM;
	int r = read_whole(fd, data, size);
	if (r < 0)
		return r;
	make_head(kind, key, data + HEAD_SIZE, len, head);
	if (memcmp(data, head, HEAD_SIZE) != 0)
		return -EBADMSG;
	touch(fd, &st);
	memmove(data, data + HEAD_SIZE, len);
	data[len] = '\0';
	*ret_content = (struct strbuf){.data = TAKE_PTR(data), .len = len, .room = size + 1};
	return 0;
}

static int get_here(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		    struct strbuf *ret_content)
{
	char name[DIGEST_HEX_SIZE];

	if (open_store(c, false) < 0)
		return -ENOENT;
	digest_hex(key, name);
	cleanup_close int fd = openat(c->store.kinds[kind], name,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	/* A link, or a socket. */
	bool wrong = fd < 0 && (errno == ELOOP || errno == ENXIO);
	int r = wrong ? -EBADMSG : fd < 0 ? -errno : read_entry(fd, kind, key, ret_content);
	if (r == -EBADMSG)
		unlinkat(c->store.kinds[kind], name, 0);
	return r < 0 && r != -ENOMEM ? -ENOENT : r;
}

/* A file that is there. */
struct found {
	int64_t used;
	uint64_t size;
	uint8_t kind, key[DIGEST_SIZE];
};

struct listing {
	struct found *v;
	size_t n, room;
	uint64_t bytes;
};

static void listing_free(struct listing *l)
{
	free(l->v);
}
#define cleanup_listing CLEANUP(listing_free)

/* One that is dated in the future is as old as can be: its date says nothing. */
static int64_t used_at(const struct stat *st)
{
	int64_t mtime = io_mtime(st);

	return mtime > io_now() + HOUR ? 0 : mtime;
}

static int list_file(struct listing *l, int dir, enum cache_kind kind, const char *name)
{
	struct found found = {.kind = (uint8_t)kind};
	struct stat st;

	if (strlen(name) != DIGEST_HEX_SIZE - 1 || digest_parse(name, found.key) < 0 ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
		return 0;
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 1024;
		struct found *v = realloc(l->v, room * sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->room = room;
	}
	found.used = used_at(&st);
	found.size = (uint64_t)st.st_size;
	l->bytes += found.size;
	l->v[l->n++] = found;
	return 0;
}

static int list_all(const struct cache_store *s, struct listing *ret_listing)
{
	int r = 0;

	for (size_t kind = 0; kind < CACHE_KINDS && r == 0; kind++) {
		cleanup_closedir DIR *entries = cache_store_list(s->kinds[kind]);
		if (!entries)
			return -errno;
		for (struct dirent *entry; r == 0 && (entry = readdir(entries));)
			r = list_file(ret_listing, s->kinds[kind], kind, entry->d_name);
	}
	return r;
}

static int compare_used(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

/* 0, -EAGAIN for what somebody has used, written or removed meanwhile, or why it cannot be. */
static int remove_found(const struct cache_store *s, const struct found *f)
{
	char name[DIGEST_HEX_SIZE];
	struct stat st;

	digest_hex(f->key, name);
	if (fstatat(s->kinds[f->kind], name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    used_at(&st) != f->used)
		return -EAGAIN;
	return unlinkat(s->kinds[f->kind], name, 0) == 0 ? 0 : errno == ENOENT ? -EAGAIN : -errno;
}

struct removed {
	uint64_t files, bytes, left; /* `left`: bytes that stay */
};

/* Removes the oldest until `limit` holds; an error where some of them cannot be, for which the
 * others are. */
static int remove_oldest(const struct cache_store *s, uint64_t limit, struct removed *ret_removed)
{
	cleanup_listing struct listing l = {0};
	struct removed removed = {0};

	int r = list_all(s, &l);
	if (r < 0)
		return r;
	if (l.n && l.bytes > limit)
		qsort(l.v, l.n, sizeof(*l.v), compare_used);
	removed.left = l.bytes;
	for (size_t i = 0; i < l.n && (removed.left > limit || !limit); i++) {
		int error = remove_found(s, &l.v[i]);
		if (error < 0) {
			r = error == -EAGAIN ? r : error;
			continue;
		}
		removed.left -= l.v[i].size;
		removed.bytes += l.v[i].size;
		removed.files++;
	}
	*ret_removed = removed;
	return r < 0 && (removed.left > limit || !limit) ? r : 0;
}

/* What is there now is known, and what others wrote since `before` was read. */
static void recount(struct cache *c, uint64_t before, uint64_t left)
{
	struct cache_counts counts;

	if (cache_counts_begin(&c->store, c->patience, &counts) < 0)
		return;
	counts.bytes = left + c->reserved + (counts.bytes > before ? counts.bytes - before : 0);
	cache_counts_end(&c->store, &counts);
}

/* One process at a time, unless that takes too long. Down to four fifths, so that not every build
 * from now on looks at all files. */
static void prune_locked(struct cache *c, uint64_t bytes)
{
	bool locked = cache_store_lock_prune(&c->store);
	struct removed removed;

	if (!locked && bytes < c->limit + c->limit / 4)
		return;
	if (remove_oldest(&c->store, c->limit / 5 * 4, &removed) == 0)
		recount(c, bytes, removed.left);
	if (locked)
		cache_store_unlock_prune(&c->store);
}

/* Are these bytes counted, so that they may be written? What cannot be counted is not kept, for
 * nobody would know when there is too much. */
static bool reserve_locked(struct cache *c, uint64_t size)
{
	struct cache_counts counts;

	if (open_locked(c, true) < 0)
		return false;
	if (c->reserved < size) {
		/* Some ahead, for the lock is not to be taken for each. */
		uint64_t ahead = size > c->limit / 64 ? size : c->limit / 64;
		if (cache_counts_begin(&c->store, c->patience, &counts) < 0) {
			c->patience = 0;
			return false;
		}
		counts.bytes += ahead;
		c->reserved += ahead;
		cache_counts_end(&c->store, &counts);
		if (counts.bytes > c->limit)
			prune_locked(c, counts.bytes);
	}
	c->reserved -= size;
	return true;
}

static bool reserve(struct cache *c, uint64_t size)
{
	pthread_mutex_lock(&c->lock);
	bool reserved = reserve_locked(c, size);
	pthread_mutex_unlock(&c->lock);
	return reserved;
}

static void give_back(struct cache *c, uint64_t size)
{
	pthread_mutex_lock(&c->lock);
	c->reserved += size;
	pthread_mutex_unlock(&c->lock);
}

/* *ret_replaced is the size of what had that name. */
static int write_entry(const struct cache_store *s, enum cache_kind kind, const char *name,
		       const char head[HEAD_SIZE + 1], const void *content, size_t len,
		       uint64_t *ret_replaced)
{
	cleanup_free char *temporary = NULL;
	cleanup_close int fd = cache_store_temporary(s, &temporary);
	struct stat old;

	if (fd < 0)
		return fd;
	int r = io_write_fd(fd, head, HEAD_SIZE);
	if (r == 0)
		r = io_write_fd(fd, content, len);
	bool is_old = fstatat(s->kinds[kind], name, &old, AT_SYMLINK_NOFOLLOW) == 0;
	if (r == 0 && renameat(s->temporary, temporary, s->kinds[kind], name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(s->temporary, temporary, 0);
	else
		*ret_replaced = is_old ? (uint64_t)old.st_size : 0;
	return r;
}

void cache_keep(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		const void *content, size_t len)
{
	char name[DIGEST_HEX_SIZE], head[HEAD_SIZE + 1];
	uint64_t size = HEAD_SIZE + (uint64_t)len, replaced = 0;

	if (size > MAX_CONTENT || size > c->limit || !reserve(c, size))
		return;
	digest_hex(key, name);
	make_head(kind, key, content, len, head);
	if (write_entry(&c->store, kind, name, head, content, len, &replaced) < 0)
		replaced = size;
	if (replaced)
		give_back(c, replaced);
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
	int r = get_here(c, kind, key, ret_content);

	if (r != -ENOENT || kind != CACHE_OBJECT)
		return r;
	r = cache_fetch(c, kind, key, ret_content);
	if (r == 0)
		cache_keep(c, kind, key, ret_content->data, ret_content->len);
	return r;
}

void cache_put(struct cache *c, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
	       const void *content, size_t len)
{
	cache_keep(c, kind, key, content, len);
	if (c->shared.put)
		c->shared.put(c->shared.ctx, kind, key, content, len);
}

/* Is there nothing? Then that is no error. */
static int open_to_look(struct cache *c, bool *ret_empty)
{
	int r = open_store(c, false);

	*ret_empty = r == -ENOENT || r == -ENOTDIR;
	return *ret_empty ? 0 : r;
}

int cache_prune(struct cache *c, uint64_t limit, uint64_t *ret_files, uint64_t *ret_bytes)
{
	struct removed removed = {0};
	struct cache_counts counts;
	bool empty;

	int r = open_to_look(c, &empty);
	if (r == 0 && !empty) {
		cache_store_sweep(&c->store);
		cache_counts_read(&c->store, &counts);
		r = remove_oldest(&c->store, limit, &removed);
	}
	if (r < 0)
		return r;
	*ret_files = removed.files;
	*ret_bytes = removed.bytes;
	if (empty)
		return 0;
	pthread_mutex_lock(&c->lock);
	recount(c, counts.bytes, removed.left);
	pthread_mutex_unlock(&c->lock);
	return 0;
}

int cache_clear(struct cache *c, uint64_t *ret_files, uint64_t *ret_bytes)
{
	struct cache_counts counts;

	int r = cache_prune(c, 0, ret_files, ret_bytes);
	if (r == 0 && c->is_open && cache_counts_begin(&c->store, c->patience, &counts) == 0) {
		counts.hits = counts.misses = 0;
		cache_counts_end(&c->store, &counts);
	}
	return r;
}

int cache_stats(struct cache *c, struct cache_counts *ret_counts, uint64_t *ret_entries)
{
	cleanup_listing struct listing l = {0};
	struct cache_counts counts = {0};
	uint64_t entries = 0;
	bool empty;

	int r = open_to_look(c, &empty);
	if (r == 0 && !empty) {
		cache_counts_read(&c->store, &counts);
		r = list_all(&c->store, &l);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n; i++)
		entries += l.v[i].kind == CACHE_OBJECT;
	counts.bytes = l.bytes;
	*ret_counts = counts;
	*ret_entries = entries;
	return 0;
}

/* Hits and misses, and less what was not written after all. */
static void add_counts(struct cache *c)
{
	struct cache_counts counts;

	if (!c->added.hits && !c->added.misses && !c->reserved)
		return;
	if (open_locked(c, true) < 0 || cache_counts_begin(&c->store, c->patience, &counts) < 0)
		return;
	counts.hits += c->added.hits;
	counts.misses += c->added.misses;
	counts.bytes -= c->reserved < counts.bytes ? c->reserved : counts.bytes;
	cache_counts_end(&c->store, &counts);
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	add_counts(c);
	if (c->is_open)
		cache_store_sweep(&c->store);
	cache_store_close(&c->store);
	pthread_mutex_destroy(&c->lock);
	free(c->dir);
	free(c);
}
