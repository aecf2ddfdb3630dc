/* SPDX-License-Identifier: Apache-2.0 */
/* Paints its picture in one colour. Boot arguments: colour=0x27ae60; scribble=1 first fills all memory it can reach with another
 * colour and tries whatever lies next to it, as a guest would that wants to paint over the indicator strip. */
#include "runtime.h"

#define SCRIBBLE 0x00ff00ffu

static void fill(uint64_t from, uint64_t to, uint32_t pixel)
{
	for (uint64_t address = from; address + 4 <= to; address += 4)
		*(volatile uint32_t *)address = pixel;
}

/* Everything but the pages of this program itself. */
static void scribble(void)
{
	uint64_t refused = 0, answered = 0, end = RAM_BASE + ram_size;
	uint64_t picture_end = memory_end();

	fill(RAM_BASE, (uint64_t)image_start & ~4095ul, SCRIBBLE);
	fill((uint64_t)bss_end, end, SCRIBBLE);
	fill(end, picture_end, SCRIBBLE);
	for (uint64_t address = picture_end; address < picture_end + (64ul << 20); address += 4096) {
		struct fault fault = attempt_write32(address, SCRIBBLE);
		*(is_external_abort(fault) ? &refused : &answered) += 1;
	}
	report_on_veil(answered == 0, "nothing behind the picture answers: %u writes refused", refused);
	report(framebuffer == end, "the picture begins where RAM ends");
}

void test(void)
{
	uint32_t colour = (uint32_t)argument("colour", 0x27ae60);

	report(framebuffer != 0, "the device tree names a framebuffer of %u bytes", framebuffer_size);
	if (argument("scribble", 0))
		scribble();
	else
		fill(framebuffer, framebuffer + framebuffer_size, colour);
	print("painted\n");
	ready();
	interrupts_off();
	for (;;)
		wait_for_interrupt();
}
