/* SPDX-License-Identifier: Apache-2.0 */
/* Verifies payloads a part at a time. */
#include "payload.h"

#include <veil/arch.h>
#include <veil/cpu.h>

#include "lib.h"
#include "log.h"
#include "sha256.h"
#include "verify/verify.h"

static struct {
	const struct manifest *manifest;
	paddr_t image_base;
	struct verification {
		bool busy; /* a CPU is hashing a part; atomic */
		enum payload_state state;
		size_t done;
		struct sha256 hash;
	} all[VEIL_MAX_PAYLOADS];
} payloads;

/* Of what is signed they never are. */
static ALWAYS_INLINE bool digests_are_skipped(void)
{
	return verify_kind() == VEIL_SIGNATURE_DEVELOPMENT && payloads.manifest->header->flags & VEIL_SKIP_PAYLOAD_DIGESTS;
}

void payload_init(const struct manifest *manifest, paddr_t image_base)
{
	payloads.manifest = manifest;
	payloads.image_base = image_base;
	if (digests_are_skipped())
		log_text(VEIL_NO_PERSONA, "payload digests are not checked: the manifest says so");
}

const uint8_t *payload_bytes(uint32_t payload)
{
	return arch_pointer(paddr(payloads.image_base.value + (address_t)payloads.manifest->payloads[payload].offset));
}

/* Hashes the next part; the caller holds `busy`. */
static void hash_part(struct verification *v, uint32_t payload)
{
	const struct veil_payload *config = &payloads.manifest->payloads[payload];
	size_t left = (size_t)config->size - v->done, part = left < ARCH_HASH_BYTES ? left : ARCH_HASH_BYTES;
	uint8_t digest[VEIL_SHA256_BYTES];

	if (v->done == 0)
		sha256_init(&v->hash);
	sha256_update(&v->hash, payload_bytes(payload) + v->done, part);
	v->done += part;
	if (part < left)
		return;
	sha256_final(&v->hash, digest);
	v->done = 0;
	__atomic_store_n(&v->state, memcmp(digest, config->sha256, sizeof(digest)) ? PAYLOAD_BAD : PAYLOAD_GOOD, __ATOMIC_RELEASE);
}

enum payload_state payload_verify_step(uint32_t payload)
{
	struct verification *v = &payloads.all[payload];
	enum payload_state state;

	if (digests_are_skipped())
		return PAYLOAD_GOOD;
	state = __atomic_load_n(&v->state, __ATOMIC_ACQUIRE);
	if (state != PAYLOAD_UNVERIFIED)
		return state;
	if (__atomic_exchange_n(&v->busy, true, __ATOMIC_ACQUIRE))
		return PAYLOAD_BUSY;
	if (v->state == PAYLOAD_UNVERIFIED)
		hash_part(v, payload);
	__atomic_store_n(&v->busy, false, __ATOMIC_RELEASE);
	return __atomic_load_n(&v->state, __ATOMIC_ACQUIRE);
}

void payload_distrust(uint32_t payload)
{
	struct verification *v = &payloads.all[payload];
	bool was_busy = __atomic_exchange_n(&v->busy, true, __ATOMIC_ACQUIRE);

	__atomic_store_n(&v->state, PAYLOAD_UNVERIFIED, __ATOMIC_RELEASE);
	if (was_busy) /* another CPU hashes it right now, for another persona: that hash is fresh */
		return;
	v->done = 0; /* what an interrupted start has read does not count */
	__atomic_store_n(&v->busy, false, __ATOMIC_RELEASE);
}
