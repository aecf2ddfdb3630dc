/* SPDX-License-Identifier: Apache-2.0 */
/* Veil's own address space at EL2: host-physical memory one to one; its code executable and read-only, nothing else executable
 * (WXN, and XN everywhere else), manifest and payloads read-only once they have been found.
 *
 * 4 KiB granule, 39-bit addresses, three levels: 1 GiB, 2 MiB, 4 KiB (Arm DDI 0487, D8.3). The first GiB is devices, the GiB of
 * the RAM base has a level-2 table, and the first 4 MiB of it, where Veil lies, level-3 tables. */
#include "mmu.h"

#include <veil/arch.h>
#include <veil/board.h>

#include "sysreg.h"

#define DESCRIPTOR_BLOCK 1
#define DESCRIPTOR_TABLE 3
#define DESCRIPTOR_PAGE 3
#define ATTRIBUTE_DEVICE (UINT64_C(0) << 2)
#define ATTRIBUTE_NORMAL (UINT64_C(1) << 2)
#define ACCESS_RES1 BIT(6)
#define ACCESS_READ_ONLY BIT(7)
#define SHARE_INNER (UINT64_C(3) << 8)
#define ACCESSED BIT(10)
#define EXECUTE_NEVER BIT(54)

#define NORMAL (ATTRIBUTE_NORMAL | SHARE_INNER | ACCESSED | ACCESS_RES1)
#define DEVICE (ATTRIBUTE_DEVICE | ACCESSED | ACCESS_RES1 | EXECUTE_NEVER)

#define GIB (UINT64_C(1) << 30)
#define MIB2 (UINT64_C(2) << 20)
#define RAM_GIB (BOARD_RAM_BASE / GIB)
#define FINE_TABLES 2 /* level-3 tables from the load address on */

uint64_t mmu_root[512] __attribute__((aligned(4096)));
static uint64_t ram_table[512] __attribute__((aligned(4096)));
static uint64_t fine_tables[FINE_TABLES][512] __attribute__((aligned(4096)));

extern const char text_start[], text_end[];

/* Runs with MMU and caches off. */
void mmu_build(void)
{
	uint64_t text = (uintptr_t)text_start, text_stop = (uintptr_t)text_end; /* with the header and all constants */

	for (uint64_t i = 0; i < RAM_GIB; i++)
		mmu_root[i] = i * GIB | DEVICE | DESCRIPTOR_BLOCK;
	mmu_root[RAM_GIB] = (uintptr_t)ram_table | DESCRIPTOR_TABLE;
	for (uint64_t i = 1; i < BOARD_RAM_MAX_SIZE / GIB; i++)
		mmu_root[RAM_GIB + i] = (RAM_GIB + i) * GIB | NORMAL | EXECUTE_NEVER | DESCRIPTOR_BLOCK;
	for (uint64_t i = 0; i < 512; i++)
		ram_table[i] = (BOARD_RAM_BASE + i * MIB2) | NORMAL | EXECUTE_NEVER | DESCRIPTOR_BLOCK;
	for (uint64_t t = 0; t < FINE_TABLES; t++) {
		uint64_t base = BOARD_LOAD_ADDRESS + t * MIB2;

		ram_table[(base - BOARD_RAM_BASE) / MIB2] = (uintptr_t)fine_tables[t] | DESCRIPTOR_TABLE;
		for (uint64_t i = 0; i < 512; i++) {
			uint64_t address = base + i * 4096;
			uint64_t rights = EXECUTE_NEVER;

			if (address >= text && address < text_stop)
				rights = ACCESS_READ_ONLY;
			fine_tables[t][i] = address | NORMAL | rights | DESCRIPTOR_PAGE;
		}
	}
	dsb(sy);
}

/* Whole 4 KiB pages where there are level-3 tables, whole 2 MiB blocks elsewhere; what is left of a block at the end shares it with work
 * memory. Only rights change, so no break-before-make is needed (Arm DDI 0487, D8.14.1). */
void arch_protect(paddr_t start, address_t size)
{
	uint64_t address = start.value, end = start.value + size;

	while (address < end && address - BOARD_RAM_BASE < GIB) {
		uint64_t table = (address - BOARD_LOAD_ADDRESS) / MIB2;

		if (table < FINE_TABLES) {
			fine_tables[table][address / 4096 % 512] |= ACCESS_READ_ONLY;
			address += 4096;
		} else {
			if (address % MIB2 == 0 && end - address >= MIB2)
				ram_table[(address - BOARD_RAM_BASE) / MIB2] |= ACCESS_READ_ONLY;
			address = (address & ~(MIB2 - 1)) + MIB2;
		}
	}
	dsb(ishst);
	__asm__ volatile("tlbi alle2is" : : : "memory");
	dsb(ish);
	isb();
}
