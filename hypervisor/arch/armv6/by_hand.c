/* SPDX-License-Identifier: Apache-2.0 */
#include "by_hand.h"

#include "guest.h"
#include "load_store.h"
#include "walk.h"

NOINLINE void access_by_hand(struct vcpu *v, uint32_t address, uint32_t write)
{
	struct load_store_fault fault = {.address = address, .fsr = FSR_EXTERNAL | write};
	uint32_t instruction;

	v->statistics.mmio++;
	if (!guest_instruction(v, v->arch.r[15], &instruction))
		return;
	if (load_store(v, instruction, &fault) == LOAD_STORE_DONE && likely(!v->arch.access_again))
		return;
	if (v->arch.access_again) {
		v->arch.access_again = false; /* registers are as before */
		return;
	}
	v->statistics.refused_memory++;
	guest_data_abort(v, fault.address, fault.fsr);
}
