/* SPDX-License-Identifier: Apache-2.0 */
/* A small GICv3 driver for the test guests (Arm IHI 0069): one group, system-register interface. */
#include "runtime.h"

enum {
	GICD_CTLR = 0x0,
	GICD_IGROUPR = 0x80,
	GICD_ISENABLER = 0x100,
	GICD_ICENABLER = 0x180,
	GICD_IPRIORITYR = 0x400,
	GICR_WAKER = 0x14,
	GICR_SGI_FRAME = 0x10000
};

static interrupt_handler on_interrupt;
static volatile bool sleeping;
uint64_t gic_spurious_timer;

uint64_t gic_redistributor(void)
{
	return gicr_base + GICR_STRIDE * (SYSREG_READ("mpidr_el1") & 0xff);
}

static uint64_t frame_of(uint32_t id)
{
	return id < 32 ? gic_redistributor() + GICR_SGI_FRAME : gicd_base;
}

void gic_init_cpu(void)
{
	uint64_t redistributor = gic_redistributor();
	mmio_write(redistributor + GICR_WAKER, 0);
	while (mmio_read(redistributor + GICR_WAKER) & 4) /* ChildrenAsleep */
		;
	mmio_write(redistributor + GICR_SGI_FRAME + GICD_IGROUPR, 0xffffffff);
	SYSREG_WRITE("s3_0_c12_c12_5", 7); /* ICC_SRE_EL1 */
	SYSREG_WRITE("s3_0_c4_c6_0", 0xff); /* ICC_PMR_EL1 */
	SYSREG_WRITE("s3_0_c12_c12_7", 1); /* ICC_IGRPEN1_EL1 */
}

void gic_init(void)
{
	mmio_write(gicd_base + GICD_CTLR, 0x12); /* ARE, group 1 */
	for (uint32_t bank = 1; bank < 4; bank++)
		mmio_write(gicd_base + GICD_IGROUPR + 4 * bank, 0xffffffff);
	gic_init_cpu();
}

void gic_enable(uint32_t id)
{
	mmio_write(frame_of(id) + GICD_ISENABLER + id / 32 * 4, 1u << id % 32);
}

void gic_disable(uint32_t id)
{
	mmio_write(frame_of(id) + GICD_ICENABLER + id / 32 * 4, 1u << id % 32);
}

void gic_priority(uint32_t id, uint8_t priority)
{
	__asm__ volatile("strb %w0, [%1]" ::"r"(priority), "r"(frame_of(id) + GICD_IPRIORITYR + id) : "memory");
}

void gic_send_sgi(uint32_t id, uint64_t affinity0)
{
	__asm__ volatile("dsb ishst" ::: "memory");
	SYSREG_WRITE("s3_0_c12_c11_5", (uint64_t)id << 24 | 1ul << affinity0); /* ICC_SGI1R_EL1 */
}

void gic_on_interrupt(interrupt_handler handler)
{
	on_interrupt = handler;
}

/* Called on every IRQ exception; says whether it was dealt with. */
bool gic_exception(void);

bool gic_exception(void)
{
	uint32_t id = (uint32_t)SYSREG_READ("s3_0_c12_c12_0") & 0xffffff; /* ICC_IAR1_EL1 */
	if (id >= 1020)
		return true; /* spurious: withdrawn in the meantime */
	if (id == INTERRUPT_VIRTUAL_TIMER && (SYSREG_READ("cntv_ctl_el0") & 7) != 5) {
		gic_spurious_timer++; /* the level is low again: an operating system shrugs; timer_preempted judges */
	} else if (sleeping && id == INTERRUPT_VIRTUAL_TIMER) {
		SYSREG_WRITE("cntv_ctl_el0", 0);
		sleeping = false;
	} else if (on_interrupt) {
		on_interrupt(id);
	} else {
		report(false, "interrupt %u without a handler", (uint64_t)id);
		finish();
	}
	SYSREG_WRITE("s3_0_c12_c12_1", id); /* ICC_EOIR1_EL1 */
	return true;
}

void sleep_ms(uint64_t milliseconds)
{
	uint64_t daif = SYSREG_READ("daif");
	sleeping = true;
	SYSREG_WRITE("cntv_cval_el0", ticks() + milliseconds * ticks_per_second() / 1000);
	gic_enable(INTERRUPT_VIRTUAL_TIMER);
	SYSREG_WRITE("cntv_ctl_el0", 1);
	while (sleeping) {
		interrupts_off();
		if (sleeping)
			wait_for_interrupt();
		interrupts_on();
	}
	SYSREG_WRITE("daif", daif);
}
