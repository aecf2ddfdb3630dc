/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts, which are always masked while Veil runs, and time: the board's, and what guests see of it. No instruction here is one that Thumb
 * code has not, so link-time optimisation may put these wherever they are called from. */
#include <veil/arch.h>
#include <veil/block_source.h>
#include <veil/board.h>
#include <veil/cpu.h>
#include <veil/input_source.h>
#include <veil/network_source.h>

#include "core/mux.h"
#include "core/persona.h"
#include "core/sched.h"
#include "devices/omap_gptimer.h"
#include "devices/omap_intc.h"
#include "devices/retu.h"
#include "guest.h"
#include "timer.h"

#define FEED_TICKS (RETU_SECONDS / 3 * BOARD_TIMER_HZ)

_Static_assert((BOARD_TIMER_HZ & (BOARD_TIMER_HZ - 1)) == 0, "or each look at a guest's timer takes long divisions");

static uint32_t fed_at; /* the low word of the time */

struct cpu *arch_this_cpu(void)
{
	return &cpus[0];
}

/* ---- The board's time ---- */

uint64_t arch_time_frequency(void)
{
	return BOARD_TIMER_HZ;
}

uint64_t arch_time(void)
{
	return gptimer_count();
}

/* Whoever hangs lets it starve: this is reached with every interrupt of the timer, and nobody masks that for long. */
static void feed(uint32_t now)
{
	if (now - fed_at < FEED_TICKS)
		return;
	fed_at = now;
	retu_feed();
}

/* Disarmed it runs for FEED_TICKS all the same: the watchdog wants to hear of us. */
void arch_timer_arm(uint64_t deadline)
{
	struct cpu *cpu = &cpus[0];
	uint64_t now;

	if (cpu->armed == deadline)
		return;
	cpu->armed = deadline;
	now = gptimer_count();
	feed((uint32_t)now);
	if (deadline <= now)
		gptimer_start(1);
	else
		gptimer_start(deadline - now < FEED_TICKS ? (uint32_t)(deadline - now) : FEED_TICKS);
}

/* ---- A guest's ---- */

void guest_lines(struct vcpu *v, uint32_t lines)
{
	v->arch.lines = lines;
	if (lines && !v->runnable)
		sched_wake(v);
}

void guest_time(struct vcpu *v, uint64_t now)
{
	struct persona *p = v->persona;

	lock_take(&p->lock);
	timer_update(p, now);
	lock_release(&p->lock);
}

uint64_t arch_vcpu_deadline(const struct vcpu *v)
{
	return timer_deadline(v->persona);
}

/* No guest's timer is a real one. */
uint64_t arch_vcpu_emulated_deadline(const struct vcpu *v)
{
	return timer_deadline(v->persona);
}

/* ---- Interrupts ---- */

bool arch_interrupt_pending(void)
{
	return intc_pending() != INTC_NONE;
}

void arch_interrupt_enable(uint32_t irq)
{
	intc_enable(irq);
}

void arch_interrupt_again(uint32_t irq)
{
	intc_pend(irq);
}

static COLD void device_interrupt(uint32_t irq)
{
	if (irq == BOARD_UART_IRQ)
		mux_receive();
	else if (!input_source_interrupt(irq) && !network_source_interrupt(irq))
		block_source_interrupt(irq);
}

void arch_interrupt_poll(void)
{
	uint32_t irq = intc_pending();

	switch (irq) {
	case INTC_NONE:
		break;
	case BOARD_IRQ_HYP_TIMER:
		gptimer_acknowledge();
		cpus[0].armed = 0; /* to be armed again, whatever for */
		if (cpus[0].loaded)
			guest_time(cpus[0].loaded, gptimer_count());
		cpus[0].need_resched = CPU_RESCHEDULE;
		break;
	default:
		device_interrupt(irq);
		break;
	}
	intc_done(irq);
}
