/* SPDX-License-Identifier: Apache-2.0 */
/* Resets itself after a line on the console, every time. */
#include "runtime.h"

void test(void)
{
	ready();
	wait_ms(argument("ms", 50));
	report(true, "resetting");
	hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	report(false, "SYSTEM_RESET came back");
}
