/* SPDX-License-Identifier: BSD-2-Clause */
/* null_table: says that it cannot work at all. */
#include "crossbpf-backend.h"

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return NULL;
}
