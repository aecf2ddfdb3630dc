/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's ramfb: a framebuffer anywhere in RAM, named by writing the fw_cfg file "etc/ramfb" (QEMU: docs/specs/fw_cfg.rst,
 * hw/display/ramfb.c). Everything in fw_cfg is big-endian. */
#include <veil/arch.h>
#include <veil/board.h>
#include <veil/display.h>
#include <veil/mmio.h>

#include "core/lib.h"

#define FW_CFG_DMA 0x10 /* two words: the address of a struct transfer, high first; writing the low one starts it */
#define KEY_FILE_DIRECTORY 0x19
#define CONTROL_ERROR 1
#define CONTROL_READ 2
#define CONTROL_SELECT 8
#define CONTROL_WRITE 16
#define CONTROL_KEY_SHIFT 16
#define FILE_LIMIT 256 /* entries looked at */
#define FILE_NAME_BYTES 56

struct transfer {
	uint32_t control;
	uint32_t length;
	uint64_t address;
};

struct directory_entry {
	uint32_t size;
	uint16_t key;
	uint16_t reserved;
	char name[FILE_NAME_BYTES];
};

struct ramfb_config {
	uint64_t address;
	uint32_t format;
	uint32_t flags;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
} __attribute__((packed));

static uint32_t ramfb_key;

/* The device is done when the write returns; it clears the control word. */
static bool transfer(uint32_t control, void *buffer, uint32_t length)
{
	static struct transfer request;
	uint64_t place = arch_physical(&request).value;

	request.address = __builtin_bswap64(arch_physical(buffer).value);
	request.length = __builtin_bswap32(length);
	__atomic_store_n(&request.control, __builtin_bswap32(control), __ATOMIC_RELEASE);
	arch_device_barrier();
	mmio_write32(BOARD_FW_CFG_BASE + FW_CFG_DMA, __builtin_bswap32((uint32_t)(place >> 32)));
	mmio_write32(BOARD_FW_CFG_BASE + FW_CFG_DMA + 4, __builtin_bswap32((uint32_t)place));
	arch_device_barrier();
	return !(__builtin_bswap32(__atomic_load_n(&request.control, __ATOMIC_ACQUIRE)) & CONTROL_ERROR);
}

bool display_init(void)
{
	static const char wanted[] IN_GAP(11) = "etc/ramfb";
	static struct directory_entry entry;
	static uint32_t count;

	if (!transfer(KEY_FILE_DIRECTORY << CONTROL_KEY_SHIFT | CONTROL_SELECT | CONTROL_READ, &count, sizeof(count)))
		return false;
	for (uint32_t i = __builtin_bswap32(count); i && i <= FILE_LIMIT; i--) {
		if (!transfer(CONTROL_READ, &entry, sizeof(entry)))
			return false;
		if (!memcmp(entry.name, wanted, sizeof(wanted))) {
			ramfb_key = __builtin_bswap16(entry.key);
			return true;
		}
	}
	return false;
}

void display_show(paddr_t pixels, uint32_t format, uint32_t width, uint32_t height, uint32_t stride)
{
	static struct ramfb_config config;

	config = (struct ramfb_config){.address = __builtin_bswap64(pixels.value),
				       .format = __builtin_bswap32(format),
				       .width = __builtin_bswap32(width),
				       .height = __builtin_bswap32(height),
				       .stride = __builtin_bswap32(stride)};
	transfer(ramfb_key << CONTROL_KEY_SHIFT | CONTROL_SELECT | CONTROL_WRITE, &config, sizeof(config));
}

void display_picture(paddr_t pixels)
{
	if (display_init())
		display_show(pixels, BOARD_PIXEL_FORMAT, BOARD_DISPLAY_WIDTH, BOARD_DISPLAY_HEIGHT,
			     BOARD_DISPLAY_WIDTH * BOARD_PIXEL_BYTES);
}
