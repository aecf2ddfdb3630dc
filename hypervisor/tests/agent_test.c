/* SPDX-License-Identifier: Apache-2.0 */
/* The agent ports: the owner's stream both ways, frames, secrets, and drivers that break every rule. */
#include "bridge.h"
#include "core/control.h"
#include "core/lib.h"
#include "core/log.h"
#include "core/mux.h"
#include "core/policy.h"
#include "image.h"
#include "machine.h"
#include "test.h"

#define BASE 0x0a000600
#define IRQ_PENDING (BASE + 0x60)
#define QUEUES 6
#define QUEUE_SIZE 8
#define BUFFER_BYTES 1024
#define RINGS (IMAGE_RAM_BASE + 0x100000)
#define QUEUE_BYTES 0x4000
#define DESCRIPTORS(q) (RINGS + (q)*QUEUE_BYTES)
#define DRIVER(q) (DESCRIPTORS(q) + 0x400)
#define DEVICE(q) (DESCRIPTORS(q) + 0x800)
#define BUFFER(q, i) (DESCRIPTORS(q) + 0x1000 + (i)*BUFFER_BYTES)

enum {
	OWNER_IN = 0,
	OWNER_OUT = 1,
	CONTROL_IN = 2,
	CONTROL_OUT = 3,
	FRAMES_IN = 4,
	FRAMES_OUT = 5
};
enum {
	DEVICE_READY = 0,
	DEVICE_ADD = 1,
	PORT_READY = 3,
	PORT_OPEN = 6,
	PORT_NAME = 7
};

static struct image image;

/* From persona 0 to 1: a clipboard of 3000 bytes, twice a minute; and the owner to both. */
static void declare_channels(void)
{
	image.channels[0] =
		(struct veil_channel){.from = 0, .to = 1, .carries = VEIL_CARRIES_CLIPBOARD, .max_bytes = 3000, .per_minute = 2};
	for (uint8_t i = 0; i < 2; i++)
		image.channels[1 + i] = (struct veil_channel){.from = VEIL_NO_PERSONA, .to = i, .carries = VEIL_CARRIES_OWNER};
	image.policy.channels.count = 3;
}

static void boot(void)
{
	machine_init();
	image_declare(&image, 2, 1);
	image.personas[0].devices |= VEIL_DEVICE_AGENT;
	image.personas[1].devices |= VEIL_DEVICE_AGENT;
	declare_channels();
	image_boot(&image);
	bridge_connect();
	machine_run_ms(100);
	bridge_read();
}

static struct vcpu *inside(uint32_t persona)
{
	struct vcpu *v = personas[persona].vcpus[0];

	for (uint32_t i = 0; i < 100 && !guest_is_in(v); i++)
		machine_run_ms(1);
	return v;
}

static void put(struct vcpu *v, uint64_t address, const void *bytes, size_t size)
{
	memcpy(guest_memory(v, address), bytes, size);
}

static void put16(struct vcpu *v, uint64_t address, uint16_t value)
{
	put(v, address, &value, 2);
}

static uint16_t get16(struct vcpu *v, uint64_t address)
{
	uint16_t value;

	memcpy(&value, guest_memory(v, address), 2);
	return value;
}

static uint32_t get32(struct vcpu *v, uint64_t address)
{
	uint32_t value;

	memcpy(&value, guest_memory(v, address), 4);
	return value;
}

static void describe(struct vcpu *v, uint32_t queue, uint32_t i, uint64_t address, uint32_t size, uint16_t flags, uint16_t next)
{
	put(v, DESCRIPTORS(queue) + 16 * i, &address, 8);
	put(v, DESCRIPTORS(queue) + 16 * i + 8, &size, 4);
	put16(v, DESCRIPTORS(queue) + 16 * i + 12, flags);
	put16(v, DESCRIPTORS(queue) + 16 * i + 14, next);
}

/* Makes a descriptor available and says so. */
static void offer(struct vcpu *v, uint32_t queue, uint16_t head)
{
	uint16_t index = get16(v, DRIVER(queue) + 2);

	put16(v, DRIVER(queue) + 4 + 2 * (index % QUEUE_SIZE), head);
	put16(v, DRIVER(queue) + 2, (uint16_t)(index + 1));
	guest_write(v, BASE + 0x50, 4, queue);
}

static void queue_start(struct vcpu *v, uint32_t queue)
{
	guest_write(v, BASE + 0x30, 4, queue);
	guest_write(v, BASE + 0x38, 4, QUEUE_SIZE);
	memset(guest_memory(v, DESCRIPTORS(queue)), 0, 0x1000);
	guest_write(v, BASE + 0x80, 4, DESCRIPTORS(queue));
	guest_write(v, BASE + 0x90, 4, DRIVER(queue));
	guest_write(v, BASE + 0xa0, 4, DEVICE(queue));
	guest_write(v, BASE + 0x44, 4, 1);
}

static void driver_start(struct vcpu *v, uint32_t features)
{
	guest_write(v, BASE + 0x70, 4, 0);
	guest_write(v, BASE + 0x70, 4, 3);
	guest_write(v, BASE + 0x24, 4, 0);
	guest_write(v, BASE + 0x20, 4, features);
	guest_write(v, BASE + 0x24, 4, 1);
	guest_write(v, BASE + 0x20, 4, 1);
	guest_write(v, BASE + 0x70, 4, 11);
	for (uint32_t queue = 0; queue < QUEUES; queue++)
		queue_start(v, queue);
	guest_write(v, BASE + 0x70, 4, 15);
	for (uint32_t queue = 0; queue < QUEUES; queue += 2)
		for (uint16_t i = 0; i < QUEUE_SIZE; i++) {
			describe(v, queue, i, BUFFER(queue, i), BUFFER_BYTES, 2, 0);
			offer(v, queue, i);
		}
}

static void control(struct vcpu *v, uint32_t port, uint16_t event, uint16_t value)
{
	const struct {
		uint32_t port;
		uint16_t event, value;
	} message = {port, event, value};

	put(v, BUFFER(CONTROL_OUT, 0), &message, sizeof(message));
	describe(v, CONTROL_OUT, 0, BUFFER(CONTROL_OUT, 0), sizeof(message), 0, 0);
	offer(v, CONTROL_OUT, 0);
}

/* As Linux does it: ready, both ports ready and open. */
static void agent_start(struct vcpu *v)
{
	driver_start(v, 2);
	control(v, 0, DEVICE_READY, 1);
	for (uint32_t port = 0; port < 2; port++) {
		control(v, port, PORT_READY, 1);
		control(v, port, PORT_OPEN, 1);
	}
}

static void send(struct vcpu *v, uint32_t queue, const void *bytes, uint32_t size)
{
	put(v, BUFFER(queue, 0), bytes, size);
	describe(v, queue, 0, BUFFER(queue, 0), size, 0, 0);
	offer(v, queue, 0);
}

static void say_hello(struct vcpu *v)
{
	const struct veil_frame frame = {.op = VEIL_FRAME_HELLO};

	send(v, FRAMES_OUT, &frame, sizeof(frame));
}

static uint32_t agent_events(uint8_t persona)
{
	uint32_t count = 0;

	bridge_read();
	for (uint32_t i = 0; i < bridge.message_count; i++)
		count += bridge.messages[i].response.op == VEIL_EVENT_AGENT && bridge.messages[i].response.persona == persona;
	return count;
}

static uint32_t hand_over(uint8_t persona, const void *bytes, size_t size)
{
	uint8_t message[sizeof(struct veil_request) + VEIL_MUX_MAX_PAYLOAD];
	struct veil_request request = {.op = VEIL_OP_SECRET, .persona = persona, .id = 7};
	uint32_t from = bridge.message_count;

	memcpy(message, &request, sizeof(request));
	memcpy(message + sizeof(request), bytes, size);
	bridge_send(VEIL_MUX_CONTROL, message, sizeof(request) + size);
	machine_run_ms(20);
	bridge_read();
	return bridge.message_count == from + 1 ? bridge.messages[from].response.result : UINT32_MAX;
}

/* ---- The device ---- */

static void given_a_persona_with_an_agent_then_the_guest_finds_its_ports(void)
{
	struct vcpu *v;

	boot();
	v = inside(0);
	report_equal(guest_read(v, BASE + 8, 4), 3, "virtio-console");
	report_equal(guest_read(v, BASE + 0x104, 4), 2, "two ports");
	report_equal(guest_read(v, BASE + 0x10, 4) & 2, 2, "offers them");
	agent_start(v);
	report_equal(get16(v, DEVICE(CONTROL_IN) + 2), 6, "added, named and opened, each");
	report_equal(get32(v, BUFFER(CONTROL_IN, 0) + 4), DEVICE_ADD | 1 << 16, "the first is added first");
	report(memcmp(guest_memory(v, BUFFER(CONTROL_IN, 3) + 8), "veil.owner", 11) == 0, "its name");
	report(memcmp(guest_memory(v, BUFFER(CONTROL_IN, 5) + 8), "veil.frames", 11) == 0, "the other's name");
}

static void given_a_persona_without_an_agent_then_nothing_is_there(void)
{
	uint64_t value;

	image_boot_default(2, 1);
	machine_run_ms(100);
	report(!guest_mmio(inside(0), BASE, 4, false, &value), "no device");
}

/* ---- The owner's stream ---- */

static void when_the_agent_writes_then_the_owner_reads_all_of_it(void)
{
	static uint8_t text[BUFFER_BYTES];
	struct vcpu *v;

	boot();
	v = inside(0);
	agent_start(v);
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7);
	send(v, OWNER_OUT, text, sizeof(text));
	machine_run_ms(100);
	bridge_read();
	report_equal(bridge.agent_size[0], sizeof(text), "all of it");
	report(memcmp(bridge.agent[0], text, sizeof(text)) == 0, "as it was");
	report_equal(bridge.agent_size[1], 0, "nothing from the other");
	report_equal(get16(inside(0), DEVICE(OWNER_OUT) + 2), 1, "the buffer is given back");
	report_equal(bridge.overdrafts, 0, "within credit");
}

static void given_no_credit_then_the_agent_waits_and_nothing_is_lost(void)
{
	static const uint8_t text[300] = {1, 2, 3};
	uint64_t dropped;
	struct vcpu *v;

	machine_init();
	image_declare(&image, 2, 1);
	image.personas[0].devices |= VEIL_DEVICE_AGENT;
	declare_channels();
	image_boot(&image);
	bridge_hello();
	machine_run_ms(100);
	v = inside(0);
	agent_start(v);
	dropped = mux_dropped();
	send(v, OWNER_OUT, text, sizeof(text));
	machine_run_ms(100);
	bridge_read();
	report_equal(bridge.agent_size[0], 0, "nothing without credit");
	report_equal(get16(inside(0), DEVICE(OWNER_OUT) + 2), 0, "the guest keeps it");
	report_equal(mux_dropped(), dropped, "nothing is dropped");
	for (uint32_t granted = 1; granted < sizeof(text); granted += 13) {
		bridge_grant(VEIL_MUX_AGENT, granted);
		machine_run_ms(10);
		bridge_read();
		report_equal(bridge.agent_size[0], granted, "exactly what was granted");
	}
	bridge_grant(VEIL_MUX_AGENT, 1000);
	machine_run_ms(10);
	bridge_read();
	report_equal(bridge.agent_size[0], sizeof(text), "and in the end all");
}

static void when_the_owner_writes_then_the_agent_reads_it(void)
{
	static uint8_t text[200];
	struct vcpu *v;

	boot();
	v = inside(0);
	agent_start(v);
	machine_run_ms(1);
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i + 1);
	bridge_send(VEIL_MUX_AGENT, text, sizeof(text));
	machine_run_ms(20);
	v = inside(0);
	report_equal(get16(v, DEVICE(OWNER_IN) + 2), 1, "one buffer");
	report_equal(get32(v, DEVICE(OWNER_IN) + 8), sizeof(text), "of that size");
	report(memcmp(guest_memory(v, BUFFER(OWNER_IN, 0)), text, sizeof(text)) == 0, "as it was");
	report_equal(get16(inside(1), DEVICE(OWNER_IN) + 2), 0, "nothing for the other");
}

static void given_an_agent_that_never_reads_then_the_owner_gets_no_more_credit(void)
{
	static const uint8_t text[256];
	struct vcpu *v;
	uint32_t sent = 0;

	boot();
	v = inside(0);
	agent_start(v);
	for (uint32_t i = 0; i < QUEUE_SIZE; i++)
		describe(v, OWNER_IN, i, BUFFER(OWNER_IN, i), 0, 2, 0); /* no room in any */
	machine_run_ms(5);
	for (uint32_t i = 0; i < 200; i++) {
		bridge_read();
		if (bridge.granted_to_us[VEIL_MUX_AGENT] - sent < sizeof(text))
			break;
		bridge_send(VEIL_MUX_AGENT, text, sizeof(text));
		sent += sizeof(text);
		machine_run_ms(5);
	}
	report(sent <= 1024, "it is held off");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the other persona runs");
}

static void when_the_agent_closes_its_port_then_what_comes_is_dropped(void)
{
	struct vcpu *v;

	boot();
	v = inside(0);
	agent_start(v);
	machine_run_ms(1);
	control(inside(0), 0, PORT_OPEN, 0);
	bridge_send(VEIL_MUX_AGENT, "stale", 5);
	machine_run_ms(20);
	control(inside(0), 0, PORT_OPEN, 1);
	bridge_send(VEIL_MUX_AGENT, "fresh", 5);
	machine_run_ms(20);
	v = inside(0);
	report_equal(get16(v, DEVICE(OWNER_IN) + 2), 1, "one buffer");
	report(memcmp(guest_memory(v, BUFFER(OWNER_IN, 0)), "fresh", 5) == 0, "only what came after it was opened again");
}

static void given_a_driver_of_one_port_then_the_owner_port_works(void)
{
	struct vcpu *v;

	boot();
	v = inside(0);
	driver_start(v, 0);
	machine_run_ms(1);
	bridge_send(VEIL_MUX_AGENT, "hello", 5);
	machine_run_ms(20);
	v = inside(0);
	report_equal(get16(v, DEVICE(OWNER_IN) + 2), 1, "input arrives");
	send(v, OWNER_OUT, "hi", 2);
	machine_run_ms(20);
	bridge_read();
	report_equal(bridge.agent_size[0], 2, "and output");
}

static void when_the_persona_restarts_then_nothing_of_the_stream_is_left(void)
{
	struct vcpu *v;

	boot();
	v = inside(0);
	agent_start(v);
	machine_run_ms(1);
	bridge_command(VEIL_OP_PAUSE, 0);
	bridge_send(VEIL_MUX_AGENT, "before", 6);
	machine_run_ms(20);
	bridge_command(VEIL_OP_RESTART, 0);
	machine_run_ms(200);
	v = inside(0);
	agent_start(v);
	machine_run_ms(20);
	v = inside(0);
	report_equal(get16(v, DEVICE(OWNER_IN) + 2), 0, "what was meant for the life before is gone");
}

/* ---- Secrets ---- */

static void when_the_agent_says_hello_then_the_owner_hears_of_it_and_can_hand_over_a_secret(void)
{
	static const char key[] = "volume\0key";
	struct veil_frame frame;
	struct vcpu *v;

	boot();
	report_equal(hand_over(0, key, sizeof(key)), VEIL_RESULT_WRONG_STATE, "nobody takes it yet");
	v = inside(0);
	agent_start(v);
	report_equal(agent_events(0), 0, "not there yet");
	say_hello(inside(0));
	report_equal(agent_events(0), 1, "there");
	report_equal(agent_events(1), 0, "the other is not");
	report_equal(hand_over(0, key, sizeof(key)), VEIL_RESULT_OK, "taken");
	v = inside(0);
	report_equal(get16(v, DEVICE(FRAMES_IN) + 2), 2, "one frame behind that of the channels");
	memcpy(&frame, guest_memory(v, BUFFER(FRAMES_IN, 1)), sizeof(frame));
	report_equal(frame.op, VEIL_FRAME_SECRET, "a secret");
	report_equal(frame.length, sizeof(key), "of that length");
	report(memcmp(guest_memory(v, BUFFER(FRAMES_IN, 1) + sizeof(frame)), key, sizeof(key)) == 0, "as it was");
	report_equal(get16(inside(1), DEVICE(FRAMES_IN) + 2), 0, "the other has nothing");
}

static void given_wrong_secrets_then_each_is_refused(void)
{
	static const uint8_t bytes[VEIL_SECRET_BYTES + 1];

	boot();
	agent_start(inside(0));
	report_equal(hand_over(0, bytes, 0), VEIL_RESULT_BAD_LENGTH, "none");
	report_equal(hand_over(0, bytes, VEIL_SECRET_BYTES + 1), VEIL_RESULT_BAD_LENGTH, "too long");
	report_equal(hand_over(0, bytes, VEIL_SECRET_BYTES), VEIL_RESULT_OK, "the longest");
	report_equal(hand_over(2, bytes, 16), VEIL_RESULT_NO_SUCH_PERSONA, "for nobody");
	bridge_command(VEIL_OP_STOP, 0);
	report_equal(hand_over(0, bytes, 16), VEIL_RESULT_WRONG_STATE, "for a persona that does not run");
}

/* ---- Channels ---- */

#define CLIPBOARD_TO(peer) ((uint8_t)((peer) | VEIL_CARRIES_CLIPBOARD << 4))
#define FILES_TO(peer) ((uint8_t)((peer) | VEIL_CARRIES_FILES << 4))

/* Sends a frame as the agent of a persona. */
static void frame_send(uint32_t persona, uint8_t op, uint8_t channel, uint32_t argument, const void *payload, uint16_t length)
{
	uint8_t bytes[VEIL_FRAME_MAX];
	struct veil_frame frame = {.op = op, .channel = channel, .length = length, .argument = argument};
	struct vcpu *v = inside(persona);

	memcpy(bytes, &frame, sizeof(frame));
	memcpy(bytes + sizeof(frame), payload, length);
	send(v, FRAMES_OUT, bytes, (uint32_t)sizeof(frame) + length);
}

static uint16_t frames_received(uint32_t persona)
{
	return get16(inside(persona), DEVICE(FRAMES_IN) + 2);
}

/* The frame a persona's agent received as its nth; its payload is behind it. */
static struct veil_frame received(uint32_t persona, uint32_t n, uint8_t *payload)
{
	struct veil_frame frame;
	struct vcpu *v = inside(persona);

	memcpy(&frame, guest_memory(v, BUFFER(FRAMES_IN, n % QUEUE_SIZE)), sizeof(frame));
	if (payload)
		memcpy(payload, guest_memory(v, BUFFER(FRAMES_IN, n % QUEUE_SIZE)) + sizeof(frame), frame.length);
	return frame;
}

/* The last result the sender was told; UINT32_MAX: none. */
static uint32_t told(uint32_t persona)
{
	uint16_t count = frames_received(persona);
	struct veil_frame frame = {0};

	if (count)
		frame = received(persona, count - 1U, NULL);
	return frame.op == VEIL_FRAME_RESULT ? frame.argument : UINT32_MAX;
}

static void boot_agents(void)
{
	boot();
	agent_start(inside(1));
	agent_start(inside(0));
}

/* The agent gives all its buffers again. */
static void give_buffers(uint32_t persona)
{
	struct vcpu *v = inside(persona);

	for (uint16_t i = 0; i < QUEUE_SIZE; i++)
		offer(v, FRAMES_IN, i);
}

static void given_a_channel_then_what_is_sent_arrives_and_is_logged(void)
{
	uint8_t text[1000], got[VEIL_FRAME_MAX];
	struct veil_frame frame;
	struct log_record record;

	boot_agents();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 3);
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 1500, NULL, 0);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, text, 1000);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, text, 500);
	report_equal(frames_received(1), 3, "begin and two of data");
	frame = received(1, 0, got);
	report(frame.op == VEIL_FRAME_BEGIN && frame.channel == CLIPBOARD_TO(0) && frame.argument == 1500, "from the sender, of that size");
	frame = received(1, 1, got);
	report(frame.op == VEIL_FRAME_DATA && frame.length == 1000 && memcmp(got, text, 1000) == 0, "as it was");
	report_equal(told(0), VEIL_TRANSFER_DONE, "the sender is told");
	log_read(log_next() - 1, &record);
	report(memcmp(record.text, "clipboard sent to persona-1: bytes 0x5dc", 40) == 0, "one line, with the size");
	report_equal(personas[0].vcpus[0]->statistics.transfer_bytes, 1500, "and counted");
}

static void given_no_channel_then_nothing_arrives(void)
{
	static const uint8_t channels[] = {FILES_TO(1), CLIPBOARD_TO(0), CLIPBOARD_TO(7), CLIPBOARD_TO(15), 0, 1, 0xff, 0x31};

	boot_agents();
	for (size_t i = 0; i < ARRAY_COUNT(channels); i++) {
		frame_send(0, VEIL_FRAME_BEGIN, channels[i], 4, NULL, 0);
		frame_send(0, VEIL_FRAME_DATA, channels[i], 4, "data", 4);
		report_equal(told(0), VEIL_TRANSFER_REFUSED, "no such channel");
		if (i % 4 == 3)
			give_buffers(0);
	}
	frame_send(1, VEIL_FRAME_BEGIN, CLIPBOARD_TO(0), 4, NULL, 0);
	report_equal(told(1), VEIL_TRANSFER_REFUSED, "it goes one way only");
	report_equal(frames_received(1), 1, "nothing but that answer has reached the other");
}

static void given_limits_then_none_is_exceeded(void)
{
	static const uint8_t text[VEIL_FRAME_MAX];

	boot_agents();
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 3001, NULL, 0);
	report_equal(told(0), VEIL_TRANSFER_TOO_LARGE, "too large");
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 0, NULL, 0);
	report_equal(told(0), VEIL_TRANSFER_TOO_LARGE, "nothing");
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, text, 11);
	report_equal(told(0), VEIL_TRANSFER_REFUSED, "more than was announced");
	report_equal(received(1, 1, NULL).op, VEIL_FRAME_ABORT, "the other one forgets it");
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, text, 5);
	report_equal(frames_received(1), 2, "and gets no more of it");
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, text, 10);
	report_equal(told(0), VEIL_TRANSFER_DONE, "the second of this minute");
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	report_equal(told(0), VEIL_TRANSFER_TOO_MANY, "not a third");
	machine_run_ms(60000);
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	report_equal(received(1, frames_received(1) - 1U, NULL).op, VEIL_FRAME_BEGIN, "a minute later there may be more");
}

static void given_a_receiver_that_never_reads_then_the_sender_is_free_again_soon(void)
{
	static const uint8_t text[1000];

	boot_agents();
	for (uint32_t i = 0; i < 7; i++) /* takes the other's buffers but one */
		hand_over(1, "name", 5);
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 3000, NULL, 0);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, text, 1000);
	report_equal(get16(inside(0), DEVICE(FRAMES_OUT) + 2), 1, "there is no buffer for it: it waits in the sender's memory");
	give_buffers(1);
	machine_run_ms(5);
	report_equal(get16(inside(0), DEVICE(FRAMES_OUT) + 2), 2, "and goes on when there is one");
	for (uint32_t i = 0; i < 7; i++)
		hand_over(1, "name", 5);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, text, 1000);
	machine_run_ms(4500);
	report_equal(told(0), UINT32_MAX, "it is given time");
	machine_run_ms(1000);
	report_equal(told(0), VEIL_TRANSFER_STALLED, "then it is over");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "nobody hangs");
}

static void given_a_receiver_that_is_away_then_the_sender_is_told(void)
{
	boot_agents();
	bridge_command(VEIL_OP_PAUSE, 1);
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	report_equal(told(0), VEIL_TRANSFER_AWAY, "paused");
	bridge_command(VEIL_OP_RESUME, 1);
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	bridge_command(VEIL_OP_RESTART, 1);
	machine_run_ms(300);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, "0123456789", 10);
	agent_start(inside(1));
	report_equal(frames_received(1), 0, "what was under way does not reach the next life");
}

static void fill(uint32_t persona)
{
	while (hand_over((uint8_t)persona, "name", 5) == VEIL_RESULT_OK)
		;
}

static void given_a_sender_whose_queue_is_full_then_it_is_told_when_there_is_room(void)
{
	boot_agents();
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	fill(0);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, "0123456789", 10);
	report_equal(frames_received(0), QUEUE_SIZE, "there is no buffer for the answer");
	give_buffers(0);
	report_equal(told(0), VEIL_TRANSFER_DONE, "it comes when there is one");
	report_equal(frames_received(0), QUEUE_SIZE + 1, "once");
}

static void given_a_receiver_whose_queue_is_full_then_it_learns_later_that_nothing_more_comes(void)
{
	boot_agents();
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	fill(1);
	frame_send(0, VEIL_FRAME_ABORT, CLIPBOARD_TO(1), 0, NULL, 0);
	report_equal(told(0), VEIL_TRANSFER_REFUSED, "the sender is free");
	report_equal(frames_received(1), QUEUE_SIZE, "the receiver has given no buffer");
	give_buffers(1);
	report_equal(received(1, QUEUE_SIZE, NULL).op, VEIL_FRAME_ABORT, "it is told when it has");
	report_equal(frames_received(1), QUEUE_SIZE + 1, "once");
}

static void when_one_side_begins_anew_then_the_other_is_told(void)
{
	boot_agents();
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	bridge_command(VEIL_OP_RESTART, 1);
	machine_run_ms(300);
	report_equal(told(0), VEIL_TRANSFER_AWAY, "the sender, of a receiver that restarts");
	agent_start(inside(1));
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	bridge_command(VEIL_OP_RESTART, 0);
	machine_run_ms(300);
	report_equal(received(1, frames_received(1) - 1U, NULL).op, VEIL_FRAME_ABORT, "the receiver, of a sender that restarts");
	report_equal(received(1, frames_received(1) - 1U, NULL).channel, CLIPBOARD_TO(0), "on that channel");
	machine_run_ms(60000);
	agent_start(inside(0));
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	say_hello(inside(1));
	machine_run_ms(5);
	report_equal(told(0), VEIL_TRANSFER_AWAY, "the sender, of an agent that has begun anew");
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	say_hello(inside(0));
	machine_run_ms(5);
	report_equal(received(1, frames_received(1) - 1U, NULL).op, VEIL_FRAME_ABORT, "the receiver, of the same");
}

static void given_a_receiver_that_is_paused_then_it_learns_later_that_nothing_more_comes(void)
{
	boot_agents();
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	bridge_command(VEIL_OP_PAUSE, 1);
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, "01234", 5);
	report_equal(told(0), VEIL_TRANSFER_AWAY, "the sender is told at once");
	bridge_command(VEIL_OP_RESUME, 1);
	machine_run_ms(20);
	report_equal(received(1, 1, NULL).op, VEIL_FRAME_ABORT, "the receiver when it runs again");
}

static void given_no_room_for_the_channels_then_nothing_comes_before_them(void)
{
	boot_agents();
	fill(1);
	say_hello(inside(1));
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	report_equal(frames_received(1), QUEUE_SIZE, "no buffer for either");
	give_buffers(1);
	machine_run_ms(5);
	report_equal(received(1, QUEUE_SIZE, NULL).op, VEIL_FRAME_CHANNELS, "the channels");
	report_equal(received(1, QUEUE_SIZE + 1, NULL).op, VEIL_FRAME_BEGIN, "then what comes over them");
}

static void when_the_policy_withdraws_a_channel_then_what_is_under_way_ends(void)
{
	boot_agents();
	frame_send(0, VEIL_FRAME_BEGIN, CLIPBOARD_TO(1), 10, NULL, 0);
	((struct veil_channel *)(uintptr_t)policy_current()->channels)[0].carries = VEIL_CARRIES_FILES;
	frame_send(0, VEIL_FRAME_DATA, CLIPBOARD_TO(1), 0, "01234", 5);
	report_equal(told(0), VEIL_TRANSFER_REFUSED, "no more");
	report_equal(received(1, 1, NULL).op, VEIL_FRAME_ABORT, "the other one forgets it");
}

static void when_the_policy_keeps_the_owner_out_then_nothing_passes(void)
{
	struct vcpu *v;

	boot_agents();
	image.policy.channels.count = 1;
	((struct veil_policy *)(uintptr_t)policy_current()->header)->channels.count = 1;
	machine_run_ms(5);
	v = inside(0);
	agent_start(v);
	report_equal(get32(v, BUFFER(CONTROL_IN, 2) + 4) >> 16, 0, "the guest finds nobody at the other end");
	bridge_send(VEIL_MUX_AGENT, "input", 5);
	send(inside(0), OWNER_OUT, "output", 6);
	machine_run_ms(50);
	bridge_read();
	report_equal(bridge.agent_size[0], 0, "nothing comes out");
	report_equal(get16(inside(0), DEVICE(OWNER_IN) + 2), 0, "nothing goes in");
	report_equal(hand_over(0, "name\0key", 8), VEIL_RESULT_OK, "keys do");
}

static void given_random_frames_then_the_other_gets_only_what_a_channel_allows(void)
{
	uint64_t state = test_seed();
	uint8_t payload[VEIL_FRAME_MAX], got[VEIL_FRAME_MAX];

	boot_agents();
	for (uint32_t round = 0; round < 2000; round++) {
		uint64_t r = test_random(&state);
		struct veil_frame frame = {.op = (uint8_t)(r % 9),
					   .channel = (uint8_t)(r >> 8 & 1 ? CLIPBOARD_TO(1) : r >> 16),
					   .length = (uint16_t)((r >> 24) % 1100),
					   .argument = (uint32_t)(r >> 40) % 4000};
		struct vcpu *v = inside(0);

		memcpy(payload, &frame, sizeof(frame));
		put(v, BUFFER(FRAMES_OUT, 0), payload, sizeof(frame));
		describe(v, FRAMES_OUT, 0, BUFFER(FRAMES_OUT, 0),
			 (r >> 60 & 3) ? (uint32_t)sizeof(frame) + frame.length : (uint32_t)(r >> 50) % 2000, (r >> 59 & 7) ? 0 : 2, 0);
		offer(v, FRAMES_OUT, 0);
		if (guest_read(inside(0), BASE + 0x70, 4) & 64)
			agent_start(inside(0));
		if (round % 4 == 0) {
			give_buffers(0);
			give_buffers(1);
		}
		if (frames_received(1)) {
			frame = received(1, frames_received(1) - 1U, got);
			report(frame.op == VEIL_FRAME_BEGIN || frame.op == VEIL_FRAME_DATA || frame.op == VEIL_FRAME_ABORT, "a transfer's");
			report(frame.channel == CLIPBOARD_TO(0), "of the channel there is");
			report(frame.op != VEIL_FRAME_BEGIN || frame.argument <= 3000, "within its limit");
		}
		if (round % 100 == 0)
			machine_run_ms(6000);
	}
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the other persona runs");
}

/* ---- Hostile drivers ---- */

static void given_rings_and_buffers_outside_its_ram_then_the_device_breaks(void)
{
	static const uint64_t places[] = {0, 0x09000000, IMAGE_RAM_BASE - 8, IMAGE_RAM_BASE + IMAGE_PERSONA_RAM, UINT64_MAX - 7, 1};
	static const uint64_t registers[] = {0x80, 0x90, 0xa0};
	struct vcpu *v;

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(places); i++)
		for (uint32_t queue = 0; queue < QUEUES; queue++) {
			v = inside(0);
			agent_start(v);
			describe(v, queue, 0, places[i], 64, queue % 2 ? 0 : 2, 0);
			offer(v, queue, 0);
			report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "a buffer nowhere harms nobody");
			v = inside(0);
			agent_start(v);
			guest_write(v, BASE + 0x30, 4, queue);
			guest_write(v, BASE + 0x44, 4, 0);
			guest_write(v, BASE + registers[i % 3], 4, (uint32_t)places[i]);
			guest_write(v, BASE + registers[i % 3] + 4, 4, places[i] >> 32);
			guest_write(v, BASE + 0x44, 4, 1);
			guest_write(v, BASE + 0x50, 4, queue);
			machine_run_ms(5);
		}
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "nor itself");
}

static void given_a_loop_of_descriptors_then_it_ends(void)
{
	struct vcpu *v;

	boot();
	v = inside(0);
	agent_start(v);
	put(v, BUFFER(OWNER_OUT, 0), "loop", 4);
	describe(v, OWNER_OUT, 0, BUFFER(OWNER_OUT, 0), 4, 1, 1);
	describe(v, OWNER_OUT, 1, BUFFER(OWNER_OUT, 0), 4, 1, 0);
	offer(v, OWNER_OUT, 0);
	machine_run_ms(200);
	bridge_read();
	report(bridge.agent_size[0] <= 4 * QUEUE_SIZE, "as many parts as there are descriptors, at most");
	report(guest_read(inside(0), BASE + 0x70, 4) & 64, "the device wants to be reset");
}

static void given_random_rings_then_nothing_but_its_own_ram_changes(void)
{
	uint64_t state = test_seed();
	struct vcpu *v;

	boot();
	agent_start(inside(1));
	for (uint32_t round = 0; round < 1000; round++) {
		v = inside(0);
		if (round % 16 == 0)
			agent_start(v);
		for (uint32_t i = 0; i < 64; i++) {
			uint64_t value = test_random(&state) % 3 ? RINGS + test_random(&state) % 0x18000 : test_random(&state);

			put(v, RINGS + test_random(&state) % (QUEUES * QUEUE_BYTES) / 8 * 8, &value, 8);
		}
		guest_mmio(v, BASE + test_random(&state) % 0x200 / 4 * 4, 4, true, &(uint64_t){test_random(&state)});
		guest_write(inside(0), BASE + 0x50, 4, test_random(&state) % 8);
		if (round % 8 == 0)
			bridge_send(VEIL_MUX_AGENT, "input", 5);
	}
	machine_run_ms(50);
	report_equal(get16(inside(1), DEVICE(OWNER_IN) + 2), 0, "the other persona's rings are untouched");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "and it runs");
	bridge_read();
	report_equal(bridge.garbage, 0, "Veil sends frames only");
}

static void given_a_guest_that_sends_for_ever_then_its_neighbour_keeps_its_share(void)
{
	static const uint8_t text[BUFFER_BYTES];
	struct veil_status_persona before, after;
	struct vcpu *v;

	boot();
	before = bridge_status(1);
	for (uint32_t round = 0; round < 500; round++) {
		v = inside(0);
		if (round == 0)
			agent_start(v);
		send(v, OWNER_OUT, text, sizeof(text));
		machine_run_ms(1);
	}
	after = bridge_status(1);
	report(after.cpu_time_ns - before.cpu_time_ns > 200000000, "the neighbour has its half of half a second");
}

static const struct test tests[] = {
	{"ports", given_a_persona_with_an_agent_then_the_guest_finds_its_ports},
	{"absent", given_a_persona_without_an_agent_then_nothing_is_there},
	{"output", when_the_agent_writes_then_the_owner_reads_all_of_it},
	{"credit", given_no_credit_then_the_agent_waits_and_nothing_is_lost},
	{"input", when_the_owner_writes_then_the_agent_reads_it},
	{"never-reads", given_an_agent_that_never_reads_then_the_owner_gets_no_more_credit},
	{"close", when_the_agent_closes_its_port_then_what_comes_is_dropped},
	{"one-port", given_a_driver_of_one_port_then_the_owner_port_works},
	{"restart", when_the_persona_restarts_then_nothing_of_the_stream_is_left},
	{"secret", when_the_agent_says_hello_then_the_owner_hears_of_it_and_can_hand_over_a_secret},
	{"wrong-secrets", given_wrong_secrets_then_each_is_refused},
	{"channel", given_a_channel_then_what_is_sent_arrives_and_is_logged},
	{"no-channel", given_no_channel_then_nothing_arrives},
	{"limits", given_limits_then_none_is_exceeded},
	{"full", given_a_receiver_that_never_reads_then_the_sender_is_free_again_soon},
	{"away", given_a_receiver_that_is_away_then_the_sender_is_told},
	{"sender-full", given_a_sender_whose_queue_is_full_then_it_is_told_when_there_is_room},
	{"receiver-full", given_a_receiver_whose_queue_is_full_then_it_learns_later_that_nothing_more_comes},
	{"receiver-paused", given_a_receiver_that_is_paused_then_it_learns_later_that_nothing_more_comes},
	{"anew", when_one_side_begins_anew_then_the_other_is_told},
	{"channels-first", given_no_room_for_the_channels_then_nothing_comes_before_them},
	{"withdrawn", when_the_policy_withdraws_a_channel_then_what_is_under_way_ends},
	{"owner-out", when_the_policy_keeps_the_owner_out_then_nothing_passes},
	{"frames-random", given_random_frames_then_the_other_gets_only_what_a_channel_allows},
	{"rings-outside", given_rings_and_buffers_outside_its_ram_then_the_device_breaks},
	{"loop", given_a_loop_of_descriptors_then_it_ends},
	{"rings-random", given_random_rings_then_nothing_but_its_own_ram_changes},
	{"flood", given_a_guest_that_sends_for_ever_then_its_neighbour_keeps_its_share},
};

TEST_MAIN(tests)
