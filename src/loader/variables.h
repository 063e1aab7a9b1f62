/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of an object that is opened and not loaded. */
#ifndef CROSSBPF_VARIABLES_H
#define CROSSBPF_VARIABLES_H

#include "opened.h"

/* --set VARIABLE=VALUE */
int variables_set(struct opened *o, const char *word, struct crossbpf_error *e);

#endif
