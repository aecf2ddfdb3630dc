/* SPDX-License-Identifier: Apache-2.0 */
/* At boot. The manifest is signed and has a digest of each payload; of what else the image has, every byte is zero. So nobody without a key can change
 * one bit outside Veil itself, which whoever loads it has to vouch for. */
#include <veil/arch.h>
#include <veil/version_place.h>

#include "core/lib.h"
#include "core/manifest.h"
#include "core/payload.h"
#include "core/policy.h"
#include "refuse.h"
#include "signature.h"
#include "verify.h"

static struct {
	uint64_t kept; /* version of the newest image or policy that was accepted */
	uint64_t next; /* what is just being kept; 0: nothing */
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
	const struct veil_manifest *header = bytes;
	enum ed25519_result result;

	/* A page begins there, so that a header can be looked at where there is none. */
	if (size < sizeof(*header) || header->signature_kind != VEIL_SIGNATURE_ED25519 ||
	    !signature_begin(SIGNATURE_OF_MANIFEST, bytes, size))
		refuse("not signed with a key of this handset; kind", header->signature_kind);
	do
		result = signature_step();
	while (result == ED25519_GOES_ON);
	if (result != ED25519_GOOD)
		refuse("wrong signature; version", header->version_counter);
}

/* From one offset in the image to another nothing must be. */
static void zeros(const struct manifest *m, address_t from, address_t to)
{
	if (!bytes_are_zero(arch_pointer(paddr(m->image.base.value + from)), to - from))
		refuse("stray bytes behind", from);
}

void verify_image(const struct manifest *m)
{
	address_t end = m->image.veil_size - align_up((address_t)m->header->size, VEIL_PAGE_SIZE) + (address_t)m->header->size;
	uint64_t running;

	for (uint32_t i = 0;; i++) {
		const struct veil_payload *next = &m->payloads[i];
		enum payload_state state;

		zeros(m, end, i < m->payload_count ? (address_t)next->offset : m->image.size);
		if (i == m->payload_count)
			break;
		do
			state = payload_verify_step(i);
		while (state == PAYLOAD_UNVERIFIED);
		if (state != PAYLOAD_GOOD)
			refuse("wrong digest: payload", i);
		end = (address_t)next->offset + (address_t)next->size;
	}
	running = m->header->version_counter;
	if (!version_place_read(&version.kept))
		refuse("no place to keep its version", running);
	if (running == 0 || m->policy.header->version_counter != running)
		refuse("not its policy's version:", running);
	if (running < version.kept)
		refuse("older than the accepted version", version.kept);
}

enum veil_result verify_accept(void)
{
	enum veil_result result = VEIL_RESULT_OK;

	if (!version.next) /* the image's, or that of a policy that has taken its place since, which is never less */
		version.next = policy_current()->header->version_counter;
	if (version.next > version.kept)
		result = version_place_write(version.next);
	if (result == VEIL_RESULT_OK)
		version.kept = version.next;
	if (result != VEIL_RESULT_AGAIN)
		version.next = 0;
	return result;
}
