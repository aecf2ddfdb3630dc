/* SPDX-License-Identifier: Apache-2.0 */
/* The mux: frames, credits both ways, and what happens when the line or the bridge misbehaves. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "core/mux.h"
#include "image.h"
#include "test.h"

#define INPUT_ROOM 512
#define OUTPUT_ROOM 8192

static void boot(void)
{
	image_boot_default(2, 1);
	machine_run_ms(20);
}

static void type(uint8_t persona, const char *text, size_t size)
{
	while (size) {
		size_t part = size < VEIL_MUX_MAX_PAYLOAD ? size : VEIL_MUX_MAX_PAYLOAD;

		bridge_send((uint8_t)(persona + 1), text, part);
		text += part;
		size -= part;
	}
	machine_run(machine.time);
}

static void print(uint32_t persona, const char *text)
{
	while (*text)
		mux_console_put(persona, (uint8_t)*text++);
}

static void settle(void)
{
	machine_run_ms(20);
	bridge_read();
}

static void given_a_boot_then_a_hello_comes_unasked(void)
{
	boot();
	bridge_read();
	report_equal(bridge.hellos, 1, "one hello");
	report_equal(bridge.hello.op, VEIL_LINK_HELLO, "it is one");
	report_equal(bridge.hello.abi_version, VEIL_ABI_VERSION, "its version");
	report_equal(bridge.hello.personas, 2, "two personas");
	report_equal(bridge.hello.reply, 0, "not an answer");
	report_equal(bridge.message_count, 0, "and nothing more without credit");
}

static void given_a_hello_then_it_is_answered_with_credit(void)
{
	uint64_t epoch;

	boot();
	bridge_read();
	epoch = bridge.hello.boot_epoch;
	bridge_hello();
	settle();
	report_equal(bridge.hellos, 2, "answered");
	report_equal(bridge.hello.reply, 1, "marked as an answer");
	report_equal(bridge.hello.boot_epoch, epoch, "the same boot");
	report(bridge.granted_to_us[0] > 1000, "control requests may come");
	report_equal(bridge.granted_to_us[1], INPUT_ROOM, "so may input");
	report_equal(bridge.granted_to_us[2], INPUT_ROOM, "for both");
}

static void given_an_answer_to_a_hello_then_it_is_not_answered(void)
{
	struct veil_link_hello hello = {.op = VEIL_LINK_HELLO, .abi_version = VEIL_ABI_VERSION, .reply = 1};

	boot();
	bridge_send(VEIL_MUX_LINK, &hello, sizeof(hello));
	settle();
	report_equal(bridge.hellos, 1, "the one of the boot only");
	report_equal(bridge.granted_to_us[1], INPUT_ROOM, "but credit is given");
}

static void given_output_and_credit_then_it_arrives_in_order(void)
{
	boot();
	bridge_connect();
	print(0, "one\ntwo");
	print(1, "other\n");
	settle();
	report(bridge_text_is(0, "one\ntwo"), "a line, and the start of another a little later");
	report(bridge_text_is(1, "other\n"), "each on its own channel");
	report_equal(bridge.overdrafts, 0, "within credit");
	report_equal(bridge.garbage, 0, "well framed");
}

static void given_little_credit_then_never_more_is_sent(void)
{
	boot();
	bridge_hello();
	machine_run_ms(5);
	for (uint32_t i = 0; i < 300; i++)
		print(0, "0123456789");
	settle();
	report_equal(bridge.text_size[0], 0, "nothing without credit");
	for (uint32_t granted = 1; granted < 3000; granted += granted < 200 ? 1 : 97) {
		bridge_grant(1, granted);
		machine_run_ms(granted < 200 ? 3 : 20);
		bridge_read();
		if (bridge.text_size[0] != granted)
			break;
	}
	report(bridge.text_size[0] > 2900, "exactly what was granted, each time");
	report_equal(bridge.overdrafts, 0, "never more");
}

static void given_a_grant_that_goes_back_then_nothing_more_is_sent(void)
{
	boot();
	bridge_connect();
	print(0, "some text\n");
	settle();
	bridge_grant(1, 3);
	machine_run_ms(1);
	print(0, "more\n");
	settle();
	report(bridge_text_is(0, "some text\n"), "a stale grant is no credit");
	bridge_grant(1, 1000);
	settle();
	report(bridge_text_is(0, "some text\nmore\n"), "until there is some again");
}

static void given_no_credit_then_overflow_is_dropped_and_counted(void)
{
	uint64_t before;

	boot();
	bridge_hello();
	machine_run_ms(5);
	before = mux_dropped();
	for (uint32_t i = 0; i < OUTPUT_ROOM + 1000; i++)
		mux_console_put(0, (uint8_t)('a' + i % 26));
	report_equal(mux_dropped() - before, 1000, "counted");
	bridge_grant(1, 100000);
	for (uint32_t i = 0; i < 200; i++)
		machine_run_ms(3);
	bridge_read();
	report_equal(bridge.text_size[0], OUTPUT_ROOM, "the oldest is kept");
	report(bridge.text[0][0] == 'a' && bridge.text[0][OUTPUT_ROOM - 1] == 'a' + (OUTPUT_ROOM - 1) % 26, "in order");
}

static void given_a_flood_on_one_console_then_the_others_get_through(void)
{
	const struct bridge_message *answer;

	boot();
	bridge_connect();
	for (uint32_t i = 0; i < 100000; i++)
		mux_console_put(0, 'x');
	print(1, "me too\n");
	answer = bridge_ask(VEIL_OP_STATUS_SYSTEM, 0, 0);
	settle();
	report(bridge_text_is(1, "me too\n"), "the other console");
	report(answer && answer->response.result == VEIL_RESULT_OK, "control");
	report(bridge.largest_text <= 96, "in small frames");
}

static void given_input_then_the_guest_reads_it_in_order(void)
{
	uint8_t byte;
	char read[16];
	size_t size = 0;

	boot();
	bridge_connect();
	type(1, "hello", 5);
	report(!mux_console_has_input(0), "not the other persona's");
	report(mux_console_has_input(1), "there is input");
	while (mux_console_get(1, &byte) && size < sizeof(read))
		read[size++] = (char)byte;
	report(size == 5 && memcmp(read, "hello", 5) == 0, "the same bytes");
}

static void given_more_input_than_granted_then_the_rest_is_dropped_and_counted(void)
{
	static const char text[INPUT_ROOM + 100];
	uint64_t before;
	uint8_t byte;
	uint32_t size = 0;

	boot();
	bridge_connect();
	before = mux_dropped();
	type(0, text, sizeof(text));
	report_equal(mux_dropped() - before, 100, "counted");
	while (mux_console_get(0, &byte))
		size++;
	report_equal(size, INPUT_ROOM, "what was granted arrives");
}

static void given_a_guest_that_reads_then_credit_comes_back_without_end(void)
{
	uint32_t sent = 0;
	uint8_t byte;
	bool same = true;
	uint64_t before;

	boot();
	bridge_connect();
	before = mux_dropped();
	for (uint32_t i = 0; i < 200; i++) {
		uint8_t text[64];
		uint32_t room = bridge.granted_to_us[1] - sent;
		uint32_t size = room < sizeof(text) ? room : (uint32_t)sizeof(text);

		for (uint32_t j = 0; j < size; j++)
			text[j] = (uint8_t)(sent + j);
		if (size)
			bridge_send(1, text, size);
		machine_run(machine.time);
		for (uint32_t j = 0; j < size; j++)
			same = same && mux_console_get(0, &byte) && byte == (uint8_t)(sent + j);
		sent += size;
		bridge_read();
	}
	report(sent > 12000, "input goes on");
	report(same, "byte for byte");
	report_equal(mux_dropped(), before, "nothing is lost");
}

static void given_a_new_bridge_then_both_count_from_zero(void)
{
	boot();
	bridge_connect();
	print(0, "first\n");
	settle();
	bridge_connect();
	report_equal(bridge.hello.reply, 1, "answered");
	print(0, "second\n");
	settle();
	report(bridge_text_is(0, "first\nsecond\n"), "output goes on");
	report_equal(bridge.overdrafts, 0, "within the new credit");
	report_equal(bridge.granted_to_us[1], INPUT_ROOM, "and so may input");
}

static void given_no_bridge_then_output_waits_for_one(void)
{
	boot();
	print(0, "early\n");
	settle();
	bridge_connect();
	settle();
	report(bridge_text_is(0, "early\n"), "it is not lost");
}

/* ---- Garbage ---- */

/* Garbage of every length before a request: Veil finds the request in the end, at the latest when more bytes come. */
static void given_garbage_before_a_frame_then_it_resynchronizes(void)
{
	uint64_t random = test_seed();
	uint32_t lost = 0;

	boot();
	bridge_connect();
	for (uint32_t length = 0; length < 300; length++) {
		uint8_t garbage[300];
		uint32_t answers = 0;

		for (uint32_t i = 0; i < length; i++)
			garbage[i] = test_random(&random) % 4 ? (uint8_t)test_random(&random) : i % 2 ? VEIL_MUX_SYNC1 : VEIL_MUX_SYNC0;
		machine_receive(garbage, length);
		for (uint32_t i = 0; i < 40 && !answers; i++)
			answers += bridge_ask(VEIL_OP_STATUS_SYSTEM, 0, 0) != NULL;
		lost += !answers;
	}
	report_equal(lost, 0, "an answer after garbage of every length");
}

/* A valid frame inside a broken one: dropping only the sync bytes finds it. */
static void given_a_frame_cut_anywhere_then_the_next_ones_are_found(void)
{
	struct veil_request request = {.op = VEIL_OP_STATUS_PERSONA, .persona = 0, .id = 7};
	uint8_t frame[300];
	size_t size = bridge_frame(frame, VEIL_MUX_CONTROL, &request, sizeof(request));

	boot();
	bridge_connect();
	for (size_t cut = 1; cut < size; cut++) {
		bool answered = false;

		machine_receive(frame, cut);
		for (uint32_t i = 0; i < 30 && !answered; i++)
			answered = bridge_ask(VEIL_OP_STATUS_SYSTEM, 0, 0) != NULL;
		report(answered, "answered after a cut frame");
	}
}

static void given_a_flipped_bit_then_the_frame_is_garbage(void)
{
	struct veil_request request = {.op = VEIL_OP_STOP, .persona = 0, .id = 7};
	uint8_t frame[300];
	size_t size = bridge_frame(frame, VEIL_MUX_CONTROL, &request, sizeof(request));

	boot();
	bridge_connect();
	for (size_t bit = 16; bit < size * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		machine_receive(frame, size);
		machine_run(machine.time);
		frame[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	for (uint32_t i = 0; i < 40; i++)
		bridge_ask(VEIL_OP_STATUS_SYSTEM, 0, 0);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "no damaged command was obeyed");
	report(bridge_status_system().mux_garbage > 50, "they are counted");
}

static void given_frames_of_the_extreme_sizes_then_they_are_taken(void)
{
	static const char text[VEIL_MUX_MAX_PAYLOAD];
	uint8_t byte;
	uint32_t size = 0;

	boot();
	bridge_connect();
	type(0, text, VEIL_MUX_MAX_PAYLOAD);
	type(0, text, 1);
	while (mux_console_get(0, &byte))
		size++;
	report_equal(size, VEIL_MUX_MAX_PAYLOAD + 1, "one of 256 bytes and one of 1");
}

static void given_random_bytes_then_veil_stands(void)
{
	uint64_t random = test_seed();
	bool answered = false;

	boot();
	bridge_connect();
	for (uint32_t i = 0; i < 3000; i++) {
		uint8_t payload[VEIL_MUX_MAX_PAYLOAD];
		uint64_t r = test_random(&random);
		uint8_t channel = r % 3 ? (uint8_t)(r >> 8) % 4 : (uint8_t)(r >> 8);
		size_t size = (r >> 16) % 40 + 1;

		for (size_t j = 0; j < size; j++)
			payload[j] = (uint8_t)test_random(&random);
		if (channel == 0)
			payload[0] = payload[0] % 11; /* but no power-off */
		if (r >> 40 & 1)
			channel = VEIL_MUX_LINK;
		if (channel == VEIL_MUX_LINK)
			payload[0] = (uint8_t)(1 + payload[0] % 3);
		if (r >> 41 & 1)
			machine_receive(payload, size);
		else
			bridge_send(channel, payload, channel == VEIL_MUX_LINK ? (payload[0] == 1 ? 16 : 8) : size);
		print((r >> 48) % 2, "output\n");
		if (i % 7 == 0)
			machine_run_ms(1);
		if (i % 50 == 0)
			bridge_read();
		if (machine.output_size > MACHINE_SERIAL_BYTES / 2)
			machine.output_size = bridge.read = 0;
	}
	machine_run_ms(50);
	bridge_connect();
	for (uint32_t i = 0; i < 40 && !answered; i++) {
		bridge_connect();
		answered = bridge_ask(VEIL_OP_STATUS_SYSTEM, 0, 0) != NULL;
	}
	report(answered, "and answers");
}

static const struct test tests[] = {
	{"boot-hello", given_a_boot_then_a_hello_comes_unasked},
	{"hello", given_a_hello_then_it_is_answered_with_credit},
	{"hello-reply", given_an_answer_to_a_hello_then_it_is_not_answered},
	{"output", given_output_and_credit_then_it_arrives_in_order},
	{"credit", given_little_credit_then_never_more_is_sent},
	{"credit-back", given_a_grant_that_goes_back_then_nothing_more_is_sent},
	{"overflow", given_no_credit_then_overflow_is_dropped_and_counted},
	{"flood", given_a_flood_on_one_console_then_the_others_get_through},
	{"input", given_input_then_the_guest_reads_it_in_order},
	{"input-overflow", given_more_input_than_granted_then_the_rest_is_dropped_and_counted},
	{"input-credit", given_a_guest_that_reads_then_credit_comes_back_without_end},
	{"reconnect", given_a_new_bridge_then_both_count_from_zero},
	{"no-bridge", given_no_bridge_then_output_waits_for_one},
	{"garbage", given_garbage_before_a_frame_then_it_resynchronizes},
	{"cut", given_a_frame_cut_anywhere_then_the_next_ones_are_found},
	{"flipped", given_a_flipped_bit_then_the_frame_is_garbage},
	{"sizes", given_frames_of_the_extreme_sizes_then_they_are_taken},
	{"random", given_random_bytes_then_veil_stands},
};

TEST_MAIN(tests)
