/* SPDX-License-Identifier: Apache-2.0 */
/* The N800's keys and touch on a bus of the test's: what they say when it answers, and that nothing waits for long when it does not. */
#define VEIL_MMIO_H /* the test has the registers */
#include <veil/types.h>

static uint32_t mmio_read32(uint64_t address);
static void mmio_write32(uint64_t address, uint32_t value);

#include "devices/tsc2301.c"

#include "tests/test.h"

#define LOOKS_MOST 1250 /* of some four instructions: 5,000 */
#define KEY_ENTER 28

static bool answers;
static uint32_t pins, keys, command; /* GPIO interrupts that wait; the chip's register of keys; the first word of an exchange */
static uint32_t reads, events, last_code, last_value;

static uint32_t mmio_read32(uint64_t address)
{
	reads++;
	if (address == SPI_STATUS)
		return answers ? STATUS_RECEIVED : 0;
	if (address == SPI_RECEIVED)
		return command == (READ | KEYS) ? keys : 0;
	if (address == GPIO_IRQ_STATUS)
		return pins;
	return address == GPIO_IN ? PIN_TOUCH : 0; /* nothing is measured */
}

static void mmio_write32(uint64_t address, uint32_t value)
{
	if (address == SPI_SEND && value)
		command = value;
}

void input_event(uint32_t source, struct input_event event)
{
	events++;
	report(source == KEYBOARD, "from the keyboard");
	if (event.type != EV_KEY)
		return;
	last_code = event.code;
	last_value = event.value;
}

void mux_flush_by(uint64_t by)
{
	(void)by;
}

uint64_t arch_time(void)
{
	return 0;
}

uint64_t arch_time_frequency(void)
{
	return 32768;
}

void arch_interrupt_enable(uint32_t irq)
{
	report(irq == BOARD_INPUT_IRQ, "its line");
}

void retu_power_key_enable(void)
{
}

bool retu_power_key(void)
{
	return false;
}

static void interrupt(uint32_t which)
{
	pins = which;
	reads = 0;
	report(input_source_interrupt(BOARD_INPUT_IRQ), "its interrupt");
}

static void press_enter(void)
{
	answers = true;
	input_source_init();
	keys = 1 << 5;
	interrupt(PIN_KEYS);
}

static void given_a_key_then_it_is_told(void)
{
	press_enter();
	report(events == 2 && last_code == KEY_ENTER && last_value == 1, "down");
}

static void given_a_bus_that_does_not_answer_then_it_is_given_up_and_no_key_is_down(void)
{
	press_enter();
	answers = false;
	interrupt(PIN_KEYS);
	report(reads > SPI_LOOKS && reads < LOOKS_MOST, "keys: it waits, but not for long");
	report(events == 4 && last_code == KEY_ENTER && last_value == 0, "up");
	interrupt(PIN_TOUCH);
	report(reads > SPI_LOOKS && reads < LOOKS_MOST, "touch: the same");
	input_source_step(UINT64_MAX);
	report_equal(events, 4, "nothing touches");
}

static const struct test tests[] = {
	{"key", given_a_key_then_it_is_told},
	{"silence", given_a_bus_that_does_not_answer_then_it_is_given_up_and_no_key_is_down},
};

TEST_MAIN(tests)
