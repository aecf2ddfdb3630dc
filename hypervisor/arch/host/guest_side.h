/* SPDX-License-Identifier: Apache-2.0 */
/* What of the fake machine depends on the machine its guests see: virt/ or integrator_cp/ has it. */
#ifndef HOST_GUEST_SIDE_H
#define HOST_GUEST_SIDE_H

#include <veil/types.h>

struct machine_cpu;
struct vcpu;

/* Interrupts of the real CPU that come from the part of a guest's machine which is hardware. */
bool guest_side_pending(const struct machine_cpu *cpu);
void guest_side_poll(struct machine_cpu *cpu, struct vcpu *loaded); /* takes one */
uint64_t guest_side_next(const struct machine_cpu *cpu); /* when there will be one; UINT64_MAX: never */

/* The deadline timer, or another CPU, has interrupted; `loaded` may be NULL. */
void guest_side_deadline(struct vcpu *loaded);
void guest_side_kicked(struct vcpu *loaded);

/* From here on this virtual CPU's CPU is the one that acts; it must be inside its guest. */
struct machine_cpu *guest_acts(const struct vcpu *vcpu);

#endif
