/* SPDX-License-Identifier: Apache-2.0 */
/* The whole screen: one persona's surface, or two side by side, each half as wide, while both go on drawing. */
#ifndef VEIL_VIEW_H
#define VEIL_VIEW_H

#include "manifest.h"

void view_init(const struct manifest *manifest);

bool view_is_possible(void); /* is there a screen, and memory for two pictures? */

/* Who is in front or beside has changed: shows it. One persona is shown from the next frame on, two as soon as both are drawn. */
void view_update(void);

/* Draws a part of two pictures when it is time to, a few thousand instructions of work, and sees to it that it is called again. On any CPU,
 * with no lock held. */
void view_step(uint64_t now);

/* Whom a column of the screen shows (in units of 1 / VIEW_UNITS of its width), and which column of their picture. */
#define VIEW_UNITS 0x8000
uint32_t view_persona_at(uint32_t column, uint32_t *own);

#endif
