/* SPDX-License-Identifier: Apache-2.0 */
/* Where entry.S calls into C: a guest stopped, its registers are in its virtual CPU. It enters the one they return. */
#ifndef VEIL_EXCEPTION_H
#define VEIL_EXCEPTION_H

#include <veil/cpu.h>

/* r[15]: the next instruction. `word`: this one; 0 in Thumb state; UNREADABLE if it was not there any more, or is that. */
#define UNREADABLE UINT32_MAX
struct vcpu *exception_undefined(struct vcpu *v, uint32_t word);
struct vcpu *exception_svc(struct vcpu *v); /* r[15]: the next instruction */
struct vcpu *exception_prefetch(struct vcpu *v); /* r[15]: the instruction */
struct vcpu *exception_data(struct vcpu *v); /* r[15]: the instruction */
struct vcpu *exception_irq(struct vcpu *v); /* r[15]: the next instruction */
/* Boot's end: the first virtual CPU to enter. */
struct vcpu *exception_start(struct cpu *cpu);
_Noreturn void exception_in_veil(uint32_t vector, uint32_t address, uint32_t status);

/* What the real CPU has of the guest that is loaded now, but for its tables. */
void vcpu_registers(struct vcpu *v);

/* ---- entry.S ---- */

/* The exception vectors, of which the overlay page has a copy: VECTORS_BYTES. stack_top, boot.S has. */
extern const uint32_t vectors[];

/* Enters the guest of the virtual CPU that was loaded last. */
_Noreturn void entry_guest(struct vcpu *v);
/* The virtual CPU whose registers the vectors save from now on. */
void entry_load(struct vcpu *v);

/* One access with the rights user mode has in the tables in force, for words and bytes; cache maintenance by address. False: the MMU refused it.
 * Addresses of words are multiples of 4. Both fields of what is loaded travel in registers: see is_loaded(). */
uint64_t entry_load_word(uint32_t address);
uint64_t entry_load_byte(uint32_t address);
bool entry_store_word(uint32_t address, uint32_t value);
bool entry_store_byte(uint32_t address, uint32_t value);
bool entry_clean_line(uint32_t address); /* and forgets it */
bool entry_forget_instruction_line(uint32_t address);

/* Was anything loaded? Then it is in the low word. */
static inline bool is_loaded(uint64_t result)
{
	return result >> 32;
}

#endif
