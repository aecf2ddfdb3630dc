/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's RAM as its devices see it. Every address is the guest's: it is within its RAM, or there is no pointer to it. */
#include <veil/arch.h>

#include "persona.h"

#define PIN_PAGES 256 /* pages of a range looked at between two looks for an interrupt */

/* The page of an address that is in RAM. */
static size_t ram_page(const struct persona *p, uint64_t address)
{
	return (size_t)((address - p->config->ram_guest_base) / VEIL_PAGE_SIZE);
}

void *persona_touched(const struct persona *p, ipaddr_t address, uint64_t size)
{
	uint64_t offset = address.value - p->config->ram_guest_base;
	size_t first = (size_t)(offset / VEIL_PAGE_SIZE), last = (size_t)((offset + size - 1) / VEIL_PAGE_SIZE);

	if (!range_within(address.value, size, p->config->ram_guest_base, p->config->ram_size) || size > VEIL_PAGE_SIZE ||
	    !stage2_is_mapped(p, first) || (last != first && !stage2_is_mapped(p, last)))
		return NULL;
	return arch_pointer(paddr(p->config->ram_host_base + offset));
}

void *persona_memory(struct persona *p, ipaddr_t address, uint64_t size)
{
	if (!range_within(address.value, size, p->config->ram_guest_base, p->config->ram_size) || size > VEIL_PAGE_SIZE)
		return NULL;
	for (size_t page = ram_page(p, address.value); page <= ram_page(p, address.value + size - 1); page++)
		while (!stage2_is_mapped(p, page))
			persona_populate(p->vcpus[0], ipaddr(persona_page_address(p, page)));
	return arch_pointer(paddr(p->config->ram_host_base + (address.value - p->config->ram_guest_base)));
}

enum persona_pin persona_pin(struct persona *p, ipaddr_t address, uint64_t size, paddr_t *host)
{
	uint64_t offset = address.value - p->config->ram_guest_base;
	size_t page = ram_page(p, address.value), last = ram_page(p, address.value + size - 1);

	if (size == 0 || !range_within(address.value, size, p->config->ram_guest_base, p->config->ram_size))
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
	*host = paddr(p->config->ram_host_base + offset);
	return PIN_OK;
}
