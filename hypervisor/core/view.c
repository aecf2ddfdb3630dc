/* SPDX-License-Identifier: Apache-2.0 */
/* Two personas side by side: a picture of Veil's own, into which it draws both surfaces row by row. What guests draw is only ever read as
 * pixels, so whatever they write there meanwhile shows, and no more. The strip of the persona that gets keys is bright, the other dim. */
#include "view.h"

#include <veil/arch.h>
#include <veil/display.h>

#include "mux.h"
#include "persona.h"
#include "surface.h"
#include "units.h"

#define PERIOD_US 100000 /* each row is drawn that often */
#define PARTS_AT_ONCE 4 /* half rows of one step, unless an interrupt waits */

static struct {
	struct lock lock; /* all below, and the display */
	const struct manifest *manifest;
	bool is_on; /* two are to be shown */
	bool is_complete; /* they are: all rows have been drawn */
	uint32_t left, right;
	uint32_t next; /* half row to draw next */
	uint64_t due;
} view;

void view_init(const struct manifest *manifest)
{
	view.manifest = manifest;
}

bool view_is_possible(void)
{
	return view.manifest->header->view_base != 0;
}

static const struct veil_surface *shape(void)
{
	return view.manifest->surfaces;
}

void view_update(void)
{
	uint32_t front = persona_foreground, beside = persona_beside;
	uint32_t left = front < beside ? front : beside, right = front < beside ? beside : front;

	lock_take(&view.lock);
	view.next = 0; /* strips first */
	if (beside == VEIL_NO_PERSONA || !view.is_on || view.left != left || view.right != right) {
		surface_show(front);
		view.is_complete = false;
		view.is_on = beside != VEIL_NO_PERSONA;
		view.left = left;
		view.right = right;
	}
	view.due = arch_time();
	lock_release(&view.lock);
	if (view.is_on)
		mux_flush_soon();
}

static void copy_dimmed(uint32_t *to, const uint32_t *from, uint32_t count)
{
	while (count--)
		*to++ = *from++ >> 1 & 0x7f7f7f;
}

/* Each pixel is the mean of two. */
static void squeeze(uint32_t *to, const uint64_t *from, uint32_t count)
{
	while (count--) {
		uint64_t pair = *from++;
		uint32_t a = (uint32_t)pair, b = (uint32_t)(pair >> 32);

		*to++ = ((a ^ b) >> 1 & 0x7f7f7f) + (a & b);
	}
}

static void part_draw(uint32_t part)
{
	uint32_t row = part / 2, persona = part % 2 ? view.right : view.left;
	const struct veil_surface *s = &view.manifest->surfaces[persona];
	uint32_t half = s->stride / 2;
	uint8_t *from = arch_pointer(paddr((address_t)s->host_base + row * s->stride));
	uint8_t *to = arch_pointer(paddr((address_t)view.manifest->header->view_base + row * s->stride + part % 2 * half));

	arch_flush(from, s->stride); /* guests draw past the caches */
	if (row >= s->strip_rows)
		squeeze((uint32_t *)(void *)to, (const uint64_t *)(const void *)from, half / 4);
	else if (persona == persona_foreground)
		arch_copy(to, from, half);
	else
		copy_dimmed((uint32_t *)(void *)to, (const uint32_t *)(const void *)from, half / 4);
	arch_flush(to, half); /* and displays may not look into them */
}

/* Draws what is next; the lock is held. */
static void next_draw(void)
{
	const struct veil_surface *s = shape();

	part_draw(view.next);
	if (++view.next < s->height * 2)
		return;
	view.next = 0;
	if (!view.is_complete)
		display_show(paddr((address_t)view.manifest->header->view_base), s->format, s->width, s->height, s->stride);
	view.is_complete = true;
}

void view_step(uint64_t now)
{
	uint64_t interval, due = 0;

	if (!__atomic_load_n(&view.is_on, __ATOMIC_RELAXED))
		return;
	interval = us_to_ticks(PERIOD_US) / (shape()->height * 2);
	for (uint32_t done = 0; done < PARTS_AT_ONCE && !(done && arch_interrupt_pending()); done++) {
		lock_take(&view.lock);
		due = view.due;
		if (view.is_on && due <= now) {
			next_draw();
			view.due += interval;
		}
		lock_release(&view.lock);
		if (due > now)
			break;
	}
	/* A machine that is too slow for this draws less often, and guests run in between all the same. */
	mux_flush_by((due > now ? due : now) + (PARTS_AT_ONCE - 1) * interval);
}

uint32_t view_persona_at(uint32_t column, uint32_t *own)
{
	*own = column;
	if (!view.is_complete)
		return persona_foreground;
	*own = column * 2 % VIEW_UNITS;
	return column < VIEW_UNITS / 2 ? view.left : view.right;
}
