/* SPDX-License-Identifier: Apache-2.0 */
/* The control protocol: each request, each wrong one. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "core/log.h"
#include "image.h"
#include "test.h"

static void boot(void)
{
	image_boot_default(2, 1);
	machine_run_ms(20);
	bridge_connect();
}

static void given_status_requests_then_they_tell_the_truth(void)
{
	struct veil_status_persona persona;
	struct veil_status_system system;

	boot();
	machine_run_ms(980);
	persona = bridge_status(0);
	system = bridge_status_system();
	report(memcmp(persona.name, "persona-0", 10) == 0, "its name");
	report_equal(persona.foreground, 1, "in front");
	report_equal(persona.cpu_count, 1, "one virtual CPU");
	report_equal(persona.memory_total, IMAGE_PERSONA_RAM, "its memory");
	report(persona.cpu_time_ns > 450000000 && persona.cpu_time_ns < 550000000, "half a second of CPU time");
	report_equal(bridge_status(1).foreground, 0, "the other is not in front");
	report_equal(system.boot_epoch, bridge.hello.boot_epoch, "the epoch of the hello");
	report(system.uptime_ns >= 1000000000, "uptime");
	report_equal(system.cpus, 1, "one CPU");
	report_equal(system.personas, 2, "two personas");
	report_equal(system.foreground, 0, "the first in front");
	report(system.memory_veil >= IMAGE_VEIL_SIZE && system.memory_veil < 1 << 20, "memory of Veil");
	report_equal(system.memory_payloads, 7 * VEIL_PAGE_SIZE, "memory of payloads, in whole pages");
	report_equal(system.log_next, log_next(), "where the log stands");
}

static void given_each_request_in_each_state_then_the_answer_fits(void)
{
	static const uint8_t states[] = {VEIL_STATE_STOPPED, VEIL_STATE_RUNNING, VEIL_STATE_PAUSED, VEIL_STATE_CRASHED, VEIL_STATE_OFF};
	static const struct {
		uint8_t op;
		uint8_t after[ARRAY_COUNT(states)]; /* the state that follows; 255: WRONG_STATE and no change */
	} table[] = {
		{VEIL_OP_START, {VEIL_STATE_RUNNING, VEIL_STATE_RUNNING, VEIL_STATE_PAUSED, VEIL_STATE_RUNNING, VEIL_STATE_RUNNING}},
		{VEIL_OP_STOP, {VEIL_STATE_STOPPED, VEIL_STATE_STOPPED, VEIL_STATE_STOPPED, VEIL_STATE_STOPPED, VEIL_STATE_STOPPED}},
		{VEIL_OP_PAUSE, {255, VEIL_STATE_PAUSED, VEIL_STATE_PAUSED, 255, 255}},
		{VEIL_OP_RESUME, {255, VEIL_STATE_RUNNING, VEIL_STATE_RUNNING, 255, 255}},
		{VEIL_OP_RESTART, {VEIL_STATE_RUNNING, VEIL_STATE_RUNNING, VEIL_STATE_RUNNING, VEIL_STATE_RUNNING, VEIL_STATE_RUNNING}},
		{VEIL_OP_SWITCH, {VEIL_STATE_STOPPED, VEIL_STATE_RUNNING, VEIL_STATE_PAUSED, VEIL_STATE_CRASHED, VEIL_STATE_OFF}},
	};

	boot();
	for (size_t t = 0; t < ARRAY_COUNT(table); t++)
		for (size_t s = 0; s < ARRAY_COUNT(states); s++) {
			bool refused = table[t].after[s] == 255;

			bridge_command(VEIL_OP_RESTART, 0);
			for (uint32_t i = 0; i < 50 && !guest_is_in(personas[0].vcpus[0]); i++)
				machine_run_ms(1);
			switch (states[s]) {
			case VEIL_STATE_STOPPED:
				bridge_command(VEIL_OP_STOP, 0);
				break;
			case VEIL_STATE_PAUSED:
				bridge_command(VEIL_OP_PAUSE, 0);
				break;
			case VEIL_STATE_CRASHED:
				guest_call(personas[0].vcpus[0], VEIL_HVC_CRASHED, 0, 0, 0);
				break;
			case VEIL_STATE_OFF:
				guest_call(personas[0].vcpus[0], 0x84000008, 0, 0, 0);
				break;
			default:
				break;
			}
			machine_run_ms(50);
			report_equal(bridge_status(0).state, states[s], "given the state");
			report_equal(bridge_command(table[t].op, 0), refused ? VEIL_RESULT_WRONG_STATE : VEIL_RESULT_OK, "the answer");
			machine_run_ms(50);
			report_equal(bridge_status(0).state, refused ? states[s] : table[t].after[s], "and the state after it");
			report_equal(bridge_command(table[t].op, 0), refused ? VEIL_RESULT_WRONG_STATE : VEIL_RESULT_OK, "and once more");
			machine_run_ms(50);
			report_equal(bridge_status(0).state, refused ? states[s] : table[t].after[s], "is the same");
		}
}

static void given_wrong_requests_then_they_are_refused(void)
{
	static const uint8_t unknown[] = {0, 12, 22, 63, 64, 65, 255};
	uint8_t bytes[VEIL_MUX_MAX_PAYLOAD] = {VEIL_OP_STOP, 0, 77, 0};

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(unknown); i++)
		report_equal(bridge_command(unknown[i], 0), VEIL_RESULT_UNKNOWN_OP, "an unknown op");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_UNKNOWN_OP, "without keys nothing is accepted");
	for (uint8_t op = VEIL_OP_STATUS_PERSONA; op <= VEIL_OP_SWITCH; op++) {
		report_equal(bridge_command(op, 2), VEIL_RESULT_NO_SUCH_PERSONA, "a persona too many");
		report_equal(bridge_command(op, 254), VEIL_RESULT_NO_SUCH_PERSONA, "far too many");
	}
	report_equal(bridge_command(VEIL_OP_STATISTICS, 255), VEIL_RESULT_NO_SUCH_PERSONA, "no persona at all");
	for (size_t size = 1; size <= sizeof(bytes); size++) {
		uint32_t before = bridge.message_count;

		if (size == sizeof(struct veil_request))
			continue;
		bridge_send(VEIL_MUX_CONTROL, bytes, size);
		machine_run(machine.time);
		bridge_read();
		report(bridge.message_count == before + 1 && bridge.messages[before].response.result == VEIL_RESULT_BAD_LENGTH,
		       "a request of a wrong length");
	}
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "nothing of it was obeyed");
}

static void given_the_log_then_every_record_can_be_read(void)
{
	const struct bridge_message *answer;
	struct veil_log_header header;
	uint32_t from = 0, records = 0;

	boot();
	for (uint32_t i = 0; i < 5; i++)
		log_number(1, "number", i);
	while ((answer = bridge_ask(VEIL_OP_LOG, 0, from)) && answer->response.result == VEIL_RESULT_OK) {
		memcpy(&header, answer->data, sizeof(header));
		report(header.sequence >= from, "not before what was asked");
		from = header.sequence + 1;
		records++;
	}
	report_equal(records, log_next(), "all of them");
	report(answer && answer->response.result == VEIL_RESULT_NO_DATA, "then no more");
	report_equal(header.persona, 1, "whose it was");
}

static void given_statistics_then_they_count(void)
{
	const struct bridge_message *answer;
	struct veil_statistics statistics;

	boot();
	while (!guest_is_in(personas[1].vcpus[0]))
		machine_run_ms(1);
	guest_call(personas[1].vcpus[0], 0xdeadbeef, 0, 0, 0);
	guest_memory(personas[1].vcpus[0], IMAGE_RAM_BASE + 0x100000);
	answer = bridge_ask(VEIL_OP_STATISTICS, 1, 0);
	report(answer && answer->size == sizeof(struct veil_response) + sizeof(statistics), "answered");
	if (!answer)
		return;
	memcpy(&statistics, answer->data, sizeof(statistics));
	report_equal(statistics.hypercalls, 1, "hypercalls");
	report_equal(statistics.refused_calls, 1, "refused ones");
	report(statistics.populated >= 1, "pages built");
	report(statistics.exits >= 2, "exits");
}

static void given_a_state_change_then_an_event_tells(void)
{
	boot();
	bridge_command(VEIL_OP_PAUSE, 1);
	machine_run_ms(5);
	bridge_read();
	report_equal(bridge_last_event(1), VEIL_STATE_PAUSED, "paused");
	bridge_command(VEIL_OP_RESTART, 1);
	machine_run_ms(50);
	bridge_read();
	report_equal(bridge_last_event(1), VEIL_STATE_RUNNING, "runs");
	report_equal(bridge_last_event(0), 255, "nothing about the other");
}

static void given_a_power_off_then_the_handset_is_off(void)
{
	struct veil_request request = {.op = VEIL_OP_POWER_OFF, .persona = VEIL_NO_PERSONA, .id = 3};

	boot();
	report_equal(machine.run, MACHINE_RUN_BEGUN, "it runs");
	bridge_send(VEIL_MUX_CONTROL, &request, sizeof(request));
	report(!machine_run_ms(10), "off");
	report_equal(machine.run, MACHINE_RUN_OFF, "which is remembered");
	bridge_read();
	report(bridge.message_count && bridge.messages[bridge.message_count - 1].response.id == 3, "after an answer");
}

static void given_random_requests_then_each_is_answered(void)
{
	uint64_t random = test_seed();

	boot();
	for (uint32_t i = 0; i < 5000; i++) {
		uint64_t r = test_random(&random);
		uint8_t op = (uint8_t)(r % 16);

		if (op == VEIL_OP_POWER_OFF)
			continue;
		if (!bridge_ask(op, (uint8_t)(r >> 8) % 4, (uint32_t)(r >> 32))) {
			report(false, "a request without an answer");
			return;
		}
		if (i % 3 == 0)
			machine_run_ms(1);
		if (machine.output_size > MACHINE_SERIAL_BYTES / 2)
			machine.output_size = bridge.read = 0;
		if (i % 1000 == 0) {
			bridge.message_count = 0;
			bridge_connect();
		}
	}
	report(true, "all answered");
	report_equal(bridge.garbage, 0, "well framed");
	report_equal(bridge.overdrafts, 0, "within credit");
}

static const struct test tests[] = {
	{"status", given_status_requests_then_they_tell_the_truth}, {"states", given_each_request_in_each_state_then_the_answer_fits},
	{"wrong", given_wrong_requests_then_they_are_refused},	    {"log", given_the_log_then_every_record_can_be_read},
	{"statistics", given_statistics_then_they_count},	    {"events", given_a_state_change_then_an_event_tells},
	{"power-off", given_a_power_off_then_the_handset_is_off},   {"random", given_random_requests_then_each_is_answered},
};

TEST_MAIN(tests)
