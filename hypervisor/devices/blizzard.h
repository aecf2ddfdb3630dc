/* SPDX-License-Identifier: Apache-2.0 */
/* The N800's screen: a controller with memory of its own, to which OMAP2420's display controller sends rectangles of pixels. */
#ifndef VEIL_BLIZZARD_H
#define VEIL_BLIZZARD_H

#include <veil/types.h>

#define BLIZZARD_PIXEL 2 /* bytes: RGB565 */

/* A part of the screen and the pixels for it. Width and height are even (as the controller wants them), as are x and y. */
struct blizzard_area {
	uint32_t x, y, width, height; /* pixels */
	paddr_t pixels; /* of its first row; what caches hold of them is not seen */
	uint32_t stride; /* bytes from row to row */
};

void blizzard_init(uint32_t width, uint32_t height);

/* An earlier transfer has ended. */
bool blizzard_is_idle(void);

/* Starts a transfer; the display controller fetches the pixels by itself. Only when idle. */
void blizzard_send(const struct blizzard_area *area);

#endif
