/* SPDX-License-Identifier: Apache-2.0 */
/* What is on the N800's screen: one persona's surface, or the left halves of two side by side. No pixel is copied by the CPU: windows of
 * the screen are sent from the surfaces themselves, and only when something has changed. The strip and its edge are Veil's pages; of a
 * body the rows of the pages that were written to since they were sent last (display_written()), once in PERIOD_US.
 *
 * Side by side, whoever does not get keys has a black edge along the bottom of the strip. */
#include <veil/arch.h>
#include <veil/board.h>
#include <veil/display.h>

#include "blizzard.h"
#include "core/log.h"
#include "core/mux.h"
#include "core/persona.h"
#include "core/surface.h"
#include "core/units.h"
#include "core/view.h"

#define PERIOD_US 50000 /* between two looks at what has changed */
#define RETRY_US 1000 /* while a transfer is under way */
#define EDGE_ROWS 16 /* of the strip */
#define WINDOWS 2

enum piece {
	PIECE_STRIP = 1, /* but for its edge */
	PIECE_EDGE = 2,
	PIECE_BODY = 4,
	PIECES = 7
};

static struct {
	const struct manifest *manifest;
	bool has_screen;
	uint32_t window_count;
	struct window {
		uint32_t persona;
		uint32_t pieces; /* to be sent */
		uint32_t pages; /* of the body, the same: bit n is page n */
	} windows[WINDOWS];
	uint32_t written[VEIL_MAX_PERSONAS]; /* pages of the body since it was sent, likewise */
	uint64_t look_at; /* when changes are looked at next */
} view;

static uint16_t black[EDGE_ROWS][BOARD_DISPLAY_WIDTH / WINDOWS] __attribute__((section(".bss.black"))); /* not in the file */

_Static_assert(BOARD_DISPLAY_HEIGHT *BOARD_DISPLAY_WIDTH *BLIZZARD_PIXEL / VEIL_PAGE_SIZE < 32, "a bit for each page of a body");

void view_init(const struct manifest *manifest)
{
	const struct veil_surface *s = manifest->surfaces;

	view.manifest = manifest;
	if (view.has_screen &&
	    (s->width != BOARD_DISPLAY_WIDTH || s->height != BOARD_DISPLAY_HEIGHT || s->strip_rows % 2 || s->strip_rows <= EDGE_ROWS))
		panic("manifest refused: not this board's screen", s->width);
	view_update();
}

bool view_is_possible(void)
{
	return view.has_screen;
}

bool display_init(void)
{
	blizzard_init(BOARD_DISPLAY_WIDTH, BOARD_DISPLAY_HEIGHT);
	view.has_screen = true;
	return true;
}

/* view_update() knows what is to be shown. */
void display_show(paddr_t pixels, uint32_t format, uint32_t width, uint32_t height, uint32_t stride)
{
	(void)pixels;
	(void)format;
	(void)width;
	(void)height;
	(void)stride;
}

void display_picture(paddr_t pixels)
{
	blizzard_init(BOARD_DISPLAY_WIDTH, BOARD_DISPLAY_HEIGHT);
	blizzard_send(&(struct blizzard_area){.width = BOARD_DISPLAY_WIDTH,
					      .height = BOARD_DISPLAY_HEIGHT,
					      .pixels = pixels,
					      .stride = BOARD_DISPLAY_WIDTH * BLIZZARD_PIXEL});
}

/* Shows a persona in a window. Where it is already, only the edge may become another; `anew`: windows have changed their size. */
static void show(uint32_t i, uint32_t persona, bool anew)
{
	struct window *w = &view.windows[i];

	if (w->persona == persona && !anew) {
		w->pieces |= PIECE_EDGE;
		return;
	}
	view.written[w->persona] |= w->pages; /* not sent yet */
	*w = (struct window){.persona = persona, .pieces = PIECES};
}

void view_update(void)
{
	uint32_t front = persona_foreground, beside = persona_beside;
	uint32_t count = beside == VEIL_NO_PERSONA ? 1 : 2;
	bool anew = count != view.window_count;

	if (!view.has_screen)
		return;
	if (anew)
		view.written[view.windows[1].persona] |= view.windows[1].pages;
	view.window_count = count;
	show(0, beside < front ? beside : front, anew);
	if (count == 2)
		show(1, beside < front ? front : beside, anew);
	mux_flush_by(arch_time());
}

void display_written(uint32_t persona, uint32_t page)
{
	uint64_t now = arch_time();

	view.written[persona] |= 1U << page;
	if (view.has_screen && (persona == persona_foreground || persona == persona_beside))
		mux_flush_by(view.look_at > now ? view.look_at : now);
}

/* Rows of a window, from the surface it shows. */
static void send(uint32_t i, uint32_t first, uint32_t end)
{
	const struct veil_surface *s = &view.manifest->surfaces[view.windows[i].persona];
	uint32_t width = BOARD_DISPLAY_WIDTH / view.window_count;
	struct blizzard_area area = {.x = i * width,
				     .y = first,
				     .width = width,
				     .height = end - first,
				     .pixels = paddr((address_t)s->host_base + first * s->stride),
				     .stride = s->stride};

	if (first == s->strip_rows - EDGE_ROWS && view.windows[i].persona != persona_foreground) {
		area.pixels = arch_physical(black);
		area.stride = sizeof(black[0]);
	}
	blizzard_send(&area);
}

static void piece_send(uint32_t i)
{
	const struct veil_surface *s = &view.manifest->surfaces[view.windows[i].persona];
	uint32_t piece = view.windows[i].pieces & -view.windows[i].pieces;

	view.windows[i].pieces &= ~piece;
	if (piece == PIECE_STRIP)
		send(i, 0, s->strip_rows - EDGE_ROWS);
	else if (piece == PIECE_EDGE)
		send(i, s->strip_rows - EDGE_ROWS, s->strip_rows);
	else
		send(i, s->strip_rows, s->height);
}

/* The rows that have something of the lowest page that was written to. */
static void page_send(uint32_t i)
{
	const struct veil_surface *s = &view.manifest->surfaces[view.windows[i].persona];
	uint32_t page = (uint32_t)__builtin_ctz(view.windows[i].pages);
	uint32_t first = page * VEIL_PAGE_SIZE / s->stride & ~1U, end = ((page + 1) * VEIL_PAGE_SIZE / s->stride + 2) & ~1U;
	address_t body = (address_t)s->host_base + s->strip_rows * s->stride;

	view.windows[i].pages &= view.windows[i].pages - 1;
	arch_flush(arch_pointer(paddr(body + page * VEIL_PAGE_SIZE)), VEIL_PAGE_SIZE);
	if (s->strip_rows + first < s->height)
		send(i, s->strip_rows + first, s->strip_rows + end < s->height ? s->strip_rows + end : s->height);
}

/* What has been written to since; from here on the next write is told of again. */
static void changes_take(uint64_t now)
{
	for (uint32_t i = 0; i < view.window_count; i++) {
		uint32_t persona = view.windows[i].persona, written = view.written[persona];

		if (!written)
			continue;
		view.written[persona] = 0;
		view.windows[i].pages |= written;
		stage2_watch(&personas[persona], written);
		view.look_at = now + us_to_ticks(PERIOD_US);
	}
}

/* One transfer. False: there is nothing to send. */
static bool step(void)
{
	for (uint32_t i = 0; i < view.window_count; i++) {
		if (view.windows[i].pieces)
			return piece_send(i), true;
	}
	for (uint32_t i = 0; i < view.window_count; i++) {
		if (view.windows[i].pages)
			return page_send(i), true;
	}
	return false;
}

void view_step(uint64_t now)
{
	bool waits = false;

	if (!view.has_screen)
		return;
	if (now >= view.look_at)
		changes_take(now);
	for (uint32_t i = 0; i < view.window_count; i++)
		waits |= view.written[view.windows[i].persona] != 0;
	if (waits)
		mux_flush_by(view.look_at);
	if (!blizzard_is_idle() || step())
		mux_flush_by(now + us_to_ticks(RETRY_US));
}

/* The left half of each picture is seen, in its own size. */
uint32_t view_persona_at(uint32_t column, uint32_t *own)
{
	uint32_t i = view.window_count == 2 && column >= VIEW_UNITS / 2;

	*own = column - i * VIEW_UNITS / 2;
	return view.windows[i].persona;
}
