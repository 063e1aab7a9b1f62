/* SPDX-License-Identifier: BSD-2-Clause */
/* All of a request, from its first line of an answer to its last. */
#ifndef CROSSBPF_GUEST_WORK_H
#define CROSSBPF_GUEST_WORK_H

#include <stdbool.h>

#include "shared/error.h"

/* Of the request in that directory; answers go to `fd`. `is_init`: this machine is ours. */
int work_do(const char *directory, int fd, bool is_init, struct crossbpf_error *e);

#endif
