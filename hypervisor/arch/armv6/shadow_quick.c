/* SPDX-License-Identifier: Apache-2.0 */
/* The short way of a fault, for what nearly all of them are under a kernel like Linux: extended tables from TTBR0 in RAM that is built, a small
 * page of it in a MiB that has a shadow table, or nothing there. Its rules are those of walk.c and shadow.c, and whatever it is not sure
 * of it leaves to them: it has changed nothing then. What it makes of an entry comes from the same places: the guest's tables say what is
 * allowed, the persona's pages where it lies. */
#include <veil/arch.h>

#include "core/persona.h"
#include "sctlr.h"
#include "shadow_tables.h"
#include "stage2.h"

#define SIMPLE_MASK (SCTLR_M | SCTLR_XP | SCTLR_EE | SCTLR_S | SCTLR_R)
#define SIMPLE (SCTLR_M | SCTLR_XP)

#define TYPE(descriptor) ((descriptor)&3)
#define NOTHING 0U
#define TABLE 1U
#define SMALL 2U
#define XN 1U
#define NOT_GLOBAL BIT(11)
#define DOMAIN(descriptor) ((descriptor) >> 5 & 15)
#define CLIENT 1U

/* Host-physical address of built RAM; NOWHERE: it is something else. */
#define NOWHERE 0U
static uint32_t ram(const struct persona *p, uint32_t physical)
{
	uint32_t offset = physical - p->ram.guest;

	if (unlikely(offset >= p->ram.size || p->arch.pages[offset / VEIL_PAGE_SIZE] != PAGE_BUILT))
		return NOWHERE;
	return p->ram.host + offset;
}

/* A word of the guest's tables, read once. */
static ALWAYS_INLINE bool descriptor(const struct persona *p, uint32_t physical, uint32_t *word)
{
	uint32_t host = ram(p, physical);

	if (unlikely(host == NOWHERE))
		return false;
	*word = *(const volatile uint32_t *)arch_pointer(paddr(host));
	return true;
}

static inline enum shadow_result refuse(struct shadow_fault *out, uint32_t address, enum access access, uint32_t fsr)
{
	out->address = address;
	out->fsr = access == ACCESS_WRITE ? fsr | FSR_WRITE : fsr;
	return SHADOW_GUEST;
}

/* Into the table that is there, where there is no entry. Thumb code, for its size. */
static COLD enum shadow_result fill(struct shadow *s, uint32_t address, uint32_t entry, bool is_global)
{
	uint32_t place = shadow_first_level(s, s->view)[MIB(address)];
	struct table *t;
	uint32_t *at;

	if (unlikely(!place))
		return SHADOW_UNSURE;
	t = &s->tables[(place - s->second_level) / SECOND_LEVEL_BYTES + 1];
	if (unlikely(t->view == VIEW_SHARED && !is_global))
		return SHADOW_UNSURE;
	at = (uint32_t *)arch_pointer(paddr(place & ~(SECOND_LEVEL_BYTES - 1))) + PAGE_IN_MIB(address);
	if (unlikely(*at))
		return SHADOW_UNSURE; /* the TLB may have it */
	t->flags |= is_global ? TABLE_IS_FILLED | TABLE_HAS_GLOBAL : TABLE_IS_FILLED;
	s->counts.fills++;
	*at = entry;
	mmu_clean(at, 1);
	return SHADOW_FILLED;
}

enum shadow_result shadow_quick(struct vcpu *v, uint32_t address, enum access access, struct shadow_fault *out)
{
	const struct p15_registers *p15 = &v->arch.p15;
	const struct persona *p = v->persona;
	struct shadow *s = p->arch.shadow;
	uint32_t word, domain, rights, host;

	if (unlikely((p15->sctlr & SIMPLE_MASK) != SIMPLE || (p15->ttbcr | p15->fcse) ||
		     !descriptor(p, (p15->ttbr[0] & ~(FIRST_LEVEL_BYTES - 1)) | MIB(address) << 2, &word)))
		return SHADOW_UNSURE;
	if (TYPE(word) == NOTHING)
		return refuse(out, address, access, FSR_TRANSLATION_SECTION);
	domain = DOMAIN(word);
	if (unlikely(TYPE(word) != TABLE || (p15->dacr >> (2 * domain) & 3) != CLIENT ||
		     !descriptor(p, (word & ~0x3ffU) | (address >> 10 & 0x3fc), &word)))
		return SHADOW_UNSURE;
	if (TYPE(word) == NOTHING)
		return refuse(out, address, access, FSR_TRANSLATION_PAGE | domain << 4);
	if (unlikely(!(word & SMALL)))
		return SHADOW_UNSURE;
	rights = walk_rights((word >> 4 & 3) | (word >> 7 & 4), VIEW_IS_PRIVILEGED(s->view));
	if (word & XN)
		rights &= ~(uint32_t)RIGHT_EXECUTE;
	if (!(rights & shadow_rights_needed(access)))
		return refuse(out, address, access, FSR_PERMISSION_PAGE | domain << 4);
	host = ram(p, word & ~0xfffU);
	if (unlikely(host == NOWHERE || shadow_is_hidden(s, address)))
		return SHADOW_UNSURE;
	return fill(s, address, host | shadow_small_entry(rights), !(word & NOT_GLOBAL));
}
