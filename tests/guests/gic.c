/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GICv3 as an operating system uses it: SGIs, the timer's PPI, SPIs by hand, enable, priorities, preemption, masks, EOI. */
#include "runtime.h"

static volatile uint64_t count[1024], order[64], order_length, nested;
static volatile uint64_t priority_seen;
static uint64_t preempt_with;

/* The console's UART: an SPI whose line is the device's. */
#define UART_SPI 33
#define UART_IMSC 0x38
#define UART_TRANSMIT 32
static uint64_t raise_again; /* how often its handler lets the line go high once more before the end */

static void on_interrupt(uint32_t id)
{
	count[id]++;
	if (id == INTERRUPT_VIRTUAL_TIMER && count[id] == 5)
		SYSREG_WRITE("cntv_ctl_el0", 0); /* lower the line at last */
	if (id == UART_SPI) {
		mmio_write(uart_base + UART_IMSC, 0);
		if (raise_again) {
			raise_again--;
			mmio_write(uart_base + UART_IMSC, UART_TRANSMIT);
		}
	}
	if (order_length < 64)
		order[order_length++] = id;
	priority_seen = SYSREG_READ("s3_0_c12_c11_3"); /* ICC_RPR_EL1 */
	if (preempt_with && id == 1) {
		uint64_t other = preempt_with, elr = SYSREG_READ("elr_el1"), spsr = SYSREG_READ("spsr_el1");
		preempt_with = 0;
		gic_send_sgi((uint32_t)other, 0);
		interrupts_on();
		wait_ms(1);
		interrupts_off();
		nested = count[other];
		SYSREG_WRITE("elr_el1", elr);
		SYSREG_WRITE("spsr_el1", spsr);
	}
}

static void let_them_come(void)
{
	interrupts_on();
	wait_ms(2);
	interrupts_off();
}

static void clear(void)
{
	for (int i = 0; i < 1024; i++)
		count[i] = 0;
	order_length = 0;
}

static void distributor_bit(uint64_t offset, uint32_t id)
{
	mmio_write((id < 32 ? gic_redistributor() + 0x10000 : GICD_BASE) + offset + id / 32 * 4, 1u << id % 32);
}

static bool is_pending(uint32_t id)
{
	return mmio_read((id < 32 ? gic_redistributor() + 0x10000 : GICD_BASE) + 0x200 + id / 32 * 4) >> id % 32 & 1;
}

void test(void)
{
	gic_init();
	gic_on_interrupt(on_interrupt);
	report((mmio_read(GICD_BASE + 0xffe8) >> 4 & 15) == 3, "GICD_PIDR2 says GICv3");
	report((mmio_read(gic_redistributor() + 0xffe8) >> 4 & 15) == 3, "GICR_PIDR2 says GICv3");
	uint32_t typer = mmio_read(GICD_BASE + 4);
	report((typer & 31) >= 1, "GICD_TYPER offers %u interrupts", 32ul * ((typer & 31) + 1));
	report(mmio_read(gic_redistributor() + 8) & 1ul << 4 || cpu_count > 1, "the last redistributor says so");

	/* SGIs */
	for (uint32_t id = 0; id < 16; id++) {
		gic_enable(id);
		gic_priority(id, 0xa0);
	}
	for (uint32_t id = 0; id < 16; id++)
		gic_send_sgi(id, 0);
	let_them_come();
	uint64_t all = 0;
	for (int id = 0; id < 16; id++)
		all += count[id] == 1;
	report(all == 16, "16 SGIs at once, more than list registers: %u came", all);
	clear();
	gic_send_sgi(3, 0);
	gic_send_sgi(3, 0);
	let_them_come();
	report(count[3] == 1, "an SGI pending twice comes once");
	gic_disable(3);
	gic_send_sgi(3, 0);
	clear();
	let_them_come();
	report(count[3] == 0 && is_pending(3), "a disabled SGI stays pending");
	gic_enable(3);
	let_them_come();
	report(count[3] == 1 && !is_pending(3), "enabled, it comes");

	/* Priorities: the highest first, whatever the order of sending. */
	clear();
	for (uint32_t id = 0; id < 8; id++) {
		gic_priority(id, (uint8_t)(0x80 - 0x10 * id));
		gic_send_sgi(id, 0);
	}
	let_them_come();
	bool sorted = order_length == 8;
	for (uint64_t i = 0; i < 8; i++)
		sorted &= order[i] == 7 - i;
	report(sorted, "8 pending SGIs come in the order of their priorities");
	clear();
	gic_priority(0, 0x40);
	gic_send_sgi(0, 0);
	SYSREG_WRITE("s3_0_c4_c6_0", 0x40);
	let_them_come();
	report(count[0] == 0, "the priority mask holds an interrupt back");
	SYSREG_WRITE("s3_0_c4_c6_0", 0xff);
	let_them_come();
	report(count[0] == 1 && (priority_seen & 0xf8) == 0x40, "unmasked it comes, running priority %x", priority_seen);
	report(SYSREG_READ("s3_0_c12_c11_3") == 0xff, "after EOI the running priority is idle");
	clear();
	gic_priority(1, 0x80);
	gic_priority(2, 0x20);
	preempt_with = 2;
	gic_send_sgi(1, 0);
	let_them_come();
	report(nested == 1 && count[1] == 1 && count[2] == 1, "a more urgent interrupt preempts");
	clear();
	nested = 0;
	gic_priority(2, 0x80);
	preempt_with = 2;
	gic_send_sgi(1, 0);
	let_them_come();
	report(nested == 0 && count[2] == 1, "an equal one waits");

	/* The group enable. */
	clear();
	SYSREG_WRITE("s3_0_c12_c12_7", 0);
	gic_send_sgi(4, 0);
	let_them_come();
	report(count[4] == 0, "group disabled: nothing comes");
	SYSREG_WRITE("s3_0_c12_c12_7", 1);
	let_them_come();
	report(count[4] == 1, "group enabled: it comes");

	/* EOImode 1: priority drop and deactivation apart. */
	clear();
	gic_send_sgi(6, 0);
	interrupts_off();
	uint64_t control = SYSREG_READ("s3_0_c12_c12_4");
	SYSREG_WRITE("s3_0_c12_c12_4", control | 2);
	uint32_t id = (uint32_t)SYSREG_READ("s3_0_c12_c12_0");
	SYSREG_WRITE("s3_0_c12_c12_1", id);
	report(id == 6 && SYSREG_READ("s3_0_c12_c11_3") == 0xff, "EOImode 1: priority dropped");
	gic_send_sgi(6, 0);
	report((uint32_t)SYSREG_READ("s3_0_c12_c12_0") >= 1020, "EOImode 1: still active, so not again");
	SYSREG_WRITE("s3_0_c12_c11_1", id); /* ICC_DIR_EL1 */
	wait_ms(1);
	id = (uint32_t)SYSREG_READ("s3_0_c12_c12_0");
	report(id == 6, "EOImode 1: after deactivation it comes again");
	SYSREG_WRITE("s3_0_c12_c12_1", id);
	SYSREG_WRITE("s3_0_c12_c11_1", id);
	SYSREG_WRITE("s3_0_c12_c12_4", control);
	report((uint32_t)SYSREG_READ("s3_0_c12_c12_0") == INTERRUPT_SPURIOUS, "nothing pending: 1023");

	/* The timer's interrupt is a level. */
	clear();
	gic_priority(INTERRUPT_VIRTUAL_TIMER, 0xa0);
	gic_enable(INTERRUPT_VIRTUAL_TIMER);
	SYSREG_WRITE("cntv_cval_el0", ticks());
	SYSREG_WRITE("cntv_ctl_el0", 1);
	let_them_come();
	report(count[INTERRUPT_VIRTUAL_TIMER] == 5, "a level that stays high comes again until it is lowered: %u times",
	       count[INTERRUPT_VIRTUAL_TIMER]);
	clear();
	let_them_come();
	report(count[INTERRUPT_VIRTUAL_TIMER] == 0, "lowered, it does not");

	/* A device's line, which its handler lowers, and which may be high again before the interrupt ends. */
	gic_priority(UART_SPI, 0xa0);
	gic_enable(UART_SPI);
	for (uint64_t again = 0; again < 4; again++) {
		clear();
		raise_again = again;
		mmio_write(uart_base + UART_IMSC, UART_TRANSMIT);
		let_them_come();
		report(count[UART_SPI] == 1 + again, "a line that goes high again in its handler %u times: %u interrupts", again,
		       count[UART_SPI]);
	}
	gic_disable(UART_SPI);

	/* An SPI by hand. */
	uint32_t spi = 40;
	clear();
	gic_priority(spi, 0xa0);
	distributor_bit(0x080, spi); /* group 1 as all; harmless again */
	mmio_write(GICD_BASE + 0x080 + 4, 0xffffffff);
	mmio_write(GICD_BASE + 0xc00 + spi / 16 * 4, 0xaaaaaaaa); /* edge */
	__asm__ volatile("str %0, [%1]" ::"r"(0ul), "r"(GICD_BASE + 0x6000 + 8 * spi) : "memory"); /* to CPU 0 */
	gic_enable(spi);
	distributor_bit(0x200, spi);
	let_them_come();
	report(count[spi] == 1, "an SPI made pending by hand comes: %u", count[spi]);
	gic_disable(spi);
	distributor_bit(0x200, spi);
	report(is_pending(spi), "disabled, it stays pending");
	distributor_bit(0x280, spi);
	report(!is_pending(spi), "and can be cleared");
	gic_enable(spi);
	clear();
	let_them_come();
	report(count[spi] == 0, "cleared, it does not come");
	report((mmio_read(GICD_BASE + 0x100 + 4) >> 8 & 1) == 1, "its enable bit reads back");
	report((mmio_read(GICD_BASE + 0x400 + spi) & 0xff) == 0xa0, "its priority reads back");
}
