/* SPDX-License-Identifier: BSD-2-Clause */
/* The headers of a builder that is elsewhere, as its stamp lists them (toolchain_stamp()). */
#ifndef CROSSBPF_BUILDER_HEADERS_H
#define CROSSBPF_BUILDER_HEADERS_H

#include <stdbool.h>

#include "shared/digest.h"
#include "shared/strbuf.h"

struct builder_headers {
	struct strbuf text;
	char **lines; /* of sha256sum, in `text`, sorted by names; or NULL */
	size_t n;
};

/* Reads a stamp; it holds nothing where that cannot be read. 0 or -ENOMEM. */
int builder_headers_load(const char *stamp, struct builder_headers *ret_headers);
void builder_headers_free(struct builder_headers *h);
#define cleanup_builder_headers CLEANUP(builder_headers_free)

/* Is there one with this name? If so, *ret_digest (or NULL) is that of its content. */
bool builder_headers_find(const struct builder_headers *h, const char *path,
			  uint8_t ret_digest[DIGEST_SIZE]);

#endif
