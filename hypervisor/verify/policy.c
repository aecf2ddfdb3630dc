/* SPDX-License-Identifier: Apache-2.0 */
/* While guests run: a piece of work at a time, on whichever CPU comes by. */
#include <veil/arch.h>
#include <veil/cpu.h>

#include "core/mux.h"
#include "core/policy.h"
#include "core/sched.h"
#include "core/units.h"
#include "signature.h"
#include "verify.h"

#define PERIOD_US 50 /* from one piece to the next: guests run in between */

static struct {
	struct lock lock; /* all below, and the signature */
	bool is_begun; /* then it goes on, or there is */
	enum ed25519_result verdict;
} check;

enum veil_result verify_policy(const uint8_t *bytes, uint32_t size)
{
	const struct veil_policy *header = (const void *)bytes;
	enum ed25519_result verdict;

	lock_take(&check.lock);
	if (!check.is_begun) {
		check.is_begun = true;
		check.verdict = ED25519_BAD;
		if (header->version_counter >= policy_current()->header->version_counter &&
		    signature_begin(SIGNATURE_OF_POLICY, bytes, size))
			check.verdict = ED25519_GOES_ON;
	}
	verdict = check.verdict;
	check.is_begun = verdict == ED25519_GOES_ON;
	lock_release(&check.lock);
	if (verdict == ED25519_GOOD)
		return VEIL_RESULT_OK;
	if (verdict == ED25519_BAD)
		return VEIL_RESULT_BAD_POLICY;
	mux_flush_by(arch_time());
	return VEIL_RESULT_AGAIN;
}

void verify_policy_forget(void)
{
	lock_take(&check.lock);
	check.is_begun = false;
	check.verdict = ED25519_BAD;
	lock_release(&check.lock);
}

void verify_step(uint64_t now)
{
	lock_take(&check.lock);
	if (check.is_begun && check.verdict == ED25519_GOES_ON) {
		sched_unload(arch_this_cpu()); /* hashing uses the registers a guest's FP state is in */
		check.verdict = signature_step();
		mux_flush_by(now + us_to_ticks(PERIOD_US));
	}
	lock_release(&check.lock);
}
