/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256's compression function (FIPS 180-4, 6.2.2): eight rounds a turn, so that the eight variables change places without moving. */
#include <veil/arch.h>

#include "core/lib.h"
#include "core/sha256.h"

static inline uint32_t rotate(uint32_t x, uint32_t by)
{
	return x >> by | x << (32 - by);
}

/* Word t of the message schedule, from round 16 on in the place of word t - 16. */
static inline uint32_t schedule(uint32_t w[16], uint32_t t)
{
	uint32_t near = w[(t + 1) % 16], far = w[(t + 14) % 16];

	w[t % 16] += (rotate(near, 7) ^ rotate(near, 18) ^ near >> 3) + w[(t + 9) % 16] + (rotate(far, 17) ^ rotate(far, 19) ^ far >> 10);
	return w[t % 16];
}

#define ROUND(a, b, c, d, e, f, g, h, word, constant)                                                            \
	do {                                                                                                     \
		h += (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (((f ^ g) & e) ^ g) + (constant) + (word); \
		d += h;                                                                                          \
		h += (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));                 \
	} while (0)

#define EIGHT_ROUNDS(word)                                    \
	do {                                                  \
		ROUND(a, b, c, d, e, f, g, h, word(0), k[0]); \
		ROUND(h, a, b, c, d, e, f, g, word(1), k[1]); \
		ROUND(g, h, a, b, c, d, e, f, word(2), k[2]); \
		ROUND(f, g, h, a, b, c, d, e, word(3), k[3]); \
		ROUND(e, f, g, h, a, b, c, d, word(4), k[4]); \
		ROUND(d, e, f, g, h, a, b, c, word(5), k[5]); \
		ROUND(c, d, e, f, g, h, a, b, word(6), k[6]); \
		ROUND(b, c, d, e, f, g, h, a, word(7), k[7]); \
	} while (0)

#define FIRST(i) (w[t + (i)])
#define LATER(i) schedule(w, t + (i))

/* The message is big-endian, and may lie anywhere. */
static void words_read(uint32_t w[16], const uint8_t *data)
{
	memcpy(w, data, 64);
	for (uint32_t i = 0; i < 16; i++)
		w[i] = __builtin_bswap32(w[i]);
}

void arch_sha256_blocks(uint32_t state[8], const uint8_t *data, size_t block_count)
{
	for (; block_count; block_count--, data += 64) {
		uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
		const uint32_t *k = sha256_constants;
		uint32_t w[16], t;

		words_read(w, data);
		for (t = 0; t < 16; t += 8, k += 8)
			EIGHT_ROUNDS(FIRST);
		for (; t < 64; t += 8, k += 8)
			EIGHT_ROUNDS(LATER);
		state[0] += a;
		state[1] += b;
		state[2] += c;
		state[3] += d;
		state[4] += e;
		state[5] += f;
		state[6] += g;
		state[7] += h;
	}
}
