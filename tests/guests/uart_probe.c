/* SPDX-License-Identifier: Apache-2.0 */
/* Every offset and size of the virtual UART and RTC, then random values; the next page and the board's other UART are not there. */
#include "runtime.h"

static uint64_t wrong;

static void check(struct fault fault)
{
	wrong += fault.count > 1 || (fault.count == 1 && fault.class != CLASS_DATA_ABORT);
}

void test(void)
{
	report(mmio_read(UART_BASE + 0xfe0) == 0x11 && mmio_read(UART_BASE + 0xff0) == 0x0d, "the UART identifies itself as a PL011");
	report(mmio_read(RTC_BASE + 0xfe0) == 0x31 && mmio_read(RTC_BASE + 0xff0) == 0x0d, "the RTC identifies itself as a PL031");
	report(mmio_read(RTC_BASE) > 1577000000, "the RTC runs: %u", (uint64_t)mmio_read(RTC_BASE));
	for (uint64_t device = UART_BASE; device <= RTC_BASE; device += RTC_BASE - UART_BASE)
		for (unsigned offset = 0; offset < 0x1000; offset++) {
			check(attempt_read8(device + offset, NULL));
			check(attempt_read16(device + offset, NULL));
			check(attempt_read32(device + offset, NULL));
			check(attempt_read64(device + offset, NULL));
		}
	report(wrong == 0, "reads of all sizes at all offsets: %u odd", wrong);
	report_on_veil(is_external_abort(attempt_read32(UART_BASE + 0x1000, NULL)), "nothing after the UART");
	report_on_veil(is_external_abort(attempt_read32(0x09040000, NULL)), "the secure UART of the board is not there");
	report_on_veil(is_external_abort(attempt_read32(0x09020000, NULL)), "fw_cfg is not there");
	report_on_veil(is_external_abort(attempt_read32(0x0a000000, NULL)), "the board's virtio slots are not there");
	report_on_veil(is_external_abort(attempt_read32(0x09030000, NULL)), "the board's GPIO is not there");
	uint64_t state = argument("seed", 1);
	wrong = 0;
	for (int i = 0; i < 20000; i++) {
		uint64_t r = random_next(&state), value = random_next(&state), offset = r & 0xfff;
		if (r >> 16 & 1)
			offset &= 0x7c;
		if ((offset & ~7ul) == 0) /* not the data register: no garbage on the console */
			continue;
		uint64_t device = r >> 17 & 1 ? UART_BASE : RTC_BASE;
		switch (r >> 20 & 3) {
		case 0:
			check(attempt_write8(device + offset, value));
			break;
		case 1:
			check(attempt_write16(device + (offset & ~1ul), value));
			break;
		case 2:
			check(attempt_write32(device + (offset & ~3ul), value));
			break;
		default:
			check(attempt_write64(device + (offset & ~7ul), value));
		}
	}
	/* Back to a UART that prints: 8 bits, FIFO, enabled, no interrupts. */
	mmio_write(UART_BASE + 0x38, 0);
	mmio_write(UART_BASE + 0x44, 0x7ff);
	mmio_write(UART_BASE + 0x24, 13);
	mmio_write(UART_BASE + 0x28, 1);
	mmio_write(UART_BASE + 0x2c, 0x70);
	mmio_write(UART_BASE + 0x48, 0);
	mmio_write(UART_BASE + 0x30, 0x301);
	report(wrong == 0, "random writes: %u odd", wrong);
	uint64_t flood = argument("flood", 0);
	for (uint64_t i = 0; i < flood; i++)
		print("flood %u ......................................................................\n", i);
}
