/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: which virtual CPU runs on this CPU, for how long, and whom the time is charged to.
 *
 * Every CPU has a list of virtual CPUs pinned to it. The runnable one with the least virtual time (time used, divided by share)
 * runs. Time is read from the counter at each change of hands, never sampled, so nothing is free: Veil's work for an exit is
 * charged to the persona that caused it. A cap is a budget a period, with debts carried over. */
#ifndef VEIL_SCHED_H
#define VEIL_SCHED_H

#include <veil/cpu.h>
#include <veil/types.h>

#define SCHED_CAP_PERIOD_US 20000 /* a cap is a budget for this long */

void sched_init(void);

/* Pins a virtual CPU to a physical one. */
void sched_add(struct cpu *cpu, struct vcpu *vcpu);

/* Finds the virtual CPU to run now, idling until there is one, and loads it. */
struct vcpu *sched_run(struct cpu *cpu);

/* The timer has come while a guest ran, and `cpu->alarm` is not NULL: true if that is who runs now, its timer's interrupt is due, and the board's
 * timer is to be armed for `cpu->armed`; false: sched_run() has to see to it. Only for ports with ARCH_ALARMS: one CPU, and guests' timers
 * that are all Veil's. */
bool sched_alarm(struct cpu *cpu, uint64_t now);

/* Makes a virtual CPU runnable, from any CPU. */
void sched_wake(struct vcpu *vcpu);

/* A virtual CPU wants its CPU that did not for a while (off, stopped, paused): it has no claim to the time that passed. */
void sched_join(struct vcpu *vcpu);

/* The virtual CPU gives way to others that want this CPU, until they have caught up. */
void sched_yield(struct vcpu *vcpu);

/* A CPU should think again before it returns to a guest. Another one is interrupted for it at the end of this exit. */
void sched_again(struct cpu *cpu);

/* Has another CPU's guest stop for a moment, so that its interrupts are looked at; nothing for this CPU. */
void sched_interrupt(const struct cpu *cpu);

/* This exit's end: interrupts the CPUs that should think again. */
void sched_kick(struct cpu *cpu);

/* Charges the time up to now to whom it belongs; from now on to `to` (NULL: idle). */
void sched_charge(struct cpu *cpu, struct vcpu *to);

/* The same, but costs nothing where that changes nobody. */
void sched_charge_from_here(struct cpu *cpu, struct vcpu *to);

/* Lets go of the loaded virtual CPU's registers. */
void sched_unload(struct cpu *cpu);

#endif
