/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual CPU as the rest of the port works on it: modes, exceptions, its own memory by its own addresses. */
#ifndef VEIL_GUEST_H
#define VEIL_GUEST_H

#include <veil/cpu.h>

#include "shadow.h"

/* Exceptions (Arm DDI 0100I, A2.6). At an undefined instruction and a SWI r[15] is the address after it, at aborts that of the
 * instruction itself, at interrupts that of the next one. */
void guest_undefined(struct vcpu *v);
/* The same, counted: for an instruction that is refused. */
void guest_refuse(struct vcpu *v);
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

/* Its SPSR; NULL in modes that have none. And what a return from an exception does with one. */
uint32_t *guest_spsr(struct vcpu *v);
void guest_return(struct vcpu *v, uint32_t pc, uint32_t cpsr);
uint32_t *guest_banked(struct vcpu *v, enum bank bank, uint32_t reg);

/* Puts what r8 to r14 are in a mode with another bank where instructions find it. */
void guest_bank_switch(struct vcpu *v, enum bank from, enum bank to);

/* The interrupt controller's outputs: PSR_I (IRQ), PSR_F (FIQ), both or neither. Wakes a virtual CPU that waits. Any time. */
void guest_lines(struct vcpu *v, uint32_t lines);

/* A virtual CPU's timers interrupt up to `now`: when the board's timer has come, and when it is loaded. */
void guest_time(struct vcpu *v, uint64_t now);

/* One access to the loaded guest's memory by its own virtual address, as its tables and its mode allow. */
struct guest_access {
	uint32_t address; /* a multiple of `size` */
	uint32_t value; /* little-endian */
	uint32_t size; /* 1, 2 or 4 */
	bool is_write;
	bool as_user; /* whatever the mode */
};
enum guest_result {
	GUEST_DONE,
	GUEST_FAULT, /* *fault says how; nothing was changed */
	GUEST_AGAIN /* not finished, an interrupt waits or a device had no time: the instruction is to be made again */
};
struct guest_fault {
	uint32_t address; /* modified virtual address */
	uint32_t fsr; /* as DFSR has it, with the bit for writes */
};
enum guest_result guest_access(struct vcpu *v, struct guest_access *a, struct guest_fault *fault);

/* The same where no entry of the shadow tables can say what is allowed: the persona's own RAM or virtual devices, wherever its tables lead. */
enum guest_result guest_access_by_hand(struct vcpu *v, struct guest_access *a, struct guest_fault *fault);

/* The instruction at an address, as the loaded guest's mode now would fetch it; false where it cannot be read (any more). */
bool guest_instruction(struct vcpu *v, uint32_t address, uint32_t *word);

#endif
