/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes the workspace's directory off the names in what a builder says: they are then the host's.
 */
#ifndef CROSSBPF_ROOT_FILTER_H
#define CROSSBPF_ROOT_FILTER_H

#include <stddef.h>

#include "shared/strbuf.h"

struct root_filter {
	char *spellings[3]; /* as it is, as make and as C have it; owned */
	struct strbuf line; /* of a stream: begun, and not passed on yet */
};

/* `root` is where the host's / is over there: "" takes nothing off. 0 or -ENOMEM. */
int root_filter_init(struct root_filter *f, const char *root);
void root_filter_free(struct root_filter *f);

/* Appends the text without it; what holds a NUL is no text and stays. */
void root_filter_text(const struct root_filter *f, const char *data, size_t len,
		      struct strbuf *ret_text);

/* A stream: appends what is complete of it; at its end, with no data, the rest. */
void root_filter_stream(struct root_filter *f, const char *data, size_t len,
			struct strbuf *ret_text);

#endif
