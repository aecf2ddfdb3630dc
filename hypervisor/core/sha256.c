/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4): padding and buffering around the port's compression function. */
#include "sha256.h"

#include <veil/arch.h>

#include "lib.h"

void sha256_init(struct sha256 *hash)
{
	/* FIPS 180-4, 5.3.3 */
	static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(hash->state, initial, sizeof(initial));
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
	static const uint8_t padding[64] = {0x80};
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
