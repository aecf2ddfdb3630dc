/* SPDX-License-Identifier: Apache-2.0 */
/* Guest-physical to host-physical, without hardware for it: a state for each page of 64 KiB, which shadow tables and walks go by. A page's place
 * follows from the manifest (persona_page()); whether a guest may have it, from the owner table, once for each time it is built. */
#include "stage2.h"

#include <veil/display.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/owner.h"
#include "core/persona.h"
#include "shadow.h"

bool stage2_init(struct persona *p)
{
	p->arch.pages = memory_take(p->page_count, 4);
	return p->arch.pages && shadow_init(p);
}

wide_bool stage2_is_mapped(const struct persona *p, size_t page)
{
	return p->arch.pages[page] != PAGE_UNBUILT;
}

void stage2_map(struct persona *p, size_t page, paddr_t host)
{
	if (!owner_is(p->index, host, VEIL_PAGE_SIZE) || host.value != persona_page(p, page).value)
		panic("stage2_map: page is not the persona's", host.value);
	p->arch.pages[page] = page >= p->linear_count ? PAGE_READ_ONLY : page >= p->ram.page_count ? PAGE_WATCHED : PAGE_BUILT;
}

/* Shadows may hold the page until stage2_flush(); the persona does not run before that (arch.h). */
void stage2_unmap(struct persona *p, size_t page)
{
	p->arch.pages[page] = PAGE_UNBUILT;
	if (page >= p->ram.page_count && page < p->linear_count) /* it will be cleared */
		display_written(p->index, (uint32_t)(page - p->ram.page_count));
}

void stage2_hide(struct persona *p, size_t page, bool hidden)
{
	if (p->arch.pages[page] != PAGE_UNBUILT)
		p->arch.pages[page] = hidden ? PAGE_HIDDEN : PAGE_READ_ONLY;
}

void stage2_watch(struct persona *p, uint32_t pages)
{
	for (; pages; pages &= pages - 1) {
		uint8_t *state = &p->arch.pages[p->ram.page_count + (uint32_t)__builtin_ctz(pages)];

		if (*state == PAGE_BUILT)
			*state = PAGE_WATCHED;
	}
	shadow_forget_all(p);
}

void stage2_written(struct persona *p, uint32_t physical)
{
	size_t page = persona_page_at(p, physical);

	p->arch.pages[page] = PAGE_BUILT;
	display_written(p->index, (uint32_t)(page - p->ram.page_count));
}

void stage2_flush(struct persona *p)
{
	shadow_forget_all(p);
}

/* A page of a screen or of flash, or none at all. */
static NOINLINE enum page_state look_elsewhere(const struct persona *p, uint32_t physical, uint32_t *host)
{
	size_t page = persona_page_at(p, physical);

	if (page >= p->page_count)
		return PAGE_NONE;
	*host = persona_page(p, page).value + physical % VEIL_PAGE_SIZE;
	return p->arch.pages[page];
}

/* Whatever the address is, the place that comes of it lies in a page of this persona: below its RAM's size, or looked up. */
enum page_state stage2_look(const struct persona *p, uint32_t physical, uint32_t *host)
{
	uint32_t offset = physical - p->ram.guest;

	if (unlikely(offset >= p->ram.size))
		return look_elsewhere(p, physical, host);
	*host = p->ram.host + offset;
	return p->arch.pages[offset / VEIL_PAGE_SIZE];
}
