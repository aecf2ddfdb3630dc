/* SPDX-License-Identifier: Apache-2.0 */
#include "by_hand.h"

#include "load_store.h"

NOINLINE void access_by_hand(struct vcpu *v, uint32_t address, uint32_t write)
{
	struct guest_fault fault = {.address = address, .fsr = FSR_EXTERNAL | write};
	uint32_t instruction;

	count_up(&v->statistics.mmio);
	if (!guest_instruction(v, v->arch.r[15], &instruction))
		return;
	switch (load_store(v, instruction, false, &fault)) {
	case LOAD_STORE_DONE:
	case LOAD_STORE_AGAIN:
		break;
	default:
		count_up(&v->statistics.refused_memory);
		guest_data_abort(v, fault.address, fault.fsr);
		break;
	}
}
