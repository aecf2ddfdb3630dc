/* SPDX-License-Identifier: Apache-2.0 */
/* A neighbour that makes Veil work as hard as it can, for ever. Boot argument: how=0 spins with interrupts off, 1 touches addresses outside
 * RAM, 2 calls at random, 3 floods itself with interrupts, 4 fills its RAM and resets itself, 5 writes its console. */
#include "runtime.h"

static void again(uint32_t id)
{
	gic_send_sgi((id + 1) % 16, 0);
}

void test(void)
{
	uint64_t state = 1;
	switch (argument("how", 0)) {
	case 0:
		for (;;)
			__asm__ volatile("");
	case 1:
		for (;;) {
			attempt_read32(random_next(&state) & 0xfffffffffful, NULL);
			attempt_write64(0x20000000 + (random_next(&state) & 0xffffff8ul), 0);
		}
	case 2:
		for (;;)
			hvc_call(0xc6000010 + (random_next(&state) & 0xff), random_next(&state), 1, 2);
	case 3:
		gic_init();
		gic_on_interrupt(again);
		for (uint32_t id = 0; id < 16; id++)
			gic_enable(id);
		gic_send_sgi(0, 0);
		interrupts_on();
		for (;;)
			wait_for_interrupt();
	case 4:
		for (uint64_t at = (uint64_t)bss_end + 65536; at < RAM_BASE + ram_size; at += 65536)
			*(volatile uint64_t *)(at & ~7ul) = at;
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		return;
	default:
		for (;;)
			print("..............................................................................................\n");
	}
}
