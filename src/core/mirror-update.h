/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a mirror, or makes it right: see mirror.h. */
#ifndef CROSSBPF_MIRROR_UPDATE_H
#define CROSSBPF_MIRROR_UPDATE_H

#include "mirror.h"

struct mirror_update {
	struct session *session; /* on the builder */
	const struct toolchain *toolchain;
	struct mirror mirror;
	struct builder_headers there;
	struct strv links;   /* directories there that are links (mirror-name.h) */
	struct strv names;   /* of the headers that it is to have; sorted from the fetch on */
	size_t n_fetched;    /* that came from the builder, as they were not here */
	size_t n_removed;    /* that are not needed any more */
	uint64_t size;       /* bytes of all */
	struct strv skipped; /* that this file system cannot hold beside others */
	size_t n_odd;        /* of all, whose names no list can hold */
	bool all;            /* of the builder's headers are wanted: some may be skipped */
	int lock;            /* its file while we have it, or -1 */
	bool locked;         /* that is set */
};

/* Waits for another that updates the mirror; -EINTR where the session's control descriptor ends
 * that. -ENOTSUP (status 3) where the builder's headers are not known, or cannot be mirrored here.
 */
int mirror_update_begin(struct mirror_update *u, const char *cache_dir,
			const struct project *project, struct crossbpf_error *e);

/* Asks for a header by what the builder's compiler called it. One that is no header of the
 * builder's, or clang's own, is none of the mirror's. 0, or -EACCES (status 1) for one that cannot
 * be trusted. */
int mirror_update_add(struct mirror_update *u, const char *name, struct crossbpf_error *e);
int mirror_update_add_all(struct mirror_update *u, struct crossbpf_error *e);

/* Fetches what was asked for and is not here. Each is what the builder's stamp says by its digest,
 * or -EACCES. From then on mirror_cover_begin() knows what the builder has. */
int mirror_update_fetch(struct mirror_update *u, struct crossbpf_error *e);

/* The builder's toolchain with the mirror's directories: what a clang here will have. */
int mirror_update_toolchain(const struct mirror_update *u, struct toolchain *ret_toolchain,
			    struct crossbpf_error *e);

/* Removes what was not asked for, and makes the mirror valid. `lock` is what the builder says of
 * itself, `of` its NAME[:WHERE]. */
int mirror_update_end(struct mirror_update *u, struct lock_file *lock, const char *of,
		      struct crossbpf_error *e);

void mirror_update_free(struct mirror_update *u);
#define cleanup_mirror_update CLEANUP(mirror_update_free)

#endif
