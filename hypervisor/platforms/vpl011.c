/* SPDX-License-Identifier: Apache-2.0 */
/* A PL011 UART for a guest's console (Arm DDI 0183), with the behaviour of QEMU's: output is always taken at once. */
#include "vpl011.h"

#include "core/mux.h"
#include "core/persona.h"

enum {
	UART_DR = 0x00,
	UART_RSR = 0x04,
	UART_FR = 0x18,
	UART_IBRD = 0x24,
	UART_FBRD = 0x28,
	UART_LCR_H = 0x2c,
	UART_CR = 0x30,
	UART_IFLS = 0x34,
	UART_IMSC = 0x38,
	UART_RIS = 0x3c,
	UART_MIS = 0x40,
	UART_ICR = 0x44,
	UART_DMACR = 0x48,
	UART_ID = 0xfe0
};

#define FR_RXFE 0x10
#define FR_TXFE 0x80
#define INT_RX 0x10
#define INT_TX 0x20
#define INT_RT 0x40 /* receive timeout: here with INT_RX, always */
#define INT_ALL 0x7ff
#define CR_RESET 0x300
#define IFLS_RESET 0x12

static const uint8_t identification[8] IN_GAP(10) = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static void interrupt_update(struct persona *p)
{
	struct vpl011 *uart = &p->platform.uart;

	if (mux_console_has_input(p->index))
		uart->raw |= INT_RX | INT_RT;
	else
		uart->raw &= ~(uint32_t)(INT_RX | INT_RT);
	irq_line(p->vcpus[0], GUEST_IRQ_UART, (uart->raw & uart->mask) != 0);
}

static NOINLINE uint32_t read_register(struct persona *p, address_t offset)
{
	struct vpl011 *uart = &p->platform.uart;
	uint8_t byte = 0;

	switch (offset) {
	case UART_DR:
		mux_console_get(p->index, &byte);
		interrupt_update(p);
		return byte;
	case UART_IBRD:
		return uart->ibrd;
	case UART_FBRD:
		return uart->fbrd;
	case UART_LCR_H:
		return uart->lcr;
	case UART_CR:
		return uart->cr;
	case UART_IFLS:
		return uart->ifls;
	case UART_IMSC:
		return uart->mask;
	case UART_RIS:
		return uart->raw;
	case UART_MIS:
		return uart->raw & uart->mask;
	case UART_DMACR:
		return uart->dmacr;
	default: /* RSR and reserved read as zero */
		return offset >= UART_ID ? identification[(offset - UART_ID) / 4 % 8] : 0;
	}
}

static NOINLINE void write_register(struct persona *p, address_t offset, uint32_t value)
{
	struct vpl011 *uart = &p->platform.uart;

	switch (offset) {
	case UART_DR:
		mux_console_put(p->index, (uint8_t)value);
		if (uart->raw & INT_TX)
			return;
		uart->raw |= INT_TX;
		break;
	case UART_IBRD:
		uart->ibrd = value & 0xffff;
		return;
	case UART_FBRD:
		uart->fbrd = value & 0x3f;
		return;
	case UART_LCR_H:
		uart->lcr = value & 0xff;
		return;
	case UART_CR:
		uart->cr = value & 0xffff;
		return;
	case UART_IFLS:
		uart->ifls = value & 0x3f;
		return;
	case UART_IMSC:
		uart->mask = value & INT_ALL;
		break;
	case UART_ICR:
		uart->raw &= ~value;
		break;
	case UART_DMACR:
		uart->dmacr = value & 7;
		return;
	default:
		return;
	}
	interrupt_update(p);
}

void vpl011_reset(struct persona *p)
{
	p->platform.uart = (struct vpl011){.cr = CR_RESET, .ifls = IFLS_RESET};
}

static NOINLINE struct mmio_result access_register(struct persona *p, address_t offset, bool is_write, uintptr_t value)
{
	uint32_t result = 0;

	if (offset >= 0x1000 || offset % 4)
		return mmio_none();
	lock_take(&p->lock);
	if (is_write)
		write_register(p, offset, (uint32_t)value);
	else
		result = read_register(p, offset);
	lock_release(&p->lock);
	return mmio_value(result);
}

struct mmio_result vpl011_access(struct persona *p, address_t offset, bool is_write, uintptr_t value)
{
	if (offset == UART_FR) /* polled before every byte: no state of ours, so no lock; writes are ignored */
		return mmio_value(FR_TXFE | (mux_console_has_input(p->index) ? 0 : FR_RXFE));
	return access_register(p, offset, is_write, value);
}

void vpl011_input(struct persona *p)
{
	lock_take(&p->lock);
	interrupt_update(p);
	lock_release(&p->lock);
}
