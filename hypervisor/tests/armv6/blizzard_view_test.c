/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent to the N800's screen: on a screen that keeps what it was sent, as the real one does. */
#include <string.h>

#include <veil/arch.h>
#include <veil/display.h>

#include "core/log.h"
#include "core/mux.h"
#include "core/persona.h"
#include "core/view.h"
#include "devices/blizzard.h"
#include "tests/test.h"

#define WIDTH 800
#define HEIGHT 480
#define STRIP_ROWS 64
#define EDGE_ROWS 16
#define STRIDE (WIDTH * 2)
#define HALF (WIDTH / 2)
#define HZ 32768

static uint16_t screen[HEIGHT][WIDTH];
static uint32_t sent; /* transfers */
static uint32_t sent_pixels;
static bool is_busy;
static bool is_lost; /* an area that is none */

static uint16_t pictures[VEIL_MAX_PERSONAS][HEIGHT + 32][WIDTH];
static uint16_t memory[VEIL_MAX_PERSONAS][HEIGHT + 32][WIDTH]; /* behind the caches: what the display controller sees */
static uint32_t watched[VEIL_MAX_PERSONAS], watches;
static uint64_t now, deadline;
static struct veil_surface surfaces[VEIL_MAX_PERSONAS];
static struct veil_manifest header;
static struct manifest manifest = {.header = &header, .surfaces = surfaces};

struct persona personas[VEIL_MAX_PERSONAS];
uint32_t persona_foreground, persona_beside = VEIL_NO_PERSONA;

/* ---- What the view asks of others ---- */

void blizzard_init(uint32_t width, uint32_t height)
{
	is_lost |= width != WIDTH || height != HEIGHT;
}

bool blizzard_is_idle(void)
{
	return !is_busy;
}

/* A place in a picture, as memory has it; others (the edge) are their own. */
static const uint8_t *seen(uint64_t address)
{
	uint64_t offset = address - (uintptr_t)pictures;

	return offset < sizeof(pictures) ? (const uint8_t *)memory + offset : (const uint8_t *)(uintptr_t)address;
}

void blizzard_send(const struct blizzard_area *a)
{
	sent++;
	sent_pixels += a->width * a->height;
	is_lost |= is_busy || a->width % 2 || a->height % 2 || a->x % 2 || a->y % 2 || !a->width || !a->height || a->x + a->width > WIDTH ||
		   a->y + a->height > HEIGHT;
	for (uint32_t y = 0; y < a->height && !is_lost; y++)
		memcpy(&screen[a->y + y][a->x], seen(a->pixels.value + (uint64_t)y * a->stride), a->width * 2);
}

void mux_flush_by(uint64_t by)
{
	if (by < deadline)
		deadline = by;
}

uint64_t arch_time(void)
{
	return now;
}

uint64_t arch_time_frequency(void)
{
	return HZ;
}

void *arch_pointer(paddr_t address)
{
	return (void *)(uintptr_t)address.value;
}

paddr_t arch_physical(const void *pointer)
{
	return paddr((address_t)(uintptr_t)pointer);
}

void arch_flush(void *start, size_t size)
{
	memcpy((uint8_t *)memory + ((uint8_t *)start - (uint8_t *)pictures), start, size);
}

void stage2_watch(struct persona *p, uint32_t pages)
{
	watched[p - personas] |= pages;
	watches++;
}

void panic(const char *text, uint64_t number)
{
	printf("panic: %s %llu\n", text, (unsigned long long)number);
	abort();
}

/* ---- A phone ---- */

static uint16_t colour(uint32_t persona, uint32_t y, uint32_t x)
{
	return (uint16_t)((persona + 1) << 12 | (uint32_t)(y < STRIP_ROWS) << 11 | (x / 8 % 32) << 5 | y % 32);
}

static void run_ms(uint32_t ms)
{
	for (uint64_t end = now + (uint64_t)ms * HZ / 1000; now < end; now++) {
		if (deadline > now)
			continue;
		deadline = UINT64_MAX;
		view_step(now);
	}
}

static void begin(void)
{
	deadline = UINT64_MAX;
	for (uint32_t p = 0; p < 3; p++) {
		surfaces[p] = (struct veil_surface){.width = WIDTH,
						    .height = HEIGHT,
						    .stride = STRIDE,
						    .strip_rows = STRIP_ROWS,
						    .host_base = (uintptr_t)pictures[p],
						    .body_size = UINT64_C(11) << 16};
		personas[p].index = p;
		for (uint32_t y = 0; y < HEIGHT; y++)
			for (uint32_t x = 0; x < WIDTH; x++)
				pictures[p][y][x] = colour(p, y, x);
	}
	memcpy(memory, pictures, sizeof(memory));
	display_init();
	view_init(&manifest);
	run_ms(100);
}

/* Pixels of a part of the screen that are not the persona's as memory has them. */
static uint32_t wrong(uint32_t persona, uint32_t x, uint32_t width, uint32_t first, uint32_t end)
{
	uint32_t count = 0;

	for (uint32_t row = first; row < end; row++)
		for (uint32_t i = 0; i < width; i++)
			count += screen[row][x + i] != pictures[persona][row][i];
	return count;
}

/* The guest draws a pixel: its port tells of the page if it is watched. */
static void draw(uint32_t persona, uint32_t y, uint32_t x)
{
	uint32_t page = ((y - STRIP_ROWS) * STRIDE + x * 2) / VEIL_PAGE_SIZE;

	pictures[persona][y][x] ^= 0x1f;
	if (watched[persona] >> page & 1)
		display_written(persona, page);
	watched[persona] &= ~(1U << page);
}

static void given_one_persona_then_all_of_its_surface_shows_and_nothing_is_sent_twice(void)
{
	begin();
	report_equal(wrong(0, 0, WIDTH, 0, HEIGHT), 0, "it shows");
	report_equal(sent_pixels, WIDTH * HEIGHT, "each pixel was sent once");
	report_equal(deadline, UINT64_MAX, "nothing is to be done");
	run_ms(10000);
	report_equal(sent_pixels, WIDTH * HEIGHT, "nothing changed: nothing was sent");
	report(!is_lost, "only what there is");
}

static void given_drawing_then_only_its_rows_are_sent(void)
{
	begin();
	watched[0] = UINT32_MAX;
	sent_pixels = 0;
	draw(0, STRIP_ROWS + 100, 799);
	run_ms(60);
	report_equal(wrong(0, 0, WIDTH, 0, HEIGHT), 0, "the change shows");
	report(sent_pixels <= 44 * WIDTH, "rows of one page were sent");
	for (uint32_t y = STRIP_ROWS; y < HEIGHT; y++) /* the last row of each page, and its neighbour's first, by and by */
		draw(0, y, y);
	run_ms(60);
	report_equal(wrong(0, 0, WIDTH, 0, HEIGHT), 0, "all of it shows");
	report(!is_lost, "only what there is");
}

static void given_a_guest_that_draws_all_the_time_then_it_is_looked_at_twenty_times_a_second(void)
{
	begin();
	watched[0] = UINT32_MAX;
	watches = 0;
	for (uint32_t i = 0; i < 2000; i++) {
		draw(0, STRIP_ROWS + i % 400, 5);
		run_ms(1);
	}
	report(watches >= 35 && watches <= 41, "40 times in two seconds");
	run_ms(100);
	report_equal(wrong(0, 0, WIDTH, 0, HEIGHT), 0, "and what it drew last shows");
}

static void given_drawing_behind_then_it_shows_when_it_comes_to_the_front(void)
{
	begin();
	watched[1] = UINT32_MAX;
	sent = 0;
	draw(1, 300, 300);
	run_ms(200);
	report_equal(sent, 0, "nobody sees it");
	report_equal(deadline, UINT64_MAX, "nor is anything to be done");
	persona_foreground = 1;
	view_update();
	run_ms(60);
	report_equal(wrong(1, 0, WIDTH, 0, HEIGHT), 0, "what was in the caches too");
}

static void given_a_switch_while_changes_are_on_their_way_then_none_is_lost(void)
{
	begin();
	watched[0] = UINT32_MAX;
	for (uint32_t y = STRIP_ROWS; y < HEIGHT; y += 8)
		draw(0, y, 8);
	run_ms(3); /* a few pages have been sent */
	persona_foreground = 1;
	view_update();
	run_ms(100);
	report_equal(wrong(1, 0, WIDTH, 0, HEIGHT), 0, "the other one shows");
	persona_foreground = 0;
	view_update();
	run_ms(100);
	report_equal(wrong(0, 0, WIDTH, 0, HEIGHT), 0, "and the first one, with all it drew");
}

static void given_two_side_by_side_then_halves_show_and_one_strip_has_an_edge(void)
{
	uint32_t column, dark = 0;

	begin();
	persona_beside = 2;
	view_update();
	run_ms(100);
	report_equal(wrong(0, 0, HALF, 0, HEIGHT), 0, "the one in front, on the left");
	report_equal(wrong(2, HALF, HALF, 0, STRIP_ROWS - EDGE_ROWS) + wrong(2, HALF, HALF, STRIP_ROWS, HEIGHT), 0, "the other one");
	for (uint32_t y = STRIP_ROWS - EDGE_ROWS; y < STRIP_ROWS; y++)
		for (uint32_t x = HALF; x < WIDTH; x++)
			dark += screen[y][x] == 0;
	report_equal(dark, EDGE_ROWS * HALF, "with a black edge");
	report_equal(view_persona_at(0x3fff, &column), 0, "left of the middle is the first one's");
	report_equal(column, 0x3fff, "where it is");
	report_equal(view_persona_at(0x4010, &column), 2, "right of it the other's");
	report_equal(column, 0x10, "from its own left on");
	sent_pixels = 0;
	persona_foreground = 2;
	persona_beside = 0;
	view_update();
	run_ms(100);
	report_equal(wrong(2, HALF, HALF, 0, HEIGHT), 0, "the other one is in front");
	report_equal(sent_pixels, 2 * EDGE_ROWS * HALF, "nothing but the edges was sent for it");
	watched[0] = watched[2] = UINT32_MAX;
	draw(0, 200, 30);
	draw(2, 400, 30);
	run_ms(60);
	report_equal(wrong(0, 0, HALF, STRIP_ROWS, HEIGHT) + wrong(2, HALF, HALF, 0, HEIGHT), 0, "both go on drawing");
	persona_beside = VEIL_NO_PERSONA;
	view_update();
	run_ms(100);
	report_equal(wrong(2, 0, WIDTH, 0, HEIGHT), 0, "alone again");
	report(!is_lost, "only what there is");
}

static void given_a_slow_screen_then_one_transfer_is_under_way(void)
{
	begin();
	watched[0] = UINT32_MAX;
	is_busy = true;
	sent = 0;
	draw(0, 100, 100);
	run_ms(500);
	report_equal(sent, 0, "it waits");
	is_busy = false;
	run_ms(60);
	report_equal(wrong(0, 0, WIDTH, 0, HEIGHT), 0, "and goes on");
	report(!is_lost, "never two at once");
}

static const struct test tests[] = {
	{"one", given_one_persona_then_all_of_its_surface_shows_and_nothing_is_sent_twice},
	{"drawing", given_drawing_then_only_its_rows_are_sent},
	{"all the time", given_a_guest_that_draws_all_the_time_then_it_is_looked_at_twenty_times_a_second},
	{"behind", given_drawing_behind_then_it_shows_when_it_comes_to_the_front},
	{"switch", given_a_switch_while_changes_are_on_their_way_then_none_is_lost},
	{"two", given_two_side_by_side_then_halves_show_and_one_strip_has_an_edge},
	{"slow", given_a_slow_screen_then_one_transfer_is_under_way},
};

TEST_MAIN(tests)
