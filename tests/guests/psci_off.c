/* SPDX-License-Identifier: Apache-2.0 */
/* Switches itself off after a line on the console. */
#include "runtime.h"

void test(void)
{
	ready();
	wait_ms(argument("ms", 50));
	report(true, "going off");
}
