/* SPDX-License-Identifier: Apache-2.0 */
/* The walk (Arm DDI 0100I, B4.3 to B4.7, and the ARM1136's manual, chapter 6).
 *
 *   first level   XP = 1   table: 31..10 table  8..5 domain  1..0 = 01
 *                          section: 31..20 base  18 = 0  17 nG  15 APX  11..10 AP  8..5 domain  4 XN  1..0 = 10
 *                          supersection: 31..24 base  18 = 1, else the same; domain 0
 *                 XP = 0   the same without nG, APX and XN
 *   second level  XP = 1   64 KiB: 31..16 base  15 XN  11 nG  9 APX  5..4 AP  1..0 = 01
 *                          4 KiB:  31..12 base  11 nG  9 APX  5..4 AP  1 = 1  0 XN
 *                 XP = 0   64 KiB: 31..16 base  11..4 AP of four subpages  1..0 = 01
 *                          4 KiB:  31..12 base  11..4 AP of four subpages  1..0 = 10
 *                          4 KiB, extended: 31..12 base  5..4 AP  1..0 = 11
 *
 * All else faults; tables of 1 KiB pages there are none of in ARMv6. The tables are the guest's, who may point them anywhere and change them
 * meanwhile: each word is read once, from RAM of this persona only, and what comes of it is a guest-physical address that whoever uses it
 * looks up in the persona's own pages. */
#include "walk.h"

#include "core/persona.h"
#include "sctlr.h"
#include "stage2.h"

#define FCSE_SPAN 0x2000000U /* what a process has for itself */

#define TTBCR_N(ttbcr) ((ttbcr)&7)
#define TTBCR_PD0 0x10U
#define TTBCR_PD1 0x20U

#define TYPE(descriptor) ((descriptor)&3)
#define FIRST_TABLE 1U
#define FIRST_SECTION 2U
#define FIRST_DOMAIN(descriptor) ((descriptor) >> 5 & 15)
#define FIRST_AP(descriptor) ((descriptor) >> 10 & 3)
#define FIRST_APX(descriptor) ((descriptor) >> 13 & 4)
#define FIRST_APX_BIT 0x8000U
#define FIRST_XN 0x10U
#define FIRST_NOT_GLOBAL 0x20000U
#define FIRST_SUPERSECTION 0x40000U

#define SECOND_LARGE 1U
#define SECOND_SMALL 2U
#define SECOND_EXTENDED 3U
#define SECOND_AP(descriptor, subpage) ((descriptor) >> (4 + 2 * (subpage)) & 3)
#define SECOND_APX(descriptor) ((descriptor) >> 7 & 4)
#define SECOND_XN_SMALL 1U
#define SECOND_XN_LARGE 0x8000U
#define SECOND_NOT_GLOBAL 0x800U

#define DOMAIN_CLIENT 1U
#define DOMAIN_MANAGER 3U

uint32_t walk_modified(const struct vcpu *v, uint32_t address)
{
	return address < FCSE_SPAN ? address + (v->arch.p15.fcse & ~(FCSE_SPAN - 1)) : address;
}

static enum walk_result fault(struct translation *out, uint32_t status, uint32_t domain)
{
	out->fsr = status | domain << 4;
	return WALK_FAULT;
}

/* One descriptor, unless there is no built memory at its address. */
static inline enum page_state descriptor_read(const struct vcpu *v, uint32_t address, uint32_t *word)
{
	uint32_t host;
	enum page_state state = stage2_look(v->persona, address, &host);

	if (likely(state != PAGE_NONE && state != PAGE_UNBUILT)) {
		*word = *(const volatile uint32_t *)arch_pointer(paddr(host));
		if (unlikely(v->arch.p15.sctlr & SCTLR_EE))
			*word = __builtin_bswap32(*word);
	}
	return state;
}

/* Then this is how it ends; `outside`: how it faults where there is no RAM. */
static NOINLINE enum walk_result no_descriptor(struct translation *out, uint32_t address, enum page_state state, uint32_t outside)
{
	out->physical = address;
	out->fsr = outside;
	return state == PAGE_UNBUILT ? WALK_UNBUILT : WALK_FAULT;
}

#define READS (RIGHT_READ | RIGHT_EXECUTE)

static uint32_t ap_rights(uint32_t sctlr, uint32_t ap, bool privileged)
{
	uint32_t protection = sctlr & (SCTLR_S | SCTLR_R);

	if (unlikely(ap == 0 && protection))
		return protection == SCTLR_R || (protection == SCTLR_S && privileged) ? READS : 0;
	return walk_rights(ap, privileged);
}

static void give(struct translation *out, uint32_t rights)
{
	out->rights = (uint8_t)rights;
	out->page_rights = (uint8_t)rights;
}

static void place_at(struct translation *out, uint32_t descriptor, uint32_t address, uint32_t size)
{
	out->size = (uint8_t)size;
	out->physical = descriptor >> size << size | (address & ((1U << size) - 1));
}

/* The same for all of it. */
static void give_alike(const struct vcpu *v, uint32_t ap, bool privileged, uint32_t never_executes, struct translation *out)
{
	uint32_t rights = ap_rights(v->arch.p15.sctlr, ap, privileged);

	give(out, never_executes ? rights & ~(uint32_t)RIGHT_EXECUTE : rights);
}

static void section(const struct vcpu *v, uint32_t descriptor, bool privileged, struct translation *out)
{
	if (!(v->arch.p15.sctlr & SCTLR_XP))
		descriptor &= ~(FIRST_APX_BIT | FIRST_XN | FIRST_NOT_GLOBAL);
	out->is_global = !(descriptor & FIRST_NOT_GLOBAL);
	give_alike(v, FIRST_AP(descriptor) | FIRST_APX(descriptor), privileged, descriptor & FIRST_XN, out);
}

static void page(const struct vcpu *v, uint32_t descriptor, bool privileged, struct translation *out)
{
	out->is_global = !(descriptor & SECOND_NOT_GLOBAL);
	give_alike(v, SECOND_AP(descriptor, 0) | SECOND_APX(descriptor), privileged,
		   descriptor & (TYPE(descriptor) == SECOND_LARGE ? SECOND_XN_LARGE : SECOND_XN_SMALL), out);
}

static void page_of_subpages(const struct vcpu *v, uint32_t descriptor, uint32_t address, bool privileged, struct translation *out)
{
	uint32_t first = ap_rights(v->arch.p15.sctlr, SECOND_AP(descriptor, 0), privileged);
	bool is_same = true;

	out->is_global = true;
	give(out, first);
	if (TYPE(descriptor) == SECOND_EXTENDED)
		return;
	for (uint32_t i = 1; i < 4; i++) {
		uint32_t rights = ap_rights(v->arch.p15.sctlr, SECOND_AP(descriptor, i), privileged);

		is_same &= rights == first;
		out->page_rights &= (uint8_t)rights;
	}
	if (is_same)
		return;
	out->size -= 2;
	out->rights = (uint8_t)ap_rights(v->arch.p15.sctlr, SECOND_AP(descriptor, address >> out->size & 3), privileged);
	if (out->size > 12)
		out->page_rights = out->rights;
}

/* The first-level descriptor's place: TTBR0 up to where TTBCR.N says, TTBR1 above (B4.9.4). */
static bool first_level(const struct p15_registers *p15, uint32_t address, uint32_t *place)
{
	uint32_t n = TTBCR_N(p15->ttbcr);
	bool is_second = n && address >> (32 - n);

	*place = (is_second ? p15->ttbr[1] >> 14 << 14 : p15->ttbr[0] >> (14 - n) << (14 - n)) | (address >> 20 << 2);
	return !(p15->ttbcr & (is_second ? TTBCR_PD1 : TTBCR_PD0));
}

static enum walk_result walk_tables(const struct vcpu *v, uint32_t address, bool privileged, struct translation *out, uint32_t *permission)
{
	const struct p15_registers *p15 = &v->arch.p15;
	uint32_t place, descriptor, domain, domain_access;
	enum page_state state;
	bool is_section;

	if (!first_level(p15, address, &place))
		return fault(out, FSR_TRANSLATION_SECTION, 0);
	state = descriptor_read(v, place, &descriptor);
	if (unlikely(state == PAGE_NONE || state == PAGE_UNBUILT))
		return no_descriptor(out, place, state, FSR_EXTERNAL_SECTION);
	if (TYPE(descriptor) != FIRST_TABLE && TYPE(descriptor) != FIRST_SECTION)
		return fault(out, FSR_TRANSLATION_SECTION, 0);
	is_section = TYPE(descriptor) == FIRST_SECTION;
	domain = is_section && (descriptor & FIRST_SUPERSECTION) ? 0 : FIRST_DOMAIN(descriptor);
	domain_access = p15->dacr >> (2 * domain) & 3;
	if (domain_access != DOMAIN_CLIENT && domain_access != DOMAIN_MANAGER)
		return fault(out, is_section ? FSR_DOMAIN_SECTION : FSR_DOMAIN_PAGE, domain);
	if (is_section) {
		place_at(out, descriptor, address, descriptor & FIRST_SUPERSECTION ? 24 : 20);
		section(v, descriptor, privileged, out);
	} else {
		place = (descriptor & ~0x3ffU) | (address >> 10 & 0x3fc);
		state = descriptor_read(v, place, &descriptor);
		if (unlikely(state == PAGE_NONE || state == PAGE_UNBUILT))
			return no_descriptor(out, place, state, FSR_EXTERNAL_PAGE | domain << 4);
		if (TYPE(descriptor) == 0)
			return fault(out, FSR_TRANSLATION_PAGE, domain);
		place_at(out, descriptor, address, TYPE(descriptor) == SECOND_LARGE ? 16 : 12);
		if (p15->sctlr & SCTLR_XP)
			page(v, descriptor, privileged, out);
		else
			page_of_subpages(v, descriptor, address, privileged, out);
	}
	if (domain_access == DOMAIN_MANAGER)
		give(out, ALL_RIGHTS);
	*permission = (is_section ? FSR_PERMISSION_SECTION : FSR_PERMISSION_PAGE) | domain << 4;
	return WALK_OK;
}

enum walk_result walk(const struct vcpu *v, uint32_t address, enum access access, bool privileged, struct translation *out)
{
	uint32_t permission = 0;
	enum walk_result result = WALK_OK;

	address = walk_modified(v, address);
	if (v->arch.p15.sctlr & SCTLR_M) {
		result = walk_tables(v, address, privileged, out, &permission);
	} else {
		out->physical = address;
		out->size = 24;
		out->is_global = false;
		give(out, ALL_RIGHTS);
	}
	if (result == WALK_OK && !(out->rights >> access & 1)) {
		out->fsr = permission;
		result = WALK_FAULT;
	}
	if (result == WALK_FAULT && access == ACCESS_WRITE)
		out->fsr |= FSR_WRITE;
	return result;
}
