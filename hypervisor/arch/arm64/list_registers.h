/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GIC's back end: interrupts in flight live in the CPU's list registers (Arm IHI 0069, 12.4.8). The virtual CPU is the
 * one loaded here, and the caller holds the persona's lock, but for the two functions that say otherwise. */
#ifndef VEIL_LIST_REGISTERS_H
#define VEIL_LIST_REGISTERS_H

#include "platforms/virt/vgic.h"

struct vcpu;

void list_registers_init(void); /* on each CPU */
void list_registers_save(struct vcpu *vcpu); /* all state back to memory */
void list_registers_load(struct vcpu *vcpu);

/* The guest's timer interrupted: physical interrupt 27 has been acknowledged and stays active until the guest ends its own. Takes
 * the lock itself. */
void list_registers_timer(struct vcpu *vcpu);

/* Is an interrupt waiting for the guest, or being handled by it, in a list register? */
bool list_registers_in_flight(const struct vcpu *vcpu);

/* Its interrupts may have changed: by time, by another CPU, or because the guest ended some. `vcpu` may be NULL: nobody is loaded. Takes
 * the lock itself. */
void list_registers_refresh(struct vcpu *vcpu);

#endif
