/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzz target has: its entry, as libFuzzer and run-once.c call it, and what must hold.
 */
#ifndef CROSSBPF_FUZZ_TARGET_H
#define CROSSBPF_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A trap, where it does not. */
#define CHECK(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

#endif
