/* SPDX-License-Identifier: Apache-2.0 */
/* Resets itself after a line on the console, every time. */
#include "runtime.h"

void test(void)
{
	ready();
	wait_ms(argument("ms", 50));
	report(true, "resetting");
	restart();
}
