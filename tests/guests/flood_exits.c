/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves for Veil as often as it can, by hypercalls, device reads and refused accesses in turn: Veil's time for that is this guest's. */
#include "runtime.h"

void test(void)
{
	ready();
	print("flooding\n");
	for (;;) {
		hvc_call(PSCI_VERSION, 0, 0, 0);
		mmio_read(UART_BASE + 0x18);
		attempt_read32(0x20000000, NULL);
	}
}
