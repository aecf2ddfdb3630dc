/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores that the MMU cannot do for a guest: to device registers, to pages Veil hides, to subpages; and those that were replaced
 * because user mode does something else. All ARM and Thumb forms of ARMv6 but those of coprocessors. */
#ifndef VEIL_LOAD_STORE_H
#define VEIL_LOAD_STORE_H

#include "guest.h"

enum load_store_result {
	LOAD_STORE_DONE, /* registers are written, r[15] is the next instruction */
	LOAD_STORE_FAULT, /* an access faults: registers are as before (base restored, Arm DDI 0100I, A2.6.6) */
	LOAD_STORE_AGAIN, /* an access did not come to an end: registers are as before */
	LOAD_STORE_UNKNOWN /* not a load or store that is known, or unpredictable: nothing was done */
};

/* `instruction` at r[15]: an ARM word, or a Thumb halfword if the guest's T bit is set. Its condition holds. On a fault nothing but memory
 * has changed. `is_replaced`: see emulate.h; only then it may be one of those of privileged modes alone: LDM and STM with a caret, SRS, RFE. */
enum load_store_result load_store(struct vcpu *v, uint32_t instruction, bool is_replaced, struct guest_fault *fault);

#endif
