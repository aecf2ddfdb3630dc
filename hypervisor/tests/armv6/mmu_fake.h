/* SPDX-License-Identifier: Apache-2.0 */
/* The real MMU, for tests of shadow tables: it walks what Veil wrote, for a guest in user mode, with a TLB that forgets nothing by itself. */
#ifndef MMU_FAKE_H
#define MMU_FAKE_H

#include "arch/armv6/mmu.h"
#include "arch/armv6/walk.h"

#define FAKE_WINDOW_ENTRY 0x0badf01eU /* what the window's pages and the overlay page look like: privileged modes alone (AP 01) */
#define FAKE_OVERLAY_ENTRY 0x0baef01eU

extern uint32_t fake_table, fake_asid; /* in force */
extern uint32_t fake_cleaned; /* descriptors written so far */

void fake_mmu_init(void);

/* An access of the guest, by TLB or tables. False: it faults. */
bool fake_mmu_access(uint32_t address, enum access access, uint32_t *host);
/* Entries of the TLB, and of what the tables in force would give, that let a guest at memory not its own, or differ from what they should be. */
void fake_mmu_check(void);

#endif
