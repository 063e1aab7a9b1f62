/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record is a line "crossbpf-workspace FORMAT TOKEN TOKEN" and, for each thing that was sent,
 * "KIND MTIME CTIME SIZE INODE SEEN DIGEST PATH", ended by a NUL, as a path may hold anything else.
 * While something is under way the workspace has one of two tokens: it may not have begun to
 * change.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive-maker.h"
#include "shared/digest.h"
#include "shared/io.h"
#include "workspace.h"

#define FORMAT "2"

enum {
	MAX_RECORD = 64 << 20,
	MAX_FILE = 1 << 30,
	MAX_TEXTS = 64 << 10, /* that a shell writes sooner than tar starts */
	MAX_LINKS = 40,       /* as the kernel has it */
};

/* Bytes of the lock file. */
enum { LOCK_FILL, LOCK_USE };

/* One thing that is over there: a file, a link or a directory, by its name on the host, no part of
 * which is a link (but for those that lead to the project). */
struct workspace_entry {
	char *path;
	char kind; /* 'f', 'l', 'd' */
	int64_t mtime, ctime, size, inode, seen;
	uint8_t digest[DIGEST_SIZE]; /* of the content, or of where a link leads */
	bool wanted;                 /* by this exchange */
	bool in_flight;              /* it is being sent: nobody knows what is there */
	bool removed;                /* it is to go, and may not have gone yet */
};

static void entry_free(struct workspace_entry *entry)
{
	if (entry)
		free(entry->path);
	free(entry);
}

static void forget_all(struct workspace *w)
{
	for (size_t i = 0; i < w->n; i++)
		entry_free(w->entries[i]);
	w->n = 0;
}

void workspace_free(struct workspace *w)
{
	forget_all(w);
	free(w->entries);
	free(w->file);
	closep(&w->lock); /* and so its locks */
	*w = (struct workspace){.lock = -1};
}

void workspace_change_free(struct workspace_change *c)
{
	strv_free(&c->remove);
	strv_free(&c->make_dirs);
	strv_free(&c->names);
	strv_free(&c->texts);
	strbuf_free(&c->archive);
	*c = (struct workspace_change){0};
}

/* A lock file is made once and never written, so its times and its place name the record, also
 * where hosts are alike. */
static void name_after(const struct stat *st, const char *name, char ret_id[DIGEST_HEX_SIZE])
{
	const int64_t facts[] = {(int64_t)st->st_dev, (int64_t)st->st_ino, io_mtime(st)};
	struct digest d;

	digest_init(&d);
	digest_string(&d, name);
	digest_bytes(&d, facts, sizeof(facts));
	digest_finish(&d, ret_id);
}

int workspace_open(const char *cache_dir, const char *name, const char *token,
		   struct workspace *ret_workspace)
{
	cleanup_workspace struct workspace w = {.lock = -1, .is_new = true};
	cleanup_free char *lock = NULL;
	struct stat st;

	if (strlen(token) >= sizeof(w.token))
		return -EINVAL;
	memcpy(w.token, token, strlen(token) + 1);
	memcpy(w.id, token, strlen(token) + 1);
	if (cache_dir) {
		w.file = str_printf("%s/workspace/%s", cache_dir, name);
		lock = str_printf("%s/workspace/%s.lock", cache_dir, name);
		if (!w.file || !lock)
			return -ENOMEM;
		io_make_parents(lock, 0700);
		w.lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	}
	w.is_remembered = w.lock >= 0 && fstat(w.lock, &st) == 0;
	if (w.is_remembered)
		name_after(&st, name, w.id);
	*ret_workspace = w;
	w = (struct workspace){.lock = -1};
	return 0;
}

/* Where the entry with this path is, or belongs. */
static size_t find_place(const struct workspace *w, const char *path, bool *ret_found)
{
	size_t from = 0, to = w->n;

	*ret_found = false;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(w->entries[middle]->path, path);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Finds or makes it; NULL where memory ran out. */
static struct workspace_entry *entry_of(struct workspace *w, const char *path)
{
	bool found;
	size_t place = find_place(w, path, &found);

	if (found)
		return w->entries[place];
	if (w->n == w->room) {
		size_t room = w->room ? 2 * w->room : 64;
		struct workspace_entry **entries =
			realloc(w->entries, room * sizeof(struct workspace_entry *));
		if (!entries)
			return NULL;
		w->entries = entries;
		w->room = room;
	}
	struct workspace_entry *entry = calloc(1, sizeof(*entry));
	if (entry)
		entry->path = strdup(path);
	if (!entry || !entry->path) {
		entry_free(entry);
		return NULL;
	}
	memmove(&w->entries[place + 1], &w->entries[place],
		(w->n - place) * sizeof(struct workspace_entry *));
	w->entries[place] = entry;
	w->n++;
	return entry;
}

/* -EBADMSG for what is no entry. */
static int read_entry(struct workspace *w, const char *line)
{
	struct workspace_entry read = {.kind = line[0]};
	int64_t *numbers[] = {&read.mtime, &read.ctime, &read.size, &read.inode, &read.seen};
	const char *at = line + 1;

	if (!strchr("fld", line[0]) || !line[0])
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char *end;
		*numbers[i] = strtoll(at, &end, 10);
		if (*at != ' ' || *end != ' ')
			return -EBADMSG;
		at = end;
	}
	if (digest_parse(++at, read.digest) < 0)
		return -EBADMSG;
	const char *path = at + DIGEST_HEX_SIZE - 1;
	if (path[0] != ' ' || path[1] != '/')
		return -EBADMSG;
	struct workspace_entry *entry = entry_of(w, path + 1);
	if (!entry)
		return -ENOMEM;
	read.path = entry->path;
	*entry = read;
	return 0;
}

void workspace_forget(struct workspace *w)
{
	forget_all(w);
	w->is_new = true;
	w->tokens[0][0] = '\0';
}

/* Reads the head; the first entry, or NULL. */
static const char *read_head(const char *record, char ret_tokens[2][DIGEST_HEX_SIZE])
{
	int len = 0;

	sscanf(record, "crossbpf-workspace " FORMAT " %64[0-9a-f] %64[0-9a-f]%n", ret_tokens[0],
	       ret_tokens[1], &len);
	return len && record[len] == '\n' ? record + len + 1 : NULL;
}

/* Nothing where it is damaged: then all is sent again. */
static int load(struct workspace *w)
{
	cleanup_strbuf struct strbuf record = {0};
	int r = 0;

	workspace_forget(w);
	if (!w->is_remembered || io_read_file(w->file, MAX_RECORD, &record) < 0)
		return record.error;
	const char *end = record.data + record.len, *line = read_head(record.data, w->tokens);
	if (line && line < end && end[-1]) /* cut off */
		line = NULL;
	w->is_new = !line;
	for (; line && r == 0 && line < end; line += strlen(line) + 1)
		r = read_entry(w, line);
	if (r == -EBADMSG)
		workspace_forget(w);
	return r == -ENOMEM ? r : 0;
}

/* What goes wrong costs the next exchange time, and is no error; but an old record must not stay,
 * as it says of files that they are there. */
static void save(struct workspace *w)
{
	cleanup_strbuf struct strbuf record = {0};

	if (!w->is_remembered)
		return;
	strbuf_printf(&record, "crossbpf-workspace " FORMAT " %s %s\n",
		      w->is_new ? w->token : w->tokens[0], w->changes ? w->token : w->tokens[1]);
	for (size_t i = 0; i < w->n; i++) {
		const struct workspace_entry *entry = w->entries[i];
		struct workspace_entry unknown = {.kind = entry->kind};
		const struct workspace_entry *e = entry->in_flight ? &unknown : entry;
		char hex[DIGEST_HEX_SIZE];
		if (entry->in_flight && entry->kind == 'd' && !entry->removed)
			continue;
		digest_hex(e->digest, hex);
		strbuf_printf(
			&record,
			"%c %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s",
			e->kind, e->mtime, e->ctime, e->size, e->inode, e->seen, hex, entry->path);
		strbuf_add(&record, "", 1);
	}
	if (record.error || io_replace_file(w->file, record.data, record.len) < 0)
		unlink(w->file);
	w->dirty = false;
}

static bool is_over(int control)
{
	struct pollfd fd = {.fd = control, .events = POLLIN};

	return control >= 0 && poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLIN));
}

/* Polls: a thread that waits in fcntl() would not see the control descriptor. */
static int lock(const struct workspace *w, int what, short type, int control)
{
	struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = what, .l_len = 1};
	int64_t pause = 500000;

	while (w->lock >= 0 && fcntl(w->lock, F_SETLK, &range) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return 0; /* a file system without locks */
		if (is_over(control))
			return -EINTR;
		io_sleep(pause);
		if (pause < 8000000)
			pause *= 2;
	}
	return 0;
}

int workspace_begin(struct workspace *w, int control)
{
	int r = lock(w, LOCK_FILL, F_WRLCK, control);

	return r < 0 ? r : load(w);
}

/* What a walk along the paths of files is about. */
struct walk {
	struct workspace *w;
	const char *project; /* links that lead to it are not looked at */
	struct workspace_change *change;
	const char *root;
	struct archive_maker *archive;
	char **ret_bad;
};

static void note_stat(struct workspace_entry *entry, const struct stat *st, int64_t now)
{
	entry->mtime = io_mtime(st);
	entry->ctime = io_ctime(st);
	entry->size = (int64_t)st->st_size;
	entry->inode = (int64_t)st->st_ino;
	entry->seen = now;
}

/* Can a change since have left no trace in its times? */
static bool is_as_seen(const struct workspace_entry *entry, const struct stat *st)
{
	return entry->mtime == io_mtime(st) && entry->ctime == io_ctime(st) &&
	       entry->size == (int64_t)st->st_size && entry->inode == (int64_t)st->st_ino &&
	       entry->seen > entry->ctime + io_tick(entry->mtime);
}

static int blame(const struct walk *k, const char *path, int error)
{
	if (error != -ENOMEM && !*k->ret_bad)
		*k->ret_bad = strdup(path);
	return error;
}

/* Reads what the entry is now. */
static int read_content(const struct walk *k, const struct workspace_entry *entry,
			struct strbuf *ret_content)
{
	char target[4096];
	int r = 0;

	if (entry->kind == 'f') {
		r = io_read_file(entry->path, MAX_FILE, ret_content);
	} else if (entry->kind == 'l') {
		ssize_t len = readlink(entry->path, target, sizeof(target) - 1);
		if (len < 0)
			r = -errno;
		else if (target[0] == '/') /* it leads somewhere else over there */
			strbuf_puts(ret_content, k->root);
		if (len > 0)
			strbuf_add(ret_content, target, (size_t)len);
		strbuf_add(ret_content, "", 0);
	}
	if (r == 0)
		r = ret_content->error;
	return r < 0 ? blame(k, entry->path, r) : 0;
}

/* The archive is begun with the first that goes into it. */
static int send(struct walk *k, struct workspace_entry *entry, const struct strbuf *content)
{
	entry->in_flight = true;
	if (entry->kind == 'd') {
		strv_add(&k->change->make_dirs, entry->path);
		return 0;
	}
	if (!k->archive)
		k->archive = archive_begin(&k->change->archive);
	if (!k->archive)
		return -ENOMEM;
	if (entry->kind == 'f') {
		archive_add_file(k->archive, entry->path, content->data, content->len);
	} else {
		/* It may be a directory yet, which tar would not replace. */
		strv_add(&k->change->remove, entry->path);
		k->change->replaces = true;
		archive_add_link(k->archive, entry->path, content->data, NULL);
	}
	return 0;
}

/* What is small goes without an archive, where its directory is there. */
static bool send_text(struct walk *k, struct workspace_entry *entry, const struct strbuf *content)
{
	struct workspace_change *c = k->change;

	if (entry->kind != 'f' || content->len > MAX_TEXTS - c->texts_len ||
	    (content->len && memchr(content->data, '\0', content->len)))
		return false;
	entry->in_flight = true;
	strv_add(&c->texts, entry->path);
	strv_add(&c->texts, content->len ? content->data : "");
	c->texts_len += content->len;
	return true;
}

static char kind_of(const struct stat *st)
{
	return S_ISREG(st->st_mode)   ? 'f'
	       : S_ISLNK(st->st_mode) ? 'l'
	       : S_ISDIR(st->st_mode) ? 'd'
				      : '?';
}

/* Forgets what is below a path that is no directory any more; was there any? */
static bool forget_below(struct workspace *w, const char *path)
{
	size_t len = strlen(path), kept = 0;
	bool any = false;

	for (size_t i = 0; i < w->n; i++) {
		struct workspace_entry *entry = w->entries[i];
		if (strncmp(entry->path, path, len) == 0 && entry->path[len] == '/') {
			entry_free(entry);
			any = true;
		} else {
			w->entries[kept++] = entry;
		}
	}
	w->n = kept;
	return any;
}

/* This thing is to be there. */
static int want(struct walk *k, const char *path, const struct stat *st)
{
	cleanup_strbuf struct strbuf content = {0};
	bool found;
	size_t place = find_place(k->w, path, &found);

	if (found &&
	    !k->w->entries[place]
		     ->removed) { /* whether it is as it was is seen when all are looked at */
		k->w->entries[place]->wanted = true;
		return 0;
	}
	if (kind_of(st) == '?')
		return 0; /* /dev/null is over there too */
	struct workspace_entry *entry = entry_of(k->w, path);
	if (!entry)
		return -ENOMEM;
	if (kind_of(st) != 'd')
		strv_add(&k->change->names, path);
	entry->wanted = true;
	entry->removed = false;
	entry->kind = kind_of(st);
	if (entry->kind != 'd' && forget_below(k->w, path)) {
		strv_add(&k->change->remove, path);
		k->change->replaces = true;
	}
	note_stat(entry, st, io_now());
	int r = read_content(k, entry, &content);
	if (r < 0)
		return r;
	digest_of(content.data, content.len, entry->digest);
	return send(k, entry, &content);
}

/* Is `path` the project's directory, or one of those that lead there? */
static bool leads_to_project(const struct walk *k, const char *path)
{
	size_t len = strlen(path);

	return strncmp(k->project, path, len) == 0 && (!k->project[len] || k->project[len] == '/');
}

/* Goes on with what a link leads to and the rest of the path. */
static char *follow(const char *target, size_t len, const char *rest)
{
	return str_printf("%.*s%s%s", (int)len, target, *rest ? "/" : "", rest);
}

/*
 * Wants all that leads to `path` and itself. `at` is where the walk is: the name of a directory
 * without links in it. The names of first directories, such as /tmp, are the builder's own.
 */
static int want_path(struct walk *k, const char *path, bool is_dir)
{
	cleanup_strbuf struct strbuf at = {0};
	cleanup_free char *now = strdup(path);
	size_t links = 0;
	struct stat st;

	if (!now)
		return -ENOMEM;
	strbuf_add(&at, "", 0);
	for (char *part = now + strspn(now, "/"); *part;) {
		size_t len = strcspn(part, "/"), before = at.len;
		char *rest = part + len + strspn(part + len, "/");

		if (len == 1 && part[0] == '.') {
			part = rest;
			continue;
		}
		if (len == 2 && part[0] == '.' && part[1] == '.') {
			/* What is left again must be there, or nothing can be named through it. */
			int r = at.len && lstat(at.data, &st) == 0 ? want(k, at.data, &st) : 0;
			char *slash = strrchr(at.data, '/');
			if (r < 0)
				return r;
			at.len = slash ? (size_t)(slash - at.data) : 0;
			at.data[at.len] = '\0';
			part = rest;
			continue;
		}
		strbuf_putc(&at, '/');
		strbuf_add(&at, part, len);
		if (at.error)
			return at.error;
		if (lstat(at.data, &st) < 0)
			return 0; /* the compiler will miss it */
		if (S_ISLNK(st.st_mode) && before && !leads_to_project(k, at.data)) {
			char target[4096];
			ssize_t size = readlink(at.data, target, sizeof(target));
			int r = want(k, at.data, &st);
			if (r < 0 || size < 0)
				return r;
			if (++links > MAX_LINKS)
				return blame(k, path, -ELOOP);
			char *next = follow(target, (size_t)size, rest);
			if (!next)
				return -ENOMEM;
			free(now);
			now = next;
			at.len = target[0] == '/' ? 0 : before;
			at.data[at.len] = '\0';
			part = now + strspn(now, "/");
			continue;
		}
		part = rest;
	}
	return at.len && stat(at.data, &st) == 0 && is_dir == S_ISDIR(st.st_mode)
		       ? want(k, at.data, &st)
		       : 0;
}

/* It is over there, and was sent by an exchange before. */
static int look_at(struct walk *k, struct workspace_entry *entry, bool *ret_gone)
{
	cleanup_strbuf struct strbuf content = {0};
	uint8_t digest[DIGEST_SIZE];
	int64_t now = io_now();
	struct stat st;

	*ret_gone = false;
	int r = leads_to_project(k, entry->path) ? stat(entry->path, &st) : lstat(entry->path, &st);
	if (r < 0 || kind_of(&st) != entry->kind) {
		*ret_gone = true;
		return 0;
	}
	if (entry->kind == 'd' || is_as_seen(entry, &st))
		return 0;
	r = read_content(k, entry, &content);
	if (r < 0)
		return r;
	digest_of(content.data, content.len, digest);
	bool was_sent = entry->seen; /* or nobody knows whether its directory is there */
	k->w->dirty = true;
	note_stat(entry, &st, now);
	if (memcmp(digest, entry->digest, DIGEST_SIZE) == 0)
		return 0;
	k->change->replaces = true;
	*ret_gone = !entry->wanted;
	if (entry->wanted) {
		memcpy(entry->digest, digest, DIGEST_SIZE);
		if (!was_sent || !send_text(k, entry, &content))
			return send(k, entry, &content);
	}
	return 0;
}

static int look_at_all(struct walk *k)
{
	struct workspace *w = k->w;
	cleanup_strv struct strv again = {0};
	int r = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct workspace_entry *entry = w->entries[i];
		bool gone = false;
		if (r == 0 && !entry->in_flight)
			r = look_at(k, entry, &gone);
		if (!gone)
			continue;
		k->change->replaces = w->dirty = true;
		strv_add(&k->change->remove, entry->path);
		if (entry->wanted)
			strv_add(&again, entry->path);
		/* Kept until it is known to be gone: nobody else would look for it. */
		entry->removed = entry->in_flight = true;
	}
	/* What is something else now than it was: a directory that was a file. */
	for (size_t i = 0; i < again.n && r == 0; i++) {
		struct stat st;
		bool is_dir = stat(again.v[i], &st) == 0 && S_ISDIR(st.st_mode);
		r = want_path(k, again.v[i], is_dir);
	}
	return r < 0 ? r : again.error;
}

int workspace_change(struct workspace *w, const struct workspace_request *request,
		     struct workspace_change *ret_change, char **ret_bad)
{
	cleanup_workspace_change struct workspace_change c = {0};
	struct walk k = {
		.w = w,
		.project = request->project,
		.change = &c,
		.root = request->root,
		.ret_bad = ret_bad,
	};
	int r = 0;

	for (size_t i = 0; i < w->n; i++)
		w->entries[i]->wanted = w->entries[i]->in_flight = false;
	for (size_t i = 0; r == 0 && request->files[i]; i++)
		r = want_path(&k, request->files[i], false);
	for (size_t i = 0; r == 0 && i < request->dirs->n; i++)
		r = want_path(&k, request->dirs->v[i], true);
	if (r == 0)
		r = look_at_all(&k);
	int ended = k.archive ? archive_end(k.archive) : 0;
	if (r == 0)
		r = ended;
	if (r == 0)
		r = c.remove.error      ? c.remove.error
		    : c.make_dirs.error ? c.make_dirs.error
		    : c.names.error     ? c.names.error
					: c.texts.error;
	if (r < 0)
		return r;
	*ret_change = c;
	c = (struct workspace_change){0};
	return 0;
}

bool workspace_change_is_empty(const struct workspace_change *c)
{
	return !c->archive.len && !c->texts.n && !c->remove.n && !c->make_dirs.n;
}

int workspace_lock_for(struct workspace *w, const struct workspace_change *change, int control)
{
	int r = lock(w, LOCK_USE, change->replaces || w->is_new ? F_WRLCK : F_RDLCK, control);

	w->changes = w->is_new || !workspace_change_is_empty(change);
	if (r == 0 && w->changes)
		save(w);
	return r;
}

void workspace_filled(struct workspace *w)
{
	bool sent = w->dirty;
	size_t kept = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct workspace_entry *entry = w->entries[i];
		sent = sent || entry->in_flight;
		entry->in_flight = false;
		if (entry->removed)
			entry_free(entry);
		else
			w->entries[kept++] = entry;
	}
	w->n = kept;
	w->is_new = false;
	if (w->changes)
		for (size_t i = 0; i < 2; i++)
			memcpy(w->tokens[i], w->token, sizeof(w->token));
	if (sent || w->changes)
		save(w);
	lock(w, LOCK_USE, F_RDLCK, -1);
	lock(w, LOCK_FILL, F_UNLCK, -1);
}
