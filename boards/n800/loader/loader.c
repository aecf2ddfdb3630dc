/* SPDX-License-Identifier: Apache-2.0 */
/* The first-stage loader of an N800: brings the pieces of a device image from flash into RAM and starts Veil, if every byte of them is what the
 * composer wrote. What it believes unchecked is the table in its own first bytes. */
#include "flash.h"

#include "core/lib.h"
#include "core/sha256.h"

#define ONENAND 0x04000000 /* where the GPMC is told to put the chip, as Nokia's boot loader does */
#define GPMC_CONFIG7_0 0x6800a078 /* OMAP2420 TRM, 7.3.4: chip select 0 */
#define GPMC_16_MIB_AT_4 0xf44 /* 16 MiB, valid, at 4 << 24 */
#define UART3 0x4806e000
#define UART_LINE_STATUS 0x14
#define UART_ROOM 0x20

#define COMMAND_LOAD 0x00
#define COMMAND_LOAD_SPARE 0x13
#define STATUS_ERROR 0x0400
#define INTERRUPT_DONE 0x8000
#define ECC_UNCORRECTABLE 0xaaaa /* bit 1 of each sector's two bits, main and spare */
#define PATIENCE 1000000 /* looks at the chip; a page takes less than 100 us */

#define RAM_BASE 0x80010000
#define RAM_END 0x87ff0000 /* the loader itself */

extern const volatile struct loader_table loader_table; /* filled in after it was compiled */

_Noreturn void loader_main(void);

static void write32(uint32_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static uint32_t read32(uint32_t address)
{
	return *(volatile uint32_t *)address;
}

static void write16(uint32_t address, uint32_t value)
{
	*(volatile uint16_t *)address = (uint16_t)value;
}

static uint16_t read16(uint32_t address)
{
	return *(volatile uint16_t *)address;
}

static void say(const char *text)
{
	for (; *text; text++) {
		while (!(*(volatile uint8_t *)(UART3 + UART_LINE_STATUS) & UART_ROOM))
			;
		*(volatile uint8_t *)UART3 = (uint8_t)*text;
	}
}

/* ---- Power: Retu, reached over CBUS, three lines of GPIO bank 3 (OMAP2420 TRM, 21.4; Linux 6.1 drivers/i2c/busses/i2c-cbus-gpio.c) ---- */

#define GPIO3 0x4801c000
#define GPIO_OUTPUT_ENABLE 0x34 /* 0: output */
#define GPIO_CLEAR 0x90
#define GPIO_SET 0x94
#define CBUS_SELECT 1U /* bits: GPIO 64, 65, 66 */
#define CBUS_DATA 2U
#define CBUS_CLOCK 4U
#define RETU 1
#define RETU_CONTROL 0x0d
#define RETU_WATCHDOG 0x17 /* 0: off at once */

static void cbus_bit(bool is_set)
{
	write32(GPIO3 + (is_set ? GPIO_SET : GPIO_CLEAR), CBUS_DATA);
	write32(GPIO3 + GPIO_SET, CBUS_CLOCK);
	write32(GPIO3 + GPIO_CLEAR, CBUS_CLOCK);
}

static void retu_write(uint32_t reg, uint32_t value)
{
	uint32_t bits = (uint32_t)RETU << 22 | reg << 16 | value; /* 3 bits of device, 0 for a write, 5 of register, 16 of value */

	write32(GPIO3 + GPIO_SET, CBUS_SELECT);
	write32(GPIO3 + GPIO_CLEAR, CBUS_SELECT | CBUS_CLOCK);
	for (uint32_t i = 25; i--;)
		cbus_bit(bits >> i & 1);
	write32(GPIO3 + GPIO_SET, CBUS_SELECT);
	write32(GPIO3 + GPIO_SET, CBUS_CLOCK);
	write32(GPIO3 + GPIO_CLEAR, CBUS_CLOCK);
}

static _Noreturn void power_off(void)
{
	write32(GPIO3 + GPIO_OUTPUT_ENABLE, read32(GPIO3 + GPIO_OUTPUT_ENABLE) & ~(CBUS_SELECT | CBUS_DATA | CBUS_CLOCK));
	retu_write(RETU_CONTROL, 2);
	retu_write(RETU_WATCHDOG, 0);
	for (;;)
		;
}

/* Nothing is started that is not what it should be. */
static _Noreturn void refuse(const char *name, const char *why)
{
	say("\r\nloader: ");
	say(name);
	say(why);
	say("\r\n");
	power_off();
}

/* Loads a page, or its spare area, into DataRAM0; false: the chip cannot. */
static bool load(uint32_t flash, uint32_t command)
{
	uint32_t block = flash / FLASH_BLOCK;
	uint32_t chip = ONENAND + ONENAND_REGISTERS;
	uint32_t patience = PATIENCE;

	if (block >= FLASH_BLOCKS_A_DIE)
		block = 0x8000 | (block - FLASH_BLOCKS_A_DIE);
	write16(chip + ONENAND_START_BLOCK, block);
	write16(chip + ONENAND_START_BLOCK + 2, block & 0x8000); /* which die's buffer: F101h */
	write16(chip + ONENAND_START_PAGE, flash % FLASH_BLOCK / FLASH_PAGE << 2);
	write16(chip + ONENAND_START_BUFFER, ONENAND_BUFFER_MAIN0);
	write16(chip + ONENAND_INTERRUPT, 0);
	write16(chip + ONENAND_COMMAND, command);
	while (!(read16(chip + ONENAND_INTERRUPT) & INTERRUPT_DONE))
		if (!--patience)
			return false;
	return !(read16(chip + ONENAND_STATUS) & STATUS_ERROR) && !(read16(chip + ONENAND_ECC) & ECC_UNCORRECTABLE);
}

/* A block is bad if its maker or a writer has marked it in the first spare word of its first or second page (data sheet, 3.17). */
static bool is_bad(uint32_t flash)
{
	uint32_t block = flash / FLASH_BLOCK * FLASH_BLOCK;

	for (uint32_t page = 0; page < 2; page++)
		if (!load(block + page * FLASH_PAGE, COMMAND_LOAD_SPARE) || read16(ONENAND + ONENAND_SPARE) != 0xffff)
			return true;
	return false;
}

/* The next block from `block` on that is not bad, or the end of the partition. */
static uint32_t good_block(uint32_t block, uint32_t end)
{
	while (block < end && is_bad(block))
		block += FLASH_BLOCK;
	return block;
}

static void bring(const struct loader_piece *piece)
{
	const uint32_t end = piece->ram + piece->size;
	uint32_t at = piece->offset, to = piece->ram;
	uint32_t block = good_block(piece->partition, piece->partition_end);
	struct sha256 hash;
	uint8_t digest[VEIL_SHA256_BYTES];

	if (piece->ram < RAM_BASE || piece->ram % 4 || piece->size > RAM_END - RAM_BASE || align_up(end, FLASH_PAGE) > RAM_END)
		refuse((const char *)piece->name, " has no place in RAM");
	for (uint32_t skipped = at / FLASH_BLOCK; skipped && block < piece->partition_end; skipped--)
		block = good_block(block + FLASH_BLOCK, piece->partition_end);
	while (to < end) {
		if (block >= piece->partition_end)
			refuse((const char *)piece->name, " does not fit its partition beside bad blocks");
		if (!load(block + at % FLASH_BLOCK, COMMAND_LOAD))
			refuse((const char *)piece->name, " cannot be read");
		for (uint32_t i = 0; i < FLASH_PAGE; i += 4)
			*(uint32_t *)(to + i) = *(volatile uint32_t *)(ONENAND + ONENAND_DATA + i);
		at += FLASH_PAGE;
		to += FLASH_PAGE;
		if (at % FLASH_BLOCK == 0)
			block = good_block(block + FLASH_BLOCK, piece->partition_end);
	}
	sha256_init(&hash);
	sha256_update(&hash, (const void *)piece->ram, piece->size);
	sha256_final(&hash, digest);
	if (memcmp(digest, piece->sha256, sizeof(digest)) != 0)
		refuse((const char *)piece->name, " is damaged: its digest is wrong");
}

_Noreturn void loader_main(void)
{
	struct loader_table table = loader_table;

	write32(GPMC_CONFIG7_0, GPMC_16_MIB_AT_4);
	if (table.magic != LOADER_MAGIC || table.count > LOADER_PIECES)
		refuse("table", " is damaged");
	for (uint32_t i = 0; i < table.count; i++)
		bring(&table.pieces[i]);
	((void (*)(void))table.entry)();
	__builtin_unreachable();
}
