/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of shadow tables: which table is whose, and how first levels point to them. Only this file writes first-level entries: what they
 * hold is always the place of a table in the persona's own pool, or nothing. */
#include <veil/arch.h>

#include "core/memory.h"
#include "core/persona.h"
#include "shadow_tables.h"

#define WINDOW_TAIL (PAGES_OF_MIB - WINDOW_PAGES) /* pages of the top MiB that are the guest's */

_Static_assert(1 + VEIL_MAX_PERSONAS * VIEWS <= 256, "each view of each persona has a real ASID of its own, and the full map has one");
_Static_assert(SHADOW_TABLES <= 255, "the numbers of shared tables fit a byte");
_Static_assert(SHADOW_POOL_BYTES + FIRST_LEVEL_BYTES <= VEIL_WORK_SHADOW, "work memory has room for it, wherever it begins");
_Static_assert(SHADOW_POOL_BYTES == VIEWS * FIRST_LEVEL_BYTES + (TABLE_NUMBERS - 1) * SECOND_LEVEL_BYTES, "the pool holds all tables");

uint32_t shadow_asid(const struct shadow *s, uint32_t view)
{
	return s->first_asid + view;
}

uint32_t *shadow_first_level(const struct shadow *s, uint32_t view)
{
	return arch_pointer(paddr(s->first_level + view * FIRST_LEVEL_BYTES));
}

static uint32_t place(const struct shadow *s, uint32_t number)
{
	return s->second_level + (number - 1) * SECOND_LEVEL_BYTES;
}

uint32_t *shadow_second_level(const struct shadow *s, uint32_t number)
{
	return arch_pointer(paddr(place(s, number)));
}

uint32_t shadow_table_at(const struct shadow *s, uint32_t view, uint32_t mib)
{
	uint32_t entry = shadow_first_level(s, view)[mib];

	return entry ? (entry - s->second_level) / SECOND_LEVEL_BYTES + 1 : NO_TABLE;
}

/* NO_TABLE unlinks. */
static void link(const struct shadow *s, uint32_t view, uint32_t mib, uint32_t number)
{
	uint32_t *entry = &shadow_first_level(s, view)[mib];

	*entry = number == NO_TABLE ? 0 : place(s, number) | MMU_SECOND_LEVEL_TABLE;
	mmu_clean(entry, 1);
}

static bool has_shared(uint32_t view)
{
	return VIEW_IS_PRIVILEGED(view) && view / 2 != SPACE_UNMAPPED;
}

/* The same table, or none, for a MiB of all views that link shared ones; those that have one of their own keep it. */
static void link_shared(const struct shadow *s, uint32_t mib, uint32_t before, uint32_t number)
{
	for (uint32_t view = 0; view < VIEWS; view++)
		if (has_shared(view) && shadow_table_at(s, view, mib) == before)
			link(s, view, mib, number);
}

/* ---- Giving and taking back ---- */

static uint16_t *chain_of(struct shadow *s, const struct table *t)
{
	return t->view == VIEW_SHARED ? &s->shared_chain : &s->chains[t->view];
}

static void empty(uint32_t *entries, uint32_t count)
{
	arch_zero(entries, count * sizeof(entries[0]));
	mmu_clean(entries, count);
}

static uint32_t take(struct shadow *s, uint32_t mib, uint32_t view)
{
	uint32_t number;
	struct table *t;

	if (s->free == NO_TABLE) {
		shadow_forget_everything(s);
		s->counts.reclaims++;
	}
	number = s->free;
	t = &s->tables[number];
	s->free = t->next;
	if (t->flags & TABLE_IS_STALE)
		empty(shadow_second_level(s, number), PAGES_OF_MIB);
	t->mib = (uint16_t)mib;
	t->view = (uint16_t)view;
	t->flags = 0;
	t->next = *chain_of(s, t);
	*chain_of(s, t) = (uint16_t)number;
	return number;
}

static void unchain(struct shadow *s, uint32_t number)
{
	uint16_t *at = chain_of(s, &s->tables[number]);

	while (*at != number)
		at = &s->tables[*at].next;
	*at = s->tables[number].next;
}

uint32_t shadow_table_for(struct shadow *s, uint32_t view, uint32_t mib, bool is_global)
{
	uint32_t number = shadow_table_at(s, view, mib);
	bool is_shared = number != NO_TABLE && s->tables[number].view == VIEW_SHARED;

	if (number == NO_TABLE && is_global && has_shared(view) && mib >= MIB(0x2000000U)) { /* below that FCSE tells them apart */
		number = take(s, mib, VIEW_SHARED);
		s->shared[mib] = (uint8_t)number;
		link_shared(s, mib, NO_TABLE, number);
	} else if (number == NO_TABLE || (is_shared && !is_global)) {
		number = take(s, mib, view);
		link(s, view, mib, number);
	}
	return number;
}

/* A fixed table: what is Veil's stays. */
static void empty_fixed(struct shadow *s, uint32_t number)
{
	uint32_t *entries = shadow_second_level(s, number);
	bool is_top = s->tables[number].mib == MIB_TOP;
	uint32_t skipped = is_top ? WINDOW_PAGES : 0;

	empty(entries + skipped, is_top ? WINDOW_TAIL : PAGES_OF_MIB);
	if (MIB(s->overlay) == s->tables[number].mib) {
		entries[PAGE_IN_MIB(s->overlay)] = mmu_overlay_page();
		mmu_clean(&entries[PAGE_IN_MIB(s->overlay)], 1);
	}
}

void shadow_table_drop(struct shadow *s, uint32_t number)
{
	struct table *t = &s->tables[number];

	if (number >= FIXED_TABLES) {
		empty_fixed(s, number);
		t->flags = 0;
		return;
	}
	if (t->view == VIEW_SHARED) {
		link_shared(s, t->mib, number, NO_TABLE);
		s->shared[t->mib] = NO_TABLE;
	} else {
		link(s, t->view, t->mib, has_shared(t->view) ? s->shared[t->mib] : NO_TABLE);
	}
	t->flags = TABLE_IS_STALE; /* emptied when it is given again: a guest forgets all of its tables at once, in one instruction */
	unchain(s, number);
	t->next = s->free;
	s->free = (uint16_t)number;
}

/* ---- At boot ---- */

void shadow_overlay(struct shadow *s)
{
	for (uint32_t number = FIXED_TABLES; number < TABLE_NUMBERS; number++)
		shadow_table_drop(s, number);
}

static void fix(struct shadow *s, uint32_t number, uint32_t view, uint32_t mib)
{
	s->tables[number] = (struct table){.mib = (uint16_t)mib, .view = (uint16_t)view};
	link(s, view, mib, number);
}

bool shadow_init(struct persona *p)
{
	struct shadow *s = memory_take(sizeof(*s), 8);
	paddr_t pool;

	if (!s || !memory_take_pages(SHADOW_POOL_BYTES, FIRST_LEVEL_BYTES, &pool))
		return false;
	p->arch.shadow = s;
	s->first_asid = MMU_ASID_FULL + 1 + p->index * VIEWS;
	s->first_level = (uint32_t)pool.value;
	s->second_level = s->first_level + VIEWS * FIRST_LEVEL_BYTES;
	s->overlay = VECTORS_HIGH;
	s->spaces[SPACE_UNMAPPED] = (struct space){.key = KEY_UNMAPPED, .is_used = true};
	s->key = KEY_UNMAPPED;
	s->view = 1;
	for (uint32_t number = SHADOW_TABLES; number >= 1; number--) {
		s->tables[number].next = s->free;
		s->free = (uint16_t)number;
	}
	for (uint32_t view = 0; view < VIEWS; view++) {
		fix(s, FIXED_LOW(view), view, 0);
		fix(s, FIXED_TOP(view), view, MIB_TOP);
		mmu_window_copy(shadow_second_level(s, FIXED_TOP(view)));
	}
	shadow_overlay(s);
	mmu_clean(arch_pointer(pool), SHADOW_POOL_BYTES / 4);
	return true;
}
