/* SPDX-License-Identifier: Apache-2.0 */
/* OMAP2420's UART 3 (TI SWPU064, chapter 18; a 16550 with additions): the serial line of mux.c. */
#include <veil/console.h>
#include <veil/mmio.h>

#include "arch/armv6/window.h"

enum {
	UART_DATA = 0x00, /* divisor, low, while LCR_DIVISOR */
	UART_IER = 0x04, /* divisor, high, while LCR_DIVISOR */
	UART_FCR = 0x08,
	UART_LCR = 0x0c,
	UART_MCR = 0x10,
	UART_LSR = 0x14,
	UART_MDR1 = 0x20
};

#define IER_RECEIVED 1
#define FCR_FIFOS_CLEARED 7
#define LCR_8_BITS 3
#define LCR_DIVISOR 0x80
#define MCR_READY 3 /* DTR, RTS */
#define LSR_RECEIVED 1
#define LSR_SENT 0x20 /* there is room */
#define MDR1_16X 0
#define MDR1_OFF 7
#define BAUD 115200

void console_init(void)
{
	const uint32_t divisor = BOARD_UART_CLOCK_HZ / 16 / BAUD;

	mmio_write8(WINDOW_UART + UART_MDR1, MDR1_OFF);
	mmio_write8(WINDOW_UART + UART_LCR, LCR_DIVISOR);
	mmio_write8(WINDOW_UART + UART_DATA, (uint8_t)divisor);
	mmio_write8(WINDOW_UART + UART_IER, divisor >> 8);
	mmio_write8(WINDOW_UART + UART_LCR, LCR_8_BITS);
	mmio_write8(WINDOW_UART + UART_FCR, FCR_FIFOS_CLEARED);
	mmio_write8(WINDOW_UART + UART_MCR, MCR_READY);
	mmio_write8(WINDOW_UART + UART_IER, IER_RECEIVED);
	mmio_write8(WINDOW_UART + UART_MDR1, MDR1_16X);
}

void console_putc(uint8_t byte)
{
	while (!(mmio_read8(WINDOW_UART + UART_LSR) & LSR_SENT))
		;
	mmio_write8(WINDOW_UART + UART_DATA, byte);
}

void console_puts(const char *text)
{
	while (*text)
		console_putc((uint8_t)*text++);
}

bool console_getc(uint8_t *byte)
{
	if (!(mmio_read8(WINDOW_UART + UART_LSR) & LSR_RECEIVED))
		return false;
	*byte = mmio_read8(WINDOW_UART + UART_DATA);
	return true;
}
