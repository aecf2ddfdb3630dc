/* SPDX-License-Identifier: Apache-2.0 */
/* OMAP2420's controller for memory cards (TI SPRU765; Linux: drivers/mmc/host/omap.c as of 2.6.30; QEMU: hw/sd/omap_mmc.c), and SD cards of more
 * than 2 GB behind it (SD Physical Layer Simplified Specification 2.00, chapter 4). Data go through its FIFO, as transfers by DMA do not end in
 * QEMU. The boot loader has set up clocks and pins, and the slot's supply. */
#include <veil/arch.h>
#include <veil/mmio.h>

#include "arch/armv6/window.h"
#include "card.h"

enum {
	MMC_COMMAND = WINDOW_MMC + 0x00, /* registers of 16 bits */
	MMC_ARGUMENT = WINDOW_MMC + 0x04, /* low half, high half */
	MMC_CONFIG = WINDOW_MMC + 0x0c,
	MMC_STATUS = WINDOW_MMC + 0x10,
	MMC_COMMAND_TIMEOUT = WINDOW_MMC + 0x18,
	MMC_DATA_TIMEOUT = WINDOW_MMC + 0x1c,
	MMC_DATA = WINDOW_MMC + 0x20,
	MMC_BLOCK_SIZE = WINDOW_MMC + 0x24,
	MMC_BLOCK_COUNT = WINDOW_MMC + 0x28,
	MMC_LEVELS = WINDOW_MMC + 0x2c,
	MMC_SDIO = WINDOW_MMC + 0x34,
	MMC_RESPONSE = WINDOW_MMC + 0x40 /* eight, the last has the highest bits */
};

#define CONFIG_ON 0x800
#define CONFIG_FOUR_LINES 0x8000
#define CONFIG_400_KHZ 240 /* of 96 MHz */
#define CONFIG_24_MHZ 4
#define SDIO_LONG_TIMEOUT 0x20 /* MMC_DATA_TIMEOUT in units of 1024 */
#define DATA_TIMEOUT 5860 /* 250 ms */
#define FIFO_HALVES 32
#define LEVELS 0x1f1f /* "almost full" with 32 in it, "almost empty" with room for 32 */
#define SECTOR_HALVES 256

#define STATUS_COMMAND_DONE 0x1
#define STATUS_DATA_DONE 0x8
#define STATUS_ALMOST_FULL 0x400
#define STATUS_ALMOST_EMPTY 0x800
#define STATUS_ERRORS 0x41e0 /* time-outs and sums of data and command, errors in the card's answer */

/* The controller ends a command itself, 253 clocks at the slow rate after it at the latest. */
#define RESPONSE_LOOKS 1000000
#define POWER_UP_SECONDS 1

/* Commands: number, form of the answer, type (broadcast with answer 1, addressed 2, data 3), direction */
#define ANSWER(form) ((form) << 8)
#define TYPE(type) ((type) << 12)
#define FROM_CARD 0x8000
enum {
	START_CLOCK = 0x80,
	GO_IDLE = 0,
	SEND_CID = 2 | ANSWER(2) | TYPE(1),
	SEND_ADDRESS = 3 | ANSWER(6) | TYPE(1),
	SET_WIDTH = 6 | ANSWER(1) | TYPE(2), /* after FOR_APPLICATION, as is SEND_CONDITIONS */
	SELECT = 7 | ANSWER(1) | TYPE(2),
	SEND_INTERFACE = 8 | ANSWER(1) | TYPE(1),
	SEND_CSD = 9 | ANSWER(2) | TYPE(2),
	STOP = 12 | ANSWER(1) | TYPE(2),
	SEND_STATUS = 13 | ANSWER(1) | TYPE(2),
	READ = 17 | ANSWER(1) | TYPE(3) | FROM_CARD,
	WRITE = 24 | ANSWER(1) | TYPE(3),
	SEND_CONDITIONS = 41 | ANSWER(3) | TYPE(1),
	FOR_APPLICATION = 55 | ANSWER(1) | TYPE(2)
};

#define INTERFACE_3V 0x1aa /* and a pattern that comes back */
#define CONDITIONS_3V_LARGE 0x40ff8000
#define CONDITIONS_READY 0x8000 /* upper half */
#define CONDITIONS_LARGE 0x4000
#define WIDTH_4 2
#define STATE_MASK 0x1f00
#define STATE_READY 0x0900 /* for data, in the transfer state */

static struct {
	uint32_t address; /* as an argument */
	enum {
		NOTHING,
		MOVING,
		WRITING /* to the medium */
	} phase;
	uint32_t moved; /* halves of the sector */
} card;

static uint32_t response(uint32_t number)
{
	return mmio_read16(MMC_RESPONSE + 4 * number);
}

/* Sends one and takes its answer. False: there is none, or it tells of an error. */
static bool command(uint32_t word, uint32_t argument)
{
	uint32_t status = 0;

	mmio_write16(MMC_STATUS, UINT16_MAX);
	mmio_write16(MMC_ARGUMENT, (uint16_t)argument);
	mmio_write16(MMC_ARGUMENT + 4, (uint16_t)(argument >> 16));
	mmio_write16(MMC_COMMAND, (uint16_t)word);
	for (uint32_t i = 0; i < RESPONSE_LOOKS && !(status & (STATUS_COMMAND_DONE | STATUS_ERRORS)); i++)
		status = mmio_read16(MMC_STATUS);
	return (status & (STATUS_COMMAND_DONE | STATUS_ERRORS)) == STATUS_COMMAND_DONE;
}

/* At boot, when nobody waits for anything else. */
static bool power_up(void)
{
	uint64_t end = arch_time() + POWER_UP_SECONDS * arch_time_frequency();

	do {
		if (!command(FOR_APPLICATION, 0) || !command(SEND_CONDITIONS, CONDITIONS_3V_LARGE))
			return false;
		if (response(7) & CONDITIONS_READY)
			return response(7) & CONDITIONS_LARGE;
	} while (arch_time() < end);
	return false;
}

uint64_t card_init(void)
{
	uint64_t size;

	mmio_write16(MMC_CONFIG, CONFIG_ON | CONFIG_400_KHZ);
	mmio_write16(MMC_COMMAND_TIMEOUT, 253);
	mmio_write16(MMC_DATA_TIMEOUT, DATA_TIMEOUT);
	mmio_write16(MMC_SDIO, SDIO_LONG_TIMEOUT);
	mmio_write16(MMC_LEVELS, LEVELS);
	mmio_write16(MMC_BLOCK_SIZE, 2 * SECTOR_HALVES - 1);
	mmio_write16(MMC_BLOCK_COUNT, 0);
	command(START_CLOCK, 0);
	command(GO_IDLE, 0);
	if (!command(SEND_INTERFACE, INTERFACE_3V) || !power_up() || !command(SEND_CID, 0) || !command(SEND_ADDRESS, 0))
		return 0;
	card.address = response(7) << 16;
	if (!command(SEND_CSD, card.address))
		return 0;
	size = (response(4) & 0x3f) << 16 | response(3); /* C_SIZE of its second version, bits 69 to 48: units of 512 KiB, less one */
	if (!command(SELECT, card.address) || !command(FOR_APPLICATION, card.address) || !command(SET_WIDTH, WIDTH_4))
		return 0;
	mmio_write16(MMC_CONFIG, CONFIG_ON | CONFIG_FOUR_LINES | CONFIG_24_MHZ);
	return (size + 1) * 1024;
}

static void fifo_move(bool is_write, uint32_t *data)
{
	for (uint32_t i = 0; i < FIFO_HALVES / 2; i++) {
		if (is_write) {
			mmio_write16(MMC_DATA, (uint16_t)data[i]);
			mmio_write16(MMC_DATA, (uint16_t)(data[i] >> 16));
		} else {
			uint32_t low = mmio_read16(MMC_DATA);

			data[i] = low | (uint32_t)mmio_read16(MMC_DATA) << 16;
		}
	}
}

static enum card_result fail(void)
{
	card.phase = NOTHING;
	command(STOP, 0); /* whatever it was about to do; in other states it is refused */
	return CARD_FAILED;
}

static enum card_result data_move(bool is_write, uint32_t *data)
{
	uint32_t status = mmio_read16(MMC_STATUS);

	while (card.moved < SECTOR_HALVES && (status & (is_write ? STATUS_ALMOST_EMPTY : STATUS_ALMOST_FULL))) {
		fifo_move(is_write, data + card.moved / 2);
		card.moved += FIFO_HALVES;
		status = mmio_read16(MMC_STATUS);
	}
	if (status & STATUS_ERRORS)
		return CARD_FAILED;
	return card.moved == SECTOR_HALVES && (status & STATUS_DATA_DONE) ? CARD_DONE : CARD_WAITS;
}

enum card_result card_move(uint32_t sector, bool is_write, uint32_t *data)
{
	enum card_result result;

	if (card.phase == NOTHING) {
		if (!command(is_write ? WRITE : READ, sector))
			return fail();
		card.phase = MOVING;
		card.moved = 0;
	}
	if (card.phase == MOVING) {
		result = data_move(is_write, data);
		if (result == CARD_FAILED)
			return fail();
		if (result == CARD_WAITS)
			return CARD_WAITS;
		card.phase = WRITING;
	}
	if (is_write) {
		if (!command(SEND_STATUS, card.address))
			return fail();
		if ((response(6) & STATE_MASK) != STATE_READY)
			return CARD_WAITS;
	}
	card.phase = NOTHING;
	return CARD_DONE;
}
