/* SPDX-License-Identifier: Apache-2.0 */
/* While guests run. A piece of work at a time, whichever CPU comes by: its digest, some 3,000 instructions at once, then the signature. */
#include <veil/arch.h>
#include <veil/cpu.h>

#include "core/lib.h"
#include "core/mux.h"
#include "core/policy.h"
#include "core/sched.h"
#include "core/sha256.h"
#include "core/units.h"
#include "signature.h"
#include "verify.h"

#define PERIOD_US 50 /* from one piece to the next: guests run in between */
#define BLOCK 64 /* bytes hashed at once */

_Static_assert(offsetof(struct veil_policy, signature) == BLOCK && VEIL_SIGNATURE_BYTES == BLOCK, "the signature is a block of its own");

static struct {
	struct lock lock; /* all below, and the signature */
	enum {
		NOTHING,
		HASHING,
		CHECKING,
		KNOWN
	} state;
	const uint8_t *bytes;
	uint32_t size;
	uint32_t hashed;
	const uint8_t *key;
	struct sha256 hash;
	enum ed25519_result verdict;
} checked;

static void begin(const uint8_t *bytes, uint32_t size)
{
	const struct veil_policy *header = (const void *)bytes;

	checked.bytes = bytes;
	checked.size = size;
	checked.hashed = 0;
	checked.key = signature_key(header->key_id);
	checked.state = HASHING;
	if (!checked.key || header->version_counter < policy_current()->header->version_counter) {
		checked.state = KNOWN;
		checked.verdict = ED25519_BAD;
	}
	sha256_init(&checked.hash);
}

enum veil_result verify_policy(const uint8_t *bytes, uint32_t size)
{
	enum veil_result result = VEIL_RESULT_AGAIN;

	lock_take(&checked.lock);
	if (checked.state == NOTHING)
		begin(bytes, size);
	if (checked.state == KNOWN) {
		checked.state = NOTHING;
		result = checked.verdict == ED25519_GOOD ? VEIL_RESULT_OK : VEIL_RESULT_BAD_POLICY;
	}
	lock_release(&checked.lock);
	if (result == VEIL_RESULT_AGAIN)
		mux_flush_by(arch_time());
	return result;
}

void verify_policy_forget(void)
{
	lock_take(&checked.lock);
	checked.state = NOTHING;
	lock_release(&checked.lock);
}

static void hash_block(void)
{
	static const uint8_t no_signature[BLOCK];
	const struct veil_policy *header = (const void *)checked.bytes;
	uint32_t left = checked.size - checked.hashed;
	uint8_t digest[VEIL_SHA256_BYTES];

	sched_unload(arch_this_cpu()); /* hashing uses the registers a guest's FP state is in */
	sha256_update(&checked.hash, checked.hashed == BLOCK ? no_signature : checked.bytes + checked.hashed, left < BLOCK ? left : BLOCK);
	checked.hashed += BLOCK;
	if (checked.hashed < checked.size)
		return;
	sha256_final(&checked.hash, digest);
	signature_begin(checked.key, header->signature, SIGNATURE_OF_POLICY, digest);
	checked.state = CHECKING;
}

void verify_step(uint64_t now)
{
	bool goes_on;

	lock_take(&checked.lock);
	if (checked.state == HASHING) {
		hash_block();
	} else if (checked.state == CHECKING) {
		checked.verdict = signature_step();
		if (checked.verdict != ED25519_GOES_ON)
			checked.state = KNOWN;
	}
	goes_on = checked.state == HASHING || checked.state == CHECKING;
	lock_release(&checked.lock);
	if (goes_on)
		mux_flush_by(now + us_to_ticks(PERIOD_US));
}
