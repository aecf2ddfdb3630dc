/* SPDX-License-Identifier: Apache-2.0 */
/* The mux. What arrives is checked byte by byte: on real boards the line leaves the device. */
#include "mux.h"

#include <veil/arch.h>
#include <veil/console.h>
#include <veil/cpu.h>
#include <veil/lock.h>
#include <veil/platform.h>

#include "control.h"
#include "lib.h"
#include "units.h"

#define MUX_BATCH 96 /* bytes of console output in one frame: about 3,500 instructions with the UART's */
#define MUX_DELAY_US 2000
#define MUX_OUTPUT_BYTES 8192 /* a power of two */
#define MUX_INPUT_BYTES 512 /* a power of two */
#define FRAME_HEAD 5
#define FRAME_MAX (FRAME_HEAD + VEIL_MUX_MAX_PAYLOAD + 2)
#define RECEIVE_MAX 16 /* bytes taken in one go: two requests at most, whose answers may take 4,000 instructions each */

#define CHANNELS (2 * VEIL_MAX_PERSONAS) /* consoles, then owner ports */

struct channel {
	bool takes_input; /* consoles always; owner ports while the guest has them open */
	uint8_t number; /* on the line */
	uint32_t sent; /* running totals of payload bytes, modulo 2^32 */
	uint32_t granted_to_us;
	uint32_t received;
	uint32_t granted_by_us;
	uint32_t input_put; /* indices are running totals too */
	uint32_t input_taken;
	uint8_t input[MUX_INPUT_BYTES];
} ARRAY_ELEMENT(1024);

struct output {
	uint32_t put;
	uint32_t taken;
	uint8_t bytes[MUX_OUTPUT_BYTES];
};

static struct {
	struct lock lock;
	uint32_t persona_count;
	uint64_t boot_epoch;
	uint64_t flush_at;
	uint64_t dropped;
	uint32_t garbage;
	uint32_t control_sent;
	uint32_t control_granted_to_us;
} mux;

static struct channel channels[CHANNELS];
static struct output outputs[VEIL_MAX_PERSONAS]; /* of consoles; what an owner port sends waits in the guest's own buffers */

static struct {
	uint32_t size;
	uint8_t bytes[FRAME_MAX];
} arriving; /* frame */

/* ---- Sending ---- */

/* CRC-16/XMODEM: x^16 is x^12 + x^5 + 1, and of what the upper half of a byte becomes so, x^12 goes beyond x^16 once more. */
static uint16_t crc_update(uint32_t crc, uint8_t byte)
{
	uint32_t high = crc >> 8 ^ byte;

	high ^= high >> 4;
	return (uint16_t)(crc << 8 ^ high << 12 ^ high << 5 ^ high);
}

static uint16_t put_checked(uint16_t crc, uint8_t byte)
{
	console_putc(byte);
	return crc_update(crc, byte);
}

static uint16_t frame_begin(uint8_t channel, size_t size)
{
	uint16_t crc;

	console_putc(VEIL_MUX_SYNC0);
	console_putc(VEIL_MUX_SYNC1);
	crc = put_checked(0, channel);
	crc = put_checked(crc, (uint8_t)size);
	return put_checked(crc, (uint8_t)(size >> 8));
}

static void frame_end(uint16_t crc)
{
	console_putc((uint8_t)crc);
	console_putc((uint8_t)(crc >> 8));
}

static void frame_send(uint8_t channel, const void *payload, size_t size)
{
	const uint8_t *bytes = payload;
	uint16_t crc = frame_begin(channel, size);

	while (size--)
		crc = put_checked(crc, *bytes++);
	frame_end(crc);
}

/* What may still be sent. Totals are modulo 2^32: a grant below what was sent already is no credit, not a huge one. */
static uint32_t credit_of(uint32_t granted, uint32_t sent)
{
	return granted - sent <= INT32_MAX ? granted - sent : 0;
}

static struct channel *agent_channel(uint32_t persona)
{
	return &channels[VEIL_MAX_PERSONAS + persona];
}

/* The channel of that number on the line; NULL if no persona has it. */
static struct channel *channel_of(uint8_t number)
{
	if (number - 1U < mux.persona_count)
		return &channels[number - 1];
	return number >= VEIL_MUX_AGENT && number - VEIL_MUX_AGENT < (int)mux.persona_count ? agent_channel(number - VEIL_MUX_AGENT) : NULL;
}

/* One frame of a console's waiting output, as far as credit goes. */
static void output_send(uint32_t persona)
{
	struct channel *c = &channels[persona];
	struct output *output = &outputs[persona];
	uint32_t size = output->put - output->taken;
	uint32_t credit = credit_of(c->granted_to_us, c->sent);
	uint16_t crc;

	if (size > MUX_BATCH)
		size = MUX_BATCH;
	if (size > credit)
		size = credit;
	if (!size)
		return;
	crc = frame_begin((uint8_t)(persona + 1), size);
	for (uint32_t i = 0; i < size; i++)
		crc = put_checked(crc, output->bytes[output->taken++ % MUX_OUTPUT_BYTES]);
	frame_end(crc);
	c->sent += size;
}

/* Has it anything that could be sent now? */
static bool output_is_ready(uint32_t persona)
{
	const struct channel *c = &channels[persona];

	return outputs[persona].put != outputs[persona].taken && credit_of(c->granted_to_us, c->sent) != 0;
}

static void flush_by(uint64_t deadline)
{
	if (mux.flush_at <= deadline)
		return;
	mux.flush_at = deadline;
	if (deadline < arch_this_cpu()->armed)
		arch_timer_arm(deadline);
}

static void flush_later(void)
{
	flush_by(arch_time() + us_to_ticks(MUX_DELAY_US));
}

void mux_console_put(uint32_t persona, uint8_t byte)
{
	struct output *output = &outputs[persona];
	uint32_t waiting;

	lock_take(&mux.lock);
	waiting = output->put - output->taken;
	if (waiting == MUX_OUTPUT_BYTES) {
		count_up(&mux.dropped);
	} else {
		output->bytes[output->put++ % MUX_OUTPUT_BYTES] = byte;
		if (byte == '\n' || waiting + 1 >= MUX_BATCH)
			output_send(persona);
		else
			flush_later();
	}
	lock_release(&mux.lock);
}

uint64_t mux_deadline(void)
{
	return __atomic_load_n(&mux.flush_at, __ATOMIC_RELAXED);
}

/* One frame of each console, and of each owner port; what is left waits for the next turn. */
void mux_flush(void)
{
	lock_take(&mux.lock);
	mux.flush_at = UINT64_MAX;
	for (uint32_t i = 0; i < mux.persona_count; i++) {
		output_send(i);
		if (output_is_ready(i))
			flush_later();
	}
	lock_release(&mux.lock);
	platform_flush();
}

void mux_flush_by(uint64_t deadline)
{
	lock_take(&mux.lock);
	flush_by(deadline);
	lock_release(&mux.lock);
}

void mux_flush_soon(void)
{
	lock_take(&mux.lock);
	flush_later();
	lock_release(&mux.lock);
}

uint32_t mux_agent_send(uint32_t persona, const uint8_t *bytes, uint32_t size)
{
	struct channel *c = agent_channel(persona);
	uint32_t credit;

	lock_take(&mux.lock);
	credit = credit_of(c->granted_to_us, c->sent);
	if (size > credit)
		size = credit;
	if (size) {
		frame_send((uint8_t)(VEIL_MUX_AGENT + persona), bytes, size);
		c->sent += size;
		if (size < credit)
			flush_later(); /* there may be more to send */
	}
	lock_release(&mux.lock);
	return size;
}

void mux_control_send(const void *payload, size_t size)
{
	lock_take(&mux.lock);
	if (credit_of(mux.control_granted_to_us, mux.control_sent) >= size) {
		frame_send(VEIL_MUX_CONTROL, payload, size);
		mux.control_sent += (uint32_t)size;
	} else {
		mux.dropped += size;
	}
	lock_release(&mux.lock);
}

/* ---- Receiving ---- */

bool mux_console_has_input(uint32_t persona)
{
	return channels[persona].input_put != channels[persona].input_taken;
}

static void credit_send(uint8_t channel, uint32_t granted)
{
	struct veil_link_credit credit;

	memset(&credit, 0, sizeof(credit));
	credit.op = VEIL_LINK_CREDIT;
	credit.channel = channel;
	credit.granted = granted;
	frame_send(VEIL_MUX_LINK, &credit, sizeof(credit));
}

/* Tells the bridge how much more it may send: all that fits into the ring. */
static void grant(struct channel *c)
{
	uint32_t room = MUX_INPUT_BYTES - (c->input_put - c->input_taken);

	c->granted_by_us = c->received + room;
	credit_send(c->number, c->granted_by_us);
}

/* Takes waiting input of a channel; gives new credit when all of it is taken. */
static uint32_t input_take(struct channel *c, uint8_t *to, uint32_t size)
{
	uint32_t waiting;

	lock_take(&mux.lock);
	waiting = c->input_put - c->input_taken;
	if (size > waiting)
		size = waiting;
	for (uint32_t i = 0; i < size; i++)
		to[i] = c->input[c->input_taken++ % MUX_INPUT_BYTES];
	if (size && c->input_put == c->input_taken && c->granted_by_us - c->received < MUX_INPUT_BYTES / 2)
		grant(c);
	lock_release(&mux.lock);
	return size;
}

bool mux_console_get(uint32_t persona, uint8_t *byte)
{
	return input_take(&channels[persona], byte, 1) != 0;
}

bool mux_agent_has_input(uint32_t persona)
{
	return agent_channel(persona)->input_put != agent_channel(persona)->input_taken;
}

uint32_t mux_agent_take(uint32_t persona, uint8_t *to, uint32_t size)
{
	return input_take(agent_channel(persona), to, size);
}

void mux_agent_open(uint32_t persona, bool is_open)
{
	struct channel *c = agent_channel(persona);

	lock_take(&mux.lock);
	c->takes_input = is_open;
	c->input_taken = c->input_put;
	if (is_open)
		grant(c);
	lock_release(&mux.lock);
}

static void hello_send(uint8_t reply)
{
	struct veil_link_hello hello = {.op = VEIL_LINK_HELLO,
					.abi_version = VEIL_ABI_VERSION,
					.personas = (uint8_t)mux.persona_count,
					.reply = reply,
					.cpus = cpu_count,
					.boot_epoch = mux.boot_epoch};

	frame_send(VEIL_MUX_LINK, &hello, sizeof(hello));
}

/* A bridge is there, perhaps a new one: both sides count from zero. */
static void link_reset(void)
{
	mux.control_sent = 0;
	mux.control_granted_to_us = 0;
	for (uint32_t i = 0; i < CHANNELS; i++) {
		channels[i].sent = 0;
		channels[i].granted_to_us = 0;
		channels[i].received = 0;
		channels[i].granted_by_us = 0;
	}
}

static void link_receive(const uint8_t *payload, uint32_t size)
{
	if (payload[0] == VEIL_LINK_HELLO && size == sizeof(struct veil_link_hello)) {
		struct veil_link_hello hello;

		memcpy(&hello, payload, sizeof(hello));
		link_reset();
		if (!hello.reply)
			hello_send(1);
		/* Only the requests' size bounds what the bridge may have on its way: Veil answers each before it takes the next. */
		credit_send(VEIL_MUX_CONTROL, INT32_MAX);
		for (uint32_t i = 0; i < CHANNELS; i++)
			if (channels[i].takes_input)
				grant(&channels[i]);
	} else if (payload[0] == VEIL_LINK_CREDIT && size == sizeof(struct veil_link_credit)) {
		struct veil_link_credit credit;
		struct channel *c;

		memcpy(&credit, payload, sizeof(credit));
		c = channel_of(credit.channel);
		if (credit.channel == VEIL_MUX_CONTROL)
			mux.control_granted_to_us = credit.granted;
		else if (c)
			c->granted_to_us = credit.granted;
		if (c &&
		    (credit.channel < VEIL_MUX_AGENT ? output_is_ready(credit.channel - 1U) : credit_of(c->granted_to_us, c->sent) != 0))
			flush_later();
	} else {
		mux.garbage++;
	}
}

/* Called without the lock: control commands and virtual UARTs take their personas' locks first. */
static void frame_receive(uint8_t channel, const uint8_t *payload, uint32_t size)
{
	struct channel *c = channel_of(channel);

	if (channel == VEIL_MUX_CONTROL) {
		control_receive(payload, size);
		return;
	}
	lock_take(&mux.lock);
	if (channel == VEIL_MUX_LINK) {
		link_receive(payload, size);
	} else if (c) {
		c->received += size;
		for (uint32_t i = 0; i < size; i++) {
			if (!c->takes_input || c->input_put - c->input_taken == MUX_INPUT_BYTES) {
				count_up(&mux.dropped); /* the bridge exceeded its credit, or the guest's agent has gone */
				continue;
			}
			c->input[c->input_put++ % MUX_INPUT_BYTES] = payload[i];
		}
	} else {
		mux.garbage++;
	}
	lock_release(&mux.lock);
	if (c && channel < VEIL_MUX_AGENT)
		platform_console_input(channel - 1U);
	else if (c)
		platform_agent_input((uint32_t)channel - VEIL_MUX_AGENT);
}

/* Where the next sync may begin at or after `start`. */
static uint32_t find_sync(uint32_t start)
{
	while (start < arriving.size &&
	       (arriving.bytes[start] != VEIL_MUX_SYNC0 || (start + 1 < arriving.size && arriving.bytes[start + 1] != VEIL_MUX_SYNC1)))
		start++;
	return start;
}

static bool crc_is_good(const uint8_t *frame, uint32_t size)
{
	uint16_t crc = 0;

	for (uint32_t i = 2; i < FRAME_HEAD + size; i++)
		crc = crc_update(crc, frame[i]);
	return crc == (frame[FRAME_HEAD + size] | frame[FRAME_HEAD + size + 1] << 8);
}

/* Takes complete frames off the front of arriving.bytes; resynchronizes on anything else. */
static void frames_parse(void)
{
	uint32_t start = 0;

	for (;;) {
		const uint8_t *frame;
		uint32_t left, size;
		bool is_possible;

		start = find_sync(start);
		frame = arriving.bytes + start;
		left = arriving.size - start;
		if (left < FRAME_HEAD)
			break;
		size = frame[3] | (uint32_t)frame[4] << 8;
		is_possible = size != 0 && size <= VEIL_MUX_MAX_PAYLOAD;
		if (is_possible && left < FRAME_HEAD + size + 2)
			break;
		if (!is_possible || !crc_is_good(frame, size)) {
			mux.garbage++;
			start += 2;
			continue;
		}
		frame_receive(frame[2], frame + FRAME_HEAD, size);
		if (frame[2] == VEIL_MUX_CONTROL && size > sizeof(struct veil_request))
			memset(arriving.bytes + start + FRAME_HEAD, 0, size); /* may have been a secret */
		start += FRAME_HEAD + size + 2;
	}
	if (start) {
		arriving.size -= start;
		for (uint32_t i = 0; i < arriving.size; i++)
			arriving.bytes[i] = arriving.bytes[start + i];
	}
}

/* Only the CPU that takes the UART's interrupt comes here, so the half-received frame needs no lock. */
void mux_receive(void)
{
	uint8_t byte;

	for (uint32_t i = 0; i < RECEIVE_MAX && console_getc(&byte); i++) {
		arriving.bytes[arriving.size++] = byte;
		frames_parse();
	}
}

void mux_init(uint32_t persona_count, uint64_t boot_epoch)
{
	mux.persona_count = persona_count;
	mux.boot_epoch = boot_epoch;
	mux.flush_at = UINT64_MAX;
	arriving.size = 0;
	mux.garbage = 0;
	mux.dropped = 0;
	for (uint32_t i = 0; i < VEIL_MAX_PERSONAS; i++) {
		channels[i].takes_input = i < persona_count;
		channels[i].number = (uint8_t)(i + 1);
		agent_channel(i)->number = (uint8_t)(i + VEIL_MUX_AGENT);
	}
	link_reset();
	hello_send(0);
}

uint32_t mux_garbage(void)
{
	return mux.garbage;
}

uint64_t mux_dropped(void)
{
	return mux.dropped;
}
