/* SPDX-License-Identifier: Apache-2.0 */
/* Loops for ever with interrupts off: it may use its share of the CPU up, and nothing else. */
#include "runtime.h"

void test(void)
{
	ready();
	print("spinning\n");
	__asm__ volatile("msr daifset, #0xf\n1: b 1b");
}
