/* SPDX-License-Identifier: Apache-2.0 */
/* The PL011 on a model of its receiving side, after QEMU's: bytes may come between any two accesses of the driver. */
#define VEIL_MMIO_H /* the test has the registers */
#include <veil/types.h>

static uint32_t mmio_read32(uint64_t address);
static void mmio_write32(uint64_t address, uint32_t value);

#include <string.h>

#include "devices/pl011.c"

#include "tests/test.h"

#define FIFO_BYTES 16
#define INT_RX 0x10
#define LCR_FIFO 0x10

/* What is on the line comes into the FIFO, as far as there is room, before the access `comes_at`. */
static struct {
	uint32_t accesses, comes_at, on_line;
	uint32_t fifo, line_control, mask;
	bool interrupt;
} uart;

static uint32_t fifo_depth(void)
{
	return uart.line_control & LCR_FIFO ? FIFO_BYTES : 1;
}

static void arrive(void)
{
	while (uart.on_line && uart.fifo < fifo_depth()) {
		uart.on_line--;
		uart.interrupt |= ++uart.fifo == 1;
	}
}

static void access_begin(void)
{
	if (uart.accesses++ >= uart.comes_at)
		arrive();
}

static uint32_t mmio_read32(uint64_t address)
{
	access_begin();
	if (address == BOARD_UART_BASE + UART_FR)
		return uart.fifo ? 0 : FR_RXFE;
	if (address == BOARD_UART_BASE + UART_DR && uart.fifo)
		uart.interrupt &= --uart.fifo != 0;
	return 0;
}

static void mmio_write32(uint64_t address, uint32_t value)
{
	access_begin();
	if (address == BOARD_UART_BASE + UART_LCR_H) {
		if ((uart.line_control ^ value) & LCR_FIFO)
			uart.fifo = 0;
		uart.line_control = value;
	} else if (address == BOARD_UART_BASE + UART_ICR) {
		uart.interrupt &= !(value & INT_RX);
	} else if (address == BOARD_UART_BASE + UART_IMSC) {
		uart.mask = value;
	}
}

/* Starts the driver with so many bytes coming from its access `at` on; false: it had ended before. */
static bool start(uint32_t bytes, uint32_t at)
{
	memset(&uart, 0, sizeof(uart));
	uart.comes_at = at;
	uart.on_line = bytes;
	console_init();
	return uart.accesses > at;
}

static void given_bytes_at_any_moment_of_the_start_then_what_comes_later_is_heard(void)
{
	static const uint32_t bytes[] = {1, FIFO_BYTES, 3 * FIFO_BYTES};

	for (uint32_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
		for (uint32_t at = 0; start(bytes[i], at); at++) {
			uart.on_line++;
			arrive();
			report((uart.mask & INT_RX) && uart.interrupt, "the interrupt comes");
			report(uart.fifo != 0, "with a byte");
		}
}

static const struct test tests[] = {
	{"start", given_bytes_at_any_moment_of_the_start_then_what_comes_later_is_heard},
};

TEST_MAIN(tests)
