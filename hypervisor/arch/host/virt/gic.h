/* SPDX-License-Identifier: Apache-2.0 */
/* The fake machine's interrupt controller, between its files. */
#ifndef HOST_GIC_H
#define HOST_GIC_H

#include <veil/types.h>

struct machine_cpu;

bool gic_timer_is_asserted(const struct machine_cpu *cpu);
bool gic_wants_maintenance(const struct machine_cpu *cpu);
bool gic_is_signalled(const struct machine_cpu *cpu);
uint32_t gic_guest_acknowledge(struct machine_cpu *cpu);
void gic_guest_end(struct machine_cpu *cpu, uint32_t irq);

#endif
