/* SPDX-License-Identifier: Apache-2.0 */
/* At boot. The manifest is signed and has a digest of each payload; of what else the image has, every byte is zero. So nobody without a key can change
 * one bit outside Veil itself, which whoever loads it has to vouch for. */
#include <veil/arch.h>
#include <veil/version_place.h>

#include "core/lib.h"
#include "core/manifest.h"
#include "core/payload.h"
#include "core/sha256.h"
#include "refuse.h"
#include "signature.h"
#include "verify.h"

#define SIGNATURE_AT offsetof(struct veil_manifest, signature)

static struct {
	uint64_t running; /* version of the image */
	uint64_t kept; /* of the newest one that was accepted */
} version;

uint32_t verify_kind(void)
{
	return VEIL_SIGNATURE_ED25519;
}

bool verify_needs_disk(void)
{
	return version_place_is_on_disk();
}

void verify_manifest(const void *bytes, size_t size)
{
	static const uint8_t no_signature[VEIL_SIGNATURE_BYTES];
	const struct veil_manifest *header = bytes;
	const uint8_t *behind = (const uint8_t *)bytes + SIGNATURE_AT + VEIL_SIGNATURE_BYTES;
	enum ed25519_result result;
	uint8_t digest[VEIL_SHA256_BYTES];
	struct sha256 hash;
	const uint8_t *key = NULL;

	if (size >= sizeof(*header) && header->signature_kind == VEIL_SIGNATURE_ED25519)
		key = signature_key(header->key_id);
	if (!key)
		refuse("it is not signed with a key of this handset; kind", size < sizeof(*header) ? 0 : header->signature_kind);
	sha256_init(&hash);
	sha256_update(&hash, bytes, SIGNATURE_AT);
	sha256_update(&hash, no_signature, sizeof(no_signature));
	sha256_update(&hash, behind, size - SIGNATURE_AT - sizeof(no_signature));
	sha256_final(&hash, digest);
	signature_begin(key, header->signature, SIGNATURE_OF_MANIFEST, digest);
	do
		result = signature_step();
	while (result == ED25519_GOES_ON);
	if (result != ED25519_GOOD)
		refuse("its signature is wrong; version it claims", header->version_counter);
}

/* From one offset in the image to another nothing must be. */
static void zeros(const struct manifest *m, address_t from, address_t to)
{
	if (!bytes_are_zero(arch_pointer(paddr(m->image.base.value + from)), to - from))
		refuse("bytes that belong to nothing; behind", from);
}

void verify_image(const struct manifest *m)
{
	address_t end = m->image.veil_size - align_up((address_t)m->header->size, VEIL_PAGE_SIZE) + (address_t)m->header->size;

	for (uint32_t i = 0; i < m->payload_count; i++) {
		address_t offset = (address_t)m->payloads[i].offset;
		enum payload_state state;

		do
			state = payload_verify_step(i);
		while (state == PAYLOAD_UNVERIFIED);
		if (state != PAYLOAD_GOOD)
			refuse("wrong digest; payload", i);
		zeros(m, end, offset);
		end = offset + (address_t)m->payloads[i].size;
	}
	zeros(m, end, m->image.size);
	version.running = m->header->version_counter;
	if (!version_place_read(&version.kept))
		refuse("there is no place for the number of its version", version.running);
	if (version.running == 0 || m->policy.header->version_counter != version.running)
		refuse("it and its policy have no version in common", version.running);
	if (version.running < version.kept)
		refuse("a newer one was accepted before: version", version.kept);
}

enum veil_result verify_accept(void)
{
	enum veil_result result = VEIL_RESULT_OK;

	if (version.running > version.kept)
		result = version_place_write(version.running);
	if (result == VEIL_RESULT_OK)
		version.kept = version.running;
	return result;
}
