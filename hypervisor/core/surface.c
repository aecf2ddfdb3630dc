/* SPDX-License-Identifier: Apache-2.0 */
/* Surfaces. A guest cannot draw over the strip: its rows lie on pages no stage 2 maps (manifest.c checks whose they are, stage2_map
 * that nobody else's are mapped). It may paint a second strip below; the real one is always in row 0. */
#include "surface.h"

#include <veil/arch.h>
#include <veil/display.h>

#include "lib.h"
#include "log.h"
#include "payload.h"

static struct {
	const struct manifest *manifest;
	bool has_display;
	address_t memory;
} surfaces;

/* The strip, and an empty body behind it: before a guest has touched that, what lies there would show. */
static void draw(const struct veil_surface *s)
{
	address_t size = s->strip_rows * s->stride; /* a multiple of 4096: manifest.c */
	uint8_t *strip = arch_pointer(paddr((address_t)s->host_base));
	enum payload_state state;

	do
		state = payload_verify_step(s->strip_payload);
	while (state == PAYLOAD_UNVERIFIED);
	if (state != PAYLOAD_GOOD)
		panic("an indicator strip has a wrong digest: payload", s->strip_payload);
	arch_copy(strip, payload_bytes(s->strip_payload), size);
	arch_zero(strip + size, (size_t)s->body_size);
	arch_clean(strip, size + (size_t)s->body_size); /* the display may not look into caches */
	surfaces.memory += align_up(size, VEIL_PAGE_SIZE) + (s->body_guest_base ? 0 : (address_t)s->body_size);
}

void surface_init(const struct manifest *manifest)
{
	surfaces.manifest = manifest;
	for (uint32_t i = 0; i < manifest->surface_count; i++)
		draw(&manifest->surfaces[i]);
	if (manifest->header->view_base)
		surfaces.memory += align_up(manifest->surfaces->height * manifest->surfaces->stride, VEIL_PAGE_SIZE);
	surfaces.has_display = manifest->surface_count && display_init();
	if (manifest->surface_count && !surfaces.has_display)
		log_text(VEIL_NO_PERSONA, "no display on this board");
}

void surface_show(uint32_t persona)
{
	const struct veil_surface *s = &surfaces.manifest->surfaces[persona];

	if (surfaces.has_display)
		display_show(paddr((address_t)s->host_base), s->format, s->width, s->height, s->stride);
}

address_t surface_memory(void)
{
	return surfaces.memory;
}
