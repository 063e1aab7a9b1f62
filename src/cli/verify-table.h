/* SPDX-License-Identifier: BSD-2-Clause */
/* table */
#ifndef CROSSBPF_VERIFY_TABLE_H
#define CROSSBPF_VERIFY_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/verify.h"

int verify_table_print(const struct verify_report *r, FILE *to, bool colour);

#endif
