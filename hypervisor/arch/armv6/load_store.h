/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores that the MMU cannot do for a guest: to device registers, to pages Veil hides, to subpages. All ARM and Thumb forms of
 * ARMv6 but those of coprocessors. */
#ifndef VEIL_LOAD_STORE_H
#define VEIL_LOAD_STORE_H

#include <veil/cpu.h>

enum load_store_result {
	LOAD_STORE_DONE, /* registers are written, r[15] is the next instruction */
	LOAD_STORE_FAULT, /* an access faults, or its device had no time (access_again): registers are as before (base restored, Arm DDI 0100I, A2.6.6) */
	LOAD_STORE_UNKNOWN /* not a load or store that is known, or unpredictable: nothing was done */
};

struct load_store_fault {
	uint32_t address; /* modified virtual address of the access that faults */
	uint32_t fsr; /* FSR_WRITE included */
};

/* `instruction` at r[15]: an ARM word, or a Thumb halfword if the guest's T bit is set. Its condition holds. On a fault nothing but memory
 * has changed. */
enum load_store_result load_store(struct vcpu *v, uint32_t instruction, struct load_store_fault *fault);

/* One aligned access of `size` bytes (1, 2 or 4) on behalf of load_store(), with the guest's rights, or user mode's if `as_user`. False: it
 * faults. load_store_memory.c has them for guests, tests have their own. */
bool load_store_read(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t *value, uint32_t *fsr);
bool load_store_write(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t value, uint32_t *fsr);

#endif
