/* SPDX-License-Identifier: BSD-2-Clause */
/* What somebody who mistyped a name may have meant. */
#ifndef CROSSBPF_NEAREST_H
#define CROSSBPF_NEAREST_H

/*
 * The name that `word` is closest to, or NULL where more than half of the letters differ. `names`
 * ends with NULL; of equally close ones the first counts. An exchange of neighbours is one slip.
 */
const char *nearest(const char *word, const char *const *names);

/* "did you mean 'NAME'?", or where none is near a list of the names; NULL where memory ran out.
 * The caller frees. */
char *nearest_hint(const char *word, const char *const *names);

#endif
