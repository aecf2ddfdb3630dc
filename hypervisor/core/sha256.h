/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) of data given in pieces; the compression function is the port's. */
#ifndef VEIL_SHA256_H
#define VEIL_SHA256_H

#include <veil/abi.h>
#include <veil/types.h>

struct sha256 {
	uint32_t state[8];
	uint64_t size; /* bytes given so far */
	uint8_t rest[64]; /* the last size % 64 of them */
};

extern const uint32_t sha256_constants[64]; /* for the ports, and for SHA-512, as are these: its own begin with them */
extern const uint32_t sha256_initial[8];

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *data, size_t size);
void sha256_final(struct sha256 *hash, uint8_t digest[VEIL_SHA256_BYTES]);

#endif
