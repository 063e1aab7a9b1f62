/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in an object's byte order, at any address, on a host of either order. */
#ifndef CROSSBPF_BYTES_H
#define CROSSBPF_BYTES_H

#include <stdbool.h>
#include <stdint.h>

static inline uint16_t bytes_get16(const uint8_t *p, bool big)
{
	return (uint16_t)(big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static inline uint32_t bytes_get32(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t bytes_get64(const uint8_t *p, bool big)
{
	uint64_t first = bytes_get32(p, big), second = bytes_get32(p + 4, big);

	return big ? first << 32 | second : second << 32 | first;
}

static inline void bytes_put16(uint8_t *p, uint16_t value, bool big)
{
	p[big ? 0 : 1] = (uint8_t)(value >> 8);
	p[big ? 1 : 0] = (uint8_t)value;
}

static inline void bytes_put32(uint8_t *p, uint32_t value, bool big)
{
	bytes_put16(p + (big ? 0 : 2), (uint16_t)(value >> 16), big);
	bytes_put16(p + (big ? 2 : 0), (uint16_t)value, big);
}

static inline void bytes_put64(uint8_t *p, uint64_t value, bool big)
{
	bytes_put32(p + (big ? 0 : 4), (uint32_t)(value >> 32), big);
	bytes_put32(p + (big ? 4 : 0), (uint32_t)value, big);
}

#endif
