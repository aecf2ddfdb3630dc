/* SPDX-License-Identifier: Apache-2.0 */
/* The board's display; devices/ holds a driver for each kind. */
#ifndef VEIL_DISPLAY_H
#define VEIL_DISPLAY_H

#include <veil/types.h>

bool display_init(void); /* false: there is none */

/* Scans out from `pixels` from the next frame on. `format` is a DRM fourcc; width and height in pixels, stride in bytes. */
void display_show(paddr_t pixels, uint32_t format, uint32_t width, uint32_t height, uint32_t stride);

/* Whatever is on the screen, shows this picture of the board's own size and format, without gaps between rows. Nothing else is shown after it. */
void display_picture(paddr_t pixels);

/* Called where ports watch screens (stage2_watch()): the persona has written to a page of its body, the first time since it was watched. */
void display_written(uint32_t persona, uint32_t page);

#endif
