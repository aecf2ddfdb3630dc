/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include "core/lib.h"
#include "core/sha256.h"
#include "keys.h"

#define PART 64 /* bytes hashed at once: some 3,500 instructions where they are dear */

static const struct signed_kind {
	uint8_t key_id, signature; /* where they are in its header */
	char context[VEIL_CONTEXT_BYTES]; /* abi.h has the same as numbers */
} signed_kinds[] IN_GAP(4) = {
	[SIGNATURE_OF_MANIFEST] = {offsetof(struct veil_manifest, key_id), offsetof(struct veil_manifest, signature), "veil-manifest-1"},
	[SIGNATURE_OF_POLICY] = {offsetof(struct veil_policy, key_id), offsetof(struct veil_policy, signature), "veil-policy-1"},
};

static struct {
	const struct signed_kind *kind;
	const uint8_t *bytes;
	size_t size;
	size_t hashed;
	bool is_hashed;
	const uint8_t *key;
	struct sha256 hash;
	struct ed25519 check;
	/* What is signed, and the room in front of it */
	uint8_t room[ED25519_TEXT_ROOM];
	struct veil_signed text;
} signature;

_Static_assert(offsetof(struct veil_signed, sha256) == VEIL_CONTEXT_BYTES, "no padding in what is signed");

static uint8_t ids[VEIL_MAX_KEYS][VEIL_SHA256_BYTES]; /* of the keys */

/* Before there is a guest: later on it would be too much at once. */
static void ids_make(void)
{
	for (uint32_t i = 0; i < verify_key_count; i++) {
		sha256_init(&signature.hash);
		sha256_update(&signature.hash, verify_keys[i], VEIL_PUBLIC_KEY_BYTES);
		sha256_final(&signature.hash, ids[i]);
	}
}

bool signature_begin(enum signature_kind kind, const void *bytes, size_t size)
{
	const uint8_t *id = (const uint8_t *)bytes + signed_kinds[kind].key_id;
	uint32_t key = 0;

	if (kind == SIGNATURE_OF_MANIFEST)
		ids_make();
	while (memcmp(ids[key], id, VEIL_SHA256_BYTES) != 0)
		if (++key == verify_key_count)
			return false;
	signature.kind = &signed_kinds[kind];
	signature.bytes = bytes;
	signature.size = size;
	signature.hashed = 0;
	signature.is_hashed = false;
	signature.key = verify_keys[key];
	sha256_init(&signature.hash);
	return true;
}

/* The signature's own bytes count as zeros. */
static void part_hash(void)
{
	uint8_t part[PART];
	uint32_t size = 0;

	for (; size < PART && signature.hashed < signature.size; signature.hashed++)
		part[size++] = signature.hashed - signature.kind->signature < VEIL_SIGNATURE_BYTES ? 0 : signature.bytes[signature.hashed];
	sha256_update(&signature.hash, part, size);
}

enum ed25519_result signature_step(void)
{
	if (signature.is_hashed)
		return ed25519_step(&signature.check);
	if (signature.hashed < signature.size) {
		part_hash();
	} else {
		signature.is_hashed = true;
		memcpy(signature.text.context, signature.kind->context, VEIL_CONTEXT_BYTES);
		sha256_final(&signature.hash, signature.text.sha256);
		ed25519_begin(&signature.check, signature.room, sizeof(signature.text), signature.key,
			      signature.bytes + signature.kind->signature);
	}
	return ED25519_GOES_ON;
}
