/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual CPU as the rest of the port works on it: modes, exceptions, its own memory by its own addresses. */
#ifndef VEIL_GUEST_H
#define VEIL_GUEST_H

#include <veil/cpu.h>

#include "shadow.h"

/* Exceptions (Arm DDI 0100I, A2.6). At an undefined instruction and a SWI r[15] is the address after it, at aborts that of the
 * instruction itself, at interrupts that of the next one. */
void guest_undefined(struct vcpu *v);
void guest_swi(struct vcpu *v);
void guest_prefetch_abort(struct vcpu *v, uint32_t fsr);
void guest_data_abort(struct vcpu *v, uint32_t address, uint32_t fsr);
/* An interrupt that is pending and not masked, if there is one. */
void guest_interrupt(struct vcpu *v);

/* Another privilege, or other registers of CP15 that decide on translation: the right tables are in force before the guest goes on. */
static inline void guest_context(struct vcpu *v)
{
	shadow_context(v);
	v->arch.tables_stale = true;
}

/* The loaded guest's control register is another one: what of it is the real CPU's too. */
void guest_control(struct vcpu *v);

/* Sets the whole CPSR, banks included. A mode that does not exist leaves the mode as it is. */
void guest_set_cpsr(struct vcpu *v, uint32_t cpsr);

/* The bank of a mode that exists, and where a bank's r13 (`reg` 13) or r14 is now. */
enum bank guest_bank(uint32_t mode);
bool guest_mode_exists(uint32_t mode);
uint32_t *guest_banked(struct vcpu *v, enum bank bank, uint32_t reg);

/* The interrupt controller's outputs: PSR_I (IRQ), PSR_F (FIQ), both or neither. Wakes a virtual CPU that waits. Any time. */
void guest_lines(struct vcpu *v, uint32_t lines);

/* A virtual CPU's timers interrupt up to `now`: when the board's timer has come, and when it is loaded. */
void guest_time(struct vcpu *v, uint64_t now);

/* The loaded guest's memory by its own virtual address, as its tables and its mode allow; as user mode if `as_user`. `size`: 1, or 4 with an
 * address that is a multiple of it; little-endian. */
enum guest_access {
	GUEST_DONE,
	GUEST_FAULT, /* *fault says how; nothing was changed */
	GUEST_AGAIN /* not finished, an interrupt waits: the instruction is to be made again */
};
struct guest_fault {
	uint32_t address;
	uint32_t fsr; /* as DFSR has it, with the bit for writes */
};
enum guest_access guest_load(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t *value, struct guest_fault *fault);
enum guest_access guest_store(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t value, struct guest_fault *fault);

/* The instruction at an address, as the loaded guest's mode now would fetch it; false where it cannot be read (any more). */
bool guest_instruction(struct vcpu *v, uint32_t address, uint32_t *word);

#endif
