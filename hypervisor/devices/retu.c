/* SPDX-License-Identifier: Apache-2.0 */
/* Retu, behind CBUS: three GPIO pins, clocked by software. A transfer is 3 bits of address, a bit that says read, 5 bits of register, then
 * 16 bits of data, all highest bit first, sampled when the clock rises (Linux: drivers/i2c/busses/i2c-cbus-gpio.c, drivers/mfd/retu-mfd.c;
 * QEMU: hw/misc/cbus.c). */
#include "retu.h"

#include <veil/mmio.h>

#include "arch/armv6/window.h"

enum {
	GPIO_DIRECTION = 0x34, /* 1: input */
	GPIO_IN = 0x38,
	GPIO_CLEAR = 0x90,
	GPIO_SET = 0x94
};

#define PIN_SELECT 1U /* low: a transfer is under way */
#define PIN_DATA 2U
#define PIN_CLOCK 4U

#define CHIP_RETU 1U
#define READ 1U
#define REGISTER_INTERRUPTS 0x01U
#define REGISTER_INTERRUPT_MASK 0x02U
#define REGISTER_CONTROL 0x0dU
#define REGISTER_STATUS 0x16U
#define REGISTER_WATCHDOG 0x17U
#define CONTROL_OFF_BY_WATCHDOG 2U
#define INTERRUPT_POWER_KEY 1U
#define STATUS_POWER_KEY_UP 0x20U

static void pin(uint32_t which, bool high)
{
	mmio_write32(WINDOW_CBUS_GPIO + (high ? GPIO_SET : GPIO_CLEAR), which);
}

static void data_direction(bool is_input)
{
	uint32_t directions = mmio_read32(WINDOW_CBUS_GPIO + GPIO_DIRECTION) & ~(PIN_SELECT | PIN_DATA | PIN_CLOCK);

	mmio_write32(WINDOW_CBUS_GPIO + GPIO_DIRECTION, directions | (is_input ? PIN_DATA : 0));
}

static void bits_send(uint32_t bits, uint32_t count)
{
	while (count--) {
		pin(PIN_DATA, bits >> count & 1);
		pin(PIN_CLOCK, true);
		pin(PIN_CLOCK, false);
	}
}

static void begin(uint32_t number, uint32_t read)
{
	pin(PIN_CLOCK, false);
	pin(PIN_SELECT, false);
	data_direction(false);
	bits_send(CHIP_RETU << 6 | read << 5 | number, 9);
}

static void end(void)
{
	pin(PIN_SELECT, true);
	pin(PIN_CLOCK, true); /* ends the transfer for the chip */
	pin(PIN_CLOCK, false);
}

static void write(uint32_t number, uint32_t value)
{
	begin(number, 0);
	bits_send(value, 16);
	end();
}

static uint32_t read(uint32_t number)
{
	uint32_t value = 0;

	begin(number, READ);
	data_direction(true);
	for (uint32_t i = 0; i < 16; i++) {
		pin(PIN_CLOCK, true);
		value = value << 1 | (mmio_read32(WINDOW_CBUS_GPIO + GPIO_IN) & PIN_DATA ? 1 : 0);
		pin(PIN_CLOCK, false);
	}
	end();
	data_direction(false);
	return value;
}

void retu_init(void)
{
	pin(PIN_SELECT, true);
	data_direction(false);
	retu_feed();
}

void retu_feed(void)
{
	write(REGISTER_WATCHDOG, RETU_SECONDS);
}

void retu_power_off(void)
{
	write(REGISTER_CONTROL, read(REGISTER_CONTROL) | CONTROL_OFF_BY_WATCHDOG);
	write(REGISTER_WATCHDOG, 0);
}

void retu_power_key_enable(void)
{
	write(REGISTER_INTERRUPT_MASK, ~INTERRUPT_POWER_KEY & 0xffff);
}

/* Writing ones to the interrupts takes them back. */
bool retu_power_key(void)
{
	write(REGISTER_INTERRUPTS, read(REGISTER_INTERRUPTS));
	return !(read(REGISTER_STATUS) & STATUS_POWER_KEY_UP);
}
