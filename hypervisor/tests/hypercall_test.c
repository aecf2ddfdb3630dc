/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls: PSCI (Arm DEN0022), the calling convention (DEN0028) and Veil's own. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "image.h"
#include "test.h"

#define NOT_SUPPORTED UINT64_MAX
#define INVALID_PARAMETERS (UINT64_MAX - 1)
#define ALREADY_ON (UINT64_MAX - 3)
#define INVALID_ADDRESS (UINT64_MAX - 8)
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004

static struct image image;

static struct vcpu *vcpu(uint32_t index)
{
	return personas[0].vcpus[index];
}

static void boot(uint32_t vcpus)
{
	machine_init();
	image_declare(&image, 2, 2);
	image.personas[0].cpu_count = vcpus;
	image.personas[0].cpu_cap_percent = 100 * vcpus;
	image.personas[1].flags = 0;
	image_layout(&image);
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
}

static uint64_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	return guest_call(vcpu(0), function, a, b, c);
}

static void given_questions_then_they_are_answered(void)
{
	static const uint32_t known[] = {0x80000000, 0x84000000, 0x84000001, 0x84000002, 0x84000003, 0x84000004, 0x84000006, 0x84000008,
					 0x84000009, 0x8400000a, 0xc4000001, 0xc4000003, 0xc4000004, 0x84000012, 0xc4000012};

	boot(2);
	report(call(0x84000000, 0, 0, 0) >= 0x10000, "PSCI_VERSION");
	report_equal(call(0x80000000, 0, 0, 0), 0x10001, "SMCCC_VERSION");
	report_equal(call(0x84000006, 0, 0, 0), 2, "MIGRATE_INFO_TYPE: no trusted OS");
	for (size_t i = 0; i < ARRAY_COUNT(known); i++)
		report_equal(call(0x8400000a, known[i], 0, 0), 0, "PSCI_FEATURES of a call there is");
	report_equal(call(0x8400000a, 0x84000013, 0, 0), NOT_SUPPORTED, "PSCI_FEATURES of one there is not");
}

/* DEN0028, 5.3: the UUID's bytes, the first in the lowest byte of w0. */
static void given_call_uid_then_it_is_veils_uuid(void)
{
	static const uint8_t uuid[16] = {0x4d, 0x9f, 0x3f, 0x62, 0x6c, 0x1b, 0x4b, 0xb0, 0x8a, 0x3e, 0x76, 0x65, 0x69, 0x6c, 0x00, 0x01};

	boot(1);
	call(VEIL_HVC_CALL_UID, 0, 0, 0);
	for (uint32_t i = 0; i < 16; i++)
		report_equal(vcpu(0)->arch.x[i / 4] >> (8 * (i % 4)) & 0xff, uuid[i], "a byte of it");
}

static void given_cpu_on_then_only_sound_requests_are_obeyed(void)
{
	boot(3);
	report_equal(call(CPU_ON, 3, IMAGE_ENTRY, 0), INVALID_PARAMETERS, "a CPU that does not exist");
	report_equal(call(CPU_ON, 256, IMAGE_ENTRY, 0), INVALID_PARAMETERS, "nor with affinity 1");
	report_equal(call(CPU_ON, UINT64_MAX, IMAGE_ENTRY, 0), INVALID_PARAMETERS, "nor any number");
	report_equal(call(CPU_ON, 0, IMAGE_ENTRY, 0), ALREADY_ON, "itself");
	report_equal(call(CPU_ON, 1, IMAGE_RAM_BASE - 4, 0), INVALID_ADDRESS, "below its RAM");
	report_equal(call(CPU_ON, 1, IMAGE_RAM_BASE + IMAGE_PERSONA_RAM, 0), INVALID_ADDRESS, "above its RAM");
	report_equal(call(CPU_ON, 1, IMAGE_ENTRY + 2, 0), INVALID_ADDRESS, "not an instruction's address");
	report_equal(call(CPU_ON, 1, UINT64_MAX & ~UINT64_C(3), 0), INVALID_ADDRESS, "the end of all addresses");
	report_equal(call(CPU_ON, 1, 0x09000000, 0), INVALID_ADDRESS, "a device");
	report_equal(call(AFFINITY_INFO, 1, 0, 0), 1, "still off");
	report_equal(call(CPU_ON, 1, IMAGE_ENTRY + 8, 123), 0, "a sound one");
	machine_run_ms(5);
	report(vcpu(1)->powered, "is on");
	report_equal(call(CPU_ON, 1, IMAGE_ENTRY, 0), ALREADY_ON, "once");
	report_equal(call(0x84000003, UINT64_C(0xffffffff00000002), UINT64_C(0xffffffff00000000) | IMAGE_ENTRY, 0), 0,
		     "32-bit: upper halves are ignored");
	report_equal(call(AFFINITY_INFO, 2, 0, 0), 0, "on");
	report_equal(call(AFFINITY_INFO, 3, 0, 0), INVALID_PARAMETERS, "AFFINITY_INFO of nobody");
	report_equal(call(AFFINITY_INFO, 0, 1, 0), INVALID_PARAMETERS, "of a whole cluster");
	report_equal(personas[1].state, VEIL_STATE_STOPPED, "the other persona's are out of reach");
}

static void given_suspend_then_it_waits_for_an_interrupt(void)
{
	boot(1);
	report_equal(call(0xc4000001, 0x10000, IMAGE_ENTRY, 0), 0, "CPU_SUSPEND");
	machine_run_ms(1);
	report(!guest_is_in(vcpu(0)), "asleep");
}

static void given_the_last_cpu_off_then_the_persona_is_quiet(void)
{
	boot(1);
	call(0x84000002, 0, 0, 0);
	machine_run_ms(5);
	report(!guest_is_in(vcpu(0)), "nothing runs");
	report_equal(bridge_command(VEIL_OP_RESTART, 0), VEIL_RESULT_OK, "restart");
	machine_run_ms(50);
	report(guest_is_in(vcpu(0)), "runs again");
}

static void given_ready_then_the_status_and_an_event_say_so(void)
{
	uint32_t before;

	boot(1);
	report_equal(bridge_status(0).ready, 0, "not yet");
	before = bridge.message_count;
	report_equal(call(VEIL_HVC_READY, 0, 0, 0), 0, "said");
	bridge_read();
	report_equal(bridge.message_count, before + 1, "one event");
	call(VEIL_HVC_READY, 0, 0, 0);
	bridge_read();
	report_equal(bridge.message_count, before + 1, "once");
	report_equal(bridge_status(0).ready, 1, "ready");
}

static void given_a_warm_reset_then_it_is_a_crash(void)
{
	boot(1);
	report_equal(call(0xc4000012, 0x80000000, 0, 0), -2, "a vendor's type is refused");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "and ends nothing");
	call(0xc4000012, 0, 0, 0);
	machine_run_ms(10);
	report_equal(bridge_status(0).state, VEIL_STATE_CRASHED, "crashed");
	report_equal(bridge_status(0).reason, VEIL_REASON_GUEST_CRASHED, "and why");
}

static void given_any_call_then_nothing_but_the_guest_itself_is_affected(void)
{
	static const uint32_t bases[] = {0, 0x80000000, 0x84000000, 0xc4000000, 0x86000000, 0xc6000000, 0x8600ff00, 0xffffff00};
	uint64_t random = test_seed();

	boot(3);
	for (uint32_t i = 0; i < 100000; i++) {
		uint64_t r = test_random(&random);
		struct vcpu *v = vcpu((uint32_t)(r >> 40) % 3);

		if (personas[0].state != VEIL_STATE_RUNNING && i % 16 == 0) {
			persona_start(&personas[0]);
			machine_run_ms(10);
		}
		if (guest_is_in(v))
			guest_call(v, r % 5 ? bases[(r >> 8) % ARRAY_COUNT(bases)] + (r >> 16) % 20 : r, (r >> 24) % 5,
				   IMAGE_ENTRY + (r >> 50) % 0x200000, test_random(&random));
		if (i % 8 == 0)
			machine_run(machine.time + MACHINE_MS / 4);
		if (machine.output_size > MACHINE_SERIAL_BYTES / 2)
			machine.output_size = bridge.read = 0;
	}
	report_equal(personas[1].state, VEIL_STATE_STOPPED, "the other persona is as it was");
	report_equal(personas[1].touched, 0, "untouched");
	persona_stop(&personas[0]);
	machine_run_ms(100);
	report_equal(personas[0].state, VEIL_STATE_STOPPED, "and this one can be stopped");
}

static const struct test tests[] = {
	{"questions", given_questions_then_they_are_answered},	   {"uid", given_call_uid_then_it_is_veils_uuid},
	{"on", given_cpu_on_then_only_sound_requests_are_obeyed},  {"suspend", given_suspend_then_it_waits_for_an_interrupt},
	{"off", given_the_last_cpu_off_then_the_persona_is_quiet}, {"ready", given_ready_then_the_status_and_an_event_say_so},
	{"warm-reset", given_a_warm_reset_then_it_is_a_crash},	   {"random", given_any_call_then_nothing_but_the_guest_itself_is_affected},
};

TEST_MAIN(tests)
