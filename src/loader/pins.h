/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What outlives the commands: a directory in a bpf file system for each object,
 *
 *	/sys/fs/bpf/crossbpf/NAME/object       a symbolic link to the object's file
 *	                          programs/PROGRAM
 *	                          maps/MAP
 *	                          links/LINK/0 … a kernel's link each, or
 *	                          links/LINK/clsact, a symbolic link whose text says which filter
 *	                          links/LINK/at, another: where it was attached (attach.h)
 *
 * It comes, and is replaced, as a whole. The kernel takes no names with dots there: in what is
 *named by a user, '/' stands as '!', and what is no letter, digit or one of -_@:=,+ as % and two
 *hexadecimal digits.
 */
#ifndef CROSSBPF_PINS_H
#define CROSSBPF_PINS_H

#include <stdbool.h>

#include "shared/error.h"
#include "shared/strv.h"

#define PINS_PARENT "/sys/fs/bpf"
#define PINS_NAME "crossbpf"
#define PINS_ROOT PINS_PARENT "/" PINS_NAME

struct pins {
	char *dir;    /* as above; owned */
	char *staged; /* where the new one is made; owned */
	char *old; /* where the former one is for a moment, on kernels that cannot exchange; owned
		    */
	char *object; /* what the link to the object is to say; owned */
	int lock;     /* of its parent: one command at a time */
	bool exists;
};

/* The directory named by a word, a path or a NAME under PINS_ROOT; of an object's path where
 * `word` is NULL. The caller frees; NULL: memory ran out. */
char *pins_dir(const char *word, const char *object);

/* Waits until no other command is at work beside that directory. A bpf file system is mounted at
 * /sys/fs/bpf where there is none. Takes `dir`, in any case. */
int pins_open(struct pins *ret, char *dir, struct crossbpf_error *e);
void pins_close(struct pins *p);
#define cleanup_pins CLEANUP(pins_close)

/* What a symbolic link says; NULL: there is none. The caller frees. */
char *pins_text(const char *path);
/* What the link to an object says. The caller frees; NULL: memory ran out. */
char *pins_absolute(const char *object);
/* The object's file, by the link in such a directory: NULL where it is none of ours. The caller
 * frees.
 */
char *pins_object(const char *dir);
/* The same; an error where it is none. */
int pins_owner(const struct pins *p, char **ret_object, struct crossbpf_error *e);

/* Makes the staged directory, empty; the link to the object comes last of all. */
int pins_stage(struct pins *p, const char *object, struct crossbpf_error *e);
/* Pins what a descriptor is of as KIND/NAME, encoded, of the staged directory; `n` is for links,
 * else -1. */
int pins_add(struct pins *p, const char *kind, const char *name, int n, int fd,
	     struct crossbpf_error *e);
/* The same of a text: links/NAME/FILE. */
int pins_add_text(struct pins *p, const char *name, const char *file, const char *text,
		  struct crossbpf_error *e);
/* The staged directory becomes the directory. */
int pins_commit(struct pins *p, struct crossbpf_error *e);

/* The same of a staged directory that is whole, which a command left that was killed. */
int pins_finish(struct pins *p);

/* Removes a directory with all in it; 0 where it is not there. */
int pins_remove(const char *dir);

/* Names in KIND of the directory, decoded and sorted. 0 or a negative errno; -ENOENT is none. */
int pins_list(const char *dir, const char *kind, struct strv *ret_names);

/* Is the path in a bpf file system? */
bool pins_is_bpf_fs(const char *path);

char *pins_encode(const char *name);
char *pins_decode(const char *name);

/* DIR/KIND/NAME, encoded. */
char *pins_path(const char *dir, const char *kind, const char *name);

/* A map: by a path in a bpf file system, by "NAME/MAP", or "id:N". `flags`: 0 or BPF_F_RDONLY. A
 * descriptor or a negative errno. */
int pins_open_map(const char *word, unsigned flags, struct crossbpf_error *e);

#endif
