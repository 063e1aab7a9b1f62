/* SPDX-License-Identifier: BSD-2-Clause */
/* How a source begins, and whether it still does. */
#ifndef CROSSBPF_PREFIX_SOURCE_H
#define CROSSBPF_PREFIX_SOURCE_H

#include "prefix-store.h"
#include "prefix-text.h"

struct prefix_source {
	struct prefix_include include; /* its first */
	struct prefix_stamp stamp;     /* of the source, as it was when its beginning was read */
	uint8_t digest[DIGEST_SIZE];
};

void prefix_source_free(struct prefix_source *s);
#define cleanup_prefix_source CLEANUP(prefix_source_free)

/*
 * Reads how `source`, a path from `dir` on, begins, for clang's options in argv. *ret_why is why
 * there is no header to be precompiled, as part of a sentence, or NULL. 0 or -ENOMEM.
 */
int prefix_source_read(const char *dir, const char *source, const struct strv *argv,
		       struct prefix_source *ret_source, const char **ret_why);
bool prefix_source_holds(const char *dir, const char *source, const struct prefix_source *s);

#endif
