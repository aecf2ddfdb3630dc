/* SPDX-License-Identifier: Apache-2.0 */
/* The control protocol. */
#include "control.h"

#include <veil/arch.h>
#include <veil/last_run.h>

#include "lib.h"
#include "log.h"
#include "mux.h"
#include "persona.h"
#include "platforms/virtio_console.h"
#include "policy.h"
#include "switch.h"
#include "units.h"
#include "verify/verify.h"

static struct {
	uint64_t boot_epoch;
	address_t memory_veil;
	address_t memory_payloads;
} control;

struct reply {
	struct veil_response response;
	union {
		uint8_t data[VEIL_MUX_MAX_PAYLOAD - sizeof(struct veil_response)];
		struct veil_status_system system;
		struct veil_status_persona persona;
		uint64_t counters[sizeof(struct veil_statistics) / sizeof(uint64_t)];
		struct veil_network_status network;
		struct veil_policy_status policy;
	};
};

_Static_assert(sizeof(struct reply) == VEIL_MUX_MAX_PAYLOAD, "each answer fits into a frame");
_Static_assert(sizeof(struct veil_log_header) + LOG_TEXT_BYTES <= sizeof(((struct reply *)0)->data), "a log record fits into a frame");

void control_init(uint64_t boot_epoch, address_t memory_veil, address_t memory_payloads)
{
	control.boot_epoch = boot_epoch;
	control.memory_veil = memory_veil;
	control.memory_payloads = memory_payloads;
}

/* Ticks a CPU has spent on `v` (NULL: idle) since it was charged last. Read without a lock: a change of hands in between may count a
 * slice twice, until the next look. */
static uint64_t uncharged(const struct cpu *cpu, const struct vcpu *v)
{
	uint64_t since = __atomic_load_n(&cpu->charged_since, __ATOMIC_RELAXED);
	uint64_t now = arch_time();

	return __atomic_load_n(&cpu->charged, __ATOMIC_RELAXED) == v && now > since ? now - since : 0;
}

/* An answer is all zero before. */
static size_t status_system(struct veil_status_system *status)
{
	status->boot_epoch = control.boot_epoch;
	status->uptime_ns = ticks_to_ns(arch_time());
	status->cpus = cpu_count;
	status->personas = persona_count;
	status->foreground = persona_foreground;
	status->beside = persona_beside;
	status->mux_garbage = mux_garbage();
	status->mux_dropped = mux_dropped();
	status->memory_veil = control.memory_veil;
	status->memory_payloads = control.memory_payloads;
	status->log_next = log_next();
	for (uint32_t i = 0; i < cpu_count; i++)
		status->idle_ns += ticks_to_ns(cpus[i].idle_time + uncharged(&cpus[i], NULL));
	return sizeof(*status);
}

static size_t status_persona(struct veil_status_persona *status, const struct persona *p)
{
	status->state = (uint8_t)p->state;
	status->reason = (uint8_t)p->reason;
	status->ready = (uint8_t)p->ready;
	status->foreground = p->index == persona_foreground;
	status->restarts = p->restarts;
	status->starts = p->starts;
	status->cpu_count = persona_cpu_count(p);
	status->memory_total = p->config->ram_size;
	status->memory_touched = (uint64_t)p->touched * VEIL_PAGE_SIZE;
	status->fault = p->fault;
	for (uint32_t i = 0; i < persona_cpu_count(p); i++) {
		const struct vcpu *v = p->vcpus[i];

		status->cpu_time_ns += ticks_to_ns(v->cpu_time + uncharged(v->cpu, v));
	}
	memcpy(status->name, p->config->name, sizeof(status->name));
	return sizeof(*status);
}

/* All fields of struct veil_statistics are 64-bit counters, so they are summed as an array. */
static size_t statistics(uint64_t *sums, const struct persona *p)
{
	for (uint32_t i = 0; i < persona_cpu_count(p); i++) {
		const uint64_t *counters = (const uint64_t *)&p->vcpus[i]->statistics;

		for (size_t j = 1; j < sizeof(struct veil_statistics) / sizeof(*sums); j++)
			sums[j] += counters[j];
	}
	for (size_t j = 1; j <= 7; j++)
		sums[0] += sums[j]; /* exits: by cause, populated included */
	return sizeof(struct veil_statistics);
}

static size_t log_answer(uint8_t *data, uint32_t from, uint32_t *result)
{
	struct log_record record;

	if (!log_read(from, &record)) {
		*result = VEIL_RESULT_NO_DATA;
		return 0;
	}
	memcpy(data, &record.header, sizeof(record.header));
	memcpy(data + sizeof(record.header), record.text, record.length);
	return sizeof(record.header) + record.length;
}

static size_t network_answer(struct veil_network_status *data, struct persona *p, uint32_t *result)
{
	bool has_network;

	lock_take(&p->lock);
	has_network = switch_status(p, data);
	lock_release(&p->lock);
	if (has_network)
		return sizeof(struct veil_network_status);
	*result = VEIL_RESULT_NO_DATA;
	return 0;
}

static enum veil_result command(uint8_t op, struct persona *p)
{
	switch (op) {
	case VEIL_OP_START:
		return persona_start(p);
	case VEIL_OP_STOP:
		return persona_stop(p);
	case VEIL_OP_PAUSE:
		return persona_pause(p);
	case VEIL_OP_RESUME:
		return persona_resume(p);
	case VEIL_OP_RESTART:
		return persona_restart(p);
	case VEIL_OP_SWITCH:
		return persona_switch(p);
	default:
		return VEIL_RESULT_UNKNOWN_OP;
	}
}

/* On to the guest's agent, from the line's buffer: nothing of it stays here. */
static enum veil_result secret(struct persona *p, const uint8_t *bytes, size_t size)
{
	struct veil_frame frame = {.op = VEIL_FRAME_SECRET, .channel = 0, .length = (uint16_t)size, .argument = 0};
	bool taken;

	if (size == 0 || size > VEIL_SECRET_BYTES)
		return VEIL_RESULT_BAD_LENGTH;
	if (!(p->config->devices & VEIL_DEVICE_AGENT) || !persona_hold(p))
		return VEIL_RESULT_WRONG_STATE;
	lock_take(&p->lock);
	taken = virtio_console_put(p, frame, bytes) == CONSOLE_TAKEN;
	lock_release(&p->lock);
	persona_release(p);
	return taken ? VEIL_RESULT_OK : VEIL_RESULT_WRONG_STATE;
}

static bool op_is_global(uint8_t op)
{
	return op == VEIL_OP_STATUS_SYSTEM || op == VEIL_OP_LOG || op == VEIL_OP_POWER_OFF || op == VEIL_OP_ACCEPT ||
	       (op >= VEIL_OP_POLICY_BEGIN && op <= VEIL_OP_POLICY_STATUS);
}

/* Does a request of this kind carry data? What it may be is checked where it is used. */
static bool op_has_data(uint8_t op)
{
	return op == VEIL_OP_POLICY_BEGIN || op == VEIL_OP_POLICY_DATA || op == VEIL_OP_SECRET;
}

void control_receive(const uint8_t *payload, size_t size)
{
	struct veil_request request = {0};
	struct reply reply = {0};
	size_t data_size = size < sizeof(request) ? 0 : size - sizeof(request);
	const uint8_t *data = payload + sizeof(request);
	struct persona *p;
	size_t answer = 0;

	memcpy(&request, payload, size < sizeof(request) ? size : sizeof(request));
	p = request.persona < persona_count ? &personas[request.persona] : NULL;
	reply.response = (struct veil_response){.op = request.op, .persona = request.persona, .id = request.id};
	if (size < sizeof(request) || (data_size && !op_has_data(request.op)))
		reply.response.result = VEIL_RESULT_BAD_LENGTH;
	else if (!p && !op_is_global(request.op))
		reply.response.result = VEIL_RESULT_NO_SUCH_PERSONA;
	else
		switch (request.op) {
		case VEIL_OP_STATUS_SYSTEM:
			answer = status_system(&reply.system);
			break;
		case VEIL_OP_STATUS_PERSONA:
			answer = status_persona(&reply.persona, p);
			break;
		case VEIL_OP_STATISTICS:
			answer = statistics(reply.counters, p);
			break;
		case VEIL_OP_LOG:
			answer = log_answer(reply.data, request.argument, &reply.response.result);
			break;
		case VEIL_OP_SECRET:
			reply.response.result = secret(p, data, data_size);
			break;
		case VEIL_OP_POWER_OFF:
			break;
		case VEIL_OP_ACCEPT:
			reply.response.result = verify_accept();
			break;
		case VEIL_OP_VIEW:
			reply.response.result = persona_show_beside(request.argument ? request.persona : VEIL_NO_PERSONA);
			break;
		case VEIL_OP_POLICY_BEGIN:
			reply.response.result = policy_begin(request.argument, data, data_size);
			break;
		case VEIL_OP_POLICY_DATA:
			reply.response.result = policy_data(request.argument, data, data_size);
			break;
		case VEIL_OP_POLICY_COMMIT:
			reply.response.result = policy_commit();
			break;
		case VEIL_OP_POLICY_STATUS:
			policy_status(&reply.policy);
			answer = sizeof(struct veil_policy_status);
			break;
		case VEIL_OP_NETWORK:
			answer = network_answer(&reply.network, p, &reply.response.result);
			break;
		default:
			reply.response.result = command(request.op, p);
			break;
		}
	mux_control_send(&reply, sizeof(reply.response) + answer);
	if (reply.response.result == VEIL_RESULT_OK && request.op == VEIL_OP_POWER_OFF) {
		last_run_off();
		arch_power_off();
	}
}

void control_event_state(const struct persona *p)
{
	struct {
		struct veil_response response;
		struct veil_event_state state;
	} event = {
		.response = {.op = VEIL_EVENT_STATE, .persona = (uint8_t)p->index, .id = 0, .result = 0},
		.state = {.state = (uint8_t)p->state, .reason = (uint8_t)p->reason, .reserved = 0, .starts = p->starts},
	};

	mux_control_send(&event, sizeof(event));
}

void control_event_agent(const struct persona *p)
{
	struct veil_response event = {.op = VEIL_EVENT_AGENT, .persona = (uint8_t)p->index, .id = 0, .result = 0};

	mux_control_send(&event, sizeof(event));
}
