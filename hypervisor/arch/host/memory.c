/* SPDX-License-Identifier: Apache-2.0 */
/* RAM of the fake machine: mapped at its own address, so that addresses in a manifest are pointers, and a bitmap of the cache
 * lines that were written but not cleaned. */
#include <stdlib.h>
#include <sys/mman.h>

#include <veil/arch.h>

#include "core/lib.h"
#include "fake_memory.h"
#include "machine.h"

#define LINE 64

/* Nothing of Veil's is ever freed, so leaks are not looked for. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static uint8_t dirty[MACHINE_RAM_SIZE / LINE];

/* boot.c finds the image header at its link address. */
__asm__(".globl image_header\n.set image_header, 0x40200000\n");
_Static_assert(BOARD_LOAD_ADDRESS == 0x40200000, "image_header is where the board loads it");

void fake_memory_init(void)
{
	static void *ram;

	if (!ram)
		ram = mmap((void *)BOARD_RAM_BASE, MACHINE_RAM_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
	if (ram != (void *)BOARD_RAM_BASE)
		abort();
	mprotect(ram, MACHINE_RAM_SIZE, PROT_READ | PROT_WRITE);
	madvise(ram, MACHINE_RAM_SIZE, MADV_DONTNEED);
	memset(dirty, 0, sizeof(dirty));
}

struct stage2_page *fake_pages(uint32_t persona, uint64_t count)
{
	static struct stage2_page *pages[VEIL_MAX_PERSONAS];

	free(pages[persona]);
	pages[persona] = calloc(count, sizeof(struct stage2_page)); /* its redzones end where the persona's RAM does */
	if (!pages[persona])
		abort();
	return pages[persona];
}

static bool is_ram(uintptr_t base, size_t size)
{
	return base >= BOARD_RAM_BASE && size <= MACHINE_RAM_SIZE && base - BOARD_RAM_BASE <= MACHINE_RAM_SIZE - size;
}

static void mark(const void *start, size_t size, uint8_t value)
{
	uintptr_t base = (uintptr_t)start;

	if (size && is_ram(base, size))
		memset(&dirty[(base - BOARD_RAM_BASE) / LINE], value, size / LINE);
}

bool fake_memory_is_clean(uint64_t base, uint64_t size)
{
	return bytes_are_zero(&dirty[(base - BOARD_RAM_BASE) / LINE], size / LINE);
}

void *arch_pointer(paddr_t address)
{
	return (void *)(uintptr_t)address.value;
}

void *arch_keep(paddr_t start, address_t size, address_t *kept)
{
	*kept = size < machine.window_size ? size : (address_t)machine.window_size;
	return arch_pointer(start);
}

paddr_t arch_physical(const void *pointer)
{
	return paddr((address_t)(uintptr_t)pointer);
}

/* Nothing: tests play memory that goes bad. */
void arch_protect(paddr_t start, address_t size)
{
	(void)start;
	(void)size;
}

/* The port's contract, arch.h: multiples of 64, and copies do not overlap. */
static void check(const void *start, size_t size)
{
	if ((uintptr_t)start % LINE || size % LINE)
		abort();
}

void arch_zero(void *to, size_t size)
{
	check(to, size);
	memset(to, 0, size);
	mark(to, size, 1);
}

void arch_copy(void *to, const void *from, size_t size)
{
	check(to, size);
	check(from, size);
	memcpy(to, from, size);
	mark(to, size, 1);
}

void arch_copy_bytes(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}

void arch_clean(void *start, size_t size)
{
	check(start, size);
	mark(start, size, 0);
}

void arch_flush(void *start, size_t size)
{
	(void)start;
	(void)size;
}
