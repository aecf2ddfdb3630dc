/* SPDX-License-Identifier: Apache-2.0 */
/* At its start the whole of RAM is zero but for what was loaded; then it is filled with a secret, so that a restart must show zeros again.
 * Boot argument: reset=1 resets itself by PSCI when done. */
#include "runtime.h"

#define SECRET 0x5ec2e75ec2e75ec2ul

void test(void)
{
	uint64_t dirty = 0, secrets = 0, words = 0;
	for (uint64_t at = RAM_BASE; at < RAM_BASE + ram_size; at += 8) {
		if (at >= (uint64_t)image_start && at < (uint64_t)bss_end)
			continue;
		if (at >= (device_tree & ~7ul) && at < device_tree + device_tree_size)
			continue;
		if (initrd_end && at >= initrd_start && at < initrd_end)
			continue;
		if (!on_veil && at < RAM_BASE + 4096) /* QEMU's own boot code */
			continue;
		uint64_t value = *(volatile uint64_t *)at;
		words++;
		if (value == 0)
			continue;
		secrets += value == SECRET;
		if (dirty++ < 5)
			print("NOTE: %x holds %x\n", at, value);
	}
	report(secrets == 0, "no secret of an earlier run: %u words", secrets);
	report(dirty == 0, "fresh memory is zero: %u of %u words are not", dirty, words);
	for (uint64_t at = RAM_BASE; at < RAM_BASE + ram_size; at += 8) {
		if ((at >= (uint64_t)image_start && at < (uint64_t)bss_end) ||
		    (at >= (device_tree & ~7ul) && at < device_tree + device_tree_size))
			continue;
		*(volatile uint64_t *)at = SECRET;
	}
	report(*(volatile uint64_t *)(RAM_BASE + ram_size - 8) == SECRET, "memory is full of the secret");
	ready();
	if (argument("reset", 0))
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	gic_init();
	interrupts_on();
	for (;;)
		sleep_ms(1000);
}
