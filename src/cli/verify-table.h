/* SPDX-License-Identifier: BSD-2-Clause */
/* What `crossbpf verify` prints for a terminal: programs by kernels, and below what went wrong. */
#ifndef CROSSBPF_VERIFY_TABLE_H
#define CROSSBPF_VERIFY_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/verify.h"

/* 0 or -ENOMEM; whether it was written is for the caller to see. */
int verify_table_print(const struct verify_report *r, FILE *to, bool colour);

#endif
