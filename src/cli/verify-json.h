/* SPDX-License-Identifier: BSD-2-Clause */
/* json */
#ifndef CROSSBPF_VERIFY_JSON_H
#define CROSSBPF_VERIFY_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "core/verify.h"

int verify_json_print(const struct verify_report *r, FILE *to);

#endif
