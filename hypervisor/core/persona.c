/* SPDX-License-Identifier: Apache-2.0 */
/* The life of personas. */
#include "persona.h"

#include <veil/arch.h>

#include "control.h"
#include "entropy.h"
#include "input.h"
#include "lib.h"
#include "log.h"
#include "memory.h"
#include "mux.h"
#include "payload.h"
#include "sched.h"
#include "units.h"
#include "view.h"

struct persona personas[VEIL_MAX_PERSONAS];
uint32_t persona_count;
uint32_t persona_foreground;
uint32_t persona_beside;

#define WORK_PAGES 128 /* pages looked at in one step of WORK_FORGET when nothing is to be cleared */

/* ---- Boot ---- */

static struct cpu *affine_cpu(const struct veil_persona *config, uint32_t start)
{
	for (uint32_t i = start; !ARCH_SINGLE_CPU; i++)
		if (config->cpu_affinity >> i % cpu_count & 1)
			return &cpus[i % cpu_count];
	return &cpus[0];
}

static bool persona_init(struct persona *p, uint32_t index, const struct manifest *manifest)
{
	p->index = index;
	p->gate = GATE_STATE;
	p->manifest = manifest;
	p->config = &manifest->personas[index];
	p->ram = (struct persona_ram){
		.guest = (address_t)p->config->ram_guest_base,
		.host = (address_t)p->config->ram_host_base,
		.size = (address_t)p->config->ram_size,
		.page_count = (address_t)p->config->ram_size / VEIL_PAGE_SIZE,
	};
	p->page_count = p->ram.page_count;
	if (manifest->surface_count && manifest->surfaces[index].body_guest_base) {
		p->surface = &manifest->surfaces[index];
		p->page_count += (address_t)p->surface->body_size / VEIL_PAGE_SIZE;
	}
	p->linear_count = p->page_count;
	if (GUEST_HAS_FLASH)
		p->page_count += p->config->flash_code_pages + p->config->flash_variable_pages;
	if (p->config->cpu_cap_percent < 100 * persona_cpu_count(p))
		p->cap_quota = (int64_t)(us_to_ticks(SCHED_CAP_PERIOD_US) * p->config->cpu_cap_percent / 100);
	if (!stage2_init(p))
		return false;
	for (uint32_t i = 0; i < persona_cpu_count(p); i++) {
		struct vcpu *v = memory_take(sizeof(*v), 64);

		if (!v)
			return false;
		v->persona = p;
		v->index = i;
		p->vcpus[i] = v;
		arch_vcpu_init(v);
		sched_add(affine_cpu(p->config, index + i), v);
	}
	platform_init(p);
	return true;
}

bool persona_init_all(const struct manifest *manifest)
{
	persona_count = manifest->persona_count;
	persona_foreground = manifest->header->initial_foreground;
	persona_beside = VEIL_NO_PERSONA;
	for (uint32_t i = 0; i < persona_count; i++)
		if (!persona_init(&personas[i], i, manifest))
			return false;
	for (uint32_t i = 0; i < persona_count; i++)
		if (personas[i].config->flags & VEIL_START_AT_BOOT)
			persona_start(&personas[i]);
	return true;
}

/* ---- Transitions ---- */

static void gate_close(struct persona *p, enum gate gate)
{
	__atomic_or_fetch(&p->gate, gate, __ATOMIC_SEQ_CST);
}

static void gate_open(struct persona *p, enum gate gate)
{
	__atomic_and_fetch(&p->gate, ~(uint32_t)gate, __ATOMIC_SEQ_CST);
}

static void work_set(struct persona *p, enum persona_work work)
{
	p->work = work;
	if (work == WORK_NONE)
		gate_open(p, GATE_WORK);
	else
		gate_close(p, GATE_WORK);
}

static void state_set(struct persona *p, enum veil_state state, enum veil_reason reason)
{
	static const char *const states[] IN_GAP(12) = {"is stopped", "is starting", "runs", "is paused", "has crashed", "is off"};
	static const char *const reasons[] IN_GAP(14) = {NULL,
							 "  by command",
							 "  it switched itself off",
							 "  it reset itself",
							 "  it reported its own crash",
							 "  a payload has a wrong digest",
							 "  it did what cannot be reflected into it",
							 "  it was restarted too often",
							 "  its watchdog was not refreshed in time",
							 "  frozen while another is in front"};

	p->state = state;
	p->reason = reason;
	if (state == VEIL_STATE_RUNNING)
		gate_open(p, GATE_STATE);
	else
		gate_close(p, GATE_STATE);
	log_text(p->index, states[state]);
	if (reasons[reason] && state != VEIL_STATE_RUNNING)
		log_text(p->index, reasons[reason]);
	control_event_state(p);
}

#define NO_PAYLOAD UINT32_MAX

/* Sets virtual CPU 0 to work: forget everything, then start again or, at the end of a life, clear the memory. */
static void work_begin(struct persona *p, bool starts)
{
	p->work_starts = starts;
	p->work_page = 0;
	p->work_segment = 0;
	work_set(p, WORK_FORGET);
	sched_join(p->vcpus[0]);
}

/* The payload of segment n if that is the persona's; of its table of patches after the last segment. NO_PAYLOAD: it has none there. */
static uint32_t payload_at(const struct persona *p, uint32_t n)
{
	const struct manifest *m = p->manifest;

	if (n < m->segment_count)
		return m->segments[n].persona == p->index ? m->segments[n].payload : NO_PAYLOAD;
	return p->config->patch_count ? p->config->patch_payload : NO_PAYLOAD;
}

static void start_begin(struct persona *p, enum veil_reason reason)
{
	/* Payloads are read and hashed again for every start but the first. */
	for (uint32_t i = 0; p->starts && i <= p->manifest->segment_count; i++)
		if (payload_at(p, i) != NO_PAYLOAD)
			payload_distrust(payload_at(p, i));
	state_set(p, VEIL_STATE_STARTING, reason);
	work_begin(p, true);
}

static void life_end(struct persona *p, enum veil_state state, enum veil_reason reason)
{
	state_set(p, state, reason);
	work_begin(p, false);
}

/* May it start once more? Ends of a life the guest brought about are limited, so that a crash loop cannot hide. */
static bool restart_is_allowed(struct persona *p)
{
	uint64_t now = arch_time();

	if (now - p->crash_window > p->config->restart_window_seconds * arch_time_frequency()) {
		p->crash_window = now;
		p->crash_count = 0;
	}
	return p->crash_count++ < p->config->restart_limit;
}

void persona_complete(struct persona *p)
{
	static const uint8_t ends[] IN_GAP(11) = {
		[ACTION_STOP] = VEIL_STATE_STOPPED, [ACTION_CRASH] = VEIL_STATE_CRASHED, [ACTION_OFF] = VEIL_STATE_OFF};

	lock_take(&p->life_lock);
	if (__atomic_load_n(&p->loaded_count, __ATOMIC_SEQ_CST) == 0) {
		enum veil_reason reason = p->action_reason;
		uint32_t action = p->action;

		/* The state changes before the action goes, so that nothing runs in between. */
		if (action == ACTION_PAUSE) {
			p->paused_at = arch_time();
			state_set(p, VEIL_STATE_PAUSED, reason);
		} else if (action == ACTION_RESTART) {
			p->restarts++;
			start_begin(p, reason);
		} else if (action != ACTION_NONE) {
			life_end(p, ends[action], reason);
		}
		p->action = ACTION_NONE;
		gate_open(p, GATE_ACTION);
	}
	lock_release(&p->life_lock);
}

static void action_want(struct persona *p, enum persona_action action, enum veil_reason reason)
{
	p->action_reason = reason;
	p->action = action;
	gate_close(p, GATE_ACTION);
}

/* Makes the CPUs let go of a persona of which something is wanted. */
static void let_go(struct persona *p)
{
	for (uint32_t i = 0; i < persona_cpu_count(p); i++)
		sched_again(p->vcpus[i]->cpu);
	if (__atomic_load_n(&p->loaded_count, __ATOMIC_SEQ_CST) == 0)
		persona_complete(p);
}

/* Count first, then look: persona_request() does the reverse. */
wide_bool persona_hold(struct persona *p)
{
	__atomic_add_fetch(&p->loaded_count, 1, __ATOMIC_SEQ_CST);
	if (persona_runs(p))
		return true;
	persona_release(p);
	return false;
}

/* Is an action under way that ends this life? */
static bool is_ending(const struct persona *p)
{
	return p->action > ACTION_PAUSE;
}

/* By command: the last one counts, whatever was wanted before it. */
static void persona_request(struct persona *p, enum persona_action action)
{
	lock_take(&p->life_lock);
	action_want(p, action, VEIL_REASON_COMMAND);
	lock_release(&p->life_lock);
	let_go(p);
}

/* ---- Commands ---- */

static bool is_alive(const struct persona *p)
{
	return p->state == VEIL_STATE_RUNNING || p->state == VEIL_STATE_PAUSED || p->state == VEIL_STATE_STARTING;
}

enum veil_result persona_start(struct persona *p)
{
	bool ends = false;

	lock_take(&p->life_lock);
	if (!is_alive(p)) {
		p->crash_count = 0;
		start_begin(p, VEIL_REASON_NONE);
	} else if (is_ending(p) && p->action != ACTION_RESTART) { /* it is to run after this life's end */
		ends = true;
		p->crash_count = 0;
		action_want(p, ACTION_RESTART, VEIL_REASON_COMMAND);
	}
	lock_release(&p->life_lock);
	if (ends)
		let_go(p);
	return VEIL_RESULT_OK;
}

enum veil_result persona_stop(struct persona *p)
{
	if (p->state != VEIL_STATE_STOPPED || is_ending(p))
		persona_request(p, ACTION_STOP);
	return VEIL_RESULT_OK;
}

static enum veil_result pause(struct persona *p, enum veil_reason reason)
{
	enum veil_result result = VEIL_RESULT_OK;

	lock_take(&p->life_lock);
	if (p->state == VEIL_STATE_PAUSED) {
		if (reason == VEIL_REASON_COMMAND)
			p->reason = reason; /* frozen by its place behind another: now it stays so in front as well */
	} else if (p->state != VEIL_STATE_RUNNING || is_ending(p)) {
		result = VEIL_RESULT_WRONG_STATE;
	} else if (p->action == ACTION_NONE || reason == VEIL_REASON_COMMAND) {
		action_want(p, ACTION_PAUSE, reason);
	}
	lock_release(&p->life_lock);
	if (result == VEIL_RESULT_OK)
		let_go(p);
	return result;
}

enum veil_result persona_pause(struct persona *p)
{
	return pause(p, VEIL_REASON_COMMAND);
}

/* Whatever it was paused for, or only if that was its place in the background. */
static enum veil_result resume(struct persona *p, bool whatever)
{
	enum veil_result result = VEIL_RESULT_OK;

	lock_take(&p->life_lock);
	if (p->state == VEIL_STATE_PAUSED && (whatever || p->reason == VEIL_REASON_BACKGROUND)) {
		p->time_offset += arch_time() - p->paused_at;
		state_set(p, VEIL_STATE_RUNNING, VEIL_REASON_NONE);
		mux_flush_soon(); /* its devices' time goes on */
		for (uint32_t i = 0; i < persona_cpu_count(p); i++)
			sched_join(p->vcpus[i]);
	} else if (p->state != VEIL_STATE_RUNNING) {
		result = VEIL_RESULT_WRONG_STATE;
	} else if (p->action == ACTION_PAUSE && (whatever || p->action_reason == VEIL_REASON_BACKGROUND)) { /* not yet carried out */
		p->action = ACTION_NONE;
		gate_open(p, GATE_ACTION);
		for (uint32_t i = 0; i < persona_cpu_count(p); i++)
			sched_again(p->vcpus[i]->cpu);
	}
	lock_release(&p->life_lock);
	return result;
}

enum veil_result persona_resume(struct persona *p)
{
	return resume(p, true);
}

enum veil_result persona_restart(struct persona *p)
{
	p->crash_count = 0;
	persona_request(p, ACTION_RESTART);
	return VEIL_RESULT_OK;
}

static bool is_shown(uint32_t index)
{
	return index == persona_foreground || index == persona_beside;
}

/* Who shows and who gets keys: all that follows from a change of it. */
static void show(uint32_t front, uint32_t beside)
{
	struct persona *const before[2] = {&personas[persona_foreground],
					   persona_beside == VEIL_NO_PERSONA ? NULL : &personas[persona_beside]};
	bool has_moved = persona_foreground != front;

	persona_foreground = front;
	persona_beside = beside;
	view_update();
	if (has_moved)
		input_switched();
	for (uint32_t i = 0; i < 2; i++) {
		struct persona *p = before[i];
		bool leaves = p && !is_shown(p->index);

		if (leaves || (i == 0 && has_moved))
			input_leave(p, leaves);
		if (leaves && (p->config->flags & VEIL_FREEZE_IN_BACKGROUND))
			pause(p, VEIL_REASON_BACKGROUND);
	}
	for (struct persona *p = personas; p < personas + persona_count; p++)
		if (is_shown(p->index) && p != before[0] && p != before[1])
			resume(p, false);
}

enum veil_result persona_switch(struct persona *p)
{
	uint32_t before = persona_foreground;

	if (p->index == before)
		return VEIL_RESULT_OK;
	show(p->index, p->index == persona_beside ? before : persona_beside);
	control_event_state(&personas[before]);
	control_event_state(p);
	return VEIL_RESULT_OK;
}

enum veil_result persona_show_beside(uint32_t index)
{
	if (index == persona_foreground || (index != VEIL_NO_PERSONA && !view_is_possible()))
		return VEIL_RESULT_WRONG_STATE;
	if (index != persona_beside)
		show(persona_foreground, index);
	return VEIL_RESULT_OK;
}

/* ---- Ends brought about by the guest ---- */

/* A life ends once, however many of its virtual CPUs say so at the same time. `again`: start anew if that is allowed. */
static bool end_want(struct persona *p, bool again, enum persona_action otherwise, enum veil_reason reason)
{
	bool first;

	lock_take(&p->life_lock);
	first = p->action < ACTION_STOP;
	if (first && !again)
		action_want(p, otherwise, reason);
	else if (first && restart_is_allowed(p))
		action_want(p, ACTION_RESTART, reason);
	else if (first)
		action_want(p, ACTION_CRASH, VEIL_REASON_RESTART_LIMIT);
	lock_release(&p->life_lock);
	return first;
}

void persona_guest_off(struct persona *p)
{
	end_want(p, false, ACTION_OFF, VEIL_REASON_GUEST_OFF);
	let_go(p);
}

void persona_guest_reset(struct persona *p)
{
	end_want(p, true, ACTION_CRASH, VEIL_REASON_GUEST_RESET);
	let_go(p);
}

void persona_crash(struct persona *p, enum veil_reason reason, const struct veil_fault *fault)
{
	if (end_want(p, p->config->flags & VEIL_RESTART_ON_CRASH, ACTION_CRASH, reason)) {
		p->fault = *fault;
		log_number(p->index, "crashed: syndrome", fault->syndrome);
		log_number(p->index, "         pc", fault->pc);
	}
	let_go(p);
}

/* ---- Work ---- */

static address_t pages(size_t count)
{
	return (address_t)count * VEIL_PAGE_SIZE;
}

paddr_t persona_page(const struct persona *p, size_t page)
{
	const struct veil_surface *s = p->surface;

	if (GUEST_HAS_FLASH && page >= p->linear_count)
		page -= p->linear_count - p->ram.page_count; /* flash follows RAM */
	else if (page >= p->ram.page_count)
		return paddr((address_t)s->host_base + s->strip_rows * s->stride + pages(page - p->ram.page_count));
	return paddr(p->ram.host + pages(page));
}

address_t persona_page_address(const struct persona *p, size_t page)
{
	if (!GUEST_HAS_FLASH || page < p->linear_count)
		return p->ram.guest + pages(page);
	page -= p->linear_count;
	if (page < p->config->flash_code_pages)
		return VEIL_FLASH_CODE + pages(page);
	return VEIL_FLASH_VARIABLES + pages(page - p->config->flash_code_pages);
}

size_t persona_page_at(const struct persona *p, address_t address)
{
	size_t page = (address - p->ram.guest) / VEIL_PAGE_SIZE, flash;

	if (page < p->linear_count)
		return page;
	if (!GUEST_HAS_FLASH)
		return SIZE_MAX;
	flash = address / VEIL_PAGE_SIZE;
	if (flash < p->config->flash_code_pages)
		return p->linear_count + flash;
	flash -= VEIL_FLASH_VARIABLES / VEIL_PAGE_SIZE;
	if (flash < p->config->flash_variable_pages)
		return p->linear_count + p->config->flash_code_pages + flash;
	return SIZE_MAX;
}

static void work_forget(struct persona *p)
{
	/* Pages of earlier lives that the last one did not touch hold what the earlier ones left. */
	bool clears_all = !p->work_starts && p->uncleared;

	for (uint32_t i = 0; i < WORK_PAGES && p->work_page < p->page_count && (p->touched || clears_all); i++, p->work_page++) {
		size_t page = p->work_page;
		bool was_mapped = stage2_is_mapped(p, page);

		if (was_mapped) {
			stage2_unmap(p, page);
			p->touched--;
		}
		/* Nobody builds this page anew, and it may hold secrets; or it shows on the screen meanwhile. */
		if ((was_mapped || clears_all) && (!p->work_starts || page >= p->ram.page_count)) {
			arch_zero(arch_pointer(persona_page(p, page)), VEIL_PAGE_SIZE);
			arch_clean(arch_pointer(persona_page(p, page)), VEIL_PAGE_SIZE);
			p->work_page++;
			return;
		}
		p->uncleared |= was_mapped;
	}
	if (p->touched || (clears_all && p->work_page < p->page_count))
		return;
	if (!p->work_starts)
		p->uncleared = false;
	stage2_flush(p);
	for (uint32_t i = 0; i < persona_cpu_count(p); i++)
		p->vcpus[i]->fill_done = 0;
	work_set(p, p->work_starts ? WORK_VERIFY : WORK_NONE);
}

/* False: another CPU is hashing what this persona waits for. */
static bool work_verify(struct persona *p)
{
	uint32_t last = p->manifest->segment_count, payload = NO_PAYLOAD;

	while (p->work_segment <= last && (payload = payload_at(p, p->work_segment)) == NO_PAYLOAD)
		p->work_segment++;
	if (payload == NO_PAYLOAD) {
		work_set(p, WORK_RNG_SEED);
		return true;
	}
	switch (payload_verify_step(payload)) {
	case PAYLOAD_GOOD:
		p->work_segment++;
		break;
	case PAYLOAD_BAD:
		log_number(p->index, "refused: wrong digest of payload", payload);
		life_end(p, VEIL_STATE_CRASHED, VEIL_REASON_BAD_PAYLOAD);
		break;
	case PAYLOAD_UNVERIFIED:
		break;
	case PAYLOAD_BUSY:
		return false;
	}
	return true;
}

/* Fills a placeholder in the device tree. Never baked into the image, and fresh at every start. False: again, a page had to be built first,
 * part by part. */
static bool seed_write(struct persona *p, address_t address, address_t size)
{
	const address_t ends[2] = {address, address + size - 1}; /* may be in different pages */
	static const char no_entropy[] IN_GAP(1) = "no entropy source: the guest starts without a random seed";
	uint8_t seed[VEIL_SHA256_BYTES];
	uint8_t *place;

	if (!address)
		return true;
	for (uint32_t i = 0; i < 2; i++) {
		if (!stage2_is_mapped(p, persona_ram_page(p, ends[i]))) {
			persona_populate(p->vcpus[0], ipaddr(ends[i]));
			return false;
		}
	}
	if (!entropy_get(seed, size)) {
		log_text(p->index, no_entropy);
		return true;
	}
	for (address_t i = 0; i < size; i++) {
		place = arch_pointer(persona_ram_place(p, address + i));
		*place = seed[i];
		arch_clean((void *)((uintptr_t)place & ~(uintptr_t)63), 64);
	}
	return true;
}

static void work_enter(struct persona *p)
{
	platform_reset(p);
	for (uint32_t i = 0; i < persona_cpu_count(p); i++) {
		arch_vcpu_reset(p->vcpus[i], p->config->entry, p->config->x0);
		p->vcpus[i]->powered = i == 0;
		p->vcpus[i]->runnable = i == 0;
	}
	p->time_offset = arch_time() - GUEST_TIME_START;
	p->ready = 0;
	p->starts++;
	work_set(p, WORK_NONE);
	if ((p->config->flags & VEIL_FREEZE_IN_BACKGROUND) && !is_shown(p->index)) {
		p->paused_at = arch_time(); /* not an instruction before it is shown; who shows it waits for the lock we hold */
		state_set(p, VEIL_STATE_PAUSED, VEIL_REASON_BACKGROUND);
	} else {
		state_set(p, VEIL_STATE_RUNNING, p->reason);
	}
}

bool persona_work(struct persona *p)
{
	bool progress = true;

	lock_take(&p->life_lock);
	switch (p->work) {
	case WORK_FORGET:
		progress = platform_is_quiet(p);
		if (progress)
			work_forget(p);
		break;
	case WORK_VERIFY:
		progress = work_verify(p);
		break;
	case WORK_RNG_SEED:
		if (seed_write(p, (address_t)p->config->rng_seed_address, 32))
			work_set(p, WORK_KASLR_SEED);
		break;
	case WORK_KASLR_SEED:
		if (seed_write(p, (address_t)p->config->kaslr_seed_address, 8))
			work_set(p, WORK_ENTER);
		break;
	case WORK_ENTER:
		work_enter(p);
		break;
	default:
		break;
	}
	lock_release(&p->life_lock);
	return progress;
}

/* ---- Memory on first touch ---- */

#define FILL_PART 16384

/* Writes what the guest finds in a part of its memory at start: payload bytes where a segment covers it, zeros elsewhere. Segments
 * begin on 4096-byte boundaries and do not overlap (manifest.c), so each 4096 bytes are of one segment at most. */
static void fill_part(struct persona *p, size_t page, address_t offset)
{
	uint8_t *to = (uint8_t *)arch_pointer(persona_page(p, page)) + offset;
	address_t guest = persona_page_address(p, page) + offset;
	const struct manifest *m = p->manifest;
	address_t at = 0;

	for (uint32_t i = 0; i < m->segment_count; i++) {
		const struct veil_segment *s = &m->segments[i];
		address_t first = (address_t)s->guest_address, last = first + (address_t)s->size;
		address_t start, end;

		if (s->persona != p->index || first >= guest + FILL_PART || last <= guest + at)
			continue;
		start = first > guest ? first - guest : 0;
		end = last - guest < FILL_PART ? last - guest : FILL_PART;
		if (start > at)
			arch_zero(to + at, start - at);
		at = align_up(end, 64);
		if (at != end) /* the last, broken line of a segment */
			arch_zero(to + at - 64, 64);
		arch_copy_bytes(to + start, payload_bytes(s->payload) + (address_t)s->payload_offset + (guest + start - first),
				end - start);
	}
	if (at < FILL_PART)
		arch_zero(to + at, FILL_PART - at);
	arch_clean(to, FILL_PART);
}

NOINLINE bool persona_populate(struct vcpu *v, ipaddr_t address)
{
	struct persona *p = v->persona;
	size_t page = persona_page_at(p, address.value);

	if (page >= p->page_count)
		return false;
	lock_take(&p->memory_lock);
	if (!stage2_is_mapped(p, page)) {
		if (v->fill_page != page)
			v->fill_done = 0;
		v->fill_page = page;
		while (v->fill_done < VEIL_PAGE_SIZE) {
			fill_part(p, page, v->fill_done);
			v->fill_done += FILL_PART;
			if (v->fill_done < VEIL_PAGE_SIZE && arch_interrupt_pending())
				break;
		}
		if (v->fill_done == VEIL_PAGE_SIZE) {
			stage2_map(p, page, persona_page(p, page));
			v->fill_done = 0;
			count_up(&v->statistics.populated);
			p->touched++;
		}
	} else if (GUEST_HAS_FLASH && page >= p->linear_count) {
		stage2_hide(p, page, false); /* read as an array again */
	}
	lock_release(&p->memory_lock);
	return true;
}
