/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of a builder's headers on the host: by them a clang of the host's compiles that has none.
 * One for each project, CACHE/headers/PROJECT:
 *
 *	root            the headers, each under its name on the builder
 *	there           all headers of the builder: its stamp
 *	links           its directories of headers that are links, one a line
 *	toolchain.json  the builder's clang and directories
 *	lock            what the builder is, as in crossbpf.lock; without it there is no mirror
 */
#ifndef CROSSBPF_MIRROR_H
#define CROSSBPF_MIRROR_H

#include "builder-headers.h"
#include "include-scan.h"
#include "lock-file.h"
#include "project.h"

struct mirror {
	char *dir, *root;
	struct toolchain toolchain; /* of the builder */
	struct lock_file lock;
};

/* Keys of its lock that crossbpf.lock does not have. */
#define MIRROR_KEY_OF "mirror.of"   /* NAME[:WHERE] */
#define MIRROR_KEY_ALL "mirror.all" /* where all headers were asked for */

/* Where that of a project is, also where there is none. 0 or -ENOMEM. */
int mirror_at(const char *cache_dir, const struct project *project, struct mirror *ret_mirror);
/* Reads it: 0, or -ENOENT where there is none. */
int mirror_open(const char *cache_dir, const struct project *project, struct mirror *ret_mirror);
void mirror_free(struct mirror *m);
#define cleanup_mirror CLEANUP(mirror_free)

/* The names of its files. NULL where memory ran out; the caller frees. */
char *mirror_file(const struct mirror *m, const char *name);

/*
 * Are that clang of the host's and the builder from which the headers are what the project is
 * locked to? -EPERM (status 3) names the first key that differs. Another clang of the same number
 * and identity will do: objects of crossbpf build are the same.
 */
int mirror_check(const struct mirror *m, const struct lock_file *lock, const char *backend,
		 const struct toolchain *host, struct crossbpf_error *e);

/* Sets in a lock what the mirror has of its builder, all but its clang. 0 or -ENOMEM. */
int mirror_describe(const struct mirror *m, struct lock_file *lock);

/* Has that clang of the host's look in the mirror, and nowhere else but for clang's own headers. 0,
 * -ENOTSUP where it is not known where those are, or -ENOMEM. */
int mirror_apply(const struct mirror *m, struct toolchain *t);

/* Appends what has files of the mirror called as they are on the builder, for a clang that compiles
 * to objects. Errors are sticky. */
void mirror_add_maps(const struct toolchain *t, struct strv *argv);

/* What compiles ask for that the builder has, and the mirror has not. */
struct mirror_cover {
	const struct toolchain *toolchain; /* with a mirror */
	struct include_scan *scan;
	struct builder_headers headers;
	struct strv links;   /* directories there that are links (mirror-name.h) */
	struct strv missing; /* as they are called on the builder */
	struct strv outside; /* what else a mirror has no answer for, for users to read */
	bool lists_all;      /* for the caller to set: also what the mirror has */
};

int mirror_cover_begin(const struct toolchain *t, struct mirror_cover *ret_cover);
/* Looks at a command of clang that names the mirror's directories, as remote_add() does: at all for
 * which clang here could silently have another answer than the builder's: see
 * include_scan_foreign(). What else the mirror's files include they found when it was made; if that
 * changes, clang does not find it. Where clang is told to look in the host's own directories of
 * such names, that is `outside`. 0 or -ENOMEM. */
int mirror_cover_add(struct mirror_cover *c, const char *dir, const struct strv *args,
		     const struct include_environment *environment);
void mirror_cover_free(struct mirror_cover *c);
#define cleanup_mirror_cover CLEANUP(mirror_cover_free)

/* Is there nothing that the builder would answer otherwise? */
bool mirror_covers(const struct mirror_cover *c);

/* Why a mirror does not do. */
struct mirror_lack {
	char *names; /* a few, as they are included: "a.h, b.h, c.h and 3 more"; NULL: it does */
	char *of;    /* the builder from which it was mirrored */
	bool is_outside; /* no header could be added to mend it */
};

/* Of all that was added. 0 or -ENOMEM. */
int mirror_cover_end(const struct mirror_cover *c, struct mirror_lack *ret_lack);
void mirror_lack_free(struct mirror_lack *l);
#define cleanup_mirror_lack CLEANUP(mirror_lack_free)

/* The same in a clause, for users; NULL where memory ran out. The caller frees. */
char *mirror_lack_tell(const struct mirror_lack *l);
/* Refuses to compile with it: -ENOENT (status 3). `backend` is what would compile. */
int mirror_refuse(const char *backend, const struct mirror_lack *l, struct crossbpf_error *e);

#endif
