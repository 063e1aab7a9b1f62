/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "digest.h"

void digest_init(struct digest *d)
{
	sha256_init(&d->sha256);
}

void digest_string(struct digest *d, const char *string)
{
	/* One tag byte, so that an absent string equals no other. */
	sha256_update(&d->sha256, 1, (const uint8_t *)(string ? "s" : "-"));
	if (string)
		sha256_update(&d->sha256, strlen(string) + 1, (const uint8_t *)string);
}

void digest_bytes(struct digest *d, const void *data, size_t len)
{
	sha256_update(&d->sha256, len, data);
}

void digest_finish_bytes(struct digest *d, uint8_t ret_bytes[DIGEST_SIZE])
{
	sha256_digest(&d->sha256, DIGEST_SIZE, ret_bytes);
}

void digest_hex(const uint8_t bytes[DIGEST_SIZE], char ret_hex[DIGEST_HEX_SIZE])
{
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

static int digit_value(char digit)
{
	return digit >= '0' && digit <= '9'   ? digit - '0'
	       : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
					      : -1;
}

int digest_parse(const char *hex, uint8_t ret_bytes[DIGEST_SIZE])
{
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = digit_value(hex[2 * i]);
		int low = high < 0 ? -1 : digit_value(hex[2 * i + 1]);
		if (low < 0)
			return -EINVAL;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

void digest_of(const void *data, size_t len, uint8_t ret_bytes[DIGEST_SIZE])
{
	struct digest d;

	digest_init(&d);
	digest_bytes(&d, data, len);
	digest_finish_bytes(&d, ret_bytes);
}

void digest_finish(struct digest *d, char ret_hex[DIGEST_HEX_SIZE])
{
	uint8_t bytes[DIGEST_SIZE];

	digest_finish_bytes(d, bytes);
	digest_hex(bytes, ret_hex);
}
