/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered lies in the cache as manifests do: of each command the files that it read
 * last, and of each large file, as many commands read the same, by what it was. A file is its
 * fingerprint, the digest, and its name and what it asks for, each ended by a NUL.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clang-reads.h"
#include "lookups.h"
#include "shared/io.h"

enum { MAX_FILE_SIZE = 1 << 30, LARGE = 32 << 10 };

/* To be raised where what is remembered would be read otherwise. */
static const char memory_format[] = "what crossbpf-clang read 1";

struct clang_memory {
	struct strbuf text;
	struct clang_file *files;
	size_t n, next; /* the one behind that which was found last */
};

static void memory_key(const char *of, const void *what, size_t len, uint8_t ret_key[DIGEST_SIZE])
{
	struct digest d;

	digest_init(&d);
	digest_string(&d, memory_format);
	digest_string(&d, of);
	digest_bytes(&d, what, len);
	digest_finish_bytes(&d, ret_key);
}

static void write_file(struct strbuf *b, const struct clang_file *f)
{
	strbuf_add(b, (const char *)&f->seen, sizeof(f->seen));
	strbuf_add(b, (const char *)f->digest, sizeof(f->digest));
	strbuf_add(b, f->name, strlen(f->name) + 1);
	strbuf_add(b, f->asks, strlen(f->asks) + 1);
}

/* The file at *at, which moves behind it. The text ends with a NUL of its own. */
static bool read_file(const struct strbuf *text, size_t *at, struct clang_file *ret_file)
{
	const size_t fixed = sizeof(ret_file->seen) + sizeof(ret_file->digest);

	if (text->len - *at <= fixed)
		return false;
	const char *from = text->data + *at;
	memcpy(&ret_file->seen, from, sizeof(ret_file->seen));
	memcpy(ret_file->digest, from + sizeof(ret_file->seen), sizeof(ret_file->digest));
	ret_file->name = from + fixed;
	ret_file->asks = ret_file->name + strlen(ret_file->name) + 1;
	if (ret_file->asks >= text->data + text->len)
		return false;
	*at = (size_t)(ret_file->asks + strlen(ret_file->asks) + 1 - text->data);
	return *at <= text->len;
}

/* Of one command in one directory, as names are of that. */
static void command_key(const struct clang_reads *r, uint8_t ret_key[DIGEST_SIZE])
{
	uint8_t key[DIGEST_SIZE];

	memory_key(r->dir, r->command, DIGEST_SIZE, key);
	memory_key("command", key, sizeof(key), ret_key);
}

static int remember(struct clang_reads *r)
{
	struct clang_memory *m = calloc(1, sizeof(*m));
	uint8_t key[DIGEST_SIZE];
	struct clang_file file;
	size_t n = 0;

	if (!m)
		return -ENOMEM;
	r->memory = m;
	command_key(r, key);
	if (cache_get(r->cache, CACHE_MANIFEST, key, &m->text) == -ENOMEM)
		return -ENOMEM;
	for (size_t at = 0; read_file(&m->text, &at, &file);)
		n++;
	m->files = calloc(n + 1, sizeof(*m->files));
	if (!m->files)
		return -ENOMEM;
	for (size_t at = 0; m->n < n && read_file(&m->text, &at, &m->files[m->n]);)
		m->n++;
	return 0;
}

static bool is_known(const struct clang_file *then, const struct clang_file *now)
{
	return fingerprint_is(&then->seen, &now->seen) && !fingerprint_is_racy(&then->seen);
}

/* In the order of the last time, mostly. */
static bool recall(struct clang_memory *m, struct clang_file *f)
{
	for (size_t i = 0; i < m->n; i++) {
		size_t at = (m->next + i) % m->n;
		const struct clang_file *then = &m->files[at];
		if (strcmp(then->name, f->name) != 0)
			continue;
		m->next = at + 1;
		if (!is_known(then, f))
			return false;
		f->seen = then->seen;
		memcpy(f->digest, then->digest, DIGEST_SIZE);
		f->asks = then->asks;
		return true;
	}
	return false;
}

/* By what it is, under whatever name: a fingerprint but for when it was looked at. */
static void large_key(const struct clang_file *f, uint8_t ret_key[DIGEST_SIZE])
{
	struct fingerprint what = f->seen;

	what.seen = 0;
	memory_key("file", &what, sizeof(what), ret_key);
}

static bool recall_large(struct clang_reads *r, struct clang_file *f)
{
	cleanup_strbuf struct strbuf text = {0};
	uint8_t key[DIGEST_SIZE];
	struct clang_file then;
	size_t at = 0;

	if (f->seen.size < LARGE)
		return false;
	large_key(f, key);
	if (cache_get(r->cache, CACHE_MANIFEST, key, &text) < 0 || !read_file(&text, &at, &then) ||
	    !is_known(&then, f))
		return false;
	strv_add(&r->texts, then.asks);
	if (r->texts.error)
		return false;
	f->seen = then.seen;
	memcpy(f->digest, then.digest, DIGEST_SIZE);
	f->asks = r->texts.v[r->texts.n - 1];
	return true;
}

static void keep_large(struct clang_reads *r, const struct clang_file *f)
{
	cleanup_strbuf struct strbuf text = {0};
	uint8_t key[DIGEST_SIZE];

	if (f->seen.size < LARGE || fingerprint_is_racy(&f->seen))
		return;
	large_key(f, key);
	write_file(&text, f);
	if (!text.error)
		cache_keep(r->cache, CACHE_MANIFEST, key, text.data, text.len);
}

static int read_content(struct clang_reads *r, struct clang_file *f)
{
	cleanup_close int fd = open(f->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	cleanup_strbuf struct strbuf content = {0};
	char *asks = NULL;
	int64_t seen = io_now();
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	f->seen = fingerprint_of(&st, seen);
	int error = io_read_fd(fd, MAX_FILE_SIZE, &content);
	if (error < 0)
		return error == -ENOMEM ? error : -ENOENT;
	digest_of(content.data, content.len, f->digest);
	error = asks_find(content.data, content.len, &asks);
	if (error < 0)
		return error;
	strv_take(&r->texts, asks ? asks : strdup(""));
	if (r->texts.error)
		return r->texts.error;
	f->asks = r->texts.v[r->texts.n - 1];
	keep_large(r, f);
	return 0;
}

static bool is_elsewhere(const struct clang_reads *r, const char *name)
{
	return r->elsewhere && toolchain_is_builders(r->toolchain, name);
}

static int look_at_file(struct clang_reads *r, struct clang_file *f)
{
	int64_t seen = io_now();
	struct stat st;

	f->asks = "";
	if (is_elsewhere(r, f->name))
		return 0;

	if (stat(f->name, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	f->seen = fingerprint_of(&st, seen);
	if (recall(r->memory, f))
		return 0;
	r->news = true;
	return recall_large(r, f) ? 0 : read_content(r, f);
}

/* Directories that are not there, and some that are: many names are looked for below each. */
struct places {
	struct clang_reads *reads;
	struct strv gone, there;
};

static void places_free(struct places *p)
{
	strv_free(&p->gone);
	strv_free(&p->there);
}
#define cleanup_places CLEANUP(places_free)

/* A file that cannot be seen may be one. */
static bool is_absent(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? errno == ENOENT || errno == ENOTDIR : S_ISDIR(st.st_mode);
}

static bool is_dir_gone(struct places *p, const char *path)
{
	size_t len = (size_t)(io_basename(path) - path);
	struct stat st;

	if (len < 2)
		return false;
	cleanup_free char *dir = strndup(path, len - 1);
	if (!dir || strv_contains(&p->there, dir))
		return false;
	if (strv_contains(&p->gone, dir))
		return true;
	bool gone = stat(dir, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
	strv_add(gone ? &p->gone : &p->there, dir);
	return gone;
}

static int take_lookup(void *ctx, const char *path)
{
	struct places *p = ctx;

	if (!is_elsewhere(p->reads, path) && !is_dir_gone(p, path) && !is_absent(path))
		strv_add(&p->reads->others, path);
	return p->reads->others.error ? p->reads->others.error
	       : p->gone.error        ? p->gone.error
				      : p->there.error;
}

static int find_others(struct clang_reads *r)
{
	cleanup_places struct places places = {.reads = r};
	cleanup_strv struct strv dirs = {0};

	int error = lookups_dirs(&r->names, r->search, r->system, &dirs);
	for (size_t i = 0; i < r->n && error == 0; i++) {
		error = lookups_of_input(r->files[i].name, &dirs, take_lookup, &places);
		if (error == 0)
			error = lookups_of_asked(r->files[i].asks, &dirs, take_lookup, &places);
	}
	return error < 0 ? error : lookups_of_asked(r->asks, &dirs, take_lookup, &places);
}

int clang_reads_look(struct clang_reads *r, const struct strv *names)
{
	int error = r->memory ? 0 : remember(r);

	if (error < 0)
		return error;
	for (size_t i = 0; i < names->n; i++)
		strv_add(&r->names, names->v[i]);
	r->files = calloc(names->n + 1, sizeof(*r->files));
	if (r->names.error || !r->files)
		return -ENOMEM;
	for (; r->n < names->n && error == 0; r->n++) {
		r->files[r->n].name = r->names.v[r->n];
		error = look_at_file(r, &r->files[r->n]);
	}
	return error < 0 ? error : find_others(r);
}

/* Which of the files are one: a header is read once by that. */
static void digest_files(const struct clang_reads *r, struct digest *d)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct clang_file *f = &r->files[i];
		uint64_t same = 0;
		while (r->files[same].seen.inode != f->seen.inode ||
		       r->files[same].seen.device != f->seen.device)
			same++;
		digest_string(d, f->name);
		digest_bytes(d, f->digest, DIGEST_SIZE);
		digest_bytes(d, &same, sizeof(same));
	}
	digest_string(d, NULL);
}

struct place_id {
	dev_t device;
	ino_t inode;
	bool is;
};

/* Which of the directories are one: clang looks in it once. */
static int digest_dirs(const struct clang_reads *r, struct digest *d)
{
	const struct strv *dirs = r->search;
	cleanup_free struct place_id *ids = calloc(dirs->n + 1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < dirs->n; i++) {
		struct stat st;
		uint64_t same = 0;
		if (!(r->elsewhere && strv_contains(r->system, dirs->v[i])) &&
		    !is_elsewhere(r, dirs->v[i]) && stat(dirs->v[i], &st) == 0)
			ids[i] = (struct place_id){st.st_dev, st.st_ino, true};
		while (same < i && (ids[same].is != ids[i].is || ids[same].inode != ids[i].inode ||
				    ids[same].device != ids[i].device))
			same++;
		digest_string(d, dirs->v[i]);
		digest_bytes(d, &ids[i].is, sizeof(ids[i].is));
		digest_bytes(d, &same, sizeof(same));
	}
	digest_string(d, NULL);
	return 0;
}

/* May what it reads make other outputs another time? */
static bool is_open(const struct clang_reads *r)
{
	struct asks_sum sum = {0};

	asks_sum_add(&sum, r->asks, false);
	for (size_t i = 0; i < r->n; i++) {
		const char *name = r->files[i].name;
		asks_sum_add(&sum, r->files[i].asks, toolchain_is_builders(r->toolchain, name));
		sum.pastes = sum.pastes || is_elsewhere(r, name); /* its text is not here */
	}
	return asks_sum_is_open(&sum) || asks_sum_hides_names(&sum);
}

int clang_reads_digest(const struct clang_reads *r, struct digest *d)
{
	if (is_open(r))
		return -ENODATA;
	digest_files(r, d);
	return digest_dirs(r, d);
}

/* A link may have led elsewhere before it was put there. */
static bool is_newer(const char *name, const struct fingerprint *f, int64_t began)
{
	int64_t changed = fingerprint_changed(f);
	struct stat st;

	if (lstat(name, &st) < 0 ||
	    (S_ISLNK(st.st_mode) && io_ctime(&st) + io_tick(io_ctime(&st)) > began))
		return true;

	return changed + io_tick(changed) > began ||
	       fingerprint_moved_at(AT_FDCWD, name) + io_tick(1) > began;
}

bool clang_reads_changed(const struct clang_reads *r, int64_t began)
{
	struct stat st;

	for (size_t i = 0; i < r->n; i++)
		if (!is_elsewhere(r, r->files[i].name) &&
		    is_newer(r->files[i].name, &r->files[i].seen, began))
			return true;
	for (size_t i = 0; i < r->others.n; i++) {
		const char *name = r->others.v[i];
		if (stat(name, &st) < 0)
			return true;
		const struct fingerprint f = fingerprint_of(&st, io_now());
		if (is_newer(name, &f, began))
			return true;
	}
	return false;
}

void clang_reads_clear(struct clang_reads *r)
{
	free(r->files);
	r->files = NULL;
	r->n = 0;
	strv_free(&r->names);
	strv_free(&r->texts);
	strv_free(&r->others);
}

int clang_reads_keep(struct clang_reads *r)
{
	cleanup_strbuf struct strbuf text = {0};
	uint8_t key[DIGEST_SIZE];

	if (!r->news)
		return 0;
	for (size_t i = 0; i < r->n; i++)
		if (!is_elsewhere(r, r->files[i].name))
			write_file(&text, &r->files[i]);
	command_key(r, key);
	if (!text.error)
		cache_keep(r->cache, CACHE_MANIFEST, key, text.data, text.len);
	return text.error;
}

void clang_reads_free(struct clang_reads *r)
{
	clang_reads_clear(r);
	if (r->memory) {
		strbuf_free(&r->memory->text);
		free(r->memory->files);
		free(r->memory);
		r->memory = NULL;
	}
}
