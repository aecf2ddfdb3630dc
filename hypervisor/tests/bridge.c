/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the serial line, for tests. */
#include "bridge.h"

#include <stdlib.h>

#include "arch/host/machine.h"
#include "core/lib.h"

#define HEAD 5
#define PLENTY 1000000

struct bridge bridge;

/* CRC-16/XMODEM, bit by bit. */
static uint16_t crc_of(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < size; i++) {
		crc ^= (uint32_t)bytes[i] << 8;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
	}
	return (uint16_t)crc;
}

static void link_take(const uint8_t *payload, size_t size)
{
	struct veil_link_credit credit;

	if (payload[0] == VEIL_LINK_HELLO && size == sizeof(bridge.hello)) {
		memcpy(&bridge.hello, payload, size);
		bridge.hellos++;
		memset(bridge.received, 0, sizeof(bridge.received));
		memset(bridge.granted_to_us, 0, sizeof(bridge.granted_to_us));
	} else if (payload[0] == VEIL_LINK_CREDIT && size == sizeof(credit)) {
		memcpy(&credit, payload, size);
		if (credit.channel < BRIDGE_CHANNELS) {
			bridge.granted_to_us[credit.channel] = credit.granted;
			bridge.credits[credit.channel]++;
		}
	} else {
		bridge.garbage++;
	}
}

static void frame_take(uint8_t channel, const uint8_t *payload, size_t size)
{
	if (channel == VEIL_MUX_LINK) {
		link_take(payload, size);
		return;
	}
	if (channel >= BRIDGE_CHANNELS || (channel > VEIL_MAX_PERSONAS && channel < VEIL_MUX_AGENT)) {
		bridge.garbage++;
		return;
	}
	bridge.received[channel] += (uint32_t)size;
	if (bridge.received[channel] > bridge.granted[channel])
		bridge.overdrafts += bridge.received[channel] - bridge.granted[channel];
	if (channel == VEIL_MUX_CONTROL) {
		if (bridge.message_count == BRIDGE_MESSAGES)
			bridge.message_count = 0;
		bridge.messages[bridge.message_count].size = size;
		memcpy(bridge.messages[bridge.message_count++].bytes, payload, size);
		return;
	}
	if (channel >= VEIL_MUX_AGENT) {
		uint32_t persona = (uint32_t)channel - VEIL_MUX_AGENT;

		for (size_t i = 0; i < size && bridge.agent_size[persona] < BRIDGE_TEXT_BYTES; i++)
			bridge.agent[persona][bridge.agent_size[persona]++] = payload[i];
		return;
	}
	if (size > bridge.largest_text)
		bridge.largest_text = (uint32_t)size;
	for (size_t i = 0; i < size && bridge.text_size[channel - 1] < BRIDGE_TEXT_BYTES; i++)
		bridge.text[channel - 1][bridge.text_size[channel - 1]++] = payload[i];
}

void bridge_read(void)
{
	while (bridge.read < machine.output_size) {
		const uint8_t *frame = machine.output + bridge.read;
		size_t left = machine.output_size - bridge.read;
		size_t size;

		if (left < HEAD || frame[0] != VEIL_MUX_SYNC0 || frame[1] != VEIL_MUX_SYNC1) {
			bridge.garbage++;
			bridge.read++;
			continue;
		}
		size = frame[3] | (size_t)frame[4] << 8;
		if (size == 0 || size > VEIL_MUX_MAX_PAYLOAD || left < HEAD + size + 2 ||
		    crc_of(frame + 2, size + 3) != (frame[HEAD + size] | frame[HEAD + size + 1] << 8)) {
			bridge.garbage++;
			bridge.read++;
			continue;
		}
		frame_take(frame[2], frame + HEAD, size);
		bridge.read += HEAD + size + 2;
	}
}

size_t bridge_frame(uint8_t *to, uint8_t channel, const void *payload, size_t size)
{
	uint16_t crc;

	to[0] = VEIL_MUX_SYNC0;
	to[1] = VEIL_MUX_SYNC1;
	to[2] = channel;
	to[3] = (uint8_t)size;
	to[4] = (uint8_t)(size >> 8);
	memcpy(to + HEAD, payload, size);
	crc = crc_of(to + 2, size + 3);
	to[HEAD + size] = (uint8_t)crc;
	to[HEAD + size + 1] = (uint8_t)(crc >> 8);
	return HEAD + size + 2;
}

void bridge_send(uint8_t channel, const void *payload, size_t size)
{
	uint8_t frame[HEAD + VEIL_MUX_MAX_PAYLOAD + 2];

	machine_receive(frame, bridge_frame(frame, channel, payload, size));
}

void bridge_hello(void)
{
	struct veil_link_hello hello = {.op = VEIL_LINK_HELLO, .abi_version = VEIL_ABI_VERSION};

	bridge_send(VEIL_MUX_LINK, &hello, sizeof(hello));
	memset(bridge.granted, 0, sizeof(bridge.granted));
}

void bridge_grant(uint8_t channel, uint32_t total)
{
	struct veil_link_credit credit = {.op = VEIL_LINK_CREDIT, .channel = channel, .granted = total};

	bridge_send(VEIL_MUX_LINK, &credit, sizeof(credit));
	bridge.granted[channel] = total;
}

void bridge_connect(void)
{
	bridge_hello();
	for (uint8_t i = 0; i < BRIDGE_CHANNELS; i++)
		if (i <= VEIL_MAX_PERSONAS || i >= VEIL_MUX_AGENT)
			bridge_grant(i, PLENTY);
	machine_run(machine.time);
	bridge_read();
}

const struct bridge_message *bridge_ask(uint8_t op, uint8_t persona, uint32_t argument)
{
	struct veil_request request = {.op = op, .persona = persona, .id = ++bridge.last_id, .argument = argument};
	uint32_t from = bridge.message_count;

	bridge_send(VEIL_MUX_CONTROL, &request, sizeof(request));
	machine_run(machine.time);
	bridge_read();
	for (uint32_t i = from; i < bridge.message_count; i++)
		if (bridge.messages[i].response.id == request.id)
			return &bridge.messages[i];
	return NULL;
}

uint32_t bridge_command(uint8_t op, uint8_t persona)
{
	const struct bridge_message *answer = bridge_ask(op, persona, 0);

	return answer ? answer->response.result : UINT32_MAX;
}

struct veil_status_persona bridge_status(uint8_t persona)
{
	const struct bridge_message *answer = bridge_ask(VEIL_OP_STATUS_PERSONA, persona, 0);
	struct veil_status_persona status = {.state = 255};

	if (answer && answer->response.result == VEIL_RESULT_OK && answer->size == sizeof(struct veil_response) + sizeof(status))
		memcpy(&status, answer->data, sizeof(status));
	return status;
}

struct veil_status_system bridge_status_system(void)
{
	const struct bridge_message *answer = bridge_ask(VEIL_OP_STATUS_SYSTEM, 0, 0);
	struct veil_status_system status = {0};

	if (answer && answer->size == sizeof(struct veil_response) + sizeof(status))
		memcpy(&status, answer->data, sizeof(status));
	return status;
}

uint8_t bridge_last_event(uint8_t persona)
{
	uint8_t state = 255;

	for (uint32_t i = 0; i < bridge.message_count; i++)
		if (bridge.messages[i].response.op == VEIL_EVENT_STATE && bridge.messages[i].response.persona == persona)
			state = bridge.messages[i].data[0];
	return state;
}

bool bridge_text_is(uint32_t persona, const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return bridge.text_size[persona] == size && memcmp(bridge.text[persona], text, size) == 0;
}
