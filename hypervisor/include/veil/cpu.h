/* SPDX-License-Identifier: Apache-2.0 */
/* Physical and virtual CPUs, as the scheduler sees them. */
#ifndef VEIL_CPU_H
#define VEIL_CPU_H

#include <veil/abi.h>
#include <arch_vcpu.h>
#include <veil/lock.h>
#include <veil/types.h>

struct persona;

struct vcpu {
	struct arch_vcpu arch; /* first: assembly relies on it */
	struct persona *persona;
	struct cpu *cpu; /* where it runs; pinned */
	uint32_t index; /* within its persona */
	bool powered; /* PSCI on */
	bool runnable; /* powered and not waiting in WFI; also written by other CPUs, with atomics */
	bool has_siblings; /* its persona has other virtual CPUs */
	bool vgic_update; /* another CPU changed its interrupts: refill list registers; atomics */
	size_t fill_page; /* the page it is building, so that an interrupt may come between the parts */
	address_t fill_done; /* bytes of it */
	uint64_t cpu_time; /* ticks, Veil's work for it included */
	uint64_t virtual_time; /* ticks weighted by share: the least one runs next */
	uint32_t rate; /* of virtual time: by the persona's share, and its other virtual CPUs that want this CPU as well (sched.c) */
	struct vcpu *next; /* pinned to the same CPU */
	struct veil_statistics statistics;
	struct arch_vcpu_rest rest;
};

/* One of the counters, where what is counted is seldom. */
static WIDE_INLINE void count_up(uint64_t *counter)
{
	++*counter;
}

enum cpu_wish {
	CPU_RESCHEDULE = 1, /* think again before returning to a guest */
	CPU_KICK = 2 /* only send what is in `kicks` */
};

struct cpu {
	uint8_t need_resched; /* enum cpu_wish; atomics. First: every exit looks at it */
	void *stack_top;
	uint32_t id;
	uint32_t kicks; /* bit n: CPU n is to be interrupted at the end of this exit, when no lock is held that it would then wait for */
	struct vcpu *loaded; /* whose registers this CPU holds; NULL: nobody's */
	struct vcpu *charged; /* whom the time since charged_since belongs to; NULL: idle */
	uint64_t charged_since;
	uint64_t idle_time;
	uint64_t least_virtual_time; /* only grows */
	uint64_t armed; /* deadline in the timer */
	struct vcpu *alarm; /* the sleeper sched_alarm() may switch to; NULL: none */
	uint64_t alarm_at; /* its deadline */
	uint64_t after_alarm; /* the first deadline but for that one and the mux's */
	struct vcpu *vcpus; /* all that are pinned to it */
} ARRAY_ELEMENT(128);

extern struct cpu cpus[VEIL_MAX_CPUS];
extern uint32_t cpu_count;

#endif
