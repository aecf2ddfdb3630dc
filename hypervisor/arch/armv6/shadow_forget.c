/* SPDX-License-Identifier: Apache-2.0 */
/* What shadows forget: whatever the guest's own TLB would, and sometimes more, which costs a guest time and nothing else. Nothing else's
 * translations are touched: real TLB entries are named by the persona's own ASIDs. */
#include <veil/arch.h>

#include "core/persona.h"
#include "shadow_tables.h"

#define FCSE_SPAN 0x2000000U
#define SECOND_LEVEL_SMALL 2U /* bit of a small page's entry */

static void forget_devices(struct shadow *s)
{
	for (uint32_t i = 0; i < DEVICES; i++)
		s->devices[i].tag = 0;
}

static void forget_view(struct shadow *s, uint32_t view)
{
	while (s->chains[view] != NO_TABLE)
		shadow_table_drop(s, s->chains[view]);
	if (s->tables[FIXED_LOW(view)].flags & TABLE_IS_FILLED)
		shadow_table_drop(s, FIXED_LOW(view));
	if (s->tables[FIXED_TOP(view)].flags & TABLE_IS_FILLED)
		shadow_table_drop(s, FIXED_TOP(view));
	mmu_forget_asid(shadow_asid(s, view));
}

void shadow_forget_space(struct shadow *s, uint32_t space)
{
	forget_devices(s);
	forget_view(s, 2 * space);
	forget_view(s, 2 * space + 1);
}

void shadow_forget_everything(struct shadow *s)
{
	s->has_supersections = false;
	while (s->shared_chain != NO_TABLE)
		shadow_table_drop(s, s->shared_chain);
	for (uint32_t i = 0; i < SHADOW_SPACES; i++)
		if (s->spaces[i].is_used)
			shadow_forget_space(s, i);
}

void shadow_forget_all(struct persona *p)
{
	shadow_forget_everything(p->arch.shadow);
}

/* Not the entries of the MMU switched off: no TLB is asked for them. Global ones stay where they are shared. */
NOINLINE void shadow_forget_asid(struct vcpu *v, uint32_t asid)
{
	struct shadow *s = v->persona->arch.shadow;

	for (uint32_t i = SPACE_UNMAPPED + 1; i < SHADOW_SPACES; i++)
		if (s->spaces[i].is_used && KEY_ASID(s->spaces[i].key) == asid)
			shadow_forget_space(s, i);
}

/* ---- One page ---- */

/* Of the TLB, for every view that may have come by it through a table of this holder. */
static void forget_translations(const struct shadow *s, uint32_t holder, uint32_t address, bool all)
{
	for (uint32_t view = 0; view < VIEWS; view++) {
		if (holder == VIEW_SHARED ? !VIEW_IS_PRIVILEGED(view) || !s->spaces[view / 2].is_used : holder != view)
			continue;
		if (all)
			mmu_forget_asid(shadow_asid(s, view));
		else
			mmu_forget_page(address, shadow_asid(s, view));
	}
}

void shadow_forget_entry(struct shadow *s, uint32_t number, uint32_t address)
{
	uint32_t *entry = &shadow_second_level(s, number)[PAGE_IN_MIB(address)];
	uint32_t count = 1;

	if (!(*entry & SECOND_LEVEL_SMALL)) {
		count = PAGES_OF_LARGE;
		entry = &shadow_second_level(s, number)[PAGE_IN_MIB(address) & ~(PAGES_OF_LARGE - 1)];
	}
	for (uint32_t i = 0; i < count; i++)
		entry[i] = 0;
	mmu_clean(entry, count);
	forget_translations(s, s->tables[number].view, address, false);
}

static void forget_in_table(struct shadow *s, uint32_t number, uint32_t address)
{
	uint32_t view = s->tables[number].view;

	if (s->tables[number].flags & TABLE_HAS_PIECES) {
		shadow_table_drop(s, number);
		forget_translations(s, view, address, true);
	} else if (shadow_second_level(s, number)[PAGE_IN_MIB(address)] && !shadow_is_hidden(s, address)) {
		shadow_forget_entry(s, number, address);
	}
}

/* Is the address in a supersection that this space has used? Its entries may be in any of sixteen tables, and not in that of the address. */
static bool is_in_supersection(const struct shadow *s, uint32_t space, uint32_t address)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t mib = (MIB(address) & ~15U) + i;
		uint32_t flags = s->tables[shadow_table_at(s, 2 * space, mib)].flags |
				 s->tables[shadow_table_at(s, 2 * space + 1, mib)].flags | s->tables[s->shared[mib]].flags;

		if (flags & TABLE_HAS_SUPERSECTION)
			return true;
	}
	return false;
}

/* In both views, what may belong to the ASID. */
static void forget_in_space(struct shadow *s, uint32_t space, uint32_t address, uint32_t asid)
{
	if (unlikely(s->has_supersections && is_in_supersection(s, space, address))) {
		shadow_forget_everything(s);
		return;
	}
	for (uint32_t view = 2 * space; view <= 2 * space + 1; view++) {
		uint32_t number = shadow_table_at(s, view, MIB(address));
		const struct table *t = &s->tables[number];

		if (number != NO_TABLE && t->view != VIEW_SHARED &&
		    (KEY_ASID(s->spaces[space].key) == asid || (t->flags & TABLE_HAS_GLOBAL)))
			forget_in_table(s, number, address);
	}
}

NOINLINE void shadow_forget_page(struct vcpu *v, uint32_t mva)
{
	struct shadow *s = v->persona->arch.shadow;
	uint32_t asid = KEY_ASID(mva), page = mva & ~0xfffU, number = s->shared[MIB(mva)];

	forget_devices(s);
	if (number != NO_TABLE)
		forget_in_table(s, number, page);
	for (uint32_t i = SPACE_UNMAPPED + 1; i < SHADOW_SPACES; i++) {
		uint32_t fcse = KEY_FCSE(s->spaces[i].key);

		if (!s->spaces[i].is_used)
			continue;
		forget_in_space(s, i, page, asid);
		if (unlikely(fcse && page - fcse < FCSE_SPAN)) /* the same place by the process's own address */
			forget_in_space(s, i, page - fcse, asid);
	}
}
