/* SPDX-License-Identifier: Apache-2.0 */
/* Counter ticks and nanoseconds. */
#ifndef VEIL_UNITS_H
#define VEIL_UNITS_H

#include <arch_vcpu.h>
#include <veil/arch.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/* Neither overflows before 584 years. */
static WIDE_INLINE uint64_t ticks_to_ns(uint64_t ticks)
{
	uint64_t frequency = arch_time_frequency();

	return ticks / frequency * NS_PER_SECOND + ticks % frequency * NS_PER_SECOND / frequency;
}

static ALWAYS_INLINE uint64_t us_to_ticks_here(uint64_t microseconds)
{
	return microseconds * arch_time_frequency() / 1000000;
}

static inline uint64_t us_to_ticks_elsewhere(uint64_t microseconds)
{
	return us_to_ticks_here(microseconds);
}

/* Mostly of a constant: where the frequency is one as well, so is this. Elsewhere it is worth a call. */
static ALWAYS_INLINE uint64_t us_to_ticks(uint64_t microseconds)
{
	return ARCH_FIXED_FREQUENCY ? us_to_ticks_here(microseconds) : us_to_ticks_elsewhere(microseconds);
}

#endif
