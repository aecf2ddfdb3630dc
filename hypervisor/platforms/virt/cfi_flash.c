/* SPDX-License-Identifier: Apache-2.0 */
/* While it is an array, the guest reads its contents as memory, mapped read-only; a write is a command, which traps. Until the guest wants
 * the array again its pages are hidden, so that reads trap as well and tell the status. The contents are the persona's own memory and
 * whatever the commands are, they change nothing else: an offset is below the flash's size, and blocks end there.
 *
 * Known are the commands firmware uses: read, status, identification (unlocked blocks of no known maker), word and buffer program,
 * block erase, lock. An erase advances with each look at the status, a part at a time, so that none takes long. */
#include "cfi_flash.h"

#include <veil/arch.h>

#include "core/persona.h"

enum {
	MODE_ARRAY = 0,
	MODE_STATUS,
	MODE_IDENTIFICATION,
	MODE_PROGRAM, /* the next write is a word */
	MODE_COUNT, /* the next write says how many words */
	MODE_BUFFER, /* that many words, then a confirmation */
	MODE_ERASE, /* the next write confirms */
	MODE_LOCK,
	MODE_ERASING
};

enum {
	COMMAND_PROGRAM_ALTERNATE = 0x10,
	COMMAND_ERASE = 0x20,
	COMMAND_PROGRAM = 0x40,
	COMMAND_LOCK = 0x60,
	COMMAND_STATUS = 0x70,
	COMMAND_IDENTIFICATION = 0x90,
	COMMAND_QUERY = 0x98,
	COMMAND_CONFIRM = 0xd0,
	COMMAND_BUFFER = 0xe8
};

#define STATUS_READY 0x00800080
#define ERASE_PART 2048
#define BUFFER_WORDS 32

void cfi_flash_reset(struct persona *p)
{
	p->platform.flash = (struct cfi_flash){.mode = MODE_ARRAY};
}

/* The memory behind an offset, a multiple of 4; built first where nobody touched it yet. */
static uint32_t *word_at(struct persona *p, address_t offset)
{
	uint64_t page = persona_page_at(p, VEIL_FLASH_VARIABLES + offset);

	while (!stage2_is_mapped(p, page))
		persona_populate(p->vcpus[0], ipaddr(VEIL_FLASH_VARIABLES + offset));
	return arch_pointer(paddr(persona_page(p, page).value + offset % VEIL_PAGE_SIZE));
}

static void program(struct persona *p, address_t offset, uint32_t size, uint32_t value)
{
	uint32_t *word;

	if (size != 4 || offset % 4)
		return;
	word = word_at(p, offset);
	*word &= value; /* programming clears bits, erasing sets them */
	arch_clean((void *)((uintptr_t)word & ~(uintptr_t)63), 64); /* the guest may read it without caches */
}

static void erase_part(struct persona *p)
{
	struct cfi_flash *flash = &p->platform.flash;
	uint32_t *words = word_at(p, flash->erase_at);

	for (uint32_t i = 0; i < ERASE_PART / 4; i++)
		words[i] = UINT32_MAX;
	arch_clean(words, ERASE_PART);
	flash->erase_at += ERASE_PART;
	if (flash->erase_at % CFI_FLASH_BLOCK == 0 || flash->erase_at == (uint32_t)p->config->flash_variable_pages * VEIL_PAGE_SIZE)
		flash->mode = MODE_STATUS;
}

static void hide(struct persona *p)
{
	uint64_t first = persona_page_at(p, VEIL_FLASH_VARIABLES);

	lock_take(&p->memory_lock);
	for (uint64_t page = first; page < p->page_count; page++)
		if (stage2_is_mapped(p, page))
			stage2_hide(p, page, true);
	lock_release(&p->memory_lock);
	stage2_flush(p);
}

static uint8_t mode_after(uint32_t command)
{
	switch (command) {
	case COMMAND_PROGRAM:
	case COMMAND_PROGRAM_ALTERNATE:
		return MODE_PROGRAM;
	case COMMAND_ERASE:
		return MODE_ERASE;
	case COMMAND_LOCK:
		return MODE_LOCK;
	case COMMAND_STATUS:
		return MODE_STATUS;
	case COMMAND_IDENTIFICATION:
	case COMMAND_QUERY:
		return MODE_IDENTIFICATION;
	case COMMAND_BUFFER:
		return MODE_COUNT;
	default:
		return MODE_ARRAY;
	}
}

static void write(struct persona *p, address_t offset, uint32_t size, uint32_t value)
{
	struct cfi_flash *flash = &p->platform.flash;
	uint8_t before = flash->mode;

	flash->mode = MODE_STATUS;
	switch (before) {
	case MODE_PROGRAM:
		program(p, offset, size, value);
		break;
	case MODE_COUNT:
		flash->left = (uint8_t)((value & (BUFFER_WORDS - 1)) + 1);
		flash->mode = MODE_BUFFER;
		break;
	case MODE_BUFFER:
		if (flash->left) {
			flash->left--;
			program(p, offset, size, value);
			flash->mode = MODE_BUFFER;
		}
		break;
	case MODE_ERASE:
		if ((value & 0xff) == COMMAND_CONFIRM) {
			flash->erase_at = (uint32_t)offset & ~(uint32_t)(CFI_FLASH_BLOCK - 1);
			flash->mode = MODE_ERASING;
		}
		break;
	case MODE_LOCK:
		break;
	case MODE_ERASING: /* until the guest has looked often enough */
		flash->mode = MODE_ERASING;
		break;
	default:
		flash->mode = mode_after(value & 0xff);
		if (before == MODE_ARRAY && flash->mode != MODE_ARRAY)
			hide(p);
		break;
	}
}

NOINLINE struct mmio_result cfi_flash_access(struct persona *p, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	struct mmio_result result = mmio_value(STATUS_READY);

	lock_take(&p->lock);
	if (is_write) {
		write(p, offset, size, (uint32_t)value);
	} else if (p->platform.flash.mode == MODE_ARRAY) {
		result = mmio_none(); /* memory: it is mapped */
	} else if (p->platform.flash.mode == MODE_IDENTIFICATION) {
		result = mmio_value(0);
	} else if (p->platform.flash.mode == MODE_ERASING) {
		erase_part(p);
		result = mmio_value(0);
	}
	lock_release(&p->lock);
	return result;
}
