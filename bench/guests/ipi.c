/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts from one CPU to another. While CPU 0 waits for the other it yields, so that an emulator that runs one CPU at a time goes on with it.
 *
 * Boot arguments: rounds=50.
 * Markers: 18 before each interrupt is sent to a CPU that is busy, 1a to one in WFI; 19 and 1b in its handler. 01 ends. */
#include "runtime.h"

#define SETTLED 20000 /* ticks, after which the other CPU has nothing left to do */

static volatile uint64_t got, waits;

static void on_interrupt(uint32_t id)
{
	(void)id;
	if (waits)
		MARK(0x1b);
	else
		MARK(0x19);
	got++;
}

static void other(uint64_t unused)
{
	(void)unused;
	gic_init_cpu();
	gic_enable(1);
	interrupts_on();
	got = 1;
	for (;;) {
		if (waits)
			wait_for_interrupt();
		else
			__asm__ volatile("yield");
	}
}

static void settle(void)
{
	uint64_t end = ticks() + SETTLED;

	while (ticks() < end)
		__asm__ volatile("yield");
}

void test(void)
{
	uint64_t rounds = argument("rounds", 50);

	gic_init();
	gic_on_interrupt(on_interrupt);
	cpu_on(1, other, 0);
	while (!got)
		__asm__ volatile("yield");
	for (waits = 0; waits < 2; waits++)
		for (uint64_t i = 0; i < rounds; i++) {
			uint64_t before = got;

			settle();
			if (waits)
				MARK(0x1a);
			else
				MARK(0x18);
			gic_send_sgi(1, 1);
			while (got == before)
				__asm__ volatile("yield");
		}
	MARK(0x01);
	for (;;)
		wait_for_interrupt();
}
