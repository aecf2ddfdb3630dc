/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4): padding and buffering around the port's compression function. */
#include "sha256.h"

#include <veil/arch.h>

#include "lib.h"

/* FIPS 180-4, 4.2.2 */
const uint32_t sha256_constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
	0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
	0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
	0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* FIPS 180-4, 5.3.3 */
const uint32_t sha256_initial[8] IN_GAP(14) = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void sha256_init(struct sha256 *hash)
{
	memcpy(hash->state, sha256_initial, sizeof(sha256_initial));
	hash->size = 0;
}

void sha256_update(struct sha256 *hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t used = hash->size % 64;

	hash->size += size;
	if (used) {
		size_t take = size < 64 - used ? size : 64 - used;

		memcpy(hash->rest + used, bytes, take);
		bytes += take;
		size -= take;
		if (used + take < 64)
			return;
		arch_sha256_blocks(hash->state, hash->rest, 1);
	}
	if (size >= 64)
		arch_sha256_blocks(hash->state, bytes, size / 64);
	memcpy(hash->rest, bytes + (size & ~(size_t)63), size % 64);
}

void sha256_final(struct sha256 *hash, uint8_t digest[VEIL_SHA256_BYTES])
{
	static const uint8_t padding[64] IN_GAP(12) = {0x80};
	uint64_t bits = hash->size * 8;
	size_t used = hash->size % 64;
	uint8_t length[8];

	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_update(hash, padding, used < 56 ? 56 - used : 120 - used);
	sha256_update(hash, length, sizeof(length));
	for (unsigned i = 0; i < VEIL_SHA256_BYTES; i++)
		digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
