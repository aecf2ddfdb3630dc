/* SPDX-License-Identifier: Apache-2.0 */
/* Timers (Arm DDI 0271, "Dual-Timer Module", without its identification registers). A counter runs down to zero, interrupts, and begins
 * again: with LOAD in periodic mode, with all ones in free-running mode, not at all in one-shot mode. No value a guest writes makes more
 * work than another: what it missed while it did not run is one division. */
#include "timer.h"

#include <veil/arch.h>

#include "core/persona.h"
#include "pic.h"

enum {
	TIMER_LOAD = 0x00,
	TIMER_VALUE = 0x04,
	TIMER_CONTROL = 0x08,
	TIMER_CLEAR = 0x0c,
	TIMER_RAW = 0x10,
	TIMER_MASKED = 0x14,
	TIMER_LOAD_LATER = 0x18
};

#define CONTROL_ONE_SHOT 0x01U
#define CONTROL_32_BIT 0x02U
#define CONTROL_PRESCALE 0x0cU
#define CONTROL_PRESCALE_SHIFT 2 /* 0, 1, 2: a tick is 1, 16, 256 of the clock's */
#define CONTROL_INTERRUPT 0x20U
#define CONTROL_PERIODIC 0x40U
#define CONTROL_ENABLE 0x80U
#define CONTROL_ALL 0xffU
#define CONTROL_RESET 0x20U

#define NEVER UINT64_MAX
/* How far ahead a deadline is worked out; whoever comes then looks again. Keeps the arithmetic below within 64 bits. */
#define AHEAD_MAX (UINT64_C(1) << 25)
#define FAR 0x100U /* in timers_armed, of timer 0 */

static const uint32_t rates[GUEST_TIMER_COUNT] = {GUEST_TIMER0_HZ, GUEST_TIMER_HZ, GUEST_TIMER_HZ};

/* ---- Time: the board's ticks since the persona's start, and those of faster clocks ---- */

static uint64_t time_at(const struct persona *p, uint64_t board)
{
	return board - p->time_offset - GUEST_TIME_START;
}

static uint64_t board_time(const struct persona *p)
{
	return time_at(p, arch_time());
}

static uint64_t clock_time(uint64_t time, uint32_t hz)
{
	uint64_t frequency = arch_time_frequency();

	return time / frequency * hz + time % frequency * hz / frequency;
}

uint32_t timer_count(const struct persona *p, uint32_t hz)
{
	return (uint32_t)clock_time(board_time(p), hz);
}

/* Shift from the clock's ticks to the counter's. */
static uint32_t prescale(const struct guest_timer *t)
{
	uint32_t value = t->control >> CONTROL_PRESCALE_SHIFT & 3;

	return value < 2 ? 4 * value : 8;
}

static inline uint64_t counter_time(const struct guest_timer *t, uint64_t time, uint32_t hz)
{
	uint64_t ticks = clock_time(time, hz);

	return likely(!(t->control & CONTROL_PRESCALE)) ? ticks : ticks >> prescale(t);
}

/* The board's ticks in one of a timer's clock, as a fraction of 2^32, rounded up. */
static uint64_t tick(uint32_t hz)
{
	return hz == GUEST_TIMER0_HZ ? (arch_time_frequency() << 32) / GUEST_TIMER0_HZ + 1
				     : (arch_time_frequency() << 32) / GUEST_TIMER_HZ + 1;
}

/* The board's ticks until at least so many of a clock's have passed. */
static uint64_t board_ticks(uint64_t ticks, uint32_t hz)
{
	return ((ticks < AHEAD_MAX ? ticks : AHEAD_MAX) * tick(hz) >> 32) + 1;
}

/* ---- One timer ---- */

static uint32_t width_mask(const struct guest_timer *t)
{
	return t->control & CONTROL_32_BIT ? UINT32_MAX : UINT16_MAX;
}

static bool interrupts(const struct guest_timer *t)
{
	return t->control & CONTROL_INTERRUPT;
}

static uint64_t period(const struct guest_timer *t)
{
	uint64_t load = t->load & width_mask(t);

	if (!(t->control & CONTROL_PERIODIC))
		return (uint64_t)width_mask(t) + 1;
	return load ? load : 1;
}

static uint32_t value_now(const struct guest_timer *t, uint64_t now)
{
	return t->zero_at == NEVER ? t->value : (uint32_t)(t->zero_at - now);
}

/* Goes on from a value, if it is enabled. */
static void go_on(struct guest_timer *t, uint32_t value, uint64_t now)
{
	t->value = value & width_mask(t);
	t->zero_at = NEVER;
	if ((t->control & CONTROL_ENABLE) && (t->value || !(t->control & CONTROL_ONE_SHOT)))
		t->zero_at = now + t->value;
}

/* At the board's tick `time`, which is the counter's tick `now`. */
static inline void deadline_set(struct guest_timer *t, uint64_t time, uint64_t now, uint32_t hz)
{
	uint64_t ticks;

	t->deadline = NEVER;
	if (t->zero_at == NEVER || !interrupts(t) || t->raw)
		return;
	ticks = (t->zero_at > now ? t->zero_at - now : 0) << prescale(t);
	t->is_far = ticks > AHEAD_MAX;
	t->deadline = time + board_ticks(ticks, hz);
}

static void line_update(struct persona *p, uint32_t n)
{
	const struct guest_timer *t = &p->platform.timers[n];
	bool high = t->raw && interrupts(t);

	if (high != (p->platform.pic.level >> (GUEST_IRQ_TIMER + n) & 1))
		irq_line(p->vcpus[0], GUEST_IRQ_TIMER + n, high);
}

/* It has reached zero by the counter's tick `now`. */
static NOINLINE void expire(struct persona *p, uint32_t n, uint64_t now)
{
	struct guest_timer *t = &p->platform.timers[n];
	uint64_t late = now - t->zero_at, step;

	t->raw = true;
	line_update(p, n);
	if (t->control & CONTROL_ONE_SHOT) {
		t->value = 0;
		t->zero_at = NEVER;
		return;
	}
	step = period(t);
	t->zero_at += late < step ? step : (late / step + 1) * step;
}

static inline void advance(struct persona *p, uint32_t n, uint64_t now)
{
	if (unlikely(now >= p->platform.timers[n].zero_at))
		expire(p, n, now);
}

/* ---- All of a persona ---- */

void timer_reset(struct persona *p)
{
	for (uint32_t i = 0; i < GUEST_TIMER_COUNT; i++)
		p->platform.timers[i] =
			(struct guest_timer){.control = CONTROL_RESET, .value = UINT32_MAX, .zero_at = NEVER, .deadline = NEVER};
	p->platform.timers_at = NEVER;
	p->platform.timers_armed = 0;
}

static void first_set(struct persona *p)
{
	uint64_t first = NEVER;
	uint32_t armed = 0;

	for (uint32_t i = 0; i < GUEST_TIMER_COUNT; i++) {
		const struct guest_timer *t = &p->platform.timers[i];

		if (t->deadline == NEVER)
			continue;
		armed |= (t->is_far ? FAR | 1 : 1) << i;
		if (t->deadline < first)
			first = t->deadline;
	}
	p->platform.timers_at = first;
	p->platform.timers_armed = armed;
}

/* What it counted meanwhile is worked out when the guest asks: advance(). */
void timer_come(struct persona *p)
{
	uint32_t n = 31 - (uint32_t)__builtin_clz(p->platform.timers_armed);
	struct guest_timer *t = &p->platform.timers[n];

	t->raw = true;
	t->deadline = NEVER;
	p->platform.timers_at = NEVER;
	p->platform.timers_armed = 0;
	irq_raise(p->vcpus[0], 1U << (GUEST_IRQ_TIMER + n));
}

static COLD void update_all(struct persona *p, uint64_t time)
{
	for (uint32_t i = 0; i < GUEST_TIMER_COUNT; i++) {
		struct guest_timer *t = &p->platform.timers[i];

		if (t->deadline <= time) {
			uint64_t now = counter_time(t, time, rates[i]);

			advance(p, i, now);
			deadline_set(t, time, now, rates[i]);
		}
	}
	first_set(p);
}

NOINLINE void timer_update(struct persona *p, uint64_t board)
{
	uint64_t time = time_at(p, board);

	if (p->platform.timers_at > time)
		return;
	if (likely(timer_is_only(p)))
		timer_come(p);
	else
		update_all(p, time);
}

uint64_t timer_deadline(const struct persona *p)
{
	uint64_t first = p->platform.timers_at;

	return first == NEVER ? NEVER : first + p->time_offset + GUEST_TIME_START;
}

/* ---- Registers ---- */

static uint32_t read_register(const struct guest_timer *t, uint32_t offset, uint64_t now)
{
	switch (offset) {
	case TIMER_LOAD:
	case TIMER_LOAD_LATER:
		return t->load;
	case TIMER_VALUE:
		return value_now(t, now);
	case TIMER_CONTROL:
		return t->control;
	case TIMER_RAW:
		return t->raw;
	case TIMER_MASKED:
		return t->raw && interrupts(t);
	default:
		return 0;
	}
}

static NOINLINE void timer_write(struct vcpu *v, uint32_t n, uint32_t offset, uint32_t value)
{
	struct persona *p = v->persona;
	struct guest_timer *t = &p->platform.timers[n];
	uint64_t time = board_time(p);
	uint64_t now = counter_time(t, time, rates[n]);
	uint64_t deadline;
	uint32_t left;

	advance(p, n, now);
	switch (offset) {
	case TIMER_LOAD:
		t->load = value;
		go_on(t, value, now);
		t->raw |= !t->value && (t->control & CONTROL_ENABLE);
		break;
	case TIMER_CONTROL:
		left = value_now(t, now);
		t->control = value & CONTROL_ALL;
		now = counter_time(t, time, rates[n]);
		go_on(t, left, now);
		break;
	case TIMER_CLEAR:
		t->raw = false;
		break;
	case TIMER_LOAD_LATER:
		t->load = value;
		return;
	default:
		return;
	}
	deadline_set(t, time, now, rates[n]);
	first_set(p);
	line_update(p, n);
	deadline = timer_deadline(p);
	if (deadline < v->cpu->armed)
		arch_timer_arm(deadline); /* a later one than before does no harm: whoever comes looks again */
}

static uint32_t timer_read(struct persona *p, uint32_t n, uint32_t offset)
{
	struct guest_timer *t = &p->platform.timers[n];
	uint64_t now = counter_time(t, board_time(p), rates[n]);

	advance(p, n, now);
	return read_register(t, offset, now);
}

struct mmio_result timer_access(struct vcpu *v, uint32_t offset, bool is_write, uint32_t value)
{
	struct persona *p = v->persona;
	uint32_t n = offset / GUEST_TIMER_STRIDE, result = 0;

	if (offset % 4 || n >= GUEST_TIMER_COUNT)
		return mmio_none();
	lock_take(&p->lock);
	if (is_write)
		timer_write(v, n, offset % GUEST_TIMER_STRIDE, value);
	else
		result = timer_read(p, n, offset % GUEST_TIMER_STRIDE);
	lock_release(&p->lock);
	return mmio_value(result);
}
