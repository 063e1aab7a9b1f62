/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts files of the host's into an archive that a builder is sent: in a file without a name, and in
 * memory no more than a part of one. */
#ifndef CROSSBPF_PACKER_H
#define CROSSBPF_PACKER_H

#include <stdint.h>

#include "shared/error.h"
#include "exchange/exchange.h"
#include "session.h"
#include "shared/strbuf.h"

struct packer {
	const struct exchange_module *module;
	const char *hint;              /* where a file cannot be sent */
	const struct session *session; /* packing ends where that is interrupted; or NULL */
	bool follows;                  /* a file may be a link to one */
	/* The rest is its own, from packer_begin() on. */
	struct archive_maker *archive;
	struct strbuf tar; /* what was not written yet */
	int fd;
	struct crossbpf_error *e; /* of all that follows, until packer_end() */
};

int packer_begin(struct packer *p, struct crossbpf_error *e);

/* The file, link or directory `path`, under the name `as`; errors name `name`. *ret_st is of what
 * was read, and ret_digest (or NULL) of its content. */
int packer_add_file(struct packer *p, const char *path, const char *as, const char *name,
		    struct stat *ret_st, uint8_t *ret_digest);
int packer_add_link(struct packer *p, const char *path, const char *as, const char *name);
int packer_add_directory(struct packer *p, const char *path, const char *as, const char *name);

/* `r` is what came of the above. On success *ret_tar is the whole archive, to be read from its
 * beginning. Frees the packer in any case. */
int packer_end(struct packer *p, int r, int *ret_tar);

#endif
