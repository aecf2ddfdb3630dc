/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the MMU on with page tables that are not in RAM, or point outside it: the guest gets an abort, nobody gets memory. */
#include "runtime.h"

static uint64_t table[512] __attribute__((aligned(4096)));

enum {
	TCR = 25 | 2ul << 32
}; /* T0SZ = 25 (39 bits), 4 KiB granule, non-cacheable walks, TTBR1 unused; 40-bit addresses */

static void mmu_on(uint64_t root)
{
	SYSREG_WRITE("ttbr0_el1", root);
	SYSREG_WRITE("tcr_el1", TCR | 1ul << 23);
	SYSREG_WRITE("mair_el1", 0x4400); /* 0: device, 1: normal non-cacheable */
	__asm__ volatile("dsb sy\n\ttlbi vmalle1\n\tdsb sy\n\tisb" ::: "memory");
	SYSREG_WRITE("sctlr_el1", SYSREG_READ("sctlr_el1") | 1);
}

enum {
	BLOCK = 0x401
}; /* valid 1 GiB block, AF; attribute index in bits 4:2, shareability none */

void test(void)
{
	/* GiB 0 and 1 as they are, GiB 2 and 3 pointing where nothing of ours is, GiB 4 through a table that is not in RAM. */
	for (unsigned i = 0; i < 512; i++)
		table[i] = 0;
	table[0] = 0ul << 30 | BLOCK;
	table[1] = 1ul << 30 | BLOCK | 1 << 2;
	table[2] = 4ul << 30 | BLOCK | 1 << 2;
	table[3] = 0x3ful << 30 | BLOCK | 1 << 2;
	table[4] = 0x20000000 | 3;
	table[5] = memory_end() | 3;
	table[6] = 0x8000000000 | 3;
	mmu_on((uint64_t)table);
	report(attempt_read32(RAM_BASE, NULL).count == 0, "RAM through the guest's own tables");
	report_on_veil(is_external_abort(attempt_read32(0x80000000 + 0x40200000, NULL)), "a mapping outside RAM does not answer");
	report(attempt_write32(0x80000000, 1).count == 1, "a mapping outside RAM cannot be written");
	report(attempt_read32(0xc0000000, NULL).count == 1, "a mapping far outside RAM does not answer");
	report(attempt_execute(0xc0000000).count == 1, "a mapping far outside RAM cannot be executed");
	struct fault fault = attempt_read32(4ul << 30, NULL);
	report(fault.count == 1 && fault.class == CLASS_DATA_ABORT, "a table outside RAM: ESR %x", fault.syndrome);
	fault = attempt_read32(5ul << 30, NULL);
	report(fault.count == 1 && fault.class == CLASS_DATA_ABORT, "a table after RAM: ESR %x", fault.syndrome);
	fault = attempt_execute(6ul << 30);
	report(fault.count == 1 && fault.class == CLASS_INSTRUCTION_ABORT, "execution through a table outside RAM: ESR %x", fault.syndrome);
	fault_arm();
	__asm__ volatile("at s1e1r, %0\n\tisb" ::"r"(4ul << 30));
	fault = fault_disarm();
	report(fault.count == 1 || (SYSREG_READ("par_el1") & 1), "address translation through a table outside RAM fails");
	SYSREG_WRITE("sctlr_el1", SYSREG_READ("sctlr_el1") & ~1ul);
	report(true, "MMU off again");
}
