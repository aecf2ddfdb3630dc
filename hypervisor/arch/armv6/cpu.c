/* SPDX-License-Identifier: Apache-2.0 */
/* This CPU, the only one: its timer, its interrupts, its start and its end. */
#include <veil/arch.h>
#include <veil/block_source.h>
#include <veil/board.h>
#include <veil/cpu.h>
#include <veil/input_source.h>
#include <veil/network_source.h>

#include "core/boot.h"
#include "core/log.h"
#include "core/mux.h"
#include "core/sched.h"
#include "devices/omap_gptimer.h"
#include "devices/omap_intc.h"
#include "devices/retu.h"
#include "exception.h"
#include "guest.h"

#define MIDR_ARM1136 0x4107b360U /* implementer, architecture by its features, part */
#define MIDR_MASK 0xff0ffff0U

#define FEED_TICKS (RETU_SECONDS / 3 * BOARD_TIMER_HZ)

extern uint8_t stack_top[];

static uint64_t fed_at;

struct vcpu *boot_primary(void);

struct cpu *arch_this_cpu(void)
{
	return &cpus[0];
}

uint64_t arch_time(void)
{
	return gptimer_count();
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
	if (deadline <= now)
		gptimer_start(1);
	else
		gptimer_start(deadline - now < FEED_TICKS ? (uint32_t)(deadline - now) : FEED_TICKS);
}

void arch_device_barrier(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c10, 4" : : "r"(0) : "memory");
}

/* There is no other CPU. */
void arch_kick(uint32_t cpu)
{
	(void)cpu;
}

bool arch_start_cpus(uint32_t count)
{
	return count == 1;
}

_Noreturn void arch_power_off(void)
{
	retu_power_off();
	for (;;)
		;
}

/* ---- Interrupts: always masked while Veil runs ---- */

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

/* Wakes with an interrupt that waits, although it is masked (ARM1136 TRM, 3.3.17). */
void arch_idle(void)
{
	arch_device_barrier();
	__asm__ volatile("mcr p15, 0, %0, c7, c0, 4" : : "r"(0) : "memory");
}

/* Whoever hangs lets it starve: nothing but the timer's interrupt comes here, and nobody masks it for long. */
static void feed(void)
{
	uint64_t now = gptimer_count();

	if (now - fed_at < FEED_TICKS)
		return;
	fed_at = now;
	retu_feed();
}

void arch_interrupt_poll(void)
{
	uint32_t irq = intc_pending();

	switch (irq) {
	case INTC_NONE:
		break;
	case BOARD_IRQ_HYP_TIMER:
		gptimer_acknowledge();
		feed();
		cpus[0].armed = UINT64_MAX;
		guest_time(cpus[0].loaded);
		cpus[0].need_resched = CPU_RESCHEDULE;
		break;
	case BOARD_UART_IRQ:
		mux_receive();
		break;
	default:
		if (!input_source_interrupt(irq) && !network_source_interrupt(irq))
			block_source_interrupt(irq);
		break;
	}
	intc_done(irq);
}

/* ---- Start ---- */

struct vcpu *boot_primary(void)
{
	struct cpu *cpu = &cpus[0];
	uint32_t midr;

	__asm__("mrc p15, 0, %0, c0, c0, 0" : "=r"(midr));
	cpu->stack_top = stack_top;
	intc_init();
	gptimer_init();
	retu_init();
	intc_enable(BOARD_IRQ_HYP_TIMER);
	arch_timer_arm(UINT64_MAX);
	cpu->charged_since = arch_time();
	if ((midr & MIDR_MASK) != MIDR_ARM1136)
		panic("unsupported CPU: MIDR", midr);
	boot_init();
	intc_enable(BOARD_UART_IRQ);
	return exception_start(cpu);
}
