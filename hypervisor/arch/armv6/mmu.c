/* SPDX-License-Identifier: Apache-2.0 */
/* Address spaces: the window, the full map, and changing between it and guests' tables. */
#include "mmu.h"

#include <veil/arch.h>
#include <veil/board.h>

#include "core/lib.h"
#include "core/log.h"
#include "window.h"

#define MIB 0x100000U
#define PAGE 4096U
#define TABLE 256 /* entries of a second-level table */
#define LINE 32 /* of the caches */

#define SECTION 0x0000140eU /* normal, write-back with allocation, privileged modes only */
#define SECTION_NOT_GLOBAL 0x20000U
#define SECTION_READ_ONLY 0x8000U
#define SECTION_XN 0x10U

#define PAGE_TEXT (MMU_PAGE | MMU_PAGE_NORMAL | MMU_PAGE_READ_ONLY)
#define PAGE_DATA (MMU_PAGE | MMU_PAGE_NORMAL | MMU_PAGE_READ_WRITE | MMU_PAGE_XN)
#define PAGE_REGISTERS (MMU_PAGE | MMU_PAGE_DEVICE | MMU_PAGE_READ_WRITE | MMU_PAGE_XN)

_Static_assert(BOARD_RAM_BASE % MIB == 0 && BOARD_LOAD_OFFSET == WINDOW_DEVICES_END - WINDOW_BASE, "the window's first MiB is RAM's");

extern const char text_start[], text_end[], bss_end[], vectors[];

uint32_t mmu_full_table[4096] __attribute__((aligned(16384)));
bool mmu_is_full;

/* RAM in the window: Veil, manifest, work memory. */
static struct {
	struct kept {
		uint32_t physical;
		uint32_t window;
		uint32_t size;
	} all[3], *end;
} kept;

/* In one, so that code has one address to know. */
#define SPLIT_TABLES 3
static struct {
	uint32_t overlay[PAGE / 4];
	/* Second-level tables: the window's, the overlay's in the first MiB, and those of MiBs that are not alike */
	uint32_t window[TABLE], low[TABLE], split[SPLIT_TABLES][TABLE];
} map __attribute__((aligned(PAGE)));
static uint32_t split_count;

static const uint32_t device_pages[WINDOW_DEVICES] = {
	BOARD_UART_BASE,
	BOARD_INTC_BASE,
	BOARD_TIMER_BASE,
	BOARD_COUNTER_BASE,
	BOARD_POWER_BUS_BASE,
	BOARD_INPUT_INTERRUPT_BASE,
	BOARD_INPUT_BUS_BASE,
	BOARD_DISPLAY_BASE,
	BOARD_CARD_BASE,
	BOARD_STORAGE_BASE, /* OneNAND: the data buffers, */
	BOARD_STORAGE_BASE + 0x10000, /* the spare areas' */
	BOARD_STORAGE_BASE + 0x1e000, /* and the registers */
	BOARD_STORAGE_BASE + 0x1f000,
};

/* ---- Maintenance (ARM1136 TRM, 3.3) ---- */

static void barrier(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c10, 4" : : "r"(0) : "memory");
}

static void prefetch_flush(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c5, 4" : : "r"(0) : "memory");
}

NOINLINE void mmu_clean(const uint32_t *descriptors, uint32_t count)
{
	uintptr_t end = (uintptr_t)(descriptors + count);

	for (uintptr_t line = (uintptr_t)descriptors & ~(uintptr_t)(LINE - 1); line < end; line += LINE)
		__asm__ volatile("mcr p15, 0, %0, c7, c10, 1" : : "r"(line) : "memory");
	barrier();
}

static void forgotten(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c5, 6" : : "r"(0) : "memory"); /* branch targets go with the translations */
	barrier();
	prefetch_flush();
}

NOINLINE void mmu_forget_all(void)
{
	__asm__ volatile("mcr p15, 0, %0, c8, c7, 0" : : "r"(0) : "memory");
	forgotten();
}

void mmu_forget_asid(uint32_t asid)
{
	__asm__ volatile("mcr p15, 0, %0, c8, c7, 2" : : "r"(asid) : "memory");
	forgotten();
}

void mmu_forget_page(uint32_t address, uint32_t asid)
{
	__asm__ volatile("mcr p15, 0, %0, c8, c7, 1" : : "r"((address & ~(PAGE - 1)) | asid) : "memory");
	forgotten();
}

/* ---- Changing the address space ---- */

/* Nothing outside the window is fetched or followed between the writes, and what lies in it is the same in both. */
static inline void load(uint32_t table, uint32_t asid)
{
	__asm__ volatile("mcr p15, 0, %2, c7, c5, 6\n\t"
			 "mcr p15, 0, %2, c7, c10, 4\n\t"
			 "mcr p15, 0, %0, c2, c0, 0\n\t"
			 "mcr p15, 0, %1, c13, c0, 1\n\t"
			 "mcr p15, 0, %2, c7, c5, 4"
			 :
			 : "r"(table), "r"(asid), "r"(0)
			 : "memory");
}

/* Its table lies in Veil's image. */
static NOINLINE void *full_then(void *pointer)
{
	load((uint32_t)mmu_full_table - WINDOW_IMAGE + BOARD_LOAD_ADDRESS, MMU_ASID_FULL);
	mmu_is_full = true;
	return pointer;
}

void mmu_full(void)
{
	if (!mmu_is_full)
		full_then(NULL);
}

void mmu_guest(uint32_t table, uint32_t asid)
{
	load(table, asid);
	mmu_is_full = false;
}

/* All of the map but its first level. */
static COLD void tables_clean(void)
{
	mmu_clean(map.overlay, sizeof(map) / sizeof(uint32_t));
}

/* ---- Veil's view of memory ---- */

/* What is kept in the window has its pointers there already; everything is in the full map. */
void *arch_pointer(paddr_t address)
{
	void *pointer = (void *)address.value;

	return likely(mmu_is_full) ? pointer : full_then(pointer);
}

COLD paddr_t arch_physical(const void *pointer)
{
	uint32_t address = (uint32_t)pointer;

	for (const struct kept *k = kept.all; k < kept.end; k++)
		if (address - k->window < k->size)
			return paddr(k->physical + (address - k->window));
	return paddr(address);
}

/* Whole pages of 64 KiB, so that colours stay; `start` begins one, and what is behind the end in its last one is Veil's too (manifest.c). */
COLD void *arch_keep(paddr_t start, address_t size, address_t *kept_size)
{
	struct kept *next = kept.end;
	uint32_t window = align_up(next[-1].window + next[-1].size, VEIL_PAGE_SIZE);
	uint32_t room = next < kept.all + ARRAY_COUNT(kept.all) ? WINDOW_END - window : 0;
	uint32_t length = size < room ? align_up(size, PAGE) : room;

	*kept_size = size < length ? size : length;
	for (uint32_t at = 0; at < length; at += PAGE)
		map.window[(window + at) / PAGE % TABLE] = (start.value + at) | PAGE_DATA;
	tables_clean();
	if (length) {
		*next = (struct kept){start.value, window, length};
		kept.end++;
	}
	return (void *)window;
}

COLD void mmu_window_copy(uint32_t second_level[TABLE])
{
	memcpy(second_level, map.window, WINDOW_PAGES * sizeof(second_level[0]));
}

uint32_t mmu_overlay_page(void)
{
	return arch_physical(map.overlay).value | PAGE_TEXT;
}

/* ---- Building ---- */

/* Pages in place of a section of the full map. */
static COLD uint32_t *split(uint32_t address)
{
	uint32_t *entry = &mmu_full_table[address / MIB];
	uint32_t *table = map.split[split_count];

	if ((*entry & 3) == MMU_SECOND_LEVEL_TABLE)
		return map.split[(*entry - arch_physical(map.split).value) / sizeof(map.split[0])];
	if (split_count++ == SPLIT_TABLES)
		panic("full map: no table left for", address);
	for (uint32_t i = 0; i < TABLE; i++)
		table[i] = (address & ~(MIB - 1)) | i * PAGE | PAGE_DATA | MMU_PAGE_NOT_GLOBAL;
	mmu_clean(table, TABLE);
	*entry = arch_physical(table).value | MMU_SECOND_LEVEL_TABLE;
	return table;
}

static COLD void protect_page(uint32_t address)
{
	split(address)[address / PAGE % TABLE] |= MMU_PAGE_READ_ONLY;
	for (const struct kept *k = kept.all; k < kept.end; k++)
		if (address - k->physical < k->size)
			map.window[(k->window + (address - k->physical)) / PAGE % TABLE] |= MMU_PAGE_READ_ONLY;
}

/* In the full map whole MiBs, and pages of those that are not whole; in the window what is kept of it. */
COLD void arch_protect(paddr_t start, address_t size)
{
	uint32_t address = start.value, end = address + size;

	while (address < end) {
		if (address % MIB == 0 && end - address >= MIB) {
			mmu_full_table[address / MIB] |= SECTION_READ_ONLY;
			address += MIB;
			continue;
		}
		protect_page(address);
		address += PAGE;
	}
	tables_clean();
	mmu_clean(mmu_full_table, ARRAY_COUNT(mmu_full_table));
	mmu_forget_all();
}

COLD void mmu_build(void)
{
	uint32_t text = (uint32_t)text_start, text_stop = (uint32_t)text_end, stop = align_up((uintptr_t)bss_end, PAGE);

	kept.all[0] = (struct kept){BOARD_LOAD_ADDRESS, WINDOW_IMAGE, stop - text};
	kept.end = kept.all + 1;
	memcpy(map.overlay, vectors, VECTORS_BYTES);
	for (uint32_t i = 0; i < WINDOW_DEVICES; i++)
		map.window[i] = device_pages[i] | PAGE_REGISTERS;
	for (uint32_t at = text; at < stop; at += PAGE)
		map.window[at / PAGE % TABLE] = arch_physical((void *)at).value | (at < text_stop ? PAGE_TEXT : PAGE_DATA);
	map.window[VECTORS_HIGH / PAGE % TABLE] = map.low[0] = mmu_overlay_page();
	tables_clean(); /* before anything leads to them */
	mmu_full_table[0] = arch_physical(map.low).value | MMU_SECOND_LEVEL_TABLE;
	mmu_full_table[WINDOW_BASE / MIB] = arch_physical(map.window).value | MMU_SECOND_LEVEL_TABLE;
	for (uint32_t ram = BOARD_RAM_BASE; ram < BOARD_RAM_BASE + BOARD_RAM_MAX_SIZE; ram += MIB)
		mmu_full_table[ram / MIB] = ram | SECTION | SECTION_NOT_GLOBAL | SECTION_XN;
	mmu_is_full = true;
	arch_protect(paddr(BOARD_LOAD_ADDRESS), text_stop - text);
}
