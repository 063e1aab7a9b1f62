/* SPDX-License-Identifier: BSD-2-Clause */
/* baseline */
#ifndef CROSSBPF_VERIFY_BASELINE_H
#define CROSSBPF_VERIFY_BASELINE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/verify.h"

int verify_baseline_check(const struct verify_report *r, const char *path, double percent,
			  unsigned *ret_dearer, struct crossbpf_error *e);

#endif
