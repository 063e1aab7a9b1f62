/* SPDX-License-Identifier: BSD-2-Clause */
/* no_symbol: a module, but no backend. */
#include "crossbpf-backend.h"

CROSSBPF_BACKEND_EXPORT extern const int crossbpf_backend_unit;
const int crossbpf_backend_unit = 1;
