/* SPDX-License-Identifier: Apache-2.0 */
/* A signature is R and S = r + h * a modulo the order. As nothing here has to be kept secret, r is always the same, and nobody multiplies points. */
#include "signer.h"

#include "core/lib.h"
#include "core/sha256.h"
#include "crypto/sha512.h"
#include "verify/keys.h"

typedef unsigned __int128 wide;
struct number {
	uint64_t limbs[4];
};

static const struct number order = {{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000}};
static const uint8_t scalars[][32] = {{0xd5, 0x66, 0x04, 0xb9, 0xea, 0x8b, 0x68, 0x88, 0x86, 0x2e, 0x4f, 0x62, 0x5e, 0xcb, 0xc2, 0xb0,
				       0xf3, 0x35, 0x9e, 0xcb, 0xb3, 0xcb, 0xb1, 0xde, 0xd3, 0x74, 0xd9, 0x7e, 0x66, 0x8d, 0x02, 0x0b},
				      {0xa9, 0xea, 0x6d, 0x8a, 0x3d, 0xb8, 0x4b, 0x57, 0xc4, 0x1d, 0x23, 0x09, 0x04, 0x4c, 0x56, 0x31,
				       0xa2, 0x73, 0xc7, 0x7b, 0x28, 0x2d, 0x68, 0x1a, 0x84, 0x3d, 0x66, 0xf4, 0xea, 0xfd, 0xaa, 0x03}};
static const uint8_t nonce[32] = {0xe8, 0x78, 0xdc, 0xa5, 0x48, 0x66, 0x40, 0x51, 0xe5, 0xe6, 0x95, 0xd8, 0xc1, 0x57, 0xb5, 0x38,
				  0xa5, 0x06, 0xf9, 0xa3, 0xdd, 0x9f, 0x0e, 0x9c, 0xfe, 0xd7, 0xf4, 0xde, 0x62, 0x23, 0x82, 0x07};
static const uint8_t nonce_point[32] = {0xb3, 0x1b, 0x20, 0xf5, 0x04, 0x26, 0x24, 0x25, 0x14, 0xd8, 0x1b, 0x38, 0x35, 0x48, 0xbd, 0x90,
					0xde, 0x72, 0xfd, 0x0b, 0x8c, 0xf2, 0x38, 0x2a, 0x88, 0xf9, 0xf5, 0x2c, 0xe5, 0x07, 0x6b, 0x23};

/* Both less than the order, as is the result. */
static struct number sum(struct number a, struct number b)
{
	struct number less;
	uint64_t carry = 0, borrow = 0;

	for (int i = 0; i < 4; i++) {
		wide s = (wide)a.limbs[i] + b.limbs[i] + carry;

		a.limbs[i] = (uint64_t)s;
		carry = (uint64_t)(s >> 64);
	}
	for (int i = 0; i < 4; i++) {
		wide d = (wide)a.limbs[i] - order.limbs[i] - borrow;

		less.limbs[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) & 1;
	}
	return borrow ? a : less;
}

static void sign(uint8_t signature[VEIL_SIGNATURE_BYTES], const char *context, const uint8_t sha256[VEIL_SHA256_BYTES], uint32_t key)
{
	struct {
		uint8_t point[32], key[VEIL_PUBLIC_KEY_BYTES], context[VEIL_CONTEXT_BYTES], sha256[VEIL_SHA256_BYTES];
	} text = {0};
	struct sha512 hash;
	struct number s, a, product = {{0}};

	memcpy(text.point, nonce_point, sizeof(nonce_point));
	memcpy(text.key, verify_keys[key], sizeof(text.key));
	for (size_t i = 0; context[i]; i++)
		text.context[i] = (uint8_t)context[i];
	memcpy(text.sha256, sha256, sizeof(text.sha256));
	sha512_init(&hash, &text, sizeof(text));
	while (!sha512_step(&hash))
		;
	memcpy(&s, nonce, sizeof(s));
	memcpy(&a, scalars[key], sizeof(a));
	for (int bit = 511; bit >= 0; bit--) { /* of the hash, the last byte of which is the highest */
		int byte = bit / 8;

		product = sum(product, product);
		if (hash.state[byte / 8] >> (56 - 8 * (byte % 8)) >> bit % 8 & 1)
			product = sum(product, a);
	}
	s = sum(s, product);
	memcpy(signature, nonce_point, 32);
	memcpy(signature + 32, &s, 32);
}

static void key_id(uint8_t id[VEIL_SHA256_BYTES], uint32_t key)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, verify_keys[key], VEIL_PUBLIC_KEY_BYTES);
	sha256_final(&hash, id);
}

static void digest(uint8_t sha256[VEIL_SHA256_BYTES], const uint8_t *bytes, size_t size)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, bytes, size);
	sha256_final(&hash, sha256);
}

void sign_policy(uint8_t *bytes, uint32_t key)
{
	struct veil_policy *p = (void *)bytes;
	uint8_t sha256[VEIL_SHA256_BYTES];

	p->signature_kind = VEIL_SIGNATURE_ED25519;
	key_id(p->key_id, key);
	memset(p->signature, 0, sizeof(p->signature));
	digest(sha256, bytes, p->size);
	sign(p->signature, "veil-policy-1", sha256, key);
}

void sign_manifest(uint8_t *bytes, size_t size, uint32_t key)
{
	struct veil_manifest *m = (void *)bytes;
	uint8_t sha256[VEIL_SHA256_BYTES];

	sign_policy(bytes + size - VEIL_POLICY_BYTES, key);
	m->signature_kind = VEIL_SIGNATURE_ED25519;
	key_id(m->key_id, key);
	memset(m->signature, 0, sizeof(m->signature));
	digest(sha256, bytes, size);
	sign(m->signature, "veil-manifest-1", sha256, key);
}
