/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's RAM as its devices see it. Every address is the guest's: it is within its RAM, or there is no pointer to it. */
#include <veil/arch.h>

#include "persona.h"

#define PIN_PAGES 256 /* pages of a range looked at between two looks for an interrupt */

static bool is_ram(const struct persona *p, ipaddr_t address, address_t size)
{
	return range_within(address.value, size, p->ram.guest, p->ram.size);
}

void *persona_touched(const struct persona *p, ipaddr_t address, address_t size)
{
	size_t first = persona_ram_page(p, address.value), last = persona_ram_page(p, address.value + size - 1);

	if (!is_ram(p, address, size) || size > VEIL_PAGE_SIZE || !stage2_is_mapped(p, first) ||
	    (last != first && !stage2_is_mapped(p, last)))
		return NULL;
	return arch_pointer(persona_ram_place(p, address.value));
}

void *persona_memory(struct persona *p, ipaddr_t address, address_t size)
{
	if (!is_ram(p, address, size) || size > VEIL_PAGE_SIZE)
		return NULL;
	for (size_t page = persona_ram_page(p, address.value); page <= persona_ram_page(p, address.value + size - 1); page++)
		while (!stage2_is_mapped(p, page))
			persona_populate(p->vcpus[0], ipaddr(persona_page_address(p, page)));
	return arch_pointer(persona_ram_place(p, address.value));
}

enum persona_pin persona_pin(struct persona *p, ipaddr_t address, address_t size, paddr_t *host)
{
	size_t page = persona_ram_page(p, address.value), last = persona_ram_page(p, address.value + size - 1);

	if (size == 0 || !is_ram(p, address, size))
		return PIN_REFUSED;
	while (page <= last) {
		bool is_built = stage2_is_mapped(p, page);

		if (!is_built)
			persona_populate(p->vcpus[0], ipaddr(persona_page_address(p, page)));
		else
			page++;
		if ((!is_built || page % PIN_PAGES == 0) && arch_interrupt_pending())
			return PIN_AGAIN;
	}
	*host = persona_ram_place(p, address.value);
	return PIN_OK;
}
