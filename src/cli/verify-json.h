/* SPDX-License-Identifier: BSD-2-Clause */
/* What `crossbpf verify --json` prints: an object a line, and what --baseline reads. */
#ifndef CROSSBPF_VERIFY_JSON_H
#define CROSSBPF_VERIFY_JSON_H

#include <stdio.h>

#include "core/verify.h"

/* 0 or -ENOMEM; whether it was written is for the caller to see. */
int verify_json_print(const struct verify_report *r, FILE *to);

#endif
