/* SPDX-License-Identifier: Apache-2.0 */
/* The board's PL011 UART (Arm DDI 0183): the serial line of mux.c. */
#include <veil/board.h>
#include <veil/console.h>
#include <veil/mmio.h>

enum {
	UART_DR = 0x00,
	UART_FR = 0x18,
	UART_LCR_H = 0x2c,
	UART_CR = 0x30,
	UART_IMSC = 0x38,
	UART_ICR = 0x44
};

#define FR_RXFE 0x10
#define FR_TXFF 0x20
#define LCR_8_BITS_FIFO 0x70
#define CR_ENABLE 0x301
#define INT_RX_AND_TIMEOUT 0x50

/* The receive interrupt comes when the FIFO begins to fill (DDI 0183, "Interrupts"; QEMU's pl011_put_fifo), so it would never come for bytes that
 * are there when it is cleared, nor for any after them. They are taken out: a piece of a hello, which the bridge repeats. It ends, as no
 * line brings bytes faster than they are read. */
void console_init(void)
{
	uint8_t byte;

	mmio_write32(BOARD_UART_BASE + UART_LCR_H, LCR_8_BITS_FIFO);
	mmio_write32(BOARD_UART_BASE + UART_ICR, 0x7ff);
	mmio_write32(BOARD_UART_BASE + UART_IMSC, INT_RX_AND_TIMEOUT);
	mmio_write32(BOARD_UART_BASE + UART_CR, CR_ENABLE);
	while (console_getc(&byte))
		;
}

void console_putc(uint8_t byte)
{
	while (mmio_read32(BOARD_UART_BASE + UART_FR) & FR_TXFF)
		;
	mmio_write32(BOARD_UART_BASE + UART_DR, byte);
}

void console_puts(const char *text)
{
	while (*text)
		console_putc((uint8_t)*text++);
}

bool console_getc(uint8_t *byte)
{
	if (mmio_read32(BOARD_UART_BASE + UART_FR) & FR_RXFE)
		return false;
	*byte = (uint8_t)mmio_read32(BOARD_UART_BASE + UART_DR);
	return true;
}
