/* SPDX-License-Identifier: Apache-2.0 */
/* See mmu_fake.h. */
#include "mmu_fake.h"

#include <stdlib.h>
#include <string.h>

#include <veil/arch.h>

#include "persona_fake.h"

#define TLB_ENTRIES 65536

uint32_t fake_table, fake_asid, fake_cleaned;
bool mmu_is_full;

static struct tlb_entry {
	uint32_t page; /* 4 KiB */
	uint32_t asid;
	uint32_t entry; /* descriptor it came from; 0: none */
	bool is_large;
} tlb[TLB_ENTRIES];
static uint32_t tlb_count;

void fake_mmu_init(void)
{
	tlb_count = 0;
	fake_table = 0;
	fake_asid = 0;
	mmu_is_full = true;
}

void mmu_full(void)
{
	mmu_is_full = true;
}

void mmu_guest(uint32_t table, uint32_t asid)
{
	if (table % 16384 || asid == MMU_ASID_FULL || asid > 255)
		abort();
	fake_table = table;
	fake_asid = asid;
	mmu_is_full = false;
}

void mmu_window_copy(uint32_t second_level[256])
{
	for (uint32_t i = 0; i < 240; i++)
		second_level[i] = FAKE_WINDOW_ENTRY;
}

uint32_t mmu_overlay_page(void)
{
	return FAKE_OVERLAY_ENTRY;
}

void arch_zero(void *to, size_t size)
{
	memset(to, 0, size);
}

void mmu_clean(const uint32_t *descriptors, uint32_t count)
{
	(void)descriptors;
	fake_cleaned += count;
}

/* Forgets what `keep` is false of. */
static void tlb_drop(uint32_t asid, bool one_page, uint32_t address)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < tlb_count; i++) {
		uint32_t mask = tlb[i].is_large ? ~0xffffU : ~0xfffU;

		if (tlb[i].asid == asid && (!one_page || ((tlb[i].page ^ address) & mask) == 0))
			continue;
		tlb[kept++] = tlb[i];
	}
	tlb_count = kept;
}

void mmu_forget_asid(uint32_t asid)
{
	tlb_drop(asid, false, 0);
}

void mmu_forget_page(uint32_t address, uint32_t asid)
{
	tlb_drop(asid, true, address);
}

static uint32_t word_at(uint32_t host)
{
	return *(const uint32_t *)(uintptr_t)host;
}

/* The descriptor for an address, as the tables in force have it; 0: none. */
static uint32_t tables_entry(uint32_t address)
{
	uint32_t first = word_at(fake_table + (address >> 20) * 4);

	if ((first & 3) != 1)
		return 0;
	if (first & 0x3fe)
		abort(); /* domain 0, and nothing else */
	return word_at((first & ~0x3ffU) + (address >> 12 & 255) * 4);
}

static struct tlb_entry *tlb_find(uint32_t address)
{
	uint32_t entry;

	for (uint32_t i = 0; i < tlb_count; i++) {
		uint32_t mask = tlb[i].is_large ? ~0xffffU : ~0xfffU;

		if (tlb[i].asid == fake_asid && ((tlb[i].page ^ address) & mask) == 0)
			return &tlb[i];
	}
	entry = tables_entry(address);
	if ((entry & 3) == 0)
		return NULL;
	if (tlb_count == TLB_ENTRIES)
		tlb_count = 0; /* a TLB may */
	tlb[tlb_count] = (struct tlb_entry){.page = address & ~0xfffU, .asid = fake_asid, .entry = entry, .is_large = (entry & 3) == 1};
	return &tlb[tlb_count++];
}

/* What user mode may do by a descriptor (AP, APX, XN). */
static bool allows(const struct tlb_entry *e, enum access access)
{
	uint32_t ap = (e->entry >> 4 & 3) | (e->entry >> 7 & 4);
	bool xn = e->entry & (e->is_large ? 0x8000 : 1);

	if (access == ACCESS_WRITE)
		return ap == 3;
	return (ap == 2 || ap == 3 || ap == 6) && !(access == ACCESS_FETCH && xn);
}

bool fake_mmu_access(uint32_t address, enum access access, uint32_t *host)
{
	const struct tlb_entry *e;

	if (mmu_is_full)
		abort(); /* nobody enters a guest so */
	e = tlb_find(address);
	if (!e || !allows(e, access))
		return false;
	*host = e->is_large ? (e->entry & ~0xffffU) | (address & 0xffff) : (e->entry & ~0xfffU) | (address & 0xfff);
	if (!fake_is_ram(*host, 1))
		abort();
	return true;
}

static void check_second_level(uint32_t mib, uint32_t table)
{
	for (uint32_t i = 0; i < 256; i++) {
		struct tlb_entry e = {.entry = word_at(table + 4 * i)};

		if (mib == 0xfff && i < 240 && e.entry != FAKE_WINDOW_ENTRY)
			abort();
		e.is_large = (e.entry & 3) == 1;
		if ((e.entry & 3) == 0 || !allows(&e, ACCESS_READ)) {
			if (e.entry && e.entry != FAKE_WINDOW_ENTRY && e.entry != FAKE_OVERLAY_ENTRY)
				abort();
			continue;
		}
		if (!(e.entry & MMU_PAGE_NOT_GLOBAL))
			abort();
		if (!fake_is_ram(e.is_large ? e.entry & ~0xffffU : e.entry & ~0xfffU, e.is_large ? 0x10000 : 0x1000))
			abort();
		/* Sixteen times the same */
		if (e.is_large && word_at(table + 4 * (i & ~15U)) != e.entry)
			abort();
	}
}

void fake_mmu_check(void)
{
	for (uint32_t mib = 0; mib < 4096; mib++) {
		uint32_t first = word_at(fake_table + mib * 4);

		if (first)
			check_second_level(mib, first & ~0x3ffU);
	}
}
