/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps until its timer's interrupt (marker 15, the handler's first instruction) again and again. Beside it runs `spinner`. */
#include "runtime.h"

void test(void)
{
	REGISTER(PIC + 8) = 1U << TIMER_LINE;
	for (;;) {
		REGISTER(TIMER) = 100; /* microseconds: it sleeps by then, or it would sleep for ever */
		REGISTER(TIMER + 8) = 0xa3; /* on, once, interrupts, 32 bits */
		wait_for_handler(1);
	}
}
