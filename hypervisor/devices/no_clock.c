/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a clock that knows the date: time begins in 1970, when the board was switched on. */
#include <veil/arch.h>
#include <veil/platform.h>

uint32_t rtc_seconds(void)
{
	return (uint32_t)(arch_time() / arch_time_frequency());
}
