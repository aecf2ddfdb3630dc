/* SPDX-License-Identifier: Apache-2.0 */
#include "sha512.h"

#include "core/lib.h"
#include "core/sha256.h"

/* FIPS 180-4, 4.2.3 and 5.3.5: what follows the first 32 bits of each number. Those are SHA-256's, of which there are 16 more. */
static const uint32_t constants_low[80] = {
	0xd728ae22, 0x23ef65cd, 0xec4d3b2f, 0x8189dbbc, 0xf348b538, 0xb605d019, 0xaf194f9b, 0xda6d8118, 0xa3030242, 0x45706fbe,
	0x4ee4b28c, 0xd5ffb4e2, 0xf27b896f, 0x3b1696b1, 0x25c71235, 0xcf692694, 0x9ef14ad2, 0x384f25e3, 0x8b8cd5b5, 0x77ac9c65,
	0x592b0275, 0x6ea6e483, 0xbd41fbd4, 0x831153b5, 0xee66dfab, 0x2db43210, 0x98fb213f, 0xbeef0ee4, 0x3da88fc2, 0x930aa725,
	0xe003826f, 0x0a0e6e70, 0x46d22ffc, 0x5c26c926, 0x5ac42aed, 0x9d95b3df, 0x8baf63de, 0x3c77b2a8, 0x47edaee6, 0x1482353b,
	0x4cf10364, 0xbc423001, 0xd0f89791, 0x0654be30, 0xd6ef5218, 0x5565a910, 0x5771202a, 0x32bbd1b8, 0xb8d2d0c8, 0x5141ab53,
	0xdf8eeb99, 0xe19b48a8, 0xc5c95a63, 0xe3418acb, 0x7763e373, 0xd6b2b8a3, 0x5defb2fc, 0x43172f60, 0xa1f0ab72, 0x1a6439ec,
	0x23631e28, 0xde82bde9, 0xb2c67915, 0xe372532b, 0xea26619c, 0x21c0c207, 0xcde0eb1e, 0xee6ed178, 0x72176fba, 0xa2c898a6,
	0xbef90dae, 0x131c471b, 0x23047d84, 0x40c72493, 0x15c9bebc, 0x9c100d4c, 0xcb3e42b6, 0xfc657e2a, 0x3ad6faec, 0x4a475817};
static const uint32_t constants_high[16] IN_GAP(5) = {0xca273ece, 0xd186b8c7, 0xeada7dd6, 0xf57d4f7f, 0x06f067aa, 0x0a637dc5,
						      0x113f9804, 0x1b710b35, 0x28db77f5, 0x32caab7b, 0x3c9ebe0a, 0x431d67c4,
						      0x4cc5d4be, 0x597f299c, 0x5fcb6fab, 0x6c44198c};
static const uint32_t initial_low[8] IN_GAP(2) = {0xf3bcc908, 0x84caa73b, 0xfe94f82b, 0x5f1d36f1,
						  0xade682d1, 0x2b3e6c1f, 0xfb41bd6b, 0x137e2179};

static uint64_t whole(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

static uint64_t rotated(uint64_t value, unsigned count)
{
	return value >> count | value << (64 - count);
}

void sha512_init(struct sha512 *hash, const void *data, size_t size)
{
	for (uint32_t i = 0; i < 8; i++)
		hash->state[i] = whole(sha256_initial[i], initial_low[i]);
	hash->data = data;
	hash->size = size;
	hash->block = 0;
	hash->round = 0;
}

/* With the padding: a bit behind the data, and its length in bits at the end of the block that has room for both (5.1.2). */
static void block_load(struct sha512 *hash)
{
	for (uint32_t i = 0; i < 128; i++) {
		size_t at = hash->block + i;
		uint8_t byte = at < hash->size ? hash->data[at] : at == hash->size ? 0x80 : 0;

		hash->schedule[i / 8] = hash->schedule[i / 8] << 8 | byte;
	}
	if (hash->size <= hash->block + 111)
		hash->schedule[15] = (uint64_t)hash->size * 8;
}

/* 6.4.2. Instead of moving a to h one on, each round writes its new `a` before the others. */
bool sha512_step(struct sha512 *hash)
{
	uint64_t *last = hash->working + SHA512_ROUNDS_AT_ONCE;

	if (hash->round == 0) {
		block_load(hash);
		memcpy(last, hash->state, sizeof(hash->state));
	}
	for (uint64_t *a = last; a > hash->working; a--) {
		uint32_t round = hash->round++;
		uint64_t *w = &hash->schedule[round];
		uint64_t e = a[4], t = a[7];

		if (round >= 16)
			*w = (rotated(w[-2], 19) ^ rotated(w[-2], 61) ^ w[-2] >> 6) + w[-7] +
			     (rotated(w[-15], 1) ^ rotated(w[-15], 8) ^ w[-15] >> 7) + w[-16];
		t += (rotated(e, 14) ^ rotated(e, 18) ^ rotated(e, 41)) + ((e & a[5]) ^ (~e & a[6])) + *w +
		     whole(round < 64 ? sha256_constants[round] : constants_high[round - 64], constants_low[round]);
		a[3] += t;
		a[-1] = t + (rotated(*a, 28) ^ rotated(*a, 34) ^ rotated(*a, 39)) + ((*a & a[1]) ^ (*a & a[2]) ^ (a[1] & a[2]));
	}
	memcpy(last, hash->working, sizeof(hash->state));
	if (hash->round < 80)
		return false;
	for (uint32_t i = 0; i < 8; i++)
		hash->state[i] += last[i];
	hash->round = 0;
	hash->block += 128;
	return hash->block > hash->size + 16; /* the last one had room for the length */
}
