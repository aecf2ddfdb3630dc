/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-512 (FIPS 180-4) of bytes that lie together, some rounds at a time. */
#ifndef VEIL_SHA512_H
#define VEIL_SHA512_H

#include <veil/types.h>

#define SHA512_ROUNDS_AT_ONCE 8 /* divides 80 */

struct sha512 {
	uint64_t state[8]; /* the digest, when all is done: big-endian numbers */
	const uint8_t *data;
	size_t size;
	size_t block; /* where the one under way begins */
	uint32_t round; /* the next one of it */
	uint64_t schedule[80];
	uint64_t working[8 + SHA512_ROUNDS_AT_ONCE]; /* a to h are the last 8 */
};

void sha512_init(struct sha512 *hash, const void *data, size_t size);

/* The next rounds, some 4,500 instructions at most. True: all is done. */
bool sha512_step(struct sha512 *hash);

#endif
