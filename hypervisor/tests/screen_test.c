/* SPDX-License-Identifier: Apache-2.0 */
/* The screen and the keys: whose picture shows, whose strip is above it, who gets input. */
#include "bridge.h"
#include "core/input.h"
#include "core/lib.h"
#include "image.h"
#include "machine.h"
#include "test.h"

#define KEY_A 30
#define KEYBOARD_BASE 0x0a000000
#define TABLET_BASE 0x0a000200
#define KEY_SCREENLOCK 152

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
static void keyboard_start_at(struct vcpu *v, uint64_t base)
{
	guest_write(v, base + 0x70, 4, 0);
	guest_write(v, base + 0x70, 4, 3);
	guest_write(v, base + 0x24, 4, 1);
	guest_write(v, base + 0x20, 4, 1);
	guest_write(v, base + 0x70, 4, 11);
	report_equal(guest_read(v, base + 0x70, 4), 11, "the features are accepted");
	guest_write(v, base + 0x30, 4, 0);
	guest_write(v, base + 0x38, 4, QUEUE_SIZE);
	for (uint32_t i = 0; i < QUEUE_SIZE; i++) {
		put64(v, DESCRIPTORS + 16 * i, BUFFERS + 8 * i);
		put64(v, DESCRIPTORS + 16 * i + 8, 8 | UINT64_C(2) << 32); /* 8 bytes, written by the device */
		put16(v, DRIVER + 4 + 2 * i, (uint16_t)i);
	}
	put16(v, DRIVER + 2, QUEUE_SIZE);
	put16(v, DEVICE + 2, 0);
	guest_write(v, base + 0x80, 4, DESCRIPTORS);
	guest_write(v, base + 0x90, 4, DRIVER);
	guest_write(v, base + 0xa0, 4, DEVICE);
	guest_write(v, base + 0x44, 4, 1);
	guest_write(v, base + 0x70, 4, 15);
}

static void keyboard_start(struct vcpu *v)
{
	keyboard_start_at(v, KEYBOARD_BASE);
}

/* The guest gives all its buffers anew. */
static void more_buffers(struct vcpu *v)
{
	put16(v, DRIVER + 2, (uint16_t)(get16(v, DRIVER + 2) + QUEUE_SIZE));
	guest_write(v, KEYBOARD_BASE + 0x50, 4, 0);
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
	report_equal(get16(vcpu_of(1), DEVICE + 2), 0, "the end of that press is not the other's business");
	press(KEY_A);
	let_go_of(KEY_A);
	inside(1);
	report_equal(get16(vcpu_of(1), DEVICE + 2), 2, "the next press is");
}

static void given_a_guest_without_buffers_then_a_lost_release_follows_when_it_gives_some(void)
{
	struct vcpu *v;

	boot_screen();
	v = inside(0);
	keyboard_start(v);
	for (uint32_t i = 0; i < QUEUE_SIZE; i++)
		press(KEY_A);
	let_go_of(KEY_A);
	inside(0);
	report_equal(get16(v, DEVICE + 2), QUEUE_SIZE, "all its buffers are used, the release is lost");
	more_buffers(v);
	report_equal(get16(v, DEVICE + 2), QUEUE_SIZE + 2, "release and report");
	report_equal(event_of(v, 0).code, KEY_A, "of that key");
	report_equal(event_of(v, 0).value, 0, "released");
	report_equal(event_of(v, 1).type, EV_SYN, "reported");
	more_buffers(v);
	report_equal(get16(v, DEVICE + 2), QUEUE_SIZE + 2, "once");
}

static void given_a_paused_persona_when_the_user_leaves_it_then_its_keys_are_released_all_the_same(void)
{
	boot_screen();
	keyboard_start(inside(0));
	press(KEY_A);
	bridge_command(VEIL_OP_PAUSE, 0);
	machine_run_ms(10);
	report_equal(bridge_status(0).state, VEIL_STATE_PAUSED, "paused");
	bridge_command(VEIL_OP_SWITCH, 1);
	bridge_command(VEIL_OP_RESUME, 0);
	inside(0);
	report_equal(get16(vcpu_of(0), DEVICE + 2), 3, "press, release and report");
}

static void boot_locking(void)
{
	machine_init();
	image_declare(&image, 2, 1);
	image_declare_screen(&image);
	image.personas[0].flags |= VEIL_LOCK_ON_LEAVE;
	image_boot(&image);
	bridge_connect();
	machine_run_ms(200);
}

static void report_lock(struct vcpu *v, uint32_t from)
{
	static const struct input_event wanted[] = {
		{EV_KEY, KEY_SCREENLOCK, 1}, {EV_SYN, 0, 0}, {EV_KEY, KEY_SCREENLOCK, 0}, {EV_SYN, 0, 0}};

	for (uint32_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		struct input_event event = event_of(v, (from + i) % QUEUE_SIZE);

		report(memcmp(&event, &wanted[i], sizeof(event)) == 0, "the lock key is pressed and released");
	}
}

static void given_a_persona_that_locks_when_the_user_leaves_it_then_it_gets_the_lock_key_and_the_other_does_not(void)
{
	boot_locking();
	keyboard_start(inside(1));
	keyboard_start(inside(0));
	press(KEY_A);
	bridge_command(VEIL_OP_SWITCH, 1);
	inside(0);
	report_equal(get16(vcpu_of(0), DEVICE + 2), 7, "press, release, report, lock");
	report_lock(vcpu_of(0), 3);
	bridge_command(VEIL_OP_SWITCH, 0);
	inside(1);
	report_equal(get16(vcpu_of(1), DEVICE + 2), 0, "the other is not locked");
}

static void given_a_guest_without_buffers_then_it_is_locked_when_it_gives_some(void)
{
	struct vcpu *v;

	boot_locking();
	v = inside(0);
	keyboard_start(v);
	for (uint32_t i = 0; i < QUEUE_SIZE / 2; i++) {
		press(KEY_A);
		let_go_of(KEY_A);
	}
	bridge_command(VEIL_OP_SWITCH, 1);
	inside(0);
	report_equal(get16(v, DEVICE + 2), QUEUE_SIZE, "all its buffers are used");
	more_buffers(v);
	report_lock(v, 0);
}

static void given_a_lock_key_then_the_keyboard_says_that_it_has_it(void)
{
	struct vcpu *v;

	boot_screen();
	v = inside(0);
	guest_write(v, KEYBOARD_BASE + 0x100, 1, 0x11);
	guest_write(v, KEYBOARD_BASE + 0x101, 1, EV_KEY);
	report_equal(guest_read(v, KEYBOARD_BASE + 0x102, 1), KEY_SCREENLOCK / 8 + 1, "bytes of its keys");
	report_equal(guest_read(v, KEYBOARD_BASE + 0x108, 4), UINT32_MAX, "those of the board's");
	report_equal(guest_read(v, KEYBOARD_BASE + 0x108 + KEY_SCREENLOCK / 8, 1), 1, "and the lock");
	guest_write(v, KEYBOARD_BASE + 0x300, 1, 0x11);
	guest_write(v, KEYBOARD_BASE + 0x301, 1, EV_KEY);
	report_equal(guest_read(v, KEYBOARD_BASE + 0x302, 1), 4, "the tablet has none");
}

static void given_an_image_that_locks_a_persona_without_keys_then_it_is_refused(void)
{
	struct manifest m;
	static uint8_t bytes[IMAGE_MANIFEST_MAX];

	machine_init();
	image_declare(&image, 2, 1);
	image.personas[0].flags |= VEIL_LOCK_ON_LEAVE;
	report_equal(manifest_read(&m, bytes, image_manifest(&image, bytes), BOARD_NAME, image.place), MANIFEST_BAD_PERSONA, "refused");
}

static uint32_t touched_row(uint32_t y)
{
	struct vcpu *v = inside(0);

	keyboard_start_at(v, TABLET_BASE);
	input_event(1, (struct input_event){.type = EV_ABS, .code = 1, .value = y});
	inside(0);
	report_equal(get16(v, DEVICE + 2), 1, "one event");
	return event_of(v, 0).value;
}

static void when_the_screen_is_touched_then_the_guest_learns_where_in_its_own_picture(void)
{
	const uint32_t strip = IMAGE_STRIP_ROWS * 0x7fff / (IMAGE_STRIP_ROWS + IMAGE_BODY_ROWS);

	boot_screen();
	report_equal(touched_row(0), 0, "on the strip: its first row");
	report_equal(touched_row(strip), 0, "right below the strip: its first row");
	report_equal(touched_row(strip + (0x7fff - strip) / 2), 0x7fff / 2, "half-way down its picture");
	report_equal(touched_row(0x7fff), 0x7fff, "its last row");
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
	press(KEY_A);
	press(IMAGE_HOTKEY);
	report_equal(persona_foreground, 1, "another key in between");
}

/* ---- Hostile queues ---- */

static void given_rings_it_never_touched_then_the_device_breaks_and_no_page_is_built_for_it(void)
{
	boot_screen();
	for (uint64_t reg = 0x80; reg <= 0xa0; reg += 0x10) {
		struct vcpu *v = inside(0);
		uint64_t touched;

		keyboard_start(v);
		guest_write(v, KEYBOARD_BASE + 0x44, 4, 0);
		guest_write(v, KEYBOARD_BASE + reg, 4, IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - VEIL_PAGE_SIZE);
		guest_write(v, KEYBOARD_BASE + 0x44, 4, 1);
		touched = personas[0].touched;
		press(KEY_A);
		report(guest_read(inside(0), KEYBOARD_BASE + 0x70, 4) & 64, "the device wants to be reset");
		report_equal(personas[0].touched, touched, "nothing was built");
	}
}

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
	{"lost-release", given_a_guest_without_buffers_then_a_lost_release_follows_when_it_gives_some},
	{"paused-release", given_a_paused_persona_when_the_user_leaves_it_then_its_keys_are_released_all_the_same},
	{"lock", given_a_persona_that_locks_when_the_user_leaves_it_then_it_gets_the_lock_key_and_the_other_does_not},
	{"late-lock", given_a_guest_without_buffers_then_it_is_locked_when_it_gives_some},
	{"lock-key", given_a_lock_key_then_the_keyboard_says_that_it_has_it},
	{"lock-without-keys", given_an_image_that_locks_a_persona_without_keys_then_it_is_refused},
	{"touch", when_the_screen_is_touched_then_the_guest_learns_where_in_its_own_picture},
	{"rings-untouched", given_rings_it_never_touched_then_the_device_breaks_and_no_page_is_built_for_it},
	{"rings-outside", given_rings_outside_its_ram_then_the_device_breaks_and_nothing_is_written},
	{"rings-random", given_random_rings_then_nothing_but_its_own_ram_changes},
};

TEST_MAIN(tests)
