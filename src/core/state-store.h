/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What state.c remembers, in memory and in its SQLite file.
 *
 * A version is one content of one file. It never changes: another content is another version, so
 * that an action that names the versions it was built of is fresh when all of them are current,
 * also after a switch to another branch and back.
 */
#ifndef CROSSBPF_STATE_STORE_H
#define CROSSBPF_STATE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fingerprint.h"
#include "shared/digest.h"

struct state_version {
	struct state_path *path;
	struct state_version *next; /* of the same path */
	uint8_t digest[DIGEST_SIZE];
	struct fingerprint seen; /* where this content was last found */
	char *asks;              /* what it asks for (asks.h), or NULL */
	int64_t id;              /* 0: not stored yet */
	bool dirty;
	bool lent; /* of an image, as is what it asks for: not freed by itself */
};

/* A list that does not own what is in it. */
struct state_absents {
	struct state_absent **v;
	uint32_t n, room;
};

struct state_path {
	char *path;
	struct state_version *versions;
	struct state_version *current; /* once looked at; NULL: there is no such file */
	struct fingerprint now;
	int ahead; /* state-stat.c: what `now` is worth before it is looked at */
	bool looked, listed;
	struct state_absents lookups; /* what is looked for before it is found, in directories */
	uint64_t lookups_sum;         /* of which this is a digest; 0: not worked out */
};

/* A directory in which a file was looked for and not found. */
struct state_dir {
	char *path;
	struct fingerprint seen; /* mtime -1: there was none */
	int64_t id;
	bool dirty, looked, changed;
};

/* What is known in this build of a directory on the way to such a file. */
struct state_place {
	char *path;
	struct state_dir *dir; /* itself, or the nearest to it that there is */
	bool dangles;          /* a link that leads nowhere is on the way to it, or is it */
};

struct state_absent {
	char *path;
	struct state_dir *dir; /* in which it would appear, or what leads to it */
	int64_t id;
	bool dirty, looked, present;
	int64_t changed;    /* where present: when it last was */
	uint64_t recording; /* the last that added it to its row */
};

struct state_row {
	char *output;
	uint8_t command[DIGEST_SIZE];
	uint8_t key[DIGEST_SIZE]; /* under which the cache has its outputs, where has_key */
	bool has_key;
	struct state_version **inputs, **outputs; /* owned arrays, unless they are lent */
	struct state_absents absents;
	struct state_absent *appeared; /* for which it was forgotten */
	uint32_t n_inputs, n_outputs;
	int64_t duration; /* nanoseconds that its command took */
	bool lent;        /* the arrays are of an image */
	bool dirty;
	bool used;       /* in this build */
	bool gone;       /* its output is, and no build asks for it */
	bool kept;       /* what it looked for is what is stored: `absents` says nothing */
	bool has_lookup; /* once loaded: a row of what it looked for */
};

/* Each list owns what it points to; `index` is a tree (tsearch) of the same things by name, but for
 * those that are sorted. */
struct state_list {
	void **v;
	size_t n, room;
	void *index;
	size_t indexed; /* how many of v are in it, or need not be */
	size_t sorted;  /* how many of v, from the first on, are in the order of their names */
	size_t next;    /* behind what was found last: mostly it is what is looked for next */
	void *lent;     /* the first n_lent things are in it, and their names in the image's text */
	size_t n_lent;
};

struct state_store {
	char *file; /* NULL: none was asked for */
	const char *module_dir;
	bool shared;        /* another process writes to it too */
	struct sqlite3 *db; /* NULL: nothing is stored, or: */
	bool lazy;          /* an image was read; it is opened on need */
	int64_t generation; /* of what was loaded */
	int64_t last_id;
	struct state_list paths, dirs, absents, rows;
	struct state_list places; /* never stored */
	/* What an image lends (state-image.h). */
	struct state_version *lent_versions, **lent_named;
	void *lent_image; /* mapped */
	size_t lent_size;
};

/*
 * Opens or makes the file and loads what it holds. One that is damaged, or another release's, is
 * made anew; where none can be had (a directory that cannot be written), all is in memory and the
 * next build begins from nothing. 0 or -ENOMEM. `module_dir` is where sqlite.so is; it stays the
 * caller's.
 */
int state_store_open(struct state_store *s, const char *file, const char *module_dir);
/* What was looked for in vain is large and seldom of use: loads that too. 0, -EAGAIN where another
 * process wrote meanwhile, -EBADMSG for what is damaged, or -ENOMEM; after these it is to be closed
 * and opened anew. */
int state_store_load_lookups(struct state_store *s);
/* Writes what is dirty. What goes wrong costs a later build time, and is no error. */
void state_store_save(struct state_store *s);
void state_store_close(struct state_store *s);
/* Removes a file that is of no use, with what SQLite keeps beside it. */
void state_store_remove(const char *file);

/* A new thing of `size` bytes with this name; NULL where memory ran out. */
void *state_list_add(struct state_list *list, const char *name, size_t len, size_t size);
/* NULL where there is none. */
void *state_list_find(struct state_list *list, const char *name);
/* Forgets all that is in memory. */
void state_store_clear(struct state_store *s);

/* Each finds what has this name or makes it; NULL where memory ran out. */
struct state_path *state_store_path(struct state_store *s, const char *path);
struct state_dir *state_store_dir(struct state_store *s, const char *path);
struct state_absent *state_store_absent(struct state_store *s, const char *path);
struct state_row *state_store_row(struct state_store *s, const char *output);
struct state_version *state_store_version(struct state_path *path,
					  const uint8_t digest[DIGEST_SIZE]);
/* Makes it one that nothing is known of. */
void state_row_clear(struct state_row *row);
/* The same, and hands on what was known, for state_row_clear(). */
void state_row_take(struct state_row *row, struct state_row *ret_before);
/* 0 or -ENOMEM. */
int state_absents_add(struct state_absents *list, struct state_absent *absent);
/* Only finds. */
struct state_row *state_store_find_row(struct state_store *s, const char *output);

#endif
