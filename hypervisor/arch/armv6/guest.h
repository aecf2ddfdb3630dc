/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual CPU as the rest of the port works on it: modes, exceptions, its own memory by its own addresses. */
#ifndef VEIL_GUEST_H
#define VEIL_GUEST_H

#include <veil/cpu.h>

enum vector {
	VECTOR_UNDEFINED = 0x04,
	VECTOR_SWI = 0x08,
	VECTOR_PREFETCH_ABORT = 0x0c,
	VECTOR_DATA_ABORT = 0x10,
	VECTOR_IRQ = 0x18,
	VECTOR_FIQ = 0x1c
};

/* The guest takes an exception (Arm DDI 0100I, A2.6): banks, SPSR, masks, vector; `link` is what its r14 gets. */
void guest_exception(struct vcpu *v, enum vector vector, uint32_t link);

/* At r[15], the instruction that failed. */
void guest_undefined(struct vcpu *v);
void guest_prefetch_abort(struct vcpu *v, uint32_t ifsr);
void guest_data_abort(struct vcpu *v, uint32_t address, uint32_t dfsr);

/* Sets the guest's whole CPSR, banks included; reserved modes change nothing and are refused. */
bool guest_set_cpsr(struct vcpu *v, uint32_t cpsr);

/* Where r13 or r14 of a bank is now: in r[] if it is the bank of the present mode. */
uint32_t *guest_banked(struct vcpu *v, enum bank bank, uint32_t reg);
enum bank bank_of(uint32_t mode); /* a mode that there is */
bool mode_exists(uint32_t mode);

/* The interrupt controller's outputs: PSR_I (IRQ), PSR_F (FIQ), or neither. Wakes a virtual CPU that waits. Any time. */
void guest_lines(struct vcpu *v, uint32_t lines);

/* The loaded guest's memory by its own virtual address, with the rights of its mode now, or user mode's if `user`. False: it faults, and
 * *fault says how; nothing was changed. `address` is aligned to the access. May load tables of this guest. */
struct guest_fault {
	uint32_t address;
	uint32_t fsr; /* as DFSR has it, write bit included */
};
bool guest_read(struct vcpu *v, uint32_t address, uint32_t *value, bool user, struct guest_fault *fault);
bool guest_write(struct vcpu *v, uint32_t address, uint32_t value, bool user, struct guest_fault *fault);

#endif
