/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 (FIPS 180-4), by nettle. */
#ifndef CROSSBPF_DIGEST_H
#define CROSSBPF_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE SHA256_DIGEST_SIZE
#define DIGEST_HEX_SIZE (2 * SHA256_DIGEST_SIZE + 1) /* lower-case digits and a NUL */

struct digest {
	struct sha256_ctx sha256;
};

void digest_init(struct digest *d);
/* Adds a string with its end, so that ("ab", "c") and ("a", "bc") differ; NULL is not "". */
void digest_string(struct digest *d, const char *string);
/* Adds bytes as they are. */
void digest_bytes(struct digest *d, const void *data, size_t len);
void digest_finish_bytes(struct digest *d, uint8_t ret_bytes[DIGEST_SIZE]);
/* Of these bytes alone. */
void digest_of(const void *data, size_t len, uint8_t ret_bytes[DIGEST_SIZE]);
void digest_hex(const uint8_t bytes[DIGEST_SIZE], char ret_hex[DIGEST_HEX_SIZE]);
/* Reads what digest_hex() wrote, at the beginning of a string. 0, or -EINVAL for other text. */
int digest_parse(const char *hex, uint8_t ret_bytes[DIGEST_SIZE]);
void digest_finish(struct digest *d, char ret_hex[DIGEST_HEX_SIZE]);

#endif
