/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include "core/lib.h"
#include "core/sha256.h"
#include "keys.h"

/* abi.h has the same as numbers. */
static const char contexts[][VEIL_CONTEXT_BYTES] = {"veil-manifest-1", "veil-policy-1"};

static struct {
	struct ed25519 check;
	uint8_t room[ED25519_TEXT_ROOM];
	struct veil_signed text;
} signature;

_Static_assert(offsetof(struct veil_signed, sha256) == VEIL_CONTEXT_BYTES, "no padding in what is signed");

const uint8_t *signature_key(const uint8_t id[VEIL_SHA256_BYTES])
{
	for (uint32_t i = 0; i < verify_key_count; i++) {
		struct sha256 hash;
		uint8_t digest[VEIL_SHA256_BYTES];

		sha256_init(&hash);
		sha256_update(&hash, verify_keys[i], VEIL_PUBLIC_KEY_BYTES);
		sha256_final(&hash, digest);
		if (!memcmp(digest, id, sizeof(digest)))
			return verify_keys[i];
	}
	return NULL;
}

void signature_begin(const uint8_t *key, const uint8_t bytes[VEIL_SIGNATURE_BYTES], enum signature_context context,
		     const uint8_t sha256[VEIL_SHA256_BYTES])
{
	memcpy(signature.text.context, contexts[context], VEIL_CONTEXT_BYTES);
	memcpy(signature.text.sha256, sha256, VEIL_SHA256_BYTES);
	ed25519_begin(&signature.check, signature.room, sizeof(signature.text), key, bytes);
}

enum ed25519_result signature_step(void)
{
	return ed25519_step(&signature.check);
}
