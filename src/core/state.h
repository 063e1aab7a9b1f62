/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was true at the last build. It answers "is this action up to date?" with stat() alone, and
 * reads a file only where that leaves a doubt: its times or its size changed, or it is so new that
 * a later change may bear the same time.
 *
 * Kept in SQLite, in one file a project. Any thread may call state_record() and what says so;
 * all else is for one thread at a time.
 */
#ifndef CROSSBPF_STATE_H
#define CROSSBPF_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "shared/digest.h"
#include "shared/strv.h"

struct state;

/* Where the state of the project with this id lies: CACHE/state/ID.db. The caller frees. */
int state_file(const char *cache_dir, const char *id, char **ret_path);

/*
 * `file` NULL: nothing is remembered; else `module_dir` is where sqlite.so is, and stays the
 * caller's. Relative paths of files are from the directory `root`. A damaged file, or one of
 * another release, is begun anew; one that cannot be had costs a later build time. 0 or a negative
 * errno: out of memory, or `root` cannot be opened.
 */
int state_open(const char *file, const char *root, const char *module_dir,
	       struct state **ret_state);
void state_close(struct state *s);

static inline void state_closep(struct state **s)
{
	state_close(*s);
}
#define cleanup_state CLEANUP(state_closep)

/* All that state_is_fresh() is going to be asked of, so that many files are looked at together. */
void state_look_ahead(struct state *s, const char *const *outputs, size_t n);

/*
 * Is the action whose main output is `output` up to date: was its last command this one, and is
 * all as it was then: what it read, what it looked for in vain, what it wrote? Where it is not,
 * *ret_why says why, as part of a sentence ("bpf/common.h has changed"); the caller frees.
 */
bool state_is_fresh(struct state *s, const char *output, const uint8_t command[DIGEST_SIZE],
		    char **ret_why);

/* How long its command took last, in nanoseconds; 0 where that is not known. */
int64_t state_duration(struct state *s, const char *output);

/* Waits until what was written before state_open() is old enough to be told from what is written
 * from now on: 10 ms at most. */
void state_settle(const struct state *s);

struct state_output {
	const char *path;
	uint8_t digest[DIGEST_SIZE]; /* of its content */
	struct stat st;              /* of the file that was written */
};

/* An action that was done. */
struct state_done {
	uint8_t command[DIGEST_SIZE];
	int64_t looked;            /* its outputs are of what was seen by then; or 0 */
	int64_t began, duration;   /* nanoseconds since the epoch; nanoseconds */
	const struct strv *inputs; /* all that it read, as the compiler spelled them */
	const struct strv *search; /* directories in which headers are looked for */
	const struct strv *system; /* those of them that are the builder's own, or NULL */
	/* Or NULL: whose files ask for no header by a name that macros put together: a kernel's, in
	 * which there are parts of all words. */
	const struct strv *known;
	bool dirs_found;                    /* is any in `search` only because it is there? */
	const struct strv *lookups;         /* further names that were looked for, or NULL */
	const char *asks;                   /* what its command asks for (asks.h), or NULL */
	const struct state_output *outputs; /* the main one first */
	size_t n_outputs;
};

/*
 * Remembers it. Where that would not be safe it is forgotten, and so done again by the next build:
 * an input changed after the action began, or is no regular file. 0 or -ENOMEM.
 */
int state_record(struct state *s, const struct state_done *done);

/* Notes under which key the cache has what the action with this main output last wrote. Any thread.
 */
void state_keep_key(struct state *s, const char *output, const uint8_t key[DIGEST_SIZE]);

/* What an action would write that was done once, and of which nothing but outputs is missing. */
struct state_wanted {
	uint8_t key[DIGEST_SIZE];        /* the cache's */
	uint8_t digests[2][DIGEST_SIZE]; /* of what the outputs held */
	size_t n_outputs;
};

/* Is that so, and is a key known? Any thread. */
bool state_wants_outputs(struct state *s, const char *output, const uint8_t command[DIGEST_SIZE],
			 struct state_wanted *ret_wanted);
/* Those outputs are there again, as they were. Any thread. */
void state_restored(struct state *s, const struct state_output *outputs, size_t n);

/*
 * What an action would find that reads and looks for what is said of it here (its outputs and times
 * are of no account): calls `input` for all that it reads, as it is now, and `present` for each
 * name under which one of these was looked for and that is there too. -ENOENT where something is
 * gone, or cannot be read; or the error of a callback, which may not call the state. Any thread.
 * What is read was looked at once a build, maybe when that began: *ret_looked, unless NULL, is for
 * state_done.looked.
 */
int state_look(struct state *s, const struct state_done *action,
	       int (*input)(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
			    const char *asks),
	       int (*present)(void *ctx, const char *path), void *ctx, int64_t *ret_looked);

/*
 * Calls `each` with all that the command with this main output last read: the digest of what it
 * read, and what that asks for (asks.h) or NULL; until that returns an error, which is returned.
 * -ENOENT where nothing is known of it. Any thread may call it, `each` not the state.
 */
int state_inputs(struct state *s, const char *output,
		 int (*each)(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
			     const char *asks),
		 void *ctx);

/* Writes what was recorded; where `soon`, only if that was last done some seconds ago. */
void state_save(struct state *s, bool soon);

#endif
