/* SPDX-License-Identifier: Apache-2.0 */
/* Shadow tables: which one a guest runs on, and how entries come into them. An entry is made of what the guest's own tables say of an
 * address and where stage2_look() has the persona's page, never of an address the guest gave: its tables can point anywhere, its entries
 * cannot. What it may do there is what its tables allow or less, and nothing in the window or the overlay page. */
#include "shadow.h"

#include <veil/arch.h>

#include "core/persona.h"
#include "psr.h"
#include "reach.h"
#include "sctlr.h"
#include "shadow_tables.h"

#define ENTRY_LARGE (1U | 0x100cU | MMU_PAGE_NOT_GLOBAL) /* the same memory as MMU_PAGE_NORMAL: TEX 001, C, B */
#define ENTRY_LARGE_XN 0x8000U

#define SCTLR_TABLES (SCTLR_S | SCTLR_R | SCTLR_XP | SCTLR_EE) /* what the tables' meaning depends on */

/* ---- The view in force ---- */

static uint32_t key_of(const struct p15_registers *p15)
{
	uint32_t key = KEY_FCSE(p15->fcse);

	if (!(p15->sctlr & SCTLR_M))
		return key | KEY_UNMAPPED;
	return p15->sctlr & SCTLR_XP ? key | KEY_ASID(p15->contextidr) : key; /* without XP everything is global */
}

/* The space of the present key; another one's place is taken if all are used, in turn. */
static void space_choose(struct shadow *s)
{
	uint32_t i = SPACE_UNMAPPED;

	if (s->key & KEY_UNMAPPED) {
		if (s->spaces[i].key != s->key)
			shadow_forget_space(s, i);
	} else {
		for (i = 1; i < SHADOW_SPACES; i++)
			if (s->spaces[i].is_used && s->spaces[i].key == s->key)
				break;
		if (i == SHADOW_SPACES) {
			i = s->victim = s->victim % (SHADOW_SPACES - 1) + 1;
			if (s->spaces[i].is_used) {
				shadow_forget_space(s, i);
				s->counts.spaces++;
			}
		}
	}
	s->spaces[i] = (struct space){.key = s->key, .is_used = true};
	s->space = i;
}

static NOINLINE void context_changed(struct vcpu *v, struct shadow *s, uint32_t key)
{
	const struct p15_registers *p15 = &v->arch.p15;
	uint32_t overlay = p15->sctlr & SCTLR_V ? VECTORS_LOW : VECTORS_HIGH;

	if (s->dacr != p15->dacr || s->ttbcr != p15->ttbcr || ((s->sctlr ^ p15->sctlr) & SCTLR_TABLES))
		shadow_forget_everything(s);
	s->dacr = p15->dacr;
	s->ttbcr = p15->ttbcr;
	s->sctlr = p15->sctlr;
	if (s->overlay != overlay) {
		s->overlay = overlay;
		shadow_forget_everything(s);
		shadow_overlay(s);
	}
	if (s->key != key) {
		s->key = key;
		space_choose(s);
	}
}

void shadow_context(struct vcpu *v)
{
	struct shadow *s = v->persona->arch.shadow;
	const struct p15_registers *p15 = &v->arch.p15;
	uint32_t key = key_of(p15);

	if (unlikely(s->key != key || s->sctlr != p15->sctlr || s->dacr != p15->dacr || s->ttbcr != p15->ttbcr))
		context_changed(v, s, key);
	shadow_privilege(s, guest_is_privileged(v));
}

void shadow_reset(struct vcpu *v)
{
	shadow_forget_everything(v->persona->arch.shadow);
	shadow_context(v);
}

NOINLINE void shadow_load(struct vcpu *v, bool as_user)
{
	const struct shadow *s = v->persona->arch.shadow;
	uint32_t view = as_user ? 2 * s->space : s->view;

	mmu_guest(s->first_level + view * FIRST_LEVEL_BYTES, shadow_asid(s, view));
}

const struct shadow_counts *shadow_counts(const struct persona *p)
{
	return &p->arch.shadow->counts;
}

/* ---- Devices ---- */

static void device_remember(struct shadow *s, uint32_t view, uint32_t address, const struct translation *t)
{
	s->devices[shadow_device_slot(address)] = (struct device_page){
		.tag = (address & ~0xfffU) | view << 4 | (t->page_rights & (RIGHT_READ | RIGHT_WRITE)),
		.physical = t->physical & ~0xfffU,
	};
}

/* ---- Faults ---- */

/* One entry, or the sixteen of a large page. */
static void entries_set(struct shadow *s, uint32_t number, uint32_t address, uint32_t entry, uint32_t count)
{
	uint32_t *entries = shadow_second_level(s, number) + (PAGE_IN_MIB(address) & ~(count - 1));

	address &= ~((count << 12) - 1);
	for (uint32_t i = 0; i < count; i++) {
		if (unlikely(entries[i])) /* the guest's tables allow more now, or something else */
			shadow_forget_entry(s, number, address | i << 12);
		entries[i] = entry;
	}
	mmu_clean(entries, count);
}

/* `address` is neither in the window nor in the overlay page, and `host` in a page that stage2_look() gave. */
static void fill(struct shadow *s, uint32_t view, uint32_t address, const struct translation *t, uint32_t host, uint32_t rights)
{
	bool is_large = t->size >= 16 && (address ^ s->overlay) >> 16; /* not around the overlay page */
	uint32_t number = shadow_table_for(s, view, MIB(address), t->is_global);
	uint32_t flags = TABLE_IS_FILLED;

	if (t->is_global)
		flags |= TABLE_HAS_GLOBAL;
	if (t->size > (is_large ? 16 : 12))
		flags |= TABLE_HAS_PIECES;
	if (t->size > 20 && s->space != SPACE_UNMAPPED) {
		flags |= TABLE_HAS_SUPERSECTION;
		s->has_supersections = true;
	}
	s->tables[number].flags |= (uint16_t)flags;
	s->counts.fills++;
	if (is_large)
		entries_set(s, number, address,
			    (host & ~0xffffU) | ENTRY_LARGE | shadow_access_bits(rights) | (rights & RIGHT_EXECUTE ? 0 : ENTRY_LARGE_XN),
			    PAGES_OF_LARGE);
	else
		entries_set(s, number, address, (host & ~0xfffU) | shadow_small_entry(rights), 1);
}

/* Instructions can only be fetched through an entry: where there can be none, the fetch is refused. */
static NOINLINE enum shadow_result refuse_fetch(struct vcpu *v, uint32_t status, struct shadow_fault *out)
{
	count_up(&v->statistics.refused_memory);
	out->fsr = status;
	return SHADOW_GUEST;
}

static enum shadow_result not_ram(struct vcpu *v, uint32_t view, uint32_t address, enum access access, const struct translation *t,
				  struct shadow_fault *out)
{
	if (access == ACCESS_FETCH)
		return refuse_fetch(v, FSR_EXTERNAL, out);
	device_remember(v->persona->arch.shadow, view, address, t);
	return SHADOW_DEVICE;
}

enum shadow_result shadow_fault(struct vcpu *v, uint32_t address, enum access access, bool privileged, struct shadow_fault *out)
{
	struct shadow *s = v->persona->arch.shadow;
	uint32_t view = 2 * s->space + privileged, needed = shadow_rights_needed(access), rights;
	struct translation t;
	struct reached place;

	switch (reach(v, address, access, privileged, &t, &place)) {
	case WALK_UNBUILT:
		return SHADOW_FILLED; /* or soon: an interrupt comes first */
	case WALK_FAULT:
		out->address = walk_modified(v, address);
		out->fsr = t.fsr;
		return SHADOW_GUEST;
	default:
		break;
	}
	out->address = walk_modified(v, address);
	out->physical = t.physical;
	rights = place.state == PAGE_BUILT ? t.page_rights : t.page_rights & ~(uint32_t)RIGHT_WRITE;
	if (unlikely(place.state == PAGE_NONE))
		return not_ram(v, view, address, access, &t, out);
	if (unlikely(place.state == PAGE_HIDDEN || (place.state == PAGE_READ_ONLY && access == ACCESS_WRITE)))
		return access == ACCESS_FETCH ? refuse_fetch(v, FSR_EXTERNAL, out) : SHADOW_DEVICE;
	if (unlikely(shadow_is_hidden(s, address) || !(rights & needed)))
		return access == ACCESS_FETCH ? refuse_fetch(v, FSR_PERMISSION_PAGE, out) : SHADOW_EMULATE;
	fill(s, view, address, &t, place.host, rights);
	return SHADOW_FILLED;
}
