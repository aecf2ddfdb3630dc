/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from cpu.c, so that link-time optimisation sees the number: it is a power of two, and divisions by it become shifts. */
#include <veil/arch.h>
#include <veil/board.h>

_Static_assert((BOARD_TIMER_HZ & (BOARD_TIMER_HZ - 1)) == 0, "or each look at a guest's timer takes long divisions");

uint64_t arch_time_frequency(void)
{
	return BOARD_TIMER_HZ;
}
