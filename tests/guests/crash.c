/* SPDX-License-Identifier: Apache-2.0 */
/* Dies in the way the boot argument how= says: 0 reports its own crash, 1 undefined instructions with vectors outside RAM, 2 jumps to
 * nowhere with vectors nowhere, 3 runs on with its stack outside RAM, 4 tells its panic device, 5 (or more) runs random code. */
#include "runtime.h"

void test(void)
{
	uint64_t how = argument("how", 0);
	ready();
	for (uint64_t end = ticks() + argument("after", 0) * ticks_per_second() / 1000; ticks() < end;)
		;
	print("crashing (%u)\n", how);
	switch (how) {
	case 0:
		hvc_call(VEIL_HVC_CRASHED, 42, 0, 0);
		break;
	case 1:
		SYSREG_WRITE("vbar_el1", 0x20000000);
		__asm__ volatile("udf #0");
		break;
	case 2:
		SYSREG_WRITE("vbar_el1", 0x7f0000000000);
		__asm__ volatile("br %0" ::"r"(0x30000000));
		break;
	case 3:
		__asm__ volatile("mov sp, %0\n\tsub sp, sp, #16\n\tstr xzr, [sp]" ::"r"(0x20000000));
		break;
	case 4:
		attempt_write8(PANIC_BASE, 1);
		break;
	default: {
		static uint32_t code[4096] __attribute__((aligned(64)));
		uint64_t state = argument("seed", 1);
		for (int i = 0; i < 4096; i++)
			code[i] = (uint32_t)random_next(&state);
		synchronize_code((uint64_t)code, sizeof code);
		SYSREG_WRITE("vbar_el1", (uint64_t)code & ~2047ul);
		__asm__ volatile("br %0" ::"r"(code));
	}
	}
	print("still here\n");
	for (;;)
		wait_for_interrupt();
}
