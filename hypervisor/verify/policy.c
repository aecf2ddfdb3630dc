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
	enum {
		NOTHING,
		CHECKING,
		KNOWN
	} state;
	bool is_good; /* when it is known */
} check;

enum veil_result verify_policy(const uint8_t *bytes, uint32_t size)
{
	const struct veil_policy *header = (const void *)bytes;
	enum veil_result result = VEIL_RESULT_AGAIN;

	lock_take(&check.lock);
	if (check.state == NOTHING) {
		check.is_good = false;
		check.state = KNOWN;
		if (header->version_counter >= policy_current()->header->version_counter &&
		    signature_begin(SIGNATURE_OF_POLICY, bytes, size))
			check.state = CHECKING;
	}
	if (check.state == KNOWN) {
		check.state = NOTHING;
		result = check.is_good ? VEIL_RESULT_OK : VEIL_RESULT_BAD_POLICY;
	}
	lock_release(&check.lock);
	mux_flush_by(arch_time());
	return result;
}

void verify_policy_forget(void)
{
	lock_take(&check.lock);
	check.state = NOTHING;
	lock_release(&check.lock);
}

void verify_step(uint64_t now)
{
	lock_take(&check.lock);
	if (check.state == CHECKING) {
		enum ed25519_result result;

		sched_unload(arch_this_cpu()); /* hashing uses the registers a guest's FP state is in */
		result = signature_step();
		check.is_good = result == ED25519_GOOD;
		if (result != ED25519_GOES_ON)
			check.state = KNOWN;
		mux_flush_by(now + us_to_ticks(PERIOD_US));
	}
	lock_release(&check.lock);
}
