/* SPDX-License-Identifier: Apache-2.0 */
/* What is on the screen: the surface of the persona in front, its indicator strip on top. */
#ifndef VEIL_SURFACE_H
#define VEIL_SURFACE_H

#include "manifest.h"

/* Draws the strips and clears the bodies. Hashes payloads: no guest may be loaded on this CPU. */
void surface_init(const struct manifest *manifest);

/* Scans out a persona's surface from the next frame on; nothing is copied. Does nothing on a phone without a screen. */
void surface_show(uint32_t persona);

address_t surface_memory(void); /* bytes of the pages that hold strips, and bodies no persona owns */

#endif
