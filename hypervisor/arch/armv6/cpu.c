/* SPDX-License-Identifier: Apache-2.0 */
/* This CPU, the only one: its start, its sleep and its end. */
#include <veil/arch.h>
#include <veil/board.h>
#include <veil/cpu.h>

#include "core/boot.h"
#include "core/log.h"
#include "devices/omap_gptimer.h"
#include "devices/omap_intc.h"
#include "devices/retu.h"
#include "exception.h"

#define MIDR_ARM1136 0x4107b360U /* implementer, architecture by its features, part */
#define MIDR_MASK 0xff0ffff0U

extern uint8_t stack_top[];

struct vcpu *boot_primary(void);

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

/* Wakes with an interrupt that waits, although it is masked (ARM1136 TRM, 3.3.17). */
void arch_idle(void)
{
	arch_device_barrier();
	__asm__ volatile("mcr p15, 0, %0, c7, c0, 4" : : "r"(0) : "memory");
}

/* ---- Start ---- */

/* Not in line: Thumb code cannot read it. */
static NOINLINE uint32_t midr_read(void)
{
	uint32_t midr;

	__asm__("mrc p15, 0, %0, c0, c0, 0" : "=r"(midr));
	return midr;
}

COLD struct vcpu *boot_primary(void)
{
	struct cpu *cpu = &cpus[0];
	uint32_t midr = midr_read();

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
