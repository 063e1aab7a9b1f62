/* SPDX-License-Identifier: BSD-2-Clause */
/* A report as one page that needs nothing else: verify-page.html has its head. */
#ifndef CROSSBPF_VERIFY_HTML_H
#define CROSSBPF_VERIFY_HTML_H

#include "core/verify.h"

int verify_html_write(const struct verify_report *r, const char *path, struct crossbpf_error *e);

#endif
