/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual network cards: frames out of a guest's memory and into it, hostile rings, and a policy that changes meanwhile. */
#include <veil/network_source.h>
#include <veil/virtio.h>

#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "core/policy.h"
#include "core/sha256.h"
#include "core/switch.h"
#include "network.h"
#include "test.h"

#define CARD 0x0a000400
#define QUEUE_SIZE 16
#define RINGS (IMAGE_RAM_BASE + 0x180000)
#define RING(queue) (RINGS + 0x4000 * (uint64_t)(queue))
#define DRIVER 0x1000
#define DEVICE 0x2000
#define DATA (RINGS + 0x10000)
#define NEXT 1
#define WRITE 2

static struct image image;
static uint16_t made[2];

static struct vcpu *inside(uint32_t persona)
{
	for (uint32_t i = 0; i < 100 && !guest_is_in(personas[persona].vcpus[0]); i++)
		machine_run_ms(1);
	return personas[persona].vcpus[0];
}

static void put(struct vcpu *v, uint64_t address, uint64_t value, uint32_t size)
{
	memcpy(guest_memory(v, address), &value, size);
}

static uint64_t get(struct vcpu *v, uint64_t address, uint32_t size)
{
	uint64_t value = 0;

	memcpy(&value, guest_memory(v, address), size);
	return value;
}

static void card_start_with(struct vcpu *v, uint32_t features)
{
	guest_write(v, CARD + 0x70, 4, 0);
	guest_write(v, CARD + 0x70, 4, 3);
	guest_write(v, CARD + 0x24, 4, 0);
	guest_write(v, CARD + 0x20, 4, features);
	guest_write(v, CARD + 0x24, 4, 1);
	guest_write(v, CARD + 0x20, 4, 1);
	guest_write(v, CARD + 0x70, 4, 11);
	for (uint32_t q = 0; q < 2; q++) {
		guest_write(v, CARD + 0x30, 4, q);
		guest_write(v, CARD + 0x38, 4, QUEUE_SIZE);
		guest_write(v, CARD + 0x80, 4, RING(q));
		guest_write(v, CARD + 0x90, 4, RING(q) + DRIVER);
		guest_write(v, CARD + 0xa0, 4, RING(q) + DEVICE);
		put(v, RING(q) + DRIVER, 0, 8);
		put(v, RING(q) + DEVICE, 0, 8);
		guest_write(v, CARD + 0x44, 4, 1);
		made[q] = 0;
	}
	guest_write(v, CARD + 0x70, 4, 15);
}

static void card_start(struct vcpu *v)
{
	card_start_with(v, 0);
}

static void describe(struct vcpu *v, uint32_t queue, uint32_t index, uint64_t address, uint32_t size, uint32_t flags, uint32_t next)
{
	put(v, RING(queue) + 16 * index, address, 8);
	put(v, RING(queue) + 16 * index + 8, size | (uint64_t)flags << 32 | (uint64_t)next << 48, 8);
}

static void offer(struct vcpu *v, uint32_t queue, uint16_t head)
{
	put(v, RING(queue) + DRIVER + 4 + 2 * (uint64_t)(made[queue] % QUEUE_SIZE), head, 2);
	put(v, RING(queue) + DRIVER + 2, ++made[queue], 2);
}

static uint16_t used(struct vcpu *v, uint32_t queue)
{
	return (uint16_t)get(v, RING(queue) + DEVICE + 2, 2);
}

static void place(struct vcpu *v, uint64_t address, const void *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		*guest_memory(v, address + i) = ((const uint8_t *)bytes)[i];
}

/* A frame behind a header, in one buffer. */
static void card_send(struct vcpu *v, const struct test_frame *f, uint16_t index)
{
	uint8_t bytes[12 + 1514] = {0};
	uint32_t size = 12 + network_frame(f, bytes + 12);
	uint64_t at = DATA + 0x800 * (uint64_t)index;

	place(v, at, bytes, size);
	describe(v, 1, index, at, size, 0, 0);
	offer(v, 1, index);
}

static struct vcpu *boot(uint32_t persona)
{
	struct vcpu *v;

	machine_init();
	network_declare(&image);
	image_boot(&image);
	bridge_connect();
	machine_run_ms(100);
	for (uint32_t i = 0; i < 3; i++)
		network_lease(i);
	v = inside(persona);
	card_start(v);
	return v;
}

static struct veil_network_status status(uint32_t persona)
{
	struct veil_network_status result = {0};
	const struct bridge_message *answer = bridge_ask(VEIL_OP_NETWORK, (uint8_t)persona, 0);

	if (answer && answer->response.result == VEIL_RESULT_OK)
		memcpy(&result, answer->data, sizeof(result));
	return result;
}

static void given_a_card_then_it_says_what_it_is(void)
{
	struct vcpu *v = boot(1);
	uint8_t mac[6];

	network_mac(1, mac);
	report_equal(guest_read(v, CARD + 8, 4), 1, "a network card");
	for (uint32_t i = 0; i < 6; i++)
		report_equal(guest_read(v, CARD + 0x100 + i, 1), mac[i], "its MAC address");
	report_equal(mac[0] & 3, 2, "locally administered");
	report_equal(guest_read(v, CARD + 0x108, 4), UINT64_MAX, "nothing behind it");
	report_equal(guest_read(v, CARD + 0x104, 4), (uint64_t)(mac[4] | mac[5] << 8), "read in words, as its structure has them");
	report_equal(guest_read(v, CARD + 0x107, 2), UINT64_MAX, "nor over its end");
}

static void given_frames_then_they_leave_and_answers_come_in(void)
{
	struct vcpu *v = boot(0);
	struct test_frame out = network_out(0, 6, "10.0.2.2", 4000, 80), back = network_back(&out),
			  wrong = network_out(0, 6, "10.0.2.2", 4000, 22);
	uint8_t frame[1514];
	uint32_t size = network_frame(&out, frame);

	card_send(v, &out, 0);
	card_send(v, &wrong, 1);
	guest_write(v, CARD + 0x50, 4, 1);
	report_equal(used(v, 1), 2, "both are taken");
	report_equal(machine_network.sent_count, 1, "one is sent");
	report(machine_network.sent[0].size == size && memcmp(machine_network.sent[0].frame, frame, size) == 0, "as it was");
	size = network_frame(&back, frame);
	machine_network_receive(frame, size);
	report_equal(used(v, 0), 0, "no buffer for the answer");
	describe(v, 0, 0, DATA + 0x8000, 2048, WRITE, 0);
	offer(v, 0, 0);
	describe(v, 0, 1, DATA + 0x9000, 12, WRITE | NEXT, 2); /* header and frame apart */
	describe(v, 0, 2, DATA + 0xa000, 1514, WRITE, 0);
	offer(v, 0, 1);
	machine_network_receive(frame, size);
	machine_network_receive(frame, size);
	report_equal(used(v, 0), 2, "the answer came twice");
	report_equal(get(v, RING(0) + DEVICE + 8, 4), 12 + size, "with its size");
	report_equal(get(v, DATA + 0x8000 + 10, 2), 1, "in one buffer");
	report(memcmp(guest_memory(v, DATA + 0x8000 + 12), frame, size) == 0, "in one piece");
	report(memcmp(guest_memory(v, DATA + 0xa000), frame, size) == 0, "in two");
	report_equal(guest_read(v, CARD + 0x60, 4), 1, "with an interrupt");
	report_equal(status(0).sent, 1, "sent");
	report_equal(status(0).refused_rule, 1, "refused by rule");
	report_equal(status(0).last_port, 22, "what it was");
	report_equal(status(0).received, 2, "received");
	report_equal(status(0).refused_room, 1, "no room");
	report_equal(status(0).has_address, 1, "its address");
	report_equal(status(1).sent, 0, "and nothing of the neighbour's");
}

static void given_more_frames_than_the_board_takes_then_the_rest_waits(void)
{
	struct vcpu *v = boot(0);
	struct test_frame out = network_out(0, 6, "10.0.2.2", 4000, 80);

	for (uint16_t i = 0; i < QUEUE_SIZE; i++)
		card_send(v, &out, i);
	guest_write(v, CARD + 0x50, 4, 1);
	report_equal(machine_network.sent_count, MACHINE_NETWORK_BUFFERS, "as many as there are buffers");
	report_equal(used(v, 1), MACHINE_NETWORK_BUFFERS, "and no more are taken");
	machine_network_finish();
	machine_run_ms(5);
	machine_network_finish();
	machine_run_ms(5);
	report_equal(machine_network.sent_count, QUEUE_SIZE, "the others follow by themselves");
	report_equal(used(inside(0), 1), QUEUE_SIZE, "all are given back");
	report(machine.accesses_again > 0, "in parts");
}

/* Each side says which buffer it wants to hear of; of all others it hears nothing. */
static void given_event_indices_then_nobody_is_told_more(void)
{
	struct vcpu *v = boot(0);
	struct test_frame out = network_out(0, 6, "10.0.2.2", 4000, 80);
	uint64_t driver_event = RING(1) + DRIVER + 4 + 2 * QUEUE_SIZE, device_event = RING(1) + DEVICE + 4 + 8 * QUEUE_SIZE;

	card_start_with(v, (uint32_t)VIRTIO_EVENT_INDEX);
	put(v, driver_event, 2, 2);
	put(v, device_event, 77, 2);
	for (uint16_t i = 0; i < 4; i++) {
		card_send(v, &out, i);
		guest_write(v, CARD + 0x50, 4, 1);
		report_equal(used(v, 1), i + 1U, "sent");
		report_equal(get(v, device_event, 2), i + 1U, "it wants to hear of the next");
		report_equal(guest_read(v, CARD + 0x60, 4), i == 2, "and interrupts for the third alone");
		guest_write(v, CARD + 0x64, 4, 1);
		machine_network_finish();
	}
	put(v, driver_event, 60000, 2);
	card_send(v, &out, 0);
	guest_write(v, CARD + 0x50, 4, 1);
	report_equal(guest_read(v, CARD + 0x60, 4), 0, "nor for one that is far away");
}

/* The number behind a ring is as much of it as the rest: outside the persona's RAM there is none. */
static void given_rings_that_end_outside_then_the_device_breaks(void)
{
	static const uint64_t size[2] = {4 + 2 * QUEUE_SIZE, 4 + 8 * QUEUE_SIZE};
	struct vcpu *v = boot(0);

	for (uint32_t part = 0; part < 2; part++)
		for (uint32_t has_events = 0; has_events < 2; has_events++) {
			uint64_t end = IMAGE_RAM_BASE + IMAGE_PERSONA_RAM, at = end - size[part];

			guest_memory(v, end - 1);
			card_start_with(v, has_events ? (uint32_t)VIRTIO_EVENT_INDEX : 0);
			guest_write(v, CARD + 0x30, 4, 1);
			guest_write(v, CARD + 0x44, 4, 0);
			guest_write(v, CARD + 0x90 + 16 * part, 4, at);
			guest_write(v, CARD + 0x44, 4, 1);
			put(v, at, 0, 4);
			guest_write(v, CARD + 0x50, 4, 1);
			report_equal(guest_read(v, CARD + 0x70, 4) & 64, has_events ? 64 : 0, "needs a reset");
		}
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "it lives");
}

/* A driver may write its features and move its rings at any time: what was found for the rings as they were is good for nothing else. */
static void given_rings_in_use_that_change_then_nothing_beyond_is_touched(void)
{
	struct vcpu *v = boot(0);
	struct test_frame out = network_out(0, 6, "10.0.2.2", 4000, 80);
	uint64_t end = IMAGE_RAM_BASE + IMAGE_PERSONA_RAM, at = end - (4 + 8 * QUEUE_SIZE);
	const uint8_t *beyond = arch_pointer(paddr(personas[0].ram.host + personas[0].ram.size));
	uint8_t before[2];

	memcpy(before, beyond, 2);
	guest_memory(v, end - 1);
	guest_write(v, CARD + 0x30, 4, 1);
	card_send(v, &out, 0);
	guest_write(v, CARD + 0x50, 4, 1);
	report_equal(used(v, 1), 1, "one is sent by the rings as they were");
	guest_write(v, CARD + 0x44, 4, 0);
	guest_write(v, CARD + 0xa0, 4, at);
	put(v, RING(1) + DRIVER, 0, 4);
	made[1] = 0;
	guest_write(v, CARD + 0x44, 4, 1);
	put(v, at, 0, 4);
	for (uint16_t i = 0; i < 3; i++) {
		guest_write(v, CARD + 0x24, 4, 0);
		guest_write(v, CARD + 0x20, 4, i == 0 ? 0 : (uint32_t)VIRTIO_EVENT_INDEX);
		card_send(v, &out, i);
		guest_write(v, CARD + 0x50, 4, 1);
		report_equal(get(v, at + 2, 2), i + 1U, "the others by the ring where it is now");
	}
	report_equal(used(v, 1), 1, "the old one is left alone");
	report(memcmp(before, beyond, 2) == 0, "and so is what lies behind the new one");
	guest_write(v, CARD + 0x44, 4, 0);
	guest_write(v, CARD + 0xa0, 4, at + 8);
	guest_write(v, CARD + 0x44, 4, 1);
	guest_write(v, CARD + 0x50, 4, 1);
	report_equal(guest_read(v, CARD + 0x70, 4) & 64, 64, "a ring that ends outside is looked at anew");
}

static void given_hostile_rings_then_they_hurt_their_owner_only(void)
{
	static const struct {
		uint64_t address;
		uint32_t size, flags, next;
	} bad[] = {
		{UINT64_MAX - 8, 100, 0, 0},
		{0x08000000, 100, 0, 0},
		{IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - 8, 100, 0, 0},
		{DATA, UINT32_MAX, 0, 0},
		{DATA, 100, WRITE, 0},
		{DATA, 12 + 1515, 0, 0},
		{DATA, 0, 0, 0},
		{DATA, 5, 0, 0},
		{DATA, 20, NEXT, 0}, /* a loop */
		{DATA, 20, NEXT, 60000},
	};
	struct vcpu *v = boot(2);

	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		card_start(v);
		describe(v, 1, 0, bad[i].address, bad[i].size, bad[i].flags, bad[i].next);
		offer(v, 1, 0);
		guest_write(v, CARD + 0x50, 4, 1);
		report_equal(machine_network.sent_count, 0, "nothing of it is sent");
		report(used(v, 1) <= 1, "and it is answered once at most");
		report_equal(machine_network.taken, 0, "no buffer is lost");
		describe(v, 0, 0, bad[i].address, bad[i].size, bad[i].flags ^ WRITE, bad[i].next);
		offer(v, 0, 0);
		{
			struct test_frame out = network_out(2, 17, "192.0.2.1", 9, 9), back = network_back(&out);
			uint8_t frame[1514];
			uint32_t size = network_frame(&out, frame);

			switch_outgoing(&personas[2], frame, &size);
			size = network_frame(&back, frame);
			machine_network_receive(frame, size);
		}
	}
	card_start(v);
	put(v, RING(1) + DRIVER + 2, 60000, 2); /* far more than there is room for */
	guest_write(v, CARD + 0x50, 4, 1);
	report_equal(bridge_status(2).state, VEIL_STATE_RUNNING, "it lives");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "and its neighbours do");
}

static void given_another_policy_then_flows_are_judged_anew(void)
{
	static uint8_t section[VEIL_POLICY_BYTES];
	struct vcpu *v = boot(0);
	struct test_frame out = network_out(0, 6, "10.0.2.2", 4000, 80), back = network_back(&out);
	uint8_t frame[1514], digest[VEIL_SHA256_BYTES];
	struct sha256 hash;
	enum veil_result result;
	uint32_t size = network_frame(&out, frame);

	(void)v;
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_NOT, "open");
	for (uint32_t round = 0; round < 2; round++) {
		image.rules[2].first_port = image.rules[2].last_port = round == 0 ? 81 : 80;
		image_policy(&image, section);
		sha256_init(&hash);
		sha256_update(&hash, section, ((struct veil_policy *)section)->size);
		sha256_final(&hash, digest);
		policy_begin(((struct veil_policy *)section)->size, digest, sizeof(digest));
		for (uint32_t at = 0; at < ((struct veil_policy *)section)->size; at += 8)
			policy_data(at, section + at, 8);
		do
			result = policy_commit();
		while (result == VEIL_RESULT_AGAIN);
		report_equal(result, VEIL_RESULT_OK, "another policy");
		size = network_frame(&back, frame);
		report_equal(switch_incoming(&personas[0], frame, size), VEIL_REFUSED_UNASKED,
			     "what runs ends, and stays so until it asks anew");
		size = network_frame(&out, frame);
		report_equal(switch_outgoing(&personas[0], frame, &size), round == 0 ? VEIL_REFUSED_RULE : VEIL_REFUSED_NOT,
			     "and goes out only if it may");
	}
}

static const struct test tests[] = {
	{"card", given_a_card_then_it_says_what_it_is},
	{"frames", given_frames_then_they_leave_and_answers_come_in},
	{"waits", given_more_frames_than_the_board_takes_then_the_rest_waits},
	{"events", given_event_indices_then_nobody_is_told_more},
	{"ends", given_rings_that_end_outside_then_the_device_breaks},
	{"changes", given_rings_in_use_that_change_then_nothing_beyond_is_touched},
	{"hostile", given_hostile_rings_then_they_hurt_their_owner_only},
	{"policy", given_another_policy_then_flows_are_judged_anew},
};

TEST_MAIN(tests)
