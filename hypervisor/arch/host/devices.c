/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the fake machine: the serial line, the clock, the source of randomness. */
#include <veil/console.h>
#include <veil/display.h>
#include <veil/input_source.h>
#include <veil/platform.h>
#include <veil/random_source.h>

#include "core/lib.h"
#include "machine.h"

void console_init(void)
{
}

void console_putc(uint8_t byte)
{
	if (machine.output_size < MACHINE_SERIAL_BYTES)
		machine.output[machine.output_size++] = byte;
}

void console_puts(const char *text)
{
	while (*text)
		console_putc((uint8_t)*text++);
}

bool console_getc(uint8_t *byte)
{
	if (machine.input_taken == machine.input_size)
		return false;
	*byte = machine.input[machine.input_taken++];
	if (machine.input_taken == machine.input_size)
		machine.input_taken = machine.input_size = 0;
	return true;
}

uint32_t rtc_seconds(void)
{
	return machine.rtc;
}

bool random_source_read(uint8_t *bytes, size_t size)
{
	if (machine.has_random)
		memset(bytes, machine.random, size);
	return machine.has_random;
}

/* ---- Display: remembers what is shown ---- */

struct machine_display machine_display;

bool display_init(void)
{
	return true;
}

void display_show(paddr_t pixels, uint32_t format, uint32_t width, uint32_t height, uint32_t stride)
{
	machine_display = (struct machine_display){.pixels = pixels.value,
						   .format = format,
						   .width = width,
						   .height = height,
						   .stride = stride,
						   .shown = machine_display.shown + 1};
}

/* ---- Input: a keyboard and a tablet that know their names; tests call input_event() ---- */

void input_source_init(void)
{
}

bool input_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

uint32_t input_source_config(uint32_t source, uint8_t select, uint8_t subselect, uint8_t data[INPUT_CONFIG_BYTES])
{
	static const char *const names[] = {"keyboard", "tablet"};

	if (select != 1 || subselect != 0) /* VIRTIO_INPUT_CFG_ID_NAME */
		return 0;
	memcpy(data, names[source], 6);
	return 6;
}
