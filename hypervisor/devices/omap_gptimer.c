/* SPDX-License-Identifier: Apache-2.0 */
/* OMAP2420's general-purpose timer 1 and 32-kHz counter (TI SWPU064, chapter 16). The timer counts upwards without end and interrupts when it
 * overflows, so to start it is to write where it goes on. */
#include "omap_gptimer.h"

#include <veil/mmio.h>

#include "arch/armv6/window.h"

enum {
	TIMER_STATUS = 0x18,
	TIMER_INTERRUPTS = 0x1c,
	TIMER_CONTROL = 0x24,
	TIMER_COUNTER = 0x28,
	TIMER_LOAD = 0x2c,
	TIMER_PENDING = 0x34, /* writes on their way into the timer's own clock */
	TIMER_INTERFACE = 0x40
};

#define OVERFLOW 2
#define CONTROL_START_RELOAD 3
#define PENDING_COUNTER 2
#define INTERFACE_POSTED 4 /* a write does not hold the CPU up for two ticks */
#define COUNTER_READ 0x10

void gptimer_init(void)
{
	mmio_write32(WINDOW_TIMER + TIMER_INTERFACE, INTERFACE_POSTED);
	mmio_write32(WINDOW_TIMER + TIMER_LOAD, 0);
	mmio_write32(WINDOW_TIMER + TIMER_COUNTER, 0);
	mmio_write32(WINDOW_TIMER + TIMER_STATUS, OVERFLOW);
	mmio_write32(WINDOW_TIMER + TIMER_INTERRUPTS, OVERFLOW);
	mmio_write32(WINDOW_TIMER + TIMER_CONTROL, CONTROL_START_RELOAD);
}

uint64_t gptimer_count(void)
{
	static uint64_t count;

	count += mmio_read32(WINDOW_COUNTER + COUNTER_READ) - (uint32_t)count;
	return count;
}

void gptimer_start(uint32_t ticks)
{
	while (mmio_read32(WINDOW_TIMER + TIMER_PENDING) & PENDING_COUNTER)
		;
	mmio_write32(WINDOW_TIMER + TIMER_COUNTER, 0 - ticks);
}

void gptimer_acknowledge(void)
{
	mmio_write32(WINDOW_TIMER + TIMER_STATUS, OVERFLOW);
}
