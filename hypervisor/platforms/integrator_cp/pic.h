/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controllers of an Integrator/CP: primary, secondary and the core module's, all of one kind. */
#ifndef VEIL_PIC_H
#define VEIL_PIC_H

#include <veil/platform.h>

/* The virtual CPU's inputs, as bits of a CPSR mask them. */
#define PIC_IRQ 0x80U
#define PIC_FIQ 0x40U

/* The persona's lock is held. irq_line() moves a line of the primary one, irq_raise() one of these masks. */
void pic_reset(struct persona *persona);
void irq_raise(struct vcpu *vcpu, uint32_t line);

/* Registers of one of them, from its IRQ_STATUS on. Takes the lock itself. */
struct mmio_result pic_access(struct persona *persona, struct pic *pic, uint32_t offset, bool is_write, uint32_t value);

/* ---- Asked of the port ---- */
/* The inputs of the persona's virtual CPU are these now: PIC_IRQ, PIC_FIQ, both or neither. Wakes it if it waits. */
void guest_lines(struct vcpu *vcpu, uint32_t lines);

#endif
