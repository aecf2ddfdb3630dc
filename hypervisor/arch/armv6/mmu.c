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

/* Second-level tables: the window's, the overlay's in the first MiB, and those of MiBs that are not alike. */
static uint32_t window_table[TABLE] __attribute__((aligned(1024)));
static uint32_t low_table[TABLE] __attribute__((aligned(1024)));
#define SPLIT_TABLES 3
static uint32_t split_tables[SPLIT_TABLES][TABLE] __attribute__((aligned(1024)));
static uint32_t split_count;
static uint32_t overlay[PAGE / 4] __attribute__((aligned(PAGE)));

/* RAM in the window: Veil, manifest, work memory. */
static struct kept {
	uint32_t physical;
	uint32_t window;
	uint32_t size;
} kept[3];
static uint32_t kept_count;

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

	for (uint32_t i = 0; i < kept_count; i++)
		if (address - kept[i].window < kept[i].size)
			return paddr(kept[i].physical + (address - kept[i].window));
	return paddr(address);
}

/* Whole pages of 64 KiB, so that colours stay; `start` begins one, and what is behind the end in its last one is Veil's too (manifest.c). */
COLD void *arch_keep(paddr_t start, address_t size, address_t *kept_size)
{
	const struct kept *last = &kept[kept_count - 1];
	uint32_t window = align_up(last->window + last->size, VEIL_PAGE_SIZE);
	uint32_t room = kept_count < ARRAY_COUNT(kept) ? WINDOW_END - window : 0;
	uint32_t length = size < room ? align_up(size, PAGE) : room;

	*kept_size = size < length ? size : length;
	for (uint32_t at = 0; at < length; at += PAGE)
		window_table[(window + at) / PAGE % TABLE] = (start.value + at) | PAGE_DATA;
	mmu_clean(window_table, TABLE);
	if (length)
		kept[kept_count++] = (struct kept){start.value, window, length};
	return (void *)window;
}

COLD void mmu_window_copy(uint32_t second_level[TABLE])
{
	memcpy(second_level, window_table, WINDOW_PAGES * sizeof(second_level[0]));
}

uint32_t mmu_overlay_page(void)
{
	return arch_physical(overlay).value | PAGE_TEXT;
}

/* ---- Building ---- */

/* Pages in place of a section of the full map. */
static COLD uint32_t *split(uint32_t address)
{
	uint32_t *entry = &mmu_full_table[address / MIB];
	uint32_t *table = split_tables[split_count];

	if ((*entry & 3) == MMU_SECOND_LEVEL_TABLE)
		return split_tables[(*entry - arch_physical(split_tables).value) / sizeof(split_tables[0])];
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
	for (uint32_t i = 0; i < kept_count; i++)
		if (address - kept[i].physical < kept[i].size)
			window_table[(kept[i].window + (address - kept[i].physical)) / PAGE % TABLE] |= MMU_PAGE_READ_ONLY;
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
	mmu_clean(split_tables[0], SPLIT_TABLES * TABLE);
	mmu_clean(window_table, TABLE);
	mmu_clean(mmu_full_table, ARRAY_COUNT(mmu_full_table));
	mmu_forget_all();
}

COLD void mmu_build(void)
{
	uint32_t text = (uint32_t)text_start, text_stop = (uint32_t)text_end, stop = align_up((uintptr_t)bss_end, PAGE);

	kept[kept_count++] = (struct kept){BOARD_LOAD_ADDRESS, WINDOW_IMAGE, stop - text};
	memcpy(overlay, vectors, VECTORS_BYTES);
	for (uint32_t i = 0; i < WINDOW_DEVICES; i++)
		window_table[i] = device_pages[i] | PAGE_REGISTERS;
	for (uint32_t at = text; at < stop; at += PAGE)
		window_table[at / PAGE % TABLE] = arch_physical((void *)at).value | (at < text_stop ? PAGE_TEXT : PAGE_DATA);
	window_table[VECTORS_HIGH / PAGE % TABLE] = mmu_overlay_page();
	low_table[0] = mmu_overlay_page();
	mmu_full_table[0] = arch_physical(low_table).value | MMU_SECOND_LEVEL_TABLE;
	mmu_full_table[WINDOW_BASE / MIB] = arch_physical(window_table).value | MMU_SECOND_LEVEL_TABLE;
	for (uint32_t ram = BOARD_RAM_BASE; ram < BOARD_RAM_BASE + BOARD_RAM_MAX_SIZE; ram += MIB)
		mmu_full_table[ram / MIB] = ram | SECTION | SECTION_NOT_GLOBAL | SECTION_XN;
	mmu_clean(overlay, ARRAY_COUNT(overlay));
	mmu_clean(window_table, TABLE);
	mmu_clean(low_table, TABLE);
	mmu_is_full = true;
	arch_protect(paddr(BOARD_LOAD_ADDRESS), text_stop - text);
}
