/* SPDX-License-Identifier: Apache-2.0 */
/* Address spaces: Veil's full map, and what guests' tables need of Veil's.
 *
 * Descriptors with SCTLR.XP = 1 (Arm DDI 0100I, B4.7). All of Veil's and of the shadows' are of domain 0, whose accesses are checked.
 *
 *   first level   table: 31..10 table  8..5 domain  1..0 = 01
 *                 section: 31..20 base  17 nG  15 APX  14..12 TEX  11..10 AP  8..5 domain  4 XN  3 C  2 B  1..0 = 10
 *   second level  64 KiB: 31..16 base  15 XN  14..12 TEX  11 nG  10 S  9 APX  5..4 AP  3 C  2 B  1..0 = 01, sixteen times the same
 *                 4 KiB:  31..12 base  11 nG  10 S  9 APX  8..6 TEX  5..4 AP  3 C  2 B  1 = 1  0 XN */
#ifndef VEIL_MMU_H
#define VEIL_MMU_H

#include <veil/types.h>

#define MMU_DACR 1U /* domain 0: client */
#define MMU_SECOND_LEVEL_TABLE 1U

/* A small page's bits; memory is normal, write-back with allocation, not shared. */
#define MMU_PAGE 2U
#define MMU_PAGE_XN 1U
#define MMU_PAGE_NORMAL 0x4cU /* TEX 001, C, B */
#define MMU_PAGE_DEVICE 0x04U /* TEX 000, B: a shared device */
#define MMU_PAGE_NOT_GLOBAL 0x800U
#define MMU_PAGE_READ_ONLY 0x210U /* APX, AP 01: privileged modes read, user mode nothing */
#define MMU_PAGE_READ_WRITE 0x010U /* AP 01: privileged modes only */

#define MMU_ASID_FULL 0U /* the full map's; guests' are 1 to 255 */

/* What entry.S has at `vectors`: eight instructions that load pc from what follows them. The overlay page holds a copy. */
#define VECTORS_BYTES 64

/* The full map is in force: RAM one to one beside the window, for arch_pointer(). Not so while a guest's tables are. */
extern bool mmu_is_full;

/* Puts the full map in force, or a guest's first-level table (its physical address, a multiple of 16 KiB) with its ASID. */
void mmu_full(void);
void mmu_guest(uint32_t table, uint32_t asid);

/* What every second-level table of the top MiB begins with (the other 16 pages are the guest's), and the overlay page, wherever it lies. */
void mmu_window_copy(uint32_t second_level[256]);
uint32_t mmu_overlay_page(void);

/* Tables are walked past the caches: after writing descriptors, before anything relies on them. The window or the full map has them. */
void mmu_clean(const uint32_t *descriptors, uint32_t count);

/* Forgets translations (Arm DDI 0100I, B4.9); done when they return. */
void mmu_forget_all(void);
void mmu_forget_asid(uint32_t asid);
void mmu_forget_page(uint32_t address, uint32_t asid);

extern uint32_t mmu_full_table[4096]; /* boot.S has its early tables here */

/* Runs once, in the window, with the early tables of boot.S. */
void mmu_build(void);

#endif
