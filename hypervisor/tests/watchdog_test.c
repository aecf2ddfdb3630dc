/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog a guest may set on itself, and restarts that are limited. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "image.h"
#include "test.h"

#define REFRESH UINT64_C(0x09020000)
#define CONTROL UINT64_C(0x09030000)
#define WCS 0x00
#define WOR 0x08
#define WCV 0x10
#define IIDR 0xfcc
#define ENABLE 1
#define FIRST 2
#define SECOND 4
#define IRQ 36

static struct image image;

static struct vcpu *vcpu(uint32_t persona)
{
	for (uint32_t i = 0; i < 200 && !guest_is_in(personas[persona].vcpus[0]); i++)
		machine_run_ms(1);
	return personas[persona].vcpus[0];
}

static void boot(uint32_t flags)
{
	machine_init();
	image_declare(&image, 2, 1);
	image.personas[0].devices |= VEIL_DEVICE_WATCHDOG;
	image.personas[0].flags = VEIL_START_AT_BOOT | flags;
	image.personas[0].restart_limit = 2;
	image.personas[0].restart_window_seconds = 10;
	image_layout(&image);
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
}

static void set(uint64_t ms)
{
	guest_write(vcpu(0), CONTROL + WOR, 4, ms * MACHINE_MS);
	guest_write(vcpu(0), CONTROL + WCS, 4, ENABLE);
}

static uint32_t status(void)
{
	return (uint32_t)guest_read(vcpu(0), CONTROL + WCS, 4);
}

static void given_no_watchdog_declared_then_nothing_is_there(void)
{
	uint64_t value = 1;

	image_boot_default(1, 1);
	machine_run_ms(20);
	report(!guest_mmio(vcpu(0), CONTROL + WCS, 4, true, &value), "an abort");
	report(!guest_mmio(vcpu(0), REFRESH, 4, false, &value), "in both frames");
}

static void given_a_fresh_start_then_it_is_off(void)
{
	boot(0);
	report_equal(status(), 0, "not enabled");
	report_equal(guest_read(vcpu(0), CONTROL + IIDR, 4) >> 16 & 15, 0, "revision 0");
	report_equal(guest_read(vcpu(0), REFRESH + IIDR, 4), guest_read(vcpu(0), CONTROL + IIDR, 4), "in both frames");
	machine_run_ms(1000);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "and ends nothing");
}

static void given_refreshes_in_time_then_it_goes_on(void)
{
	boot(0);
	set(100);
	for (uint32_t i = 0; i < 50; i++) {
		machine_run_ms(90);
		guest_write(vcpu(0), REFRESH, 4, 0x5a5a);
	}
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "alive");
	report_equal(status(), ENABLE, "no deadline has passed");
	guest_write(vcpu(0), CONTROL + WCS, 4, 0);
	machine_run_ms(1000);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "switched off it ends nothing");
}

static void given_one_deadline_passed_then_it_interrupts_and_a_refresh_saves_it(void)
{
	boot(0);
	guest_write(vcpu(0), UINT64_C(0x08000000), 4, 0x12);
	guest_write(vcpu(0), UINT64_C(0x08000084), 4, 1U << (IRQ % 32));
	guest_write(vcpu(0), UINT64_C(0x08000104), 4, 1U << (IRQ % 32));
	set(100);
	report(!guest_is_interrupted(vcpu(0)), "not yet");
	machine_run_ms(110);
	report_equal(status(), ENABLE | FIRST, "one deadline has passed");
	report(guest_is_interrupted(vcpu(0)), "it interrupts");
	report_equal(guest_acknowledge(vcpu(0)), IRQ, "as SPI 4");
	guest_write(vcpu(0), REFRESH, 4, 0);
	guest_end(vcpu(0), IRQ);
	report(!guest_is_interrupted(vcpu(0)), "a refresh takes the line down");
	machine_run_ms(90);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "and it goes on");
	report_equal(status(), ENABLE, "from the start");
}

static void given_a_guest_that_hangs_then_it_crashes_with_that_reason(void)
{
	uint64_t before;

	boot(0);
	set(100);
	machine_run_ms(190);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "two deadlines are 200 ms");
	before = bridge_status(1).cpu_time_ns;
	machine_run_ms(20);
	report_equal(bridge_status(0).state, VEIL_STATE_CRASHED, "crashed");
	report_equal(bridge_status(0).reason, VEIL_REASON_WATCHDOG, "by its watchdog");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "its neighbour is not");
	report(bridge_status(1).cpu_time_ns > before, "and runs");
}

static void given_a_guest_that_sleeps_for_ever_then_it_ends_too(void)
{
	boot(0);
	bridge_command(VEIL_OP_STOP, 1);
	set(1000);
	guest_wait(vcpu(0));
	machine_run_ms(1999);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "not before its time");
	machine_run_ms(10);
	report_equal(bridge_status(0).reason, VEIL_REASON_WATCHDOG, "an idle CPU looks after it");
}

static void given_a_pause_then_its_time_stands_still(void)
{
	boot(0);
	set(100);
	machine_run_ms(50);
	bridge_command(VEIL_OP_PAUSE, 0);
	machine_run_ms(5000);
	report_equal(bridge_status(0).state, VEIL_STATE_PAUSED, "a long pause is not held against it");
	bridge_command(VEIL_OP_RESUME, 0);
	machine_run_ms(100);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "nor when it goes on");
	machine_run_ms(100);
	report_equal(bridge_status(0).reason, VEIL_REASON_WATCHDOG, "then its time goes on");
}

static void given_restart_on_crash_then_it_restarts_and_finds_out_why(void)
{
	boot(VEIL_RESTART_ON_CRASH);
	set(50);
	machine_run_ms(130);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "restarted");
	report_equal(bridge_status(0).restarts, 1, "once");
	report_equal(bridge_status(0).reason, VEIL_REASON_WATCHDOG, "for that reason");
	report_equal(status(), SECOND, "off, and it says that it fired");
	guest_write(vcpu(0), CONTROL + WCS, 4, 0);
	report_equal(status(), 0, "until the guest takes note");
	bridge_command(VEIL_OP_RESTART, 0);
	machine_run_ms(50);
	report_equal(status(), 0, "a restart by command is none of its doing");
}

static void given_one_crash_after_another_then_restarts_are_limited_within_the_window(void)
{
	boot(VEIL_RESTART_ON_CRASH);
	for (uint32_t i = 0; i < 3; i++) {
		set(20);
		machine_run_ms(100);
	}
	report_equal(bridge_status(0).state, VEIL_STATE_CRASHED, "the third within ten seconds is one too many");
	report_equal(bridge_status(0).reason, VEIL_REASON_RESTART_LIMIT, "and says so");
	report_equal(bridge_status(0).restarts, 2, "two restarts");
	bridge_command(VEIL_OP_START, 0);
	machine_run_ms(50);
	for (uint32_t i = 0; i < 6; i++) { /* one each six seconds: never three within ten */
		set(20);
		machine_run_ms(6000);
		report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "those further apart are not held against it");
	}
	report_equal(bridge_status(0).restarts, 8, "all of them");
}

/* Whatever a guest writes, its own end is the worst, and its neighbour keeps its half of the CPU. */
static void given_any_values_then_only_the_guest_itself_ends(void)
{
	uint64_t random = test_seed();
	static const uint32_t places[] = {WCS, WOR, WCV, WCV + 4, WCS + 1, 0x4, 0xffc};

	boot(VEIL_RESTART_ON_CRASH);
	personas[0].crash_count = 0;
	for (uint32_t i = 0; i < 3000; i++) {
		uint64_t r = test_random(&random);
		uint64_t value = r % 3 ? r >> 20 : (machine.time - personas[0].time_offset) + r % 1000;
		bool is_write = r & 64;

		personas[0].crash_window = 0; /* restarts without limit */
		personas[0].crash_count = 0;
		guest_mmio(vcpu(0), (r & 128 ? REFRESH : CONTROL) + places[(r >> 8) % ARRAY_COUNT(places)], 1U << ((r >> 12) & 3), is_write,
			   &value);
		machine_run(machine.time + (r >> 44) % (4 * MACHINE_MS));
	}
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the neighbour runs");
	report_equal(bridge_status(1).restarts, 0, "and never stopped");
	report_equal(bridge_status(0).state == VEIL_STATE_RUNNING || bridge_status(0).state == VEIL_STATE_STARTING, true,
		     "it may start again");
	report_equal(bridge.garbage, 0, "only frames on the line");
}

static const struct test tests[] = {
	{"absent", given_no_watchdog_declared_then_nothing_is_there},
	{"off", given_a_fresh_start_then_it_is_off},
	{"refreshed", given_refreshes_in_time_then_it_goes_on},
	{"first", given_one_deadline_passed_then_it_interrupts_and_a_refresh_saves_it},
	{"hangs", given_a_guest_that_hangs_then_it_crashes_with_that_reason},
	{"sleeps", given_a_guest_that_sleeps_for_ever_then_it_ends_too},
	{"paused", given_a_pause_then_its_time_stands_still},
	{"restart", given_restart_on_crash_then_it_restarts_and_finds_out_why},
	{"limit", given_one_crash_after_another_then_restarts_are_limited_within_the_window},
	{"values", given_any_values_then_only_the_guest_itself_ends},
};

TEST_MAIN(tests)
