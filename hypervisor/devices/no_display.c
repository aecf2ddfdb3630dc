/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a display. */
#include <veil/display.h>

bool display_init(void)
{
	return false;
}

void display_show(paddr_t pixels, uint32_t format, uint32_t width, uint32_t height, uint32_t stride)
{
	(void)pixels;
	(void)format;
	(void)width;
	(void)height;
	(void)stride;
}
