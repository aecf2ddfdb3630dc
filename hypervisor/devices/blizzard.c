/* SPDX-License-Identifier: Apache-2.0 */
/* S1D13745 ("Blizzard") behind OMAP2420's DISPC and RFBI (TI SWPU064, chapter 15; Linux: drivers/video/omap/{dispc,rfbi,blizzard}.c as of
 * 2.6.30; QEMU: hw/display/{omap_dss,blizzard}.c). The boot loader has set up clocks, bus timing and panel. */
#include "blizzard.h"

#include <veil/mmio.h>

#include "arch/armv6/window.h"

#define DISPC (WINDOW_DISPLAY + 0x400)
#define RFBI (WINDOW_DISPLAY + 0x800)

enum {
	DISPC_IRQSTATUS = DISPC + 0x18,
	DISPC_CONTROL = DISPC + 0x40,
	DISPC_SIZE_LCD = DISPC + 0x7c,
	DISPC_GFX_BA0 = DISPC + 0x80,
	DISPC_GFX_POSITION = DISPC + 0x88,
	DISPC_GFX_SIZE = DISPC + 0x8c,
	DISPC_GFX_ATTRIBUTES = DISPC + 0xa0,
	DISPC_GFX_ROW_INC = DISPC + 0xac,
	DISPC_GFX_PIXEL_INC = DISPC + 0xb0,
	RFBI_CONTROL = RFBI + 0x40,
	RFBI_PIXEL_COUNT = RFBI + 0x44,
	RFBI_COMMAND = RFBI + 0x4c,
	RFBI_PARAMETER = RFBI + 0x50
};

#define IRQ_FRAME_DONE 1
#define CONTROL_LCD_ENABLE 1 /* falls when the frame is out */
#define CONTROL_TO_RFBI 0x800
#define GFX_ENABLE_RGB565 (6 << 1 | 1)
#define RFBI_ENABLE_CHIP_0 5
#define RFBI_START 0x10

/* Registers of the Blizzard: each is a byte, and those at the next even numbers follow. */
#define WIDTH 0x2a /* in units of 8 */
#define HEIGHT 0x2e
#define MODE 0x68
#define INPUT_WINDOW 0x6c
#define MEMORY 0x90
#define MODE_ON 1
#define FORMAT_RGB565 1
#define SOURCE_WRITE_OVER 1

static bool is_sending;

static void parameter(uint32_t value)
{
	mmio_write32(RFBI_PARAMETER, value & 0xff);
}

static void parameter_wide(uint32_t value)
{
	parameter(value);
	parameter(value >> 8);
}

void blizzard_init(uint32_t width, uint32_t height)
{
	mmio_write32(RFBI_CONTROL, RFBI_ENABLE_CHIP_0);
	mmio_write32(RFBI_COMMAND, WIDTH);
	parameter(width / 8);
	mmio_write32(RFBI_COMMAND, HEIGHT);
	parameter_wide(height);
	mmio_write32(RFBI_COMMAND, MODE);
	parameter(MODE_ON);
	mmio_write32(DISPC_GFX_POSITION, 0);
	mmio_write32(DISPC_GFX_PIXEL_INC, 1);
	mmio_write32(DISPC_GFX_ATTRIBUTES, GFX_ENABLE_RGB565);
	mmio_write32(DISPC_CONTROL, (mmio_read32(DISPC_CONTROL) & ~(uint32_t)CONTROL_LCD_ENABLE) | CONTROL_TO_RFBI);
}

bool blizzard_is_idle(void)
{
	if (is_sending && (mmio_read32(DISPC_IRQSTATUS) & IRQ_FRAME_DONE))
		is_sending = false;
	return !is_sending;
}

static void window(const struct blizzard_area *a)
{
	mmio_write32(RFBI_COMMAND, INPUT_WINDOW);
	for (uint32_t i = 0; i < 2; i++) { /* input, then output window: the same, nothing is scaled */
		parameter_wide(a->x);
		parameter_wide(a->y);
		parameter_wide(a->x + a->width - 1);
		parameter_wide(a->y + a->height - 1);
	}
	parameter(FORMAT_RGB565);
	parameter(SOURCE_WRITE_OVER);
	mmio_write32(RFBI_COMMAND, MEMORY);
}

void blizzard_send(const struct blizzard_area *a)
{
	uint32_t size = (a->height - 1) << 16 | (a->width - 1);

	mmio_write32(DISPC_IRQSTATUS, IRQ_FRAME_DONE);
	mmio_write32(DISPC_SIZE_LCD, size);
	mmio_write32(DISPC_GFX_SIZE, size);
	mmio_write32(DISPC_GFX_BA0, (uint32_t)a->pixels.value);
	mmio_write32(DISPC_GFX_ROW_INC, 1 + a->stride - a->width * BLIZZARD_PIXEL);
	window(a);
	mmio_write32(RFBI_PIXEL_COUNT, a->width * a->height);
	is_sending = true;
	mmio_write32(RFBI_CONTROL, RFBI_ENABLE_CHIP_0 | RFBI_START);
	mmio_write32(DISPC_CONTROL, mmio_read32(DISPC_CONTROL) | CONTROL_LCD_ENABLE | CONTROL_TO_RFBI);
}
