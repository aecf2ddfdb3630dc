/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's life: what a guest finds in its memory, and every way from start to end. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "core/payload.h"
#include "image.h"
#include "test.h"

static struct image image;

static void boot(uint32_t personas_wanted, uint32_t cpus_wanted)
{
	image_boot_default(personas_wanted, cpus_wanted);
	image_declare(&image, personas_wanted, cpus_wanted);
	machine_run_ms(20);
	bridge_connect();
}

static void declare(uint32_t personas_wanted, uint32_t cpus_wanted)
{
	machine_init();
	image_declare(&image, personas_wanted, cpus_wanted);
}

static void boot_declared(void)
{
	image_layout(&image);
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
}

static struct vcpu *vcpu(uint32_t persona, uint32_t index)
{
	return personas[persona].vcpus[index];
}

/* Lets the scheduler bring a virtual CPU onto its CPU. */
static struct vcpu *in(uint32_t persona, uint32_t index)
{
	for (uint32_t i = 0; i < 200 && !guest_is_in(vcpu(persona, index)); i++)
		machine_run_ms(1);
	return vcpu(persona, index);
}

static bool is_seed(uint32_t persona, uint64_t address)
{
	const struct veil_persona *p = &image.personas[persona];

	return address - p->rng_seed_address < 32 || address - p->kaslr_seed_address < 8;
}

static uint8_t *host_of(uint32_t persona, uint64_t address)
{
	return (uint8_t *)(personas[persona].ram.host + (address - IMAGE_RAM_BASE));
}

/* Every byte of the persona's RAM, as its guest reads it, is what the manifest says. */
static bool memory_is_pristine(uint32_t persona)
{
	for (uint64_t at = 0; at < IMAGE_PERSONA_RAM; at += VEIL_PAGE_SIZE) {
		const uint8_t *page = guest_memory(in(persona, 0), IMAGE_RAM_BASE + at);

		for (uint64_t i = 0; page && i < VEIL_PAGE_SIZE; i++)
			if (page[i] != image_expected(&image, persona, IMAGE_RAM_BASE + at + i) &&
			    !is_seed(persona, IMAGE_RAM_BASE + at + i))
				return printf("     at 0x%llx\n", (unsigned long long)(at + i)), false;
		if (!page)
			return false;
	}
	return true;
}

static bool memory_is_zero(uint32_t persona)
{
	return bytes_are_zero(host_of(persona, IMAGE_RAM_BASE), IMAGE_PERSONA_RAM);
}

static void scribble(uint32_t persona)
{
	for (uint64_t at = 0; at < IMAGE_PERSONA_RAM; at += VEIL_PAGE_SIZE)
		memset(guest_memory(in(persona, 0), IMAGE_RAM_BASE + at), 0xee, VEIL_PAGE_SIZE);
}

/* ---- Memory ---- */

static void given_a_start_then_memory_is_payloads_and_zeros_exactly(void)
{
	boot(2, 1);
	report(memory_is_pristine(0), "the first persona's");
	report(memory_is_pristine(1), "the second persona's");
	report_equal(machine.mapped_dirty, 0, "what a guest was given had been cleaned to memory");
	report_equal(bridge_status(0).memory_touched, IMAGE_PERSONA_RAM, "touched memory is counted");
}

static void given_interrupts_all_the_time_then_pages_are_filled_in_parts(void)
{
	uint32_t exits = 0;

	boot(1, 1);
	in(0, 0);
	machine.interrupting = true;
	while (exits < 100 && !guest_touch(vcpu(0, 0), IMAGE_RAM_BASE + 5 * VEIL_PAGE_SIZE + 1))
		exits++;
	report(exits > 1 && exits < 100, "one page takes several exits");
	report(memory_is_pristine(0), "and all of it is right");
}

static void given_two_pages_filled_in_turn_then_both_are_right(void)
{
	boot(1, 1);
	in(0, 0);
	machine.interrupting = true;
	for (uint32_t i = 0; i < 40; i++)
		guest_touch(vcpu(0, 0), IMAGE_RAM_BASE + (8 + i % 2) * VEIL_PAGE_SIZE);
	machine.interrupting = false;
	report(memory_is_pristine(0), "all of it is right");
}

static void given_segments_at_odd_places_then_memory_is_exact(void)
{
	static const uint64_t sizes[] = {1, 63, 64, 65, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537};
	uint64_t at = IMAGE_RAM_BASE + 0x20000;

	declare(1, 1);
	image.header.segments.count = ARRAY_COUNT(sizes);
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
		image.segments[i] = (struct veil_segment){.payload = 0, .guest_address = at, .payload_offset = 4096 * i, .size = sizes[i]};
		at = align_up(at + sizes[i], 4096) + (i % 3) * 4096;
	}
	boot_declared();
	report(memory_is_pristine(0), "payload bytes and zeros");
}

static void given_an_address_outside_its_ram_then_it_is_refused(void)
{
	static const uint64_t outside[] = {IMAGE_RAM_BASE - 1, IMAGE_RAM_BASE + IMAGE_PERSONA_RAM, UINT64_C(1) << 35, UINT64_MAX, 0};

	boot(1, 1);
	for (size_t i = 0; i < ARRAY_COUNT(outside); i++)
		report(!persona_populate(in(0, 0), ipaddr(outside[i])), "refused");
}

static void given_two_starts_then_seeds_differ(void)
{
	uint8_t before[32];

	boot(1, 1);
	for (uint32_t i = 0; i < 32; i++)
		before[i] = *guest_memory(in(0, 0), image.personas[0].rng_seed_address + i);
	report(!bytes_are_zero(before, 24) && !bytes_are_zero(before + 24, 8), "the seed is there, over the end of a page too");
	report(!bytes_are_zero(guest_memory(in(0, 0), image.personas[0].kaslr_seed_address), 8), "so is the other");
	report(memory_is_pristine(0), "and nothing but them");
	bridge_command(VEIL_OP_RESTART, 0);
	machine_run_ms(20);
	report(memcmp(before, guest_memory(in(0, 0), image.personas[0].rng_seed_address), 24) != 0, "new at the next start");
}

/* ---- Start and stop ---- */

static void given_a_running_persona_when_stopped_then_its_memory_is_cleared(void)
{
	boot(2, 1);
	scribble(0);
	report_equal(bridge_command(VEIL_OP_STOP, 0), VEIL_RESULT_OK, "stop");
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_STOPPED, "stopped");
	report_equal(bridge_status(0).reason, VEIL_REASON_COMMAND, "by command");
	report_equal(bridge_status(0).memory_touched, 0, "nothing is mapped");
	report(memory_is_zero(0), "every byte is zero");
	report_equal(bridge_last_event(0), VEIL_STATE_STOPPED, "an event told so");
	report(memory_is_pristine(1), "the other goes on");
	report_equal(machine.stale_translations, 0, "no stale translation");
}

static void given_a_stop_during_or_after_a_restart_then_no_earlier_life_is_left_in_memory(void)
{
	boot(1, 1);
	scribble(0);
	bridge_command(VEIL_OP_RESTART, 0);
	machine_run_ms(50);
	bridge_command(VEIL_OP_STOP, 0);
	machine_run_ms(50);
	report(memory_is_zero(0), "stopped after a restart that touched less");
	bridge_command(VEIL_OP_START, 0);
	machine_run_ms(50);
	scribble(0);
	in(0, 0);
	persona_restart(&personas[0]);
	machine_run_ms(0);
	persona_stop(&personas[0]);
	machine_run_ms(50);
	report(memory_is_zero(0), "stopped right after a restart");
}

static void given_a_stopped_persona_when_started_then_it_is_pristine(void)
{
	boot(1, 1);
	scribble(0);
	bridge_command(VEIL_OP_STOP, 0);
	machine_run_ms(50);
	report_equal(bridge_command(VEIL_OP_START, 0), VEIL_RESULT_OK, "start");
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "runs");
	report_equal(bridge_status(0).starts, 2, "for the second time");
	report(memory_is_pristine(0), "its memory is new");
	report_equal(machine.stale_translations, 0, "no stale translation");
}

static void given_a_running_persona_when_restarted_then_it_is_pristine(void)
{
	boot(2, 2);
	for (uint32_t i = 0; i < 3; i++) {
		scribble(0);
		guest_call(in(0, 0), VEIL_HVC_READY, 0, 0, 0);
		report_equal(bridge_status(0).ready, 1, "ready");
		vcpu(0, 0)->arch.x[7] = 0x5ec7e7;
		report_equal(bridge_command(VEIL_OP_RESTART, 0), VEIL_RESULT_OK, "restart");
		machine_run_ms(50);
		report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "runs");
		report_equal(bridge_status(0).restarts, i + 1, "restarts are counted");
		report_equal(bridge_status(0).ready, 0, "not ready yet");
		report_equal(vcpu(0, 0)->arch.x[7], 0, "registers are new");
		report_equal(vcpu(0, 0)->arch.x[0], IMAGE_RAM_BASE, "x0 is what was declared");
		report(memory_is_pristine(0), "so is memory");
	}
	report_equal(machine.mapped_dirty, 0, "always cleaned");
	report_equal(machine.stale_translations, 0, "no stale translation");
}

static void given_a_persona_that_is_not_started_at_boot_then_it_waits(void)
{
	declare(2, 1);
	image.personas[1].flags = 0;
	boot_declared();
	report_equal(bridge_status(1).state, VEIL_STATE_STOPPED, "stopped");
	report_equal(bridge_status(1).starts, 0, "never started");
	bridge_command(VEIL_OP_START, 1);
	machine_run_ms(20);
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "runs when told");
}

static void given_a_bad_payload_then_the_start_is_refused(void)
{
	declare(2, 1);
	image.payloads[2].sha256[31] ^= 1;
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
	report_equal(bridge_status(1).state, VEIL_STATE_CRASHED, "the one with the bad payload");
	report_equal(bridge_status(1).reason, VEIL_REASON_BAD_PAYLOAD, "says why");
	report_equal(bridge_status(1).starts, 0, "never ran");
	report_equal(vcpu(1, 0)->statistics.switches, 0, "not one instruction of it");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "the other runs");
}

static void given_a_payload_that_goes_bad_then_the_next_start_is_refused(void)
{
	boot(2, 1);
	image_spoil(&image, 1, IMAGE_FILES_SIZE - 1);
	scribble(0);
	bridge_command(VEIL_OP_RESTART, 0);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_CRASHED, "refused");
	report_equal(bridge_status(0).reason, VEIL_REASON_BAD_PAYLOAD, "says why");
	report(memory_is_zero(0), "its memory is cleared");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the other runs");
	image_spoil(&image, 1, IMAGE_FILES_SIZE - 1);
	bridge_command(VEIL_OP_START, 0);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "runs when the payload is good again");
}

static void given_patches_that_go_bad_then_the_next_start_is_refused(void)
{
	uint32_t payload;

	declare(2, 1);
	image_declare_patches(&image, 0, 100);
	payload = image.personas[0].patch_payload;
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "a good table");
	image_spoil(&image, payload, 399);
	bridge_command(VEIL_OP_RESTART, 0);
	bridge_command(VEIL_OP_RESTART, 1);
	machine_run_ms(50);
	report_equal(bridge_status(0).reason, VEIL_REASON_BAD_PAYLOAD, "is looked at again");
	report_equal(bridge_status(0).starts, 1, "before each start");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "by its persona alone");
}

static void given_digests_skipped_then_a_bad_payload_starts(void)
{
	declare(1, 1);
	image_layout(&image);
	image.header.flags = VEIL_SKIP_PAYLOAD_DIGESTS;
	image.payloads[1].sha256[0] ^= 1;
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "runs");
}

/* ---- Ends brought about by the guest ---- */

static void given_a_guest_that_switches_off_then_it_stays_off(void)
{
	boot(2, 1);
	scribble(0);
	guest_call(in(0, 0), 0x84000008, 0, 0, 0);
	machine_run_ms(50);
	report(!guest_is_in(vcpu(0, 0)), "it is out at once");
	report_equal(bridge_status(0).state, VEIL_STATE_OFF, "off");
	report_equal(bridge_status(0).reason, VEIL_REASON_GUEST_OFF, "by itself");
	report(memory_is_zero(0), "its memory is cleared");
	bridge_command(VEIL_OP_START, 0);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "can be started again");
}

static void given_a_guest_that_resets_then_it_starts_again(void)
{
	boot(1, 1);
	scribble(0);
	guest_call(in(0, 0), 0x84000009, 0, 0, 0);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "runs");
	report_equal(bridge_status(0).reason, VEIL_REASON_GUEST_RESET, "says why");
	report(memory_is_pristine(0), "pristine");
}

static void crash(uint32_t persona)
{
	guest_call(in(persona, 0), VEIL_HVC_CRASHED, 42, 0, 0);
	machine_run_ms(50);
}

static void given_a_crash_and_no_restart_declared_then_it_stays_crashed(void)
{
	boot(2, 1);
	scribble(0);
	crash(0);
	report_equal(bridge_status(0).state, VEIL_STATE_CRASHED, "crashed");
	report_equal(bridge_status(0).reason, VEIL_REASON_GUEST_CRASHED, "by its own account");
	report_equal(bridge_status(0).fault.address, 42, "with the code it gave");
	report(memory_is_zero(0), "its memory is cleared");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the other runs");
}

static void given_a_crash_loop_then_restarts_end_at_the_limit(void)
{
	declare(1, 1);
	image.personas[0].flags |= VEIL_RESTART_ON_CRASH;
	boot_declared();
	for (uint32_t i = 1; i <= 3; i++) {
		crash(0);
		report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "runs again");
		report_equal(bridge_status(0).restarts, i, "counted");
	}
	crash(0);
	report_equal(bridge_status(0).state, VEIL_STATE_CRASHED, "the fourth is one too many");
	report_equal(bridge_status(0).reason, VEIL_REASON_RESTART_LIMIT, "says why");
	bridge_command(VEIL_OP_START, 0);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "starts by command");
	crash(0);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "with its restarts anew");
}

static void given_crashes_far_apart_then_there_is_no_limit(void)
{
	declare(1, 1);
	image.personas[0].flags |= VEIL_RESTART_ON_CRASH;
	image.personas[0].restart_window_seconds = 1;
	boot_declared();
	for (uint32_t i = 0; i < 12; i++) {
		machine_run_ms(500);
		crash(0);
	}
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "still runs");
	report_equal(bridge_status(0).restarts, 12, "after twelve crashes");
}

static void given_two_virtual_cpus_that_crash_at_once_then_it_counts_as_one(void)
{
	declare(1, 2);
	image.personas[0].flags |= VEIL_RESTART_ON_CRASH;
	image.personas[0].restart_limit = 1;
	image.personas[0].cpu_count = 2;
	image.personas[0].cpu_cap_percent = 200;
	boot_declared();
	guest_call(in(0, 0), 0xc4000003, 1, IMAGE_ENTRY, 0);
	in(0, 1);
	guest_call(vcpu(0, 0), VEIL_HVC_CRASHED, 1, 0, 0);
	if (guest_is_in(vcpu(0, 1)))
		guest_call(vcpu(0, 1), VEIL_HVC_CRASHED, 2, 0, 0);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "one restart is allowed, and one it was");
	report_equal(bridge_status(0).restarts, 1, "one restart");
}

/* ---- Pause ---- */

static void given_a_pause_then_guest_time_stands_still(void)
{
	uint64_t before;
	uint64_t used;

	boot(2, 1);
	machine_run_ms(10);
	before = guest_count(in(0, 0));
	report_equal(bridge_command(VEIL_OP_PAUSE, 0), VEIL_RESULT_OK, "pause");
	machine_run_ms(10);
	used = vcpu(0, 0)->cpu_time;
	report_equal(bridge_status(0).state, VEIL_STATE_PAUSED, "paused");
	machine_run_ms(3600000);
	report_equal(vcpu(0, 0)->cpu_time, used, "it costs no CPU");
	report_equal(bridge_command(VEIL_OP_RESUME, 0), VEIL_RESULT_OK, "resume");
	machine_run_ms(1);
	report(guest_count(in(0, 0)) - before < 40 * MACHINE_MS, "an hour later, its clock has not moved");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "it runs");
	report_equal(bridge_status(0).starts, 1, "on from where it was");
}

static void given_a_paused_persona_when_stopped_then_it_is_gone(void)
{
	boot(1, 1);
	scribble(0);
	bridge_command(VEIL_OP_PAUSE, 0);
	machine_run_ms(5);
	bridge_command(VEIL_OP_STOP, 0);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_STOPPED, "stopped");
	report(memory_is_zero(0), "and cleared");
}

static void given_freeze_in_background_then_switching_pauses_and_resumes(void)
{
	declare(2, 1);
	image.personas[0].flags |= VEIL_FREEZE_IN_BACKGROUND;
	image.personas[1].flags |= VEIL_FREEZE_IN_BACKGROUND;
	boot_declared();
	report_equal(bridge_status(0).foreground, 1, "the first is in front");
	bridge_command(VEIL_OP_SWITCH, 1);
	machine_run_ms(5);
	report_equal(bridge_status(0).state, VEIL_STATE_PAUSED, "the one left is frozen");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the one in front runs");
	report_equal(bridge_status(1).foreground, 1, "and is in front");
	bridge_command(VEIL_OP_SWITCH, 0);
	machine_run_ms(5);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "back");
	report_equal(bridge_status(1).state, VEIL_STATE_PAUSED, "frozen in turn");
}

static void given_freeze_and_never_in_front_then_it_has_not_run_at_all(void)
{
	declare(2, 2);
	image.personas[1].flags |= VEIL_FREEZE_IN_BACKGROUND;
	boot_declared();
	machine_run_ms(500);
	report_equal(bridge_status(1).state, VEIL_STATE_PAUSED, "frozen before its first instruction");
	report_equal(bridge_status(1).reason, VEIL_REASON_BACKGROUND, "and says why");
	report_equal(bridge_status(1).starts, 1, "it has started, though");
	report_equal(vcpu(1, 0)->statistics.switches, 0, "no CPU has ever held its registers");
	bridge_command(VEIL_OP_SWITCH, 1);
	machine_run_ms(5);
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "in front it runs");
	report(guest_count(in(1, 0)) - GUEST_TIME_START < 20 * MACHINE_MS, "and its time begins there");
	bridge_command(VEIL_OP_SWITCH, 0);
	bridge_command(VEIL_OP_RESTART, 1);
	machine_run_ms(100);
	report_equal(bridge_status(1).starts, 2, "restarted behind another");
	report_equal(bridge_status(1).state, VEIL_STATE_PAUSED, "it is frozen again");
}

/* Two requests in one burst on the line: both are taken before the guest is out. */
static void burst(uint8_t first, uint8_t first_persona, uint8_t second, uint8_t second_persona)
{
	struct veil_request a = {.op = first, .persona = first_persona, .id = 101};
	struct veil_request b = {.op = second, .persona = second_persona, .id = 102};

	bridge_send(VEIL_MUX_CONTROL, &a, sizeof(a));
	bridge_send(VEIL_MUX_CONTROL, &b, sizeof(b));
	machine_run_ms(100);
	bridge_read();
}

static void given_a_pause_by_command_then_coming_to_the_front_does_not_undo_it(void)
{
	declare(2, 1);
	image.personas[1].flags |= VEIL_FREEZE_IN_BACKGROUND;
	boot_declared();
	bridge_command(VEIL_OP_PAUSE, 1);
	bridge_command(VEIL_OP_SWITCH, 1);
	machine_run_ms(5);
	report_equal(bridge_status(1).state, VEIL_STATE_PAUSED, "paused while frozen: paused in front");
	bridge_command(VEIL_OP_RESUME, 1);
	machine_run_ms(5);
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "until it is resumed");
	in(1, 0);
	burst(VEIL_OP_PAUSE, 1, VEIL_OP_SWITCH, 0);
	report_equal(bridge_status(1).reason, VEIL_REASON_COMMAND, "paused just before it is left");
	bridge_command(VEIL_OP_SWITCH, 1);
	machine_run_ms(5);
	report_equal(bridge_status(1).state, VEIL_STATE_PAUSED, "is by command too");
	bridge_command(VEIL_OP_SWITCH, 0);
	bridge_command(VEIL_OP_RESUME, 1);
	machine_run_ms(5);
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the owner may let it run in the background");
}

/* ---- Requests that cross ---- */

static void given_two_requests_at_once_then_the_last_one_counts(void)
{
	static const struct {
		uint8_t first, second, state;
		const char *name;
	} pairs[] = {
		{VEIL_OP_PAUSE, VEIL_OP_RESUME, VEIL_STATE_RUNNING, "pause, resume: runs"},
		{VEIL_OP_STOP, VEIL_OP_START, VEIL_STATE_RUNNING, "stop, start: runs"},
		{VEIL_OP_RESTART, VEIL_OP_STOP, VEIL_STATE_STOPPED, "restart, stop: stopped"},
		{VEIL_OP_STOP, VEIL_OP_RESTART, VEIL_STATE_RUNNING, "stop, restart: runs"},
		{VEIL_OP_PAUSE, VEIL_OP_STOP, VEIL_STATE_STOPPED, "pause, stop: stopped"},
		{VEIL_OP_PAUSE, VEIL_OP_RESTART, VEIL_STATE_RUNNING, "pause, restart: runs"},
		{VEIL_OP_STOP, VEIL_OP_STOP, VEIL_STATE_STOPPED, "stop, stop: stopped"},
	};

	boot(2, 1);
	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		if (bridge_status(0).state != VEIL_STATE_RUNNING) {
			bridge_command(bridge_status(0).state == VEIL_STATE_PAUSED ? VEIL_OP_RESUME : VEIL_OP_START, 0);
			machine_run_ms(50);
		}
		in(0, 0);
		burst(pairs[i].first, 0, pairs[i].second, 0);
		report_equal(bridge_status(0).state, pairs[i].state, pairs[i].name);
	}
}

static void given_a_switch_there_and_back_at_once_then_the_one_in_front_runs(void)
{
	declare(2, 1);
	image.personas[0].flags |= VEIL_FREEZE_IN_BACKGROUND;
	boot_declared();
	in(0, 0);
	burst(VEIL_OP_SWITCH, 1, VEIL_OP_SWITCH, 0);
	report_equal(bridge_status(0).foreground, 1, "in front");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "and running");
}

static void given_requests_while_starting_then_each_is_honoured(void)
{
	static const struct {
		uint8_t op, result, state;
	} requests[] = {
		{VEIL_OP_START, VEIL_RESULT_OK, VEIL_STATE_RUNNING},	      {VEIL_OP_STOP, VEIL_RESULT_OK, VEIL_STATE_STOPPED},
		{VEIL_OP_PAUSE, VEIL_RESULT_WRONG_STATE, VEIL_STATE_RUNNING}, {VEIL_OP_RESUME, VEIL_RESULT_WRONG_STATE, VEIL_STATE_RUNNING},
		{VEIL_OP_RESTART, VEIL_RESULT_OK, VEIL_STATE_RUNNING},
	};

	boot(1, 1);
	for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
		persona_stop(&personas[0]);
		machine_run_ms(50);
		persona_start(&personas[0]);
		report_equal(personas[0].state, VEIL_STATE_STARTING, "starting");
		switch (requests[i].op) {
		case VEIL_OP_START:
			report_equal(persona_start(&personas[0]), requests[i].result, "start");
			break;
		case VEIL_OP_STOP:
			report_equal(persona_stop(&personas[0]), requests[i].result, "stop");
			break;
		case VEIL_OP_PAUSE:
			report_equal(persona_pause(&personas[0]), requests[i].result, "pause");
			break;
		case VEIL_OP_RESUME:
			report_equal(persona_resume(&personas[0]), requests[i].result, "resume");
			break;
		default:
			report_equal(persona_restart(&personas[0]), requests[i].result, "restart");
			break;
		}
		machine_run_ms(50);
		report_equal(personas[0].state, requests[i].state, "and what comes of it");
	}
}

/* Random commands and guest events: the books stay balanced, and at the end everybody can be started and is pristine. */
static void given_any_sequence_of_commands_then_it_recovers(void)
{
	uint64_t random = test_seed();

	declare(3, 2);
	for (uint32_t i = 0; i < 3; i++) {
		image.personas[i].cpu_count = 2;
		image.personas[i].cpu_cap_percent = i ? 200 : 30;
		image.personas[i].flags |= VEIL_RESTART_ON_CRASH | (i == 2 ? VEIL_FREEZE_IN_BACKGROUND : 0);
	}
	boot_declared();
	for (uint32_t i = 0; i < 4000; i++) {
		uint64_t r = test_random(&random);
		struct veil_request request = {.op = (uint8_t)(3 + (r >> 8) % 6), .persona = (uint8_t)((r >> 16) % 3), .id = 9};
		struct vcpu *v = vcpu((uint32_t)(r >> 24) % 3, (uint32_t)(r >> 32) % 2);

		if (r % 4)
			bridge_send(VEIL_MUX_CONTROL, &request, sizeof(request));
		if (r % 3 == 0)
			machine_run(machine.time + (r >> 40) % (2 * MACHINE_MS));
		if (guest_is_in(v))
			switch ((r >> 36) % 7) {
			case 0:
				guest_call(v, 0x84000008 + (r >> 50) % 2, 0, 0, 0);
				break;
			case 1:
				guest_call(v, VEIL_HVC_CRASHED, 0, 0, 0);
				break;
			case 2:
				guest_call(v, 0xc4000003, (r >> 50) % 2, IMAGE_ENTRY, 0);
				break;
			case 3:
				guest_wait(v);
				break;
			case 4:
				guest_call(v, 0x84000002, 0, 0, 0);
				break;
			default:
				guest_touch(v, IMAGE_RAM_BASE + (r >> 42) % IMAGE_PERSONA_RAM);
				break;
			}
	}
	machine_run_ms(200);
	bridge_connect();
	for (uint32_t i = 0; i < 3; i++) {
		bridge_command(VEIL_OP_STOP, (uint8_t)i);
		machine_run_ms(100);
		report_equal(bridge_status((uint8_t)i).state, VEIL_STATE_STOPPED, "stops");
		report_equal(personas[i].loaded_count, 0, "nobody holds its registers");
		bridge_command(VEIL_OP_START, (uint8_t)i);
		machine_run_ms(100);
		bridge_command(VEIL_OP_SWITCH, (uint8_t)i);
		machine_run_ms(10);
		report_equal(bridge_status((uint8_t)i).state, VEIL_STATE_RUNNING, "starts");
		report(memory_is_pristine(i), "pristine");
	}
	report_equal(machine.mapped_dirty, 0, "always cleaned");
	report_equal(machine.stale_translations, 0, "no stale translation");
	report_equal(bridge.garbage, 0, "only frames on the line");
}

static const struct test tests[] = {
	{"pristine", given_a_start_then_memory_is_payloads_and_zeros_exactly},
	{"parts", given_interrupts_all_the_time_then_pages_are_filled_in_parts},
	{"two-pages", given_two_pages_filled_in_turn_then_both_are_right},
	{"segments", given_segments_at_odd_places_then_memory_is_exact},
	{"outside", given_an_address_outside_its_ram_then_it_is_refused},
	{"seeds", given_two_starts_then_seeds_differ},
	{"stop", given_a_running_persona_when_stopped_then_its_memory_is_cleared},
	{"restart-stop", given_a_stop_during_or_after_a_restart_then_no_earlier_life_is_left_in_memory},
	{"start", given_a_stopped_persona_when_started_then_it_is_pristine},
	{"restart", given_a_running_persona_when_restarted_then_it_is_pristine},
	{"not-at-boot", given_a_persona_that_is_not_started_at_boot_then_it_waits},
	{"bad-payload", given_a_bad_payload_then_the_start_is_refused},
	{"payload-goes-bad", given_a_payload_that_goes_bad_then_the_next_start_is_refused},
	{"bad patches", given_patches_that_go_bad_then_the_next_start_is_refused},
	{"skip-digests", given_digests_skipped_then_a_bad_payload_starts},
	{"off", given_a_guest_that_switches_off_then_it_stays_off},
	{"reset", given_a_guest_that_resets_then_it_starts_again},
	{"crash", given_a_crash_and_no_restart_declared_then_it_stays_crashed},
	{"crash-loop", given_a_crash_loop_then_restarts_end_at_the_limit},
	{"crashes-apart", given_crashes_far_apart_then_there_is_no_limit},
	{"crash-twice", given_two_virtual_cpus_that_crash_at_once_then_it_counts_as_one},
	{"pause", given_a_pause_then_guest_time_stands_still},
	{"pause-stop", given_a_paused_persona_when_stopped_then_it_is_gone},
	{"freeze", given_freeze_in_background_then_switching_pauses_and_resumes},
	{"freeze-first", given_freeze_and_never_in_front_then_it_has_not_run_at_all},
	{"freeze-pause", given_a_pause_by_command_then_coming_to_the_front_does_not_undo_it},
	{"burst", given_two_requests_at_once_then_the_last_one_counts},
	{"switch-burst", given_a_switch_there_and_back_at_once_then_the_one_in_front_runs},
	{"while-starting", given_requests_while_starting_then_each_is_honoured},
	{"random", given_any_sequence_of_commands_then_it_recovers},
};

TEST_MAIN(tests)
