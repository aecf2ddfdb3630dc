/* SPDX-License-Identifier: Apache-2.0 */
/* OMAP2420's interrupt controller for the CPU (TI SWPU064, chapter 6): 96 lines in three banks, all level-sensitive, all to IRQ. */
#include "omap_intc.h"

#include <veil/mmio.h>

#include "arch/armv6/window.h"

enum {
	INTC_CONTROL = 0x48,
	INTC_MASK_CLEAR = 0x88, /* the banks' are BANK apart, as are the next */
	INTC_MASK_SET = 0x8c,
	INTC_SOFT_SET = 0x90,
	INTC_SOFT_CLEAR = 0x94,
	INTC_PENDING_IRQ = 0x98
};

#define BANK 0x20
#define BANKS 3
#define CONTROL_NEW_IRQ 1 /* drops the output until the next */

/* Set by intc_pend() and not taken yet. Cleared only where it was set: in QEMU, clearing drops the lines of the whole bank as well. */
static uint32_t soft[BANKS];

static uint32_t bank(uint32_t irq)
{
	return WINDOW_INTC + irq / 32 * BANK;
}

void intc_next(void)
{
	mmio_write32(WINDOW_INTC + INTC_CONTROL, CONTROL_NEW_IRQ);
}

void intc_init(void)
{
	for (uint32_t i = 0; i < BANKS; i++)
		mmio_write32(WINDOW_INTC + i * BANK + INTC_MASK_SET, UINT32_MAX);
	intc_next();
}

void intc_enable(uint32_t irq)
{
	mmio_write32(bank(irq) + INTC_MASK_CLEAR, 1U << irq % 32);
}

void intc_pend(uint32_t irq)
{
	soft[irq / 32] |= 1U << irq % 32;
	mmio_write32(bank(irq) + INTC_SOFT_SET, 1U << irq % 32);
}

/* The number register keeps a stale one when the line has gone low meanwhile; the lines themselves tell. Higher banks have the devices. */
uint32_t intc_pending(void)
{
	for (uint32_t i = BANKS; i-- > 0;) {
		uint32_t lines = mmio_read32(WINDOW_INTC + i * BANK + INTC_PENDING_IRQ);

		if (lines)
			return i * 32 + (uint32_t)__builtin_ctz(lines);
	}
	return INTC_NONE;
}

bool intc_is_pending(uint32_t irq)
{
	return mmio_read32(bank(irq) + INTC_PENDING_IRQ) & 1U << irq % 32;
}

void intc_done(uint32_t irq)
{
	if (irq != INTC_NONE && (soft[irq / 32] & 1U << irq % 32)) {
		soft[irq / 32] &= ~(1U << irq % 32);
		mmio_write32(bank(irq) + INTC_SOFT_CLEAR, 1U << irq % 32);
	}
	intc_next();
}
