/* SPDX-License-Identifier: BSD-2-Clause */
/* html */
#ifndef CROSSBPF_VERIFY_HTML_H
#define CROSSBPF_VERIFY_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "core/verify.h"

int verify_html_write(const struct verify_report *r, const char *path, struct crossbpf_error *e);

#endif
