/* SPDX-License-Identifier: Apache-2.0 */
/* The three timers of an Integrator/CP, in the guest's own time: a paused persona's stand still. */
#ifndef VEIL_TIMER_H
#define VEIL_TIMER_H

#include <veil/platform.h>

#include "core/persona.h"

/* The persona's lock is held. */
void timer_reset(struct persona *persona);
/* Moves the timers' interrupt lines to what counter and registers say at the board's tick `now`: when a deadline has come, and before the guest
 * goes on after a while. */
void timer_update(struct persona *persona, uint64_t now);

/* The board's tick at which a timer that may interrupt reaches zero next; UINT64_MAX: none does. */
uint64_t timer_deadline(const struct persona *persona);

/* Is there one timer with a deadline, which interrupts then? It does with timer_come(); the lock is held. */
static inline bool timer_is_only(const struct persona *persona)
{
	uint32_t armed = persona->platform.timers_armed;

	return armed && !(armed & (armed - 1));
}
void timer_come(struct persona *persona);

/* `offset` from the first one's registers. Takes the lock itself. */
struct mmio_result timer_access(struct vcpu *vcpu, uint32_t offset, bool is_write, uint32_t value);

/* Ticks of a clock of `hz` since the persona's start. */
uint32_t timer_count(const struct persona *persona, uint32_t hz);

#endif
