/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers between personas. A sender says who it means, how much it will send and then sends it; all three are checked here against
 * the policy in force, frame by frame, so that a channel taken out of it ends what is under way.
 *
 * Two personas' locks are held at once here alone, and only under channels.lock, so no two CPUs can wait for each other. */
#include "channel.h"

#include <veil/arch.h>
#include <veil/cpu.h>
#include <veil/lock.h>

#include "control.h"
#include "lib.h"
#include "log.h"
#include "mux.h"
#include "persona.h"
#include "platforms/virtio_console.h"
#include "policy.h"

#define KINDS 2 /* clipboard, files */

struct transfer {
	uint32_t size; /* of the one under way; 0: none is */
	uint32_t left;
	uint64_t stalled_since; /* 0: it is not */
	uint64_t minute; /* when the one began in which `count` were begun */
	uint32_t count;
	bool complained; /* a refusal was logged in it */
	/* What found no room in the queue of the agent it is for, and waits: */
	uint8_t result_owed; /* 1 + enum veil_transfer, for the sender */
	bool abort_owed; /* for the receiver */
};

static struct {
	struct lock lock;
	struct transfer transfers[VEIL_MAX_PERSONAS][VEIL_MAX_PERSONAS][KINDS]; /* from, to, what */
} channels;

/* A frame that is being handled, by whom and for whom. */
struct sending {
	struct persona *from;
	struct persona *to; /* NULL: nobody, or it does not run; else held */
	const struct veil_channel *channel; /* NULL: not in the policy */
	struct transfer *transfer;
	struct veil_frame frame;
	const uint8_t *payload; /* in the sender's memory: opaque, so that it may change meanwhile */
};

static NOINLINE struct transfer *transfer_of(uint32_t from, uint32_t to, uint32_t kind)
{
	return &channels.transfers[from][to][kind];
}

static void result(struct sending *s, enum veil_transfer how)
{
	struct veil_frame frame = {.op = VEIL_FRAME_RESULT, .channel = s->frame.channel, .length = 0, .argument = how};

	if (virtio_console_put(s->from, frame, NULL) == CONSOLE_FULL && s->transfer)
		s->transfer->result_owed = (uint8_t)(how + 1);
}

/* Pays what is owed to the persona's agent, as far as it has given buffers. */
static void owed_send(struct persona *p)
{
	if (!virtio_console_is_told(p))
		return;
	for (uint32_t i = 0; i < persona_count; i++)
		for (uint32_t kind = 0; kind < KINDS; kind++) {
			struct transfer *in = transfer_of(i, p->index, kind), *out = transfer_of(p->index, i, kind);
			struct veil_frame frame = {.op = VEIL_FRAME_ABORT,
						   .channel = (uint8_t)(i | (kind + VEIL_CARRIES_CLIPBOARD) << 4),
						   .length = 0,
						   .argument = 0};

			if (in->abort_owed)
				in->abort_owed = virtio_console_put(p, frame, NULL) == CONSOLE_FULL;
			frame.op = VEIL_FRAME_RESULT;
			frame.argument = out->result_owed - 1U;
			if (out->result_owed && virtio_console_put(p, frame, NULL) != CONSOLE_FULL)
				out->result_owed = 0;
		}
}

/* To the other side, which knows the channel by the sender's number. */
static enum console_put deliver(struct sending *s, uint8_t op, const void *payload, uint16_t length)
{
	struct veil_frame frame = {.op = op,
				   .channel = (uint8_t)(s->from->index | (s->frame.channel & 0xf0)),
				   .length = length,
				   .argument = s->frame.argument};
	enum console_put put;

	if (!s->to)
		return CONSOLE_CLOSED;
	lock_take(&s->to->lock);
	put = virtio_console_put(s->to, frame, payload);
	lock_release(&s->to->lock);
	return put;
}

static void cut(struct sending *s)
{
	if (s->transfer->size)
		s->transfer->abort_owed = deliver(s, VEIL_FRAME_ABORT, NULL, 0) != CONSOLE_TAKEN; /* or it is paused */
	s->transfer->size = 0;
}

static void end(struct sending *s, enum veil_transfer how)
{
	if (how != VEIL_TRANSFER_DONE)
		cut(s);
	s->transfer->size = 0;
	s->transfer->stalled_since = 0;
	result(s, how);
}

static void minute_begin(struct transfer *t)
{
	uint64_t now = arch_time();

	if (t->minute && now - t->minute < 60 * arch_time_frequency())
		return;
	t->minute = now;
	t->count = 0;
	t->complained = false;
}

static void log_transfer(const struct sending *s, const char *what, uint64_t bytes)
{
	char text[LOG_TEXT_BYTES + 1];
	uint32_t length = log_append(text, 0, (s->frame.channel >> 4) == VEIL_CARRIES_FILES ? "file" : "clipboard");

	length = log_append(text, length, what);
	length = log_append(text, length, (const char *)s->from->manifest->personas[s->frame.channel & 15].name);
	length = log_append(text, length, ": bytes");
	text[length] = 0;
	log_number(s->from->index, text, bytes);
}

static void refuse(struct sending *s, enum veil_transfer why)
{
	count_up(&s->from->vcpus[0]->statistics.refused_transfers);
	if (s->transfer && !s->transfer->complained) {
		s->transfer->complained = true; /* once a minute: a flood must not push other records out of the log */
		log_transfer(s, " refused to ", s->frame.argument);
	}
	result(s, why);
}

/* The receiver has no room: true as long as it may still get some. */
static bool may_wait(struct transfer *t)
{
	uint64_t limit = VEIL_STALL_SECONDS * arch_time_frequency();

	if (!t->stalled_since)
		t->stalled_since = arch_time();
	if (arch_time() - t->stalled_since >= limit)
		return false;
	mux_flush_by(t->stalled_since + limit);
	return true;
}

/* False: it must wait. */
static bool begin(struct sending *s)
{
	struct transfer *t = s->transfer;
	enum console_put put;

	if (!t) {
		refuse(s, VEIL_TRANSFER_REFUSED);
		return true;
	}
	minute_begin(t);
	cut(s); /* one under way ends here */
	if (!s->channel) {
		refuse(s, VEIL_TRANSFER_REFUSED);
	} else if (s->frame.argument == 0 || s->frame.argument > s->channel->max_bytes) {
		refuse(s, VEIL_TRANSFER_TOO_LARGE);
	} else if (t->count >= s->channel->per_minute) {
		refuse(s, VEIL_TRANSFER_TOO_MANY);
	} else {
		put = deliver(s, VEIL_FRAME_BEGIN, s->payload, s->frame.length);
		if (put == CONSOLE_FULL && may_wait(t))
			return false;
		t->count++; /* also when nobody is there, or trying again and again would tell when somebody is */
		if (put == CONSOLE_TAKEN) {
			t->size = t->left = s->frame.argument;
			t->abort_owed = false; /* it has ended the one before it */
		} else {
			result(s, VEIL_TRANSFER_AWAY);
		}
	}
	t->stalled_since = 0;
	return true;
}

static bool data(struct sending *s)
{
	struct transfer *t = s->transfer;

	if (!t || !t->size) /* of one that was refused or has ended: it has been told */
		return true;
	if (!s->channel || s->frame.length == 0 || s->frame.length > t->left) {
		end(s, VEIL_TRANSFER_REFUSED);
		return true;
	}
	switch (deliver(s, VEIL_FRAME_DATA, s->payload, s->frame.length)) {
	case CONSOLE_TAKEN:
		break;
	case CONSOLE_FULL:
		if (may_wait(t))
			return false;
		end(s, VEIL_TRANSFER_STALLED);
		return true;
	case CONSOLE_CLOSED:
		end(s, VEIL_TRANSFER_AWAY);
		return true;
	}
	t->stalled_since = 0;
	t->left -= s->frame.length;
	if (t->left)
		return true;
	count_up(&s->from->vcpus[0]->statistics.transfers);
	s->from->vcpus[0]->statistics.transfer_bytes += t->size;
	log_transfer(s, " sent to ", t->size);
	end(s, VEIL_TRANSFER_DONE);
	return true;
}

/* Whatever its agent wrote: the sender is this persona, and the receiver one the policy lets it send to, or nobody. */
static void address(struct sending *s)
{
	uint32_t peer = s->frame.channel & 15, carries = s->frame.channel >> 4;

	if (peer >= persona_count || peer == s->from->index || carries < VEIL_CARRIES_CLIPBOARD || carries > VEIL_CARRIES_FILES)
		return;
	s->transfer = transfer_of(s->from->index, peer, carries - VEIL_CARRIES_CLIPBOARD);
	s->channel = policy_channel(policy_current(), s->from->index, peer, carries);
	if ((s->channel || s->transfer->size) && (personas[peer].config->devices & VEIL_DEVICE_AGENT) && persona_hold(&personas[peer]))
		s->to = &personas[peer];
}

/* Both ends of whatever is under way to and from a persona: the other one is told that it is over. */
static void transfers_forget(struct persona *p)
{
	for (uint32_t i = 0; i < VEIL_MAX_PERSONAS; i++)
		for (uint32_t kind = 0; kind < KINDS; kind++) {
			struct transfer *in = transfer_of(i, p->index, kind), *out = transfer_of(p->index, i, kind);

			if (in->size)
				in->result_owed = VEIL_TRANSFER_AWAY + 1;
			out->abort_owed |= out->size != 0;
			in->abort_owed = false;
			out->result_owed = 0;
			in->size = out->size = 0;
			in->stalled_since = out->stalled_since = 0;
		}
	mux_flush_soon();
}

static bool handle(struct sending *s)
{
	switch (s->frame.op) {
	case VEIL_FRAME_HELLO:
		control_event_agent(s->from);
		transfers_forget(s->from); /* it knows of nothing that was under way */
		virtio_console_greet(s->from);
		return true;
	case VEIL_FRAME_BEGIN:
		address(s);
		return begin(s);
	case VEIL_FRAME_DATA:
		address(s);
		return data(s);
	case VEIL_FRAME_ABORT:
		address(s);
		if (s->transfer && s->transfer->size)
			end(s, VEIL_TRANSFER_REFUSED);
		return true;
	default: /* of a later version, or garbage */
		return true;
	}
}

void channel_go_on(struct persona *p)
{
	struct sending sending = {.from = p};

	lock_take(&channels.lock);
	lock_take(&p->lock);
	owed_send(p);
	if (virtio_console_first(p, &sending.frame, &sending.payload))
		virtio_console_done(p, handle(&sending));
	lock_release(&p->lock);
	lock_release(&channels.lock);
	if (sending.to)
		persona_release(sending.to); /* with no lock held: it may end there */
}

void channel_has_room(struct persona *p)
{
	struct persona *sender = NULL;

	channel_go_on(p);
	lock_take(&channels.lock);
	for (uint32_t i = 0; i < persona_count; i++)
		for (uint32_t kind = 0; kind < KINDS; kind++)
			if (transfer_of(i, p->index, kind)->stalled_since)
				sender = &personas[i];
	lock_release(&channels.lock);
	if (!sender || !persona_hold(sender))
		return;
	channel_go_on(sender);
	persona_release(sender);
}

void channel_reset(struct persona *p)
{
	lock_take(&channels.lock);
	transfers_forget(p);
	lock_release(&channels.lock);
}
