/* SPDX-License-Identifier: Apache-2.0 */
/* The screen and the keys: whose picture shows, whose strip is above it, who gets input. */
#include "bridge.h"
#include "core/input.h"
#include "core/lib.h"
#include "image.h"
#include "machine.h"
#include "test.h"

#define EV_SYN 0
#define EV_KEY 1
#define KEY_A 30
#define KEYBOARD_BASE 0x0a000000
#define KEYBOARD_IRQ 48

static struct image image;

static void boot_screen(void)
{
	machine_init();
	image_declare(&image, 2, 1);
	image_declare_screen(&image);
	image_boot(&image);
	bridge_connect();
	machine_run_ms(200);
}

static struct vcpu *vcpu_of(uint32_t persona)
{
	return personas[persona].vcpus[0];
}

static struct vcpu *inside(uint32_t persona)
{
	for (uint32_t i = 0; i < 100 && !guest_is_in(vcpu_of(persona)); i++)
		machine_run_ms(1);
	return vcpu_of(persona);
}

static uint8_t *strip_of(uint32_t persona)
{
	return (uint8_t *)image.surfaces[persona].host_base;
}

static bool strip_is_right(uint32_t persona)
{
	for (uint64_t at = 0; at < IMAGE_STRIP_ROWS * IMAGE_STRIDE; at++)
		if (strip_of(persona)[at] != image_byte(image.surfaces[persona].strip_payload, at))
			return false;
	return true;
}

/* ---- Picture ---- */

static void given_two_personas_then_the_first_is_shown_with_its_strip(void)
{
	boot_screen();
	report_equal(machine_display.pixels, image.surfaces[0].host_base, "the surface of the persona in front");
	report_equal(machine_display.height, IMAGE_STRIP_ROWS + IMAGE_BODY_ROWS, "strip and body");
	report(strip_is_right(0) && strip_is_right(1), "both strips are drawn");
}

static void when_the_owner_switches_then_the_other_is_shown_at_once(void)
{
	boot_screen();
	report_equal(bridge_command(VEIL_OP_SWITCH, 1), VEIL_RESULT_OK, "switch");
	report_equal(machine_display.pixels, image.surfaces[1].host_base, "the other surface");
	report_equal(machine_display.shown, 2, "one change of the display");
	bridge_command(VEIL_OP_SWITCH, 1);
	report_equal(machine_display.shown, 2, "switching to who is in front changes nothing");
}

static void given_a_guest_that_scribbles_over_all_its_memory_then_the_strip_stays(void)
{
	struct vcpu *v;
	uint64_t end;

	boot_screen();
	v = inside(0);
	end = image.surfaces[0].body_guest_base + image.surfaces[0].body_size;
	for (uint64_t page = image.personas[0].ram_guest_base; page < end; page += VEIL_PAGE_SIZE) {
		uint8_t *memory = guest_memory(v, page);

		if (report(memory != NULL, "its memory and its body are writable"))
			memset(memory, 0xee, VEIL_PAGE_SIZE);
	}
	report(guest_memory(v, end) == NULL, "nothing is behind the body");
	report(strip_is_right(0), "the strip is as it was");
	report_equal(((uint8_t *)image.surfaces[0].host_base)[IMAGE_STRIP_ROWS * IMAGE_STRIDE], 0xee, "the body shows right below");
}

static void picture_goes(uint8_t op)
{
	uint8_t *body;

	boot_screen();
	body = strip_of(0) + IMAGE_STRIP_ROWS * IMAGE_STRIDE;
	memset(guest_memory(inside(0), image.surfaces[0].body_guest_base), 0xee, VEIL_PAGE_SIZE);
	report_equal(body[0], 0xee, "its picture shows");
	report_equal(bridge_command(op, 0), VEIL_RESULT_OK, "accepted");
	machine_run_ms(200);
	report(bytes_are_zero(body, IMAGE_BODY_ROWS * IMAGE_STRIDE), "its picture is gone");
	report(strip_is_right(0), "its strip is not");
}

static void when_a_persona_stops_then_its_picture_is_black(void)
{
	picture_goes(VEIL_OP_STOP);
}

static void when_a_persona_restarts_then_its_picture_is_black(void)
{
	picture_goes(VEIL_OP_RESTART);
}

static void given_a_manifest_whose_strip_a_guest_could_write_then_it_is_refused(void)
{
	struct manifest m;
	static uint8_t bytes[IMAGE_MANIFEST_MAX];

	machine_init();
	image_declare(&image, 2, 1);
	image_declare_screen(&image);
	report_equal(manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place), MANIFEST_OK, "as declared");
	for (uint32_t i = 0; i < image.header.regions.count; i++) {
		struct veil_region *region = &image.regions[i];
		uint32_t owner = region->owner;

		if (image.surfaces[0].host_base - region->base >= region->size)
			continue;
		region->owner = 0;
		report_equal(manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place), MANIFEST_BAD_SURFACE,
			     "the strip's pages belong to its persona");
		region->owner = owner;
	}
	image.surfaces[1].host_base = image.surfaces[0].host_base;
	report_equal(manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place), MANIFEST_BAD_SURFACE,
		     "two personas draw on the same surface");
	image_layout(&image);
	image.surfaces[0].host_base = image.header.work_base + VEIL_PAGE_SIZE - IMAGE_STRIP_ROWS * IMAGE_STRIDE;
	report_equal(manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place), MANIFEST_BAD_SURFACE,
		     "the strip lies on Veil's work memory");
}

/* ---- Keys ---- */

#define QUEUE_SIZE 8
#define RINGS (IMAGE_RAM_BASE + 0x180000)
#define DESCRIPTORS RINGS
#define DRIVER (RINGS + 0x1000)
#define DEVICE (RINGS + 0x2000)
#define BUFFERS (RINGS + 0x3000)

static void put16(struct vcpu *v, uint64_t address, uint16_t value)
{
	memcpy(guest_memory(v, address), &value, 2);
}

static void put64(struct vcpu *v, uint64_t address, uint64_t value)
{
	memcpy(guest_memory(v, address), &value, 8);
}

static uint16_t get16(struct vcpu *v, uint64_t address)
{
	uint16_t value;

	memcpy(&value, guest_memory(v, address), 2);
	return value;
}

/* What a driver does: features, one queue of buffers for events. */
static void keyboard_start(struct vcpu *v)
{
	guest_write(v, KEYBOARD_BASE + 0x70, 4, 0);
	guest_write(v, KEYBOARD_BASE + 0x70, 4, 3);
	guest_write(v, KEYBOARD_BASE + 0x24, 4, 1);
	guest_write(v, KEYBOARD_BASE + 0x20, 4, 1);
	guest_write(v, KEYBOARD_BASE + 0x70, 4, 11);
	report_equal(guest_read(v, KEYBOARD_BASE + 0x70, 4), 11, "the features are accepted");
	guest_write(v, KEYBOARD_BASE + 0x30, 4, 0);
	guest_write(v, KEYBOARD_BASE + 0x38, 4, QUEUE_SIZE);
	for (uint32_t i = 0; i < QUEUE_SIZE; i++) {
		put64(v, DESCRIPTORS + 16 * i, BUFFERS + 8 * i);
		put64(v, DESCRIPTORS + 16 * i + 8, 8 | UINT64_C(2) << 32); /* 8 bytes, written by the device */
		put16(v, DRIVER + 4 + 2 * i, (uint16_t)i);
	}
	put16(v, DRIVER + 2, QUEUE_SIZE);
	guest_write(v, KEYBOARD_BASE + 0x80, 4, DESCRIPTORS);
	guest_write(v, KEYBOARD_BASE + 0x90, 4, DRIVER);
	guest_write(v, KEYBOARD_BASE + 0xa0, 4, DEVICE);
	guest_write(v, KEYBOARD_BASE + 0x44, 4, 1);
	guest_write(v, KEYBOARD_BASE + 0x70, 4, 15);
}

static struct input_event event_of(struct vcpu *v, uint32_t number)
{
	struct input_event event;

	memcpy(&event, guest_memory(v, BUFFERS + 8 * number), sizeof(event));
	return event;
}

static void press(uint16_t code)
{
	input_event(0, (struct input_event){.type = EV_KEY, .code = code, .value = 1});
}

static void let_go_of(uint16_t code)
{
	input_event(0, (struct input_event){.type = EV_KEY, .code = code});
}

static void given_a_keyboard_then_the_guest_finds_it(void)
{
	struct vcpu *v;

	boot_screen();
	v = inside(0);
	report_equal(guest_read(v, KEYBOARD_BASE, 4), 0x74726976, "magic");
	report_equal(guest_read(v, KEYBOARD_BASE + 8, 4), 18, "virtio-input");
	guest_write(v, KEYBOARD_BASE + 0x100, 1, 1);
	report_equal(guest_read(v, KEYBOARD_BASE + 0x102, 1), 6, "length of its name");
	report_equal(guest_read(v, KEYBOARD_BASE + 0x108, 4), 0x6279656b, "its name begins with `keyb`");
}

static void when_a_key_is_pressed_then_only_the_persona_in_front_gets_it(void)
{
	boot_screen();
	keyboard_start(inside(1));
	keyboard_start(inside(0));
	press(KEY_A);
	report_equal(get16(vcpu_of(0), DEVICE + 2), 1, "one event for the persona in front");
	report_equal(event_of(vcpu_of(0), 0).code, KEY_A, "that key");
	report_equal(guest_read(inside(0), KEYBOARD_BASE + 0x60, 4), 1, "and an interrupt");
	inside(1);
	report_equal(get16(vcpu_of(1), DEVICE + 2), 0, "nothing for the other");
}

static void when_the_front_changes_then_pressed_keys_are_released(void)
{
	boot_screen();
	keyboard_start(inside(1));
	keyboard_start(inside(0));
	press(KEY_A);
	bridge_command(VEIL_OP_SWITCH, 1);
	inside(0);
	report_equal(get16(vcpu_of(0), DEVICE + 2), 3, "press, release and report");
	report_equal(event_of(vcpu_of(0), 1).value, 0, "released");
	report_equal(event_of(vcpu_of(0), 2).type, EV_SYN, "reported");
	let_go_of(KEY_A);
	inside(1);
	report_equal(get16(vcpu_of(1), DEVICE + 2), 1, "what follows is the other's");
}

static void when_the_hotkey_is_pressed_then_the_next_persona_comes_to_the_front_and_no_guest_sees_it(void)
{
	boot_screen();
	keyboard_start(inside(0));
	press(IMAGE_HOTKEY);
	let_go_of(IMAGE_HOTKEY);
	report_equal(persona_foreground, 0, "once is not enough");
	machine_run_ms(100);
	press(IMAGE_HOTKEY);
	let_go_of(IMAGE_HOTKEY);
	report_equal(persona_foreground, 1, "twice is");
	report_equal(machine_display.pixels, image.surfaces[1].host_base, "and shows");
	inside(0);
	report_equal(get16(vcpu_of(0), DEVICE + 2), 0, "no guest has seen the key");
	press(IMAGE_HOTKEY);
	machine_run_ms(800);
	press(IMAGE_HOTKEY);
	report_equal(persona_foreground, 1, "too slow");
}

/* ---- Hostile queues ---- */

static void given_rings_outside_its_ram_then_the_device_breaks_and_nothing_is_written(void)
{
	static const uint64_t places[] = {0, 0x09000000, IMAGE_RAM_BASE - 8, IMAGE_RAM_BASE + IMAGE_PERSONA_RAM, UINT64_MAX - 7, 1};
	struct vcpu *v;

	boot_screen();
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		for (uint64_t reg = 0x80; reg <= 0xa0; reg += 0x10) {
			v = inside(0);
			keyboard_start(v);
			guest_write(v, KEYBOARD_BASE + 0x44, 4, 0);
			guest_write(v, KEYBOARD_BASE + reg, 4, (uint32_t)places[i]);
			guest_write(v, KEYBOARD_BASE + reg + 4, 4, places[i] >> 32);
			guest_write(v, KEYBOARD_BASE + 0x44, 4, 1);
			press(KEY_A);
			let_go_of(KEY_A);
			report(guest_read(inside(0), KEYBOARD_BASE + 0x70, 4) & 64, "the device wants to be reset");
		}
	}
}

static void given_random_rings_then_nothing_but_its_own_ram_changes(void)
{
	uint64_t state = test_seed();
	struct vcpu *v;

	boot_screen();
	for (uint32_t round = 0; round < 300; round++) {
		v = inside(0);
		if (round % 16 == 0)
			keyboard_start(v);
		for (uint32_t i = 0; i < 64; i++)
			put64(v, RINGS + test_random(&state) % 0x4000 / 8 * 8,
			      test_random(&state) % 3 ? RINGS + test_random(&state) % 0x8000 : test_random(&state));
		guest_mmio(v, KEYBOARD_BASE + test_random(&state) % 0x200 / 4 * 4, 4, true, &(uint64_t){test_random(&state)});
		guest_write(inside(0), KEYBOARD_BASE + 0x50, 4, test_random(&state) % 2);
		press(KEY_A);
		let_go_of(KEY_A);
	}
	report(strip_is_right(0) && strip_is_right(1), "the strips are as they were");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the other persona runs");
}

static const struct test tests[] = {
	{"shown", given_two_personas_then_the_first_is_shown_with_its_strip},
	{"switch", when_the_owner_switches_then_the_other_is_shown_at_once},
	{"scribble", given_a_guest_that_scribbles_over_all_its_memory_then_the_strip_stays},
	{"stop-black", when_a_persona_stops_then_its_picture_is_black},
	{"restart-black", when_a_persona_restarts_then_its_picture_is_black},
	{"manifest", given_a_manifest_whose_strip_a_guest_could_write_then_it_is_refused},
	{"keyboard", given_a_keyboard_then_the_guest_finds_it},
	{"key", when_a_key_is_pressed_then_only_the_persona_in_front_gets_it},
	{"release", when_the_front_changes_then_pressed_keys_are_released},
	{"hotkey", when_the_hotkey_is_pressed_then_the_next_persona_comes_to_the_front_and_no_guest_sees_it},
	{"rings-outside", given_rings_outside_its_ram_then_the_device_breaks_and_nothing_is_written},
	{"rings-random", given_random_rings_then_nothing_but_its_own_ram_changes},
};

TEST_MAIN(tests)
