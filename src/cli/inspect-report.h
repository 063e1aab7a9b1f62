/* SPDX-License-Identifier: BSD-2-Clause */
/* What `crossbpf inspect` says of an object. */
#ifndef CROSSBPF_INSPECT_REPORT_H
#define CROSSBPF_INSPECT_REPORT_H

#include <jansson.h>

#include "object/inspection.h"
#include "shared/strbuf.h"

/* An object; NULL where memory ran out. */
json_t *inspect_json(const struct inspection *in, const char *path);

/* The same for people, with what a terminal would obey written out. */
void inspect_text(const struct inspection *in, const char *path, struct strbuf *text);

/* Words that both use. */
const char *inspect_need_kind(enum need_kind kind); /* "map type" */
/* "5.8", in a buffer of this length. */
enum { INSPECT_VERSION_MAX = 16 };
const char *inspect_version(uint16_t version, char *buf);

#endif
