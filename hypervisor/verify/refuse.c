/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing that the image says is good for anything here: the picture lies in memory that Veil chooses, in front of itself where there is room,
 * otherwise at the end of RAM. Its memory may have been the image's; no guest has run, and none will. */
#include "refuse.h"

#include <veil/arch.h>
#include <veil/board.h>
#include <veil/display.h>

#include "core/log.h"

#define SECONDS 30
#define SCALE 16 /* pixels a dot, each way */
#define ROWS 7 /* dots */
#define PICTURE ((address_t)BOARD_DISPLAY_WIDTH * BOARD_DISPLAY_HEIGHT * BOARD_PIXEL_BYTES)
#define PLACE (PICTURE <= BOARD_LOAD_OFFSET ? BOARD_RAM_BASE : BOARD_RAM_BASE + (BOARD_RAM_MIN_SIZE - align_up(PICTURE, VEIL_PAGE_SIZE)))

/* REFUSED, a byte a column, the top row in the lowest bit. */
static const uint8_t columns[] IN_GAP(8) = {0x7f, 0x09, 0x19, 0x29, 0x46, 0,	0x7f, 0x49, 0x49, 0x49, 0x41, 0,    0x7f, 0x09,
					    0x09, 0x09, 0x01, 0,    0x3f, 0x40, 0x40, 0x40, 0x3f, 0,	0x26, 0x49, 0x49, 0x49,
					    0x32, 0,	0x7f, 0x49, 0x49, 0x49, 0x41, 0,    0x7f, 0x41, 0x41, 0x22, 0x1c};

#define COLUMNS (uint32_t)sizeof(columns)

/* White on black, whatever the format. */
static void draw(uint8_t *pixels)
{
	for (uint32_t y = 0; y < BOARD_DISPLAY_HEIGHT; y++)
		for (uint32_t x = 0; x < BOARD_DISPLAY_WIDTH * BOARD_PIXEL_BYTES; x++) {
			uint32_t column = (x / BOARD_PIXEL_BYTES - (BOARD_DISPLAY_WIDTH - COLUMNS * SCALE) / 2) / SCALE;
			uint32_t row = (y - (BOARD_DISPLAY_HEIGHT - ROWS * SCALE) / 2) / SCALE;

			*pixels++ = column < COLUMNS && row < ROWS && columns[column] >> row & 1 ? 0xff : 0;
		}
}

_Noreturn void refuse(const char *reason, uint64_t number)
{
	uint64_t end = arch_time() + SECONDS * arch_time_frequency();
	uint8_t *pixels = arch_pointer(paddr(PLACE));

	log_last_words("\r\nVeil refuses this image: ", reason, number);
	draw(pixels);
	arch_clean(pixels, PICTURE); /* the display may not look into caches */
	display_picture(paddr(PLACE));
	while (arch_time() < end) {
		arch_timer_arm(end);
		arch_idle();
	}
	arch_power_off();
}
