/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2: guest-physical to host-physical in pages of 64 KiB (Arm DDI 0487, D8.2.7). Only RAM is ever mapped; everything else
 * a guest touches ends in an exit. One level-2 table of 128 entries of 512 MiB (36-bit addresses), a level-3 table each. */
#include <veil/arch.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/owner.h"
#include "core/persona.h"
#include "sysreg.h"

#define ADDRESS_BITS 36
#define LEVEL2_SHIFT 29
#define ROOT_COUNT (1 << (ADDRESS_BITS - LEVEL2_SHIFT))
#define LEAF_COUNT (VEIL_PAGE_SIZE / 8)

#define DESCRIPTOR_VALID 3 /* table at level 2, page at level 3 */
#define LEAF_NORMAL (UINT64_C(0xf) << 2)
#define LEAF_READ_WRITE (UINT64_C(3) << 6)
#define LEAF_WRITE BIT(7)
#define LEAF_SHARE_INNER (UINT64_C(3) << 8)
#define LEAF_ACCESSED BIT(10)
#define LEAF (LEAF_NORMAL | LEAF_READ_WRITE | LEAF_SHARE_INNER | LEAF_ACCESSED | DESCRIPTOR_VALID)

#define VMID_SHIFT 48

/* The tables of RAM lie one after the other: a page's leaf is found by its number alone. */
COLD bool stage2_init(struct persona *p)
{
	uint64_t first = p->ram.guest >> LEVEL2_SHIFT;
	uint64_t last = (p->ram.guest + p->linear_count * VEIL_PAGE_SIZE - 1) >> LEVEL2_SHIFT;
	paddr_t leaves, flash;

	p->arch.root = memory_take(ROOT_COUNT * 8, ROOT_COUNT * 8);
	if (!p->arch.root || !memory_take_pages((last - first + 1) * VEIL_PAGE_SIZE, VEIL_PAGE_SIZE, &leaves))
		return false;
	for (uint64_t i = first; i <= last; i++)
		p->arch.root[i] = (leaves.value + (i - first) * VEIL_PAGE_SIZE) | DESCRIPTOR_VALID;
	p->arch.linear_leaves = (uint64_t *)arch_pointer(leaves) + p->ram.guest / VEIL_PAGE_SIZE % LEAF_COUNT;
	if (p->page_count > p->linear_count && first > 0) { /* all flash lies in the first 512 MiB */
		if (!memory_take_pages(VEIL_PAGE_SIZE, VEIL_PAGE_SIZE, &flash))
			return false;
		p->arch.root[0] = flash.value | DESCRIPTOR_VALID;
	}
	p->arch.vttbr = arch_physical(p->arch.root).value | (uint64_t)(p->index + 1) << VMID_SHIFT;
	return true;
}

static NOINLINE uint64_t *flash_leaf_of(const struct persona *p, size_t page)
{
	uint64_t address = persona_page_address(p, page);
	uint64_t *table = arch_pointer(paddr(p->arch.root[address >> LEVEL2_SHIFT] & ~UINT64_C(0xffff)));

	return &table[address / VEIL_PAGE_SIZE % LEAF_COUNT];
}

/* `page` is below the persona's page count: the callers' check. */
static inline uint64_t *leaf_of(const struct persona *p, size_t page)
{
	return likely(page < p->linear_count) ? &p->arch.linear_leaves[page] : flash_leaf_of(p, page);
}

wide_bool stage2_is_mapped(const struct persona *p, size_t page)
{
	return *leaf_of(p, page) != 0;
}

void stage2_map(struct persona *p, size_t page, paddr_t host)
{
	if (!owner_is(p->index, host, VEIL_PAGE_SIZE))
		panic("stage2_map: page is not the persona's", host.value);
	__atomic_store_n(leaf_of(p, page), host.value | (page < p->linear_count ? LEAF : LEAF & ~LEAF_WRITE), __ATOMIC_RELEASE);
	dsb(ishst); /* the walkers see it before the guest tries again */
}

void stage2_unmap(struct persona *p, size_t page)
{
	*leaf_of(p, page) = 0;
}

COLD void stage2_hide(struct persona *p, size_t page, bool hidden)
{
	uint64_t *leaf = leaf_of(p, page);

	if (*leaf)
		__atomic_store_n(leaf, hidden ? *leaf & ~UINT64_C(DESCRIPTOR_VALID) : *leaf | DESCRIPTOR_VALID, __ATOMIC_RELEASE);
	dsb(ishst);
}

void stage2_flush(struct persona *p)
{
	uint64_t before = sysreg_read(vttbr_el2);

	dsb(ishst);
	sysreg_write(vttbr_el2, p->arch.vttbr);
	isb();
	__asm__ volatile("tlbi vmalls12e1is" : : : "memory");
	dsb(ish);
	sysreg_write(vttbr_el2, before);
	isb();
}
