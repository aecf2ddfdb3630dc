/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2 of the fake machine: a table of pages, with the translations a CPU may hold beside it. */
#include <veil/arch.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/owner.h"
#include "core/persona.h"
#include "fake_memory.h"
#include "machine.h"

#define TABLE_SPAN (UINT64_C(512) << 20)

/* Takes as much work memory as arch/arm64 does: see VEIL_WORK_BASE. */
bool stage2_init(struct persona *p)
{
	uint64_t tables = (p->linear_count * VEIL_PAGE_SIZE + TABLE_SPAN - 1) / TABLE_SPAN + (p->page_count > p->linear_count);

	if (!memory_take(1024, 1024))
		return false;
	for (uint64_t i = 0; i < tables; i++) {
		paddr_t table;

		if (!memory_take_pages(VEIL_PAGE_SIZE, VEIL_PAGE_SIZE, &table))
			return false;
	}
	p->arch.pages = fake_pages(p->index, p->page_count);
	return true;
}

wide_bool stage2_is_mapped(const struct persona *p, size_t page)
{
	return p->arch.pages[page].host != 0;
}

void stage2_map(struct persona *p, size_t page, paddr_t host)
{
	if (!owner_is(p->index, host, VEIL_PAGE_SIZE))
		panic("stage2_map: page is not the persona's", host.value);
	if (!fake_memory_is_clean(host.value, VEIL_PAGE_SIZE))
		machine.mapped_dirty++;
	p->arch.pages[page].host = host.value;
}

void stage2_unmap(struct persona *p, size_t page)
{
	p->arch.pages[page].host = 0;
	p->arch.pages[page].is_hidden = false;
}

void stage2_hide(struct persona *p, size_t page, bool hidden)
{
	p->arch.pages[page].is_hidden = hidden;
}

void stage2_flush(struct persona *p)
{
	for (uint64_t i = 0; i < p->page_count; i++)
		p->arch.pages[i].cached = 0;
}

void fake_stage2_load(const struct persona *p)
{
	for (uint64_t i = 0; i < p->page_count; i++)
		if (p->arch.pages[i].cached != p->arch.pages[i].host && p->arch.pages[i].cached)
			machine.stale_translations++;
}
