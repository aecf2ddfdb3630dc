/* SPDX-License-Identifier: Apache-2.0 */
/* The persona of tests: see persona_fake.h. Memory lies where its addresses say, so that they fit 32 bits. */
#include "persona_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <veil/arch.h>
#include <veil/display.h>

#include "arch/armv6/sctlr.h"
#include "arch/armv6/stage2.h"
#include "core/lib.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/owner.h"

#define HOST_BASE 0x20000000U /* RAM, then flash, with a page of nobody's on each side */
#define HOST_SIZE ((FAKE_RAM_PAGES + FAKE_FLASH_PAGES) * (uint32_t)VEIL_PAGE_SIZE)
#define POOL_BASE 0x30000000U
#define POOL_SIZE 0x100000U

struct vcpu fake_vcpu;
struct persona fake_persona;
bool fake_interrupting;
uint32_t fake_looks;
uint32_t fake_written;
uint32_t fake_told;

static struct veil_persona config = {
	.ram_guest_base = FAKE_RAM_GUEST,
	.ram_size = FAKE_RAM_SIZE,
	.ram_host_base = HOST_BASE,
	.cpu_count = 1,
};
static uint32_t turns; /* of building a page */
static uint32_t pool_used;

static void map(uint32_t base, uint32_t size)
{
	void *at =
		mmap((void *)(uintptr_t)base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	if (at != (void *)(uintptr_t)base)
		abort();
}

void fake_persona_init(void)
{
	map(HOST_BASE, HOST_SIZE);
	map(POOL_BASE, POOL_SIZE);
	fake_written = 0;
	fake_told = 0;
	pool_used = 0;
	turns = 0;
	fake_interrupting = false;
	fake_vcpu = (struct vcpu){.persona = &fake_persona, .arch.mode = 0x13, .arch.p15.sctlr = SCTLR_FIXED};
	fake_persona = (struct persona){
		.config = &config,
		.ram = {FAKE_RAM_GUEST, HOST_BASE, FAKE_RAM_SIZE, FAKE_RAM_PAGES},
		.linear_count = FAKE_RAM_PAGES,
		.page_count = FAKE_RAM_PAGES + FAKE_FLASH_PAGES,
		.vcpus = {&fake_vcpu},
	};
	if (!stage2_init(&fake_persona))
		abort();
}

void fake_screen(uint32_t pages)
{
	fake_persona.ram.size = FAKE_RAM_SIZE - pages * VEIL_PAGE_SIZE;
	fake_persona.ram.page_count = FAKE_RAM_PAGES - pages;
}

void display_written(uint32_t persona, uint32_t page)
{
	(void)persona;
	fake_written |= 1U << page;
	fake_told++;
}

uint32_t *fake_ram(uint32_t physical)
{
	if (physical - FAKE_RAM_GUEST >= FAKE_RAM_SIZE)
		abort();
	return (uint32_t *)(uintptr_t)(HOST_BASE + (physical - FAKE_RAM_GUEST));
}

bool fake_is_ram(uint32_t host, uint32_t size)
{
	return host >= HOST_BASE && size <= HOST_SIZE && host - HOST_BASE <= HOST_SIZE - size;
}

void fake_build_all(void)
{
	for (uint32_t page = 0; page < FAKE_RAM_PAGES; page++)
		stage2_map(&fake_persona, page, persona_page(&fake_persona, page));
}

/* ---- What the port asks of the core ---- */

paddr_t persona_page(const struct persona *p, size_t page)
{
	return paddr(p->ram.host + (address_t)page * VEIL_PAGE_SIZE);
}

size_t persona_page_at(const struct persona *p, address_t address)
{
	if (address - FAKE_RAM_GUEST < FAKE_RAM_SIZE)
		return (address - FAKE_RAM_GUEST) / VEIL_PAGE_SIZE;
	if (address - FAKE_FLASH_GUEST < FAKE_FLASH_PAGES * VEIL_PAGE_SIZE)
		return p->linear_count + (address - FAKE_FLASH_GUEST) / VEIL_PAGE_SIZE;
	return SIZE_MAX;
}

bool persona_populate(struct vcpu *v, ipaddr_t address)
{
	uint64_t page = persona_page_at(v->persona, address.value);

	if (page >= v->persona->page_count)
		return false;
	if (fake_interrupting && ++turns % 4)
		return true;
	if (!stage2_is_mapped(v->persona, page))
		stage2_map(v->persona, page, persona_page(v->persona, page));
	return true;
}

bool owner_is(uint32_t owner, paddr_t base, address_t size)
{
	return owner == fake_persona.index && fake_is_ram(base.value, size);
}

void *memory_take(size_t size, size_t alignment)
{
	return alignment <= 16 ? calloc(1, size) : NULL;
}

bool memory_take_pages(address_t size, address_t alignment, paddr_t *pages)
{
	*pages = paddr(align_up(POOL_BASE + pool_used, alignment));
	pool_used = pages->value + size - POOL_BASE;
	return pool_used <= POOL_SIZE;
}

void *arch_pointer(paddr_t address)
{
	fake_looks++;
	return (void *)(uintptr_t)address.value;
}

_Noreturn void panic(const char *text, uint64_t number)
{
	printf("panic: %s 0x%llx\n", text, (unsigned long long)number);
	abort();
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0"; /* nothing of Veil's is ever freed */
}
