/* SPDX-License-Identifier: Apache-2.0 */
/* The entropy pool: output = SHA-256(pool, counter, 1); then pool = SHA-256(pool, counter, 0), so that an output tells nothing
 * about earlier ones (backtracking resistance as in NIST SP 800-90A, 8.8). */
#include "entropy.h"

#include <veil/arch.h>
#include <veil/lock.h>

#include "lib.h"
#include "sha256.h"

static struct {
	struct lock lock;
	uint8_t pool[VEIL_SHA256_BYTES];
	uint64_t added;
	uint64_t counter;
} entropy;

static void draw(uint8_t digest[VEIL_SHA256_BYTES], uint8_t domain)
{
	uint64_t words[2] = {entropy.counter, arch_time()};
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, entropy.pool, sizeof(entropy.pool));
	sha256_update(&hash, words, sizeof(words));
	sha256_update(&hash, &domain, 1);
	sha256_final(&hash, digest);
}

void entropy_add(const void *bytes, size_t size)
{
	struct sha256 hash;

	lock_take(&entropy.lock);
	sha256_init(&hash);
	sha256_update(&hash, entropy.pool, sizeof(entropy.pool));
	sha256_update(&hash, bytes, size);
	sha256_final(&hash, entropy.pool);
	entropy.added += size;
	lock_release(&entropy.lock);
}

bool entropy_get(uint8_t *bytes, size_t size)
{
	bool seeded;

	lock_take(&entropy.lock);
	seeded = entropy.added >= VEIL_SHA256_BYTES;
	while (seeded && size) {
		uint8_t digest[VEIL_SHA256_BYTES];
		size_t part = size < sizeof(digest) ? size : sizeof(digest);

		draw(digest, 1);
		memcpy(bytes, digest, part);
		draw(entropy.pool, 0);
		entropy.counter++;
		bytes += part;
		size -= part;
	}
	lock_release(&entropy.lock);
	return seeded;
}
