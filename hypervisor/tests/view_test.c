/* SPDX-License-Identifier: Apache-2.0 */
/* Two personas side by side: what shows, who gets touches, who is locked or frozen, and what a manifest may ask for. */
#include "bridge.h"
#include "core/input.h"
#include "core/lib.h"
#include "core/view.h"
#include "image.h"
#include "machine.h"
#include "test.h"

#define WIDTH (IMAGE_STRIDE / 4)
#define HALF (WIDTH / 2)

static struct image image;

static void boot_with(uint32_t count, uint32_t flags_of_first)
{
	machine_init();
	image_declare(&image, count, 1);
	image_declare_screen(&image);
	image.personas[0].flags |= flags_of_first;
	image_boot(&image);
	bridge_connect();
	machine_run_ms(200);
}

static uint32_t beside(uint32_t persona)
{
	const struct bridge_message *answer = bridge_ask(VEIL_OP_VIEW, (uint8_t)persona, 1);
	uint32_t result = answer->response.result;

	machine_run_ms(300);
	return result;
}

static uint32_t alone(void)
{
	return bridge_ask(VEIL_OP_VIEW, 0, 0)->response.result;
}

static uint32_t *picture(uint32_t persona)
{
	return (uint32_t *)image.surfaces[persona].host_base;
}

static uint32_t screen_at(uint32_t x, uint32_t y)
{
	return ((const uint32_t *)machine_display.pixels)[y * WIDTH + x];
}

static bool strips_are(uint32_t left, uint32_t right, uint32_t bright)
{
	for (uint32_t y = 0; y < IMAGE_STRIP_ROWS; y++) {
		for (uint32_t x = 0; x < HALF; x++) {
			const uint32_t shown[] = {screen_at(x, y), screen_at(HALF + x, y)};
			const uint32_t who[] = {left, right};

			for (uint32_t i = 0; i < 2; i++) {
				uint32_t own = picture(who[i])[y * WIDTH + x];

				if (shown[i] != (who[i] == bright ? own : (own >> 1 & 0x7f7f7f)))
					return false;
			}
		}
	}
	return true;
}

static void draw(uint32_t persona, uint32_t even, uint32_t odd)
{
	for (uint32_t at = IMAGE_STRIP_ROWS * WIDTH; at < (IMAGE_STRIP_ROWS + IMAGE_BODY_ROWS) * WIDTH; at += 2) {
		picture(persona)[at] = even;
		picture(persona)[at + 1] = odd;
	}
}

static bool half_is(uint32_t half, uint32_t pixel)
{
	for (uint32_t y = IMAGE_STRIP_ROWS; y < IMAGE_STRIP_ROWS + IMAGE_BODY_ROWS; y++)
		for (uint32_t x = 0; x < HALF; x++)
			if (screen_at(half * HALF + x, y) != pixel)
				return false;
	return true;
}

static void given_two_personas_when_the_owner_wants_both_then_both_show_and_go_on_drawing(void)
{
	boot_with(2, 0);
	draw(0, 0x204060, 0x204060);
	draw(1, 0x00ff00, 0xff0000);
	report_equal(beside(1), VEIL_RESULT_OK, "side by side");
	report_equal(machine_display.pixels, image.header.view_base, "a picture of Veil's own");
	report(strips_are(0, 1, 0), "the strip of the one in front is bright, the other's is dim");
	report(half_is(0, 0x204060), "the first on the left");
	report(half_is(1, 0x7f7f00), "the second on the right, half as wide");
	draw(1, 0x112233, 0x112233);
	machine_run_ms(250);
	report(half_is(1, 0x112233), "what it draws then shows");
	report_equal(bridge_ask(VEIL_OP_STATUS_SYSTEM, 0, 0)->data[offsetof(struct veil_status_system, beside)], 1, "the status says so");
	report_equal(alone(), VEIL_RESULT_OK, "and back");
	report_equal(machine_display.pixels, image.surfaces[0].host_base, "the surface of the one in front");
}

static void when_the_front_changes_to_the_one_beside_then_both_stay(void)
{
	uint32_t shown;

	boot_with(2, 0);
	beside(1);
	shown = machine_display.shown;
	bridge_command(VEIL_OP_SWITCH, 1);
	machine_run_ms(150);
	report_equal(persona_foreground, 1, "the other is in front");
	report_equal(machine_display.shown, shown, "the picture stays");
	report(strips_are(0, 1, 1), "the strips tell who is in front");
}

static void when_a_third_comes_to_the_front_then_it_never_shows_under_another_strip(void)
{
	boot_with(3, 0);
	beside(1);
	bridge_command(VEIL_OP_SWITCH, 2);
	report_equal(machine_display.pixels, image.surfaces[2].host_base, "alone until both are drawn");
	machine_run_ms(300);
	report_equal(machine_display.pixels, image.header.view_base, "then side by side");
	report(strips_are(1, 2, 2), "with the one that was beside");
}

static void given_no_other_persona_then_it_is_refused(void)
{
	boot_with(2, 0);
	report_equal(beside(0), VEIL_RESULT_WRONG_STATE, "the one in front");
	report_equal(beside(2), VEIL_RESULT_NO_SUCH_PERSONA, "nobody");
}

static void given_a_phone_without_a_screen_then_it_is_refused(void)
{
	machine_init();
	image_boot_default(2, 1);
	bridge_connect();
	report_equal(beside(1), VEIL_RESULT_WRONG_STATE, "there is no screen");
	report_equal(alone(), VEIL_RESULT_OK, "the one in front is alone anyway");
}

static void touch(uint32_t x, uint32_t y)
{
	input_event(1, (struct input_event){.type = EV_ABS, .code = 0, .value = x});
	input_event(1, (struct input_event){.type = EV_ABS, .code = 1, .value = y});
	input_event(1, (struct input_event){.type = EV_KEY, .code = 0x110, .value = 1});
	input_event(1, (struct input_event){.type = EV_KEY, .code = 0x110, .value = 0});
}

static void when_the_other_picture_is_touched_then_its_persona_comes_to_the_front(void)
{
	uint32_t own;

	boot_with(2, 0);
	touch(VIEW_UNITS - 1, 0x4000);
	report_equal(persona_foreground, 0, "alone, all of the screen is the front's");
	beside(1);
	touch(10, 0x4000);
	report_equal(persona_foreground, 0, "its own picture");
	touch(VIEW_UNITS / 2 + 10, 0x4000);
	report_equal(persona_foreground, 1, "the other picture");
	report_equal(view_persona_at(VIEW_UNITS / 2 + 10, &own), 1, "on the right");
	report_equal(own, 20, "its picture is half as wide");
}

static void given_a_persona_that_freezes_then_it_runs_while_it_shows(void)
{
	boot_with(2, VEIL_FREEZE_IN_BACKGROUND);
	bridge_command(VEIL_OP_SWITCH, 1);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_PAUSED, "in the background it is frozen");
	beside(0);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "beside the one in front it runs");
	alone();
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_PAUSED, "and not after that");
}

static void given_a_persona_that_locks_then_it_does_when_it_shows_no_more(void)
{
	boot_with(2, VEIL_LOCK_ON_LEAVE);
	beside(1);
	bridge_command(VEIL_OP_SWITCH, 1);
	report(!personas[0].platform.input[0].owes_lock, "it still shows");
	alone();
	report(personas[0].platform.input[0].owes_lock, "it is to be locked");
}

static void given_a_manifest_that_draws_two_pictures_elsewhere_then_it_is_refused(void)
{
	static uint8_t bytes[IMAGE_MANIFEST_MAX];
	struct manifest m;
	uint64_t places[] = {0, 0, 0, 0, 0};

	machine_init();
	image_declare(&image, 2, 1);
	image_declare_screen(&image);
	report_equal(manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place), MANIFEST_OK, "as declared");
	places[0] = image.header.work_base;
	places[1] = image.personas[0].ram_host_base;
	places[2] = image.surfaces[0].host_base & ~(uint64_t)(VEIL_PAGE_SIZE - 1);
	places[3] = image.place.base.value;
	places[4] = image.header.view_base + 4096;
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		image.header.view_base = places[i];
		report_equal(manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place), MANIFEST_BAD_SURFACE,
			     "on other memory");
	}
}

static const struct test tests[] = {
	{"both", given_two_personas_when_the_owner_wants_both_then_both_show_and_go_on_drawing},
	{"focus", when_the_front_changes_to_the_one_beside_then_both_stay},
	{"third", when_a_third_comes_to_the_front_then_it_never_shows_under_another_strip},
	{"refused", given_no_other_persona_then_it_is_refused},
	{"no-screen", given_a_phone_without_a_screen_then_it_is_refused},
	{"touch", when_the_other_picture_is_touched_then_its_persona_comes_to_the_front},
	{"freeze", given_a_persona_that_freezes_then_it_runs_while_it_shows},
	{"lock", given_a_persona_that_locks_then_it_does_when_it_shows_no_more},
	{"manifest", given_a_manifest_that_draws_two_pictures_elsewhere_then_it_is_refused},
};

TEST_MAIN(tests)
