/* SPDX-License-Identifier: Apache-2.0 */
/* The physical GICv3: everything in group 1, one priority, ends split into drop and deactivation so that a guest's timer
 * interrupt stays active until the guest has dealt with it. */
#include "gic.h"

#include <veil/board.h>
#include <veil/mmio.h>

#include "sysreg.h"

enum {
	GICD_CTLR = 0x0000,
	GICD_IGROUPR = 0x0080,
	GICD_ISENABLER = 0x0100,
	GICD_ICENABLER = 0x0180,
	GICD_ISPENDR = 0x0200,
	GICD_ICACTIVER = 0x0380,
	GICD_IPRIORITYR = 0x0400,
	GICD_IROUTER = 0x6000,
	GICR_WAKER = 0x0014,
	GICR_SGI_FRAME = 0x10000
};

#define CTLR_ENABLE_GRP1 BIT(1)
#define CTLR_ARE BIT(4)
#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)
#define PRIORITY 0xa0a0a0a0

void gic_init(void)
{
	mmio_write32(BOARD_GICD_BASE + GICD_CTLR, CTLR_ARE);
	for (uint64_t word = 1; word < 32; word++) {
		mmio_write32(BOARD_GICD_BASE + GICD_ICENABLER + 4 * word, UINT32_MAX);
		mmio_write32(BOARD_GICD_BASE + GICD_ICACTIVER + 4 * word, UINT32_MAX);
		mmio_write32(BOARD_GICD_BASE + GICD_IGROUPR + 4 * word, UINT32_MAX);
	}
	mmio_write32(BOARD_GICD_BASE + GICD_CTLR, CTLR_ARE | CTLR_ENABLE_GRP1);
}

void gic_init_cpu(uint32_t cpu)
{
	uint64_t base = BOARD_GICR_BASE + (uint64_t)cpu * BOARD_GICR_STRIDE;
	uint64_t frame = base + GICR_SGI_FRAME;

	mmio_write32(base + GICR_WAKER, mmio_read32(base + GICR_WAKER) & ~(uint32_t)WAKER_PROCESSOR_SLEEP);
	while (mmio_read32(base + GICR_WAKER) & WAKER_CHILDREN_ASLEEP)
		;
	mmio_write32(frame + GICD_ICENABLER, UINT32_MAX);
	mmio_write32(frame + GICD_ICACTIVER, UINT32_MAX);
	mmio_write32(frame + GICD_IGROUPR, UINT32_MAX);
	for (uint64_t i = 0; i < 8; i++)
		mmio_write32(frame + GICD_IPRIORITYR + 4 * i, PRIORITY);
	mmio_write32(frame + GICD_ISENABLER,
		     (uint32_t)(BIT(GIC_KICK_SGI) | BIT(BOARD_IRQ_MAINTENANCE) | BIT(BOARD_IRQ_HYP_TIMER) | BIT(BOARD_IRQ_VIRT_TIMER)));
	sysreg_write(ICC_SRE_EL2, 0xf); /* system registers here and at EL1 */
	isb();
	sysreg_write(ICC_SRE_EL1, 0x7);
	sysreg_write(ICC_PMR_EL1, 0xff);
	sysreg_write(ICC_CTLR_EL1, BIT(1)); /* EOImode: split ends */
	sysreg_write(ICC_IGRPEN1_EL1, 1);
	isb();
}

void gic_enable_shared(uint32_t irq)
{
	uint64_t word = irq / 32;
	uint64_t lane = BOARD_GICD_BASE + GICD_IPRIORITYR + (irq & ~3U);

	mmio_write32(lane, (mmio_read32(lane) & ~(0xffU << (8 * (irq % 4)))) | 0xa0U << (8 * (irq % 4)));
	mmio_write64(BOARD_GICD_BASE + GICD_IROUTER + 8 * (uint64_t)irq, 0);
	mmio_write32(BOARD_GICD_BASE + GICD_ISENABLER + 4 * word, 1U << (irq % 32));
}

void gic_pend_shared(uint32_t irq)
{
	mmio_write32(BOARD_GICD_BASE + GICD_ISPENDR + 4 * (uint64_t)(irq / 32), 1U << (irq % 32));
}

uint32_t gic_acknowledge(void)
{
	return (uint32_t)sysreg_read(ICC_IAR1_EL1) & 0xffffff;
}

void gic_drop(uint32_t irq)
{
	sysreg_write(ICC_EOIR1_EL1, irq);
}

void gic_end(uint32_t irq)
{
	sysreg_write(ICC_EOIR1_EL1, irq);
	sysreg_write(ICC_DIR_EL1, irq);
}

void gic_kick(uint32_t cpu)
{
	dsb(ishst);
	sysreg_write(ICC_SGI1R_EL1, BIT(cpu) | (uint64_t)GIC_KICK_SGI << 24);
	isb();
}
