/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the host's files a builder's workspace holds, as the host remembers it.
 *
 * A workspace is never anything but a part of what the host has: whatever was sent and has changed
 * since is sent again or removed there before the next command runs.
 *
 * Several processes may use one workspace at once. Two locks on the record, both advisory, keep
 * them apart: one is held by who fills it; the other is shared by those whose commands run, and
 * taken whole by who replaces or removes what they may be reading.
 */
#ifndef CROSSBPF_WORKSPACE_H
#define CROSSBPF_WORKSPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/digest.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

struct workspace_entry;

struct workspace {
	char *file; /* of the record; NULL: nothing is remembered */
	int lock;   /* its lock file; -1: none */
	bool is_remembered;
	char id[DIGEST_HEX_SIZE]; /* names it at the builder's */
	/* What the builder signs the workspace with. While something is under way it may not have
	 * begun to change, and then has the one before. */
	char token[DIGEST_HEX_SIZE], tokens[2][DIGEST_HEX_SIZE];
	bool is_new;                      /* nothing is known of what is there: all is sent */
	bool changes;                     /* what is there will be signed anew */
	struct workspace_entry **entries; /* owned, sorted by name */
	size_t n, room;
	bool dirty;
};

/* What is to be done over there. */
struct workspace_change {
	struct strv remove, make_dirs; /* absolute names of the host */
	struct strv names;             /* of all files and links that were not there before */
	struct strv texts; /* small files of text that were there: a name, and what is in it now */
	size_t texts_len;  /* bytes of these */
	struct strbuf archive; /* a tar archive of the rest, names without the first / */
	bool replaces;         /* what commands that run now may be reading */
};

/* `name` is the record's: a file's name; `token` is new, and at most 64 hexadecimal digits.
 * -ENOMEM; where the record cannot be had, nothing is remembered. */
int workspace_open(const char *cache_dir, const char *name, const char *token,
		   struct workspace *ret_workspace);
void workspace_free(struct workspace *w);
#define cleanup_workspace CLEANUP(workspace_free)

/* Waits until nobody else fills it, and reads the record. -EINTR where `control` came to its end
 * meanwhile, or -ENOMEM. */
int workspace_begin(struct workspace *w, int control);
/* What is there is not what the record says. */
void workspace_forget(struct workspace *w);

/* What is to be there. */
struct workspace_request {
	const char *const *files; /* absolute names, NULL-terminated */
	const struct strv *dirs;  /* in which commands run */
	const char *project;      /* its directory: links that lead there are the host's affair */
	const char *root;         /* where the host's / is over there: "" or a directory */
};

/*
 * What makes the workspace hold that, and of all else that it holds what the host has now. A file
 * that cannot be read is an error with its name in *ret_bad, which the caller frees.
 */
int workspace_change(struct workspace *w, const struct workspace_request *request,
		     struct workspace_change *ret_change, char **ret_bad);
bool workspace_change_is_empty(const struct workspace_change *c);
void workspace_change_free(struct workspace_change *c);
#define cleanup_workspace_change CLEANUP(workspace_change_free)

/* To be called before the change is sent: waits for those who would be disturbed. */
int workspace_lock_for(struct workspace *w, const struct workspace_change *change, int control);
/* To be called once it is there, or where there was none to send: lets others fill, and keeps them
 * from changing what commands now read until workspace_free(). */
void workspace_filled(struct workspace *w);

#endif
