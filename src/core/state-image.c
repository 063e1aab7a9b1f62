/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A head, then rows of things of one size each, as they lie in memory: an image does not travel
 * between machines. Things name each other by their places in these rows, and texts, each ended by
 * a NUL, by where they begin in the last of them.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/strbuf.h"
#include "state-image.h"
#include "state-sql.h"

enum { MAX_IMAGE = 1 << 30 };

struct head {
	char magic[8];
	uint64_t sum; /* of all that follows it */
	struct state_image_key key;
	int64_t generation, last_id;
	uint32_t n_paths, n_versions, n_dirs, n_rows, n_named, n_text;
};

static const char magic[8] = "cbimage3";

struct flat_path {
	uint32_t name, n_versions; /* of which the first stands behind those of the path before */
};

struct flat_version {
	int64_t id;
	struct fingerprint seen;
	uint8_t digest[DIGEST_SIZE];
	uint32_t asks; /* 0: none */
	uint32_t unused;
};

struct flat_dir {
	int64_t id;
	struct fingerprint seen;
	uint32_t name, unused;
};

struct flat_row {
	int64_t duration;
	uint8_t command[DIGEST_SIZE], key[DIGEST_SIZE];
	uint32_t name, n_inputs, n_outputs, has_key;
};

/* An image that was read, in parts. */
struct parts {
	struct head head;
	const struct flat_path *paths;
	const struct flat_version *versions;
	const struct flat_dir *dirs;
	const struct flat_row *rows;
	const uint32_t *named; /* versions, of one row after the other */
	char *text;
};

int state_image_key_of(const char *file, struct state_image_key *ret_key)
{
	cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	*ret_key = (struct state_image_key){
		.inode = (int64_t)st.st_ino,
		.device = (int64_t)st.st_dev,
		.size = (int64_t)st.st_size,
		.mtime = io_mtime(&st),
		.ctime = io_ctime(&st),
	};
	return pread(fd, ret_key->head, sizeof(ret_key->head), 0) == (ssize_t)sizeof(ret_key->head)
		       ? 0
		       : -EIO;
}

/* An image as it lies in memory. */
struct image {
	char *data;
	size_t len;
};

/* Four sums side by side, none of which waits for another, and theirs. */
static uint64_t sum_of(const struct image *image)
{
	const size_t from = offsetof(struct head, key);
	uint64_t lanes[4] = {SUM_START, SUM_START + 1, SUM_START + 2, SUM_START + 3}, words[4];
	const char *at = image->data + from;
	size_t left = image->len - from;

	for (; left >= sizeof(words); at += sizeof(words), left -= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		for (size_t i = 0; i < 4; i++) {
			lanes[i] = (lanes[i] ^ words[i]) * UINT64_C(0x100000001b3);
			lanes[i] ^= lanes[i] >> 29;
		}
	}
	return state_sql_sum(state_sql_sum(SUM_START, lanes, sizeof(lanes)), at, left);
}

/* The next `n` things of `size` bytes, at *at, which moves behind them. */
static const void *take(char **at, size_t n, size_t size)
{
	const void *things = *at;

	*at += n * size;
	return things;
}

/* Those whose sizes are multiples of eight come first. */
static bool split(const struct image *image, const struct state_image_key *key,
		  struct parts *ret_parts)
{
	struct parts p = {0};

	if (image->len < sizeof(p.head))
		return false;
	memcpy(&p.head, image->data, sizeof(p.head));
	const struct head *h = &p.head;
	uint64_t size = sizeof(*h) + (uint64_t)h->n_versions * sizeof(*p.versions) +
			(uint64_t)h->n_dirs * sizeof(*p.dirs) +
			(uint64_t)h->n_rows * sizeof(*p.rows) +
			(uint64_t)h->n_paths * sizeof(*p.paths) +
			(uint64_t)h->n_named * sizeof(*p.named) + h->n_text;
	if (memcmp(h->magic, magic, sizeof(magic)) != 0 || size != image->len || !h->n_text ||
	    memcmp(&h->key, key, sizeof(*key)) != 0 || h->sum != sum_of(image) ||
	    image->data[image->len - 1] != '\0')
		return false;
	char *at = image->data + sizeof(*h);
	p.versions = take(&at, h->n_versions, sizeof(*p.versions));
	p.dirs = take(&at, h->n_dirs, sizeof(*p.dirs));
	p.rows = take(&at, h->n_rows, sizeof(*p.rows));
	p.paths = take(&at, h->n_paths, sizeof(*p.paths));
	p.named = take(&at, h->n_named, sizeof(*p.named));
	p.text = at;
	*ret_parts = p;
	return true;
}

/* Room for the things of a list, which own nothing of what they name. */
static bool lend(struct state_list *list, size_t n, size_t size)
{
	list->v = malloc((n + 1) * sizeof(*list->v));
	list->lent = calloc(n + 1, size);
	if (!list->v || !list->lent)
		return false;
	for (size_t i = 0; i < n; i++)
		list->v[i] = (char *)list->lent + i * size;
	list->room = n + 1;
	list->n = list->n_lent = list->sorted = n;
	return true;
}

static bool read_paths(struct state_store *s, const struct parts *p)
{
	struct state_path *path = s->paths.lent;
	uint32_t at = 0;

	for (uint32_t i = 0; i < p->head.n_paths; i++, path++) {
		if (p->paths[i].name >= p->head.n_text ||
		    p->paths[i].n_versions > p->head.n_versions - at)
			return false;
		path->path = p->text + p->paths[i].name;
		for (uint32_t n = p->paths[i].n_versions; n; n--, at++) {
			const struct flat_version *flat = &p->versions[at];
			struct state_version *v = &s->lent_versions[at];
			if (flat->asks >= p->head.n_text || flat->id <= 0 ||
			    flat->id > p->head.last_id)
				return false;
			memcpy(v->digest, flat->digest, DIGEST_SIZE);
			v->path = path;
			v->seen = flat->seen;
			v->id = flat->id;
			v->asks = flat->asks ? p->text + flat->asks : NULL;
			v->lent = true;
			v->next = path->versions;
			path->versions = v;
		}
	}
	return at == p->head.n_versions;
}

static bool read_dirs(struct state_store *s, const struct parts *p)
{
	struct state_dir *dir = s->dirs.lent;

	for (uint32_t i = 0; i < p->head.n_dirs; i++, dir++) {
		if (p->dirs[i].name >= p->head.n_text || p->dirs[i].id <= 0)
			return false;
		dir->path = p->text + p->dirs[i].name;
		dir->seen = p->dirs[i].seen;
		dir->id = p->dirs[i].id;
	}
	return true;
}

static bool read_rows(struct state_store *s, const struct parts *p)
{
	struct state_row *row = s->rows.lent;
	uint64_t at = 0;

	for (uint32_t i = 0; i < p->head.n_named; i++) {
		if (p->named[i] >= p->head.n_versions)
			return false;
		s->lent_named[i] = &s->lent_versions[p->named[i]];
	}
	for (uint32_t i = 0; i < p->head.n_rows; i++, row++) {
		const struct flat_row *flat = &p->rows[i];
		if (flat->name >= p->head.n_text ||
		    at + flat->n_inputs + flat->n_outputs > p->head.n_named)
			return false;
		row->output = p->text + flat->name;
		row->duration = flat->duration;
		memcpy(row->command, flat->command, DIGEST_SIZE);
		memcpy(row->key, flat->key, DIGEST_SIZE);
		row->has_key = flat->has_key;
		row->lent = true;
		row->inputs = s->lent_named + at;
		row->n_inputs = flat->n_inputs;
		row->outputs = row->inputs + flat->n_inputs;
		row->n_outputs = flat->n_outputs;
		at += flat->n_inputs + flat->n_outputs;
	}
	return at == p->head.n_named;
}

static int fill(struct state_store *s, const struct parts *p)
{
	const struct head *h = &p->head;

	s->lent_versions = calloc((size_t)h->n_versions + 1, sizeof(*s->lent_versions));
	s->lent_named = malloc(((size_t)h->n_named + 1) * sizeof(struct state_version *));
	if (!s->lent_versions || !s->lent_named ||
	    !lend(&s->paths, h->n_paths, sizeof(struct state_path)) ||
	    !lend(&s->dirs, h->n_dirs, sizeof(struct state_dir)) ||
	    !lend(&s->rows, h->n_rows, sizeof(struct state_row)))
		return -ENOMEM;
	s->generation = h->generation;
	s->last_id = h->last_id;
	return read_paths(s, p) && read_dirs(s, p) && read_rows(s, p) ? 0 : -ENOENT;
}

/* Its pages are those that the system has of the file, which is only ever replaced. */
static int map_whole(const char *file, struct image *ret_image)
{
	cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int flags = MAP_PRIVATE;
	struct stat st;

#ifdef MAP_POPULATE
	flags |= MAP_POPULATE; /* all of it is summed */
#endif
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_IMAGE ||
	    st.st_size < (off_t)sizeof(struct head))
		return -ENOENT;
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, flags, fd, 0);
	if (data == MAP_FAILED)
		return errno == ENOMEM ? -ENOMEM : -ENOENT;
	*ret_image = (struct image){data, (size_t)st.st_size};
	return 0;
}

int state_image_read(struct state_store *s, const char *file)
{
	cleanup_free char *name = str_printf("%s" STATE_IMAGE_ENDING, file);
	struct state_image_key key;
	struct image image;
	struct parts parts;

	if (!name)
		return -ENOMEM;
	if (state_image_key_of(file, &key) < 0)
		return -ENOENT;
	int r = map_whole(name, &image);
	if (r < 0)
		return r;
	/* The names are in it. */
	s->lent_image = image.data;
	s->lent_size = image.len;
	r = split(&image, &key, &parts) ? fill(s, &parts) : -ENOENT;
	if (r < 0)
		state_store_clear(s);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(**(char **const *)a, **(char **const *)b);
}

/* What a list points to, by name. */
static void **sort(const struct state_list *list)
{
	void **sorted = malloc((list->n + 1) * sizeof(*sorted));

	if (!sorted)
		return NULL;
	if (list->n)
		memcpy(sorted, list->v, list->n * sizeof(*sorted));
	if (list->sorted != list->n)
		qsort(sorted, list->n, sizeof(*sorted), compare_names);
	return sorted;
}

/* An image that is written, in parts. */
struct writing {
	struct head head;
	struct strbuf versions, dirs, rows, paths, named, text;
	uint32_t *places; /* of versions by their ids; 0: none, else one more than it */
};

static uint32_t add_text(struct writing *w, const char *text)
{
	size_t at = w->text.len;

	strbuf_add(&w->text, text, strlen(text) + 1);
	return (uint32_t)at;
}

static void write_path(struct writing *w, const struct state_path *path)
{
	struct flat_path flat = {0};

	/* Read, they come in the other order, as from SQLite. */
	for (const struct state_version *v = path->versions; v; v = v->next) {
		if (v->id <= 0 || v->id > w->head.last_id)
			continue;
		struct flat_version version = {.id = v->id, .seen = v->seen};
		memcpy(version.digest, v->digest, DIGEST_SIZE);
		version.asks = v->asks ? add_text(w, v->asks) : 0;
		strbuf_add(&w->versions, (const char *)&version, sizeof(version));
		w->places[v->id] = ++w->head.n_versions;
		flat.n_versions++;
	}
	if (!flat.n_versions)
		return;
	flat.name = add_text(w, path->path);
	strbuf_add(&w->paths, (const char *)&flat, sizeof(flat));
	w->head.n_paths++;
}

static void write_dir(struct writing *w, const struct state_dir *dir)
{
	struct flat_dir flat = {.id = dir->id, .seen = dir->seen};

	if (dir->id <= 0)
		return;
	flat.name = add_text(w, dir->path);
	strbuf_add(&w->dirs, (const char *)&flat, sizeof(flat));
	w->head.n_dirs++;
}

static bool write_named(struct writing *w, struct state_version *const *versions, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int64_t id = versions[i]->id;
		uint32_t place = id > 0 && id <= w->head.last_id ? w->places[id] : 0;
		if (!place)
			return false;
		place--;
		strbuf_add(&w->named, (const char *)&place, sizeof(place));
		w->head.n_named++;
	}
	return true;
}

/* False: it names what is not in SQLite's file. */
static bool write_row(struct writing *w, const struct state_row *row)
{
	struct flat_row flat = {
		.duration = row->duration,
		.n_inputs = row->n_inputs,
		.n_outputs = row->n_outputs,
		.has_key = row->has_key,
	};

	if (row->gone)
		return true;
	memcpy(flat.command, row->command, DIGEST_SIZE);
	if (row->has_key)
		memcpy(flat.key, row->key, DIGEST_SIZE);
	flat.name = add_text(w, row->output);
	strbuf_add(&w->rows, (const char *)&flat, sizeof(flat));
	w->head.n_rows++;
	return !row->dirty && write_named(w, row->inputs, row->n_inputs) &&
	       write_named(w, row->outputs, row->n_outputs);
}

static bool write_parts(struct writing *w, const struct state_store *s)
{
	cleanup_free void **paths = sort(&s->paths), **dirs = sort(&s->dirs),
			  **rows = sort(&s->rows);
	bool done = paths && dirs && rows;

	strbuf_putc(&w->text, '\0'); /* nothing begins where 0 says so */
	for (size_t i = 0; done && i < s->paths.n; i++)
		write_path(w, paths[i]);
	for (size_t i = 0; done && i < s->dirs.n; i++)
		write_dir(w, dirs[i]);
	for (size_t i = 0; done && i < s->rows.n; i++)
		done = write_row(w, rows[i]);
	return done && w->text.len < MAX_IMAGE;
}

static void put_together(struct writing *w, struct strbuf *image)
{
	const struct strbuf *const parts[] = {&w->versions, &w->dirs,  &w->rows,
					      &w->paths,    &w->named, &w->text};

	memcpy(w->head.magic, magic, sizeof(magic));
	w->head.n_text = (uint32_t)w->text.len;
	strbuf_add(image, (const char *)&w->head, sizeof(w->head));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i]->len)
			strbuf_add(image, parts[i]->data, parts[i]->len);
		if (parts[i]->error)
			image->error = parts[i]->error;
	}
	if (image->error)
		return;
	uint64_t sum = sum_of(&(struct image){image->data, image->len});
	memcpy(image->data + offsetof(struct head, sum), &sum, sizeof(sum));
}

static void writing_free(struct writing *w)
{
	strbuf_free(&w->versions);
	strbuf_free(&w->dirs);
	strbuf_free(&w->rows);
	strbuf_free(&w->paths);
	strbuf_free(&w->named);
	strbuf_free(&w->text);
	free(w->places);
}

void state_image_write(const struct state_store *s, const char *file,
		       const struct state_image_key *key)
{
	cleanup_free char *name = str_printf("%s" STATE_IMAGE_ENDING, file);
	cleanup_strbuf struct strbuf image = {0};
	CLEANUP(writing_free)
	struct writing w = {
		.head = {.key = *key, .generation = s->generation, .last_id = s->last_id},
		.places = calloc((size_t)s->last_id + 1, sizeof(uint32_t)),
	};

	if (!name || !w.places || !write_parts(&w, s))
		return;
	put_together(&w, &image);
	if (!image.error)
		io_replace_file(name, image.data, image.len);
}
