/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is loaded from a state's SQLite file at the start of each build, once more as one block
 * beside it, which is read at a fraction of the cost. SQLite's file alone counts: an image holds
 * only for the very file that it was made of, and whatever is wrong with it, it is not used.
 */
#ifndef CROSSBPF_STATE_IMAGE_H
#define CROSSBPF_STATE_IMAGE_H

#include "state-store.h"

/* Behind the name of SQLite's file. */
#define STATE_IMAGE_ENDING "-image"

/* Tells whether SQLite's file is the one that an image was made of. */
struct state_image_key {
	int64_t inode, device, size, mtime, ctime;
	uint8_t head[100]; /* in which SQLite counts what it writes */
	uint8_t unused[4];
};

/* Of `file` as it is now. To close a file ends all locks that the process has on it: what SQLite
 * reads behind this in the same transaction, others may be writing. 0 or a negative errno. */
int state_image_key_of(const char *file, struct state_image_key *ret_key);

/* Fills an empty store. 0; -ENOENT where there is no image that holds, the store is empty then; or
 * -ENOMEM. */
int state_image_read(struct state_store *s, const char *file);

/* Writes what the store holds, which is what is in `file`. What fails is left out. */
void state_image_write(const struct state_store *s, const char *file,
		       const struct state_image_key *key);

#endif
