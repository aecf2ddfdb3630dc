/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: a driver that does anything with all its virtio devices (keyboard, tablet, agent, two volumes) and its flash. 16 bytes of input are one
 * step: an access to a device, a change of memory the rings may be in, or what the other side does meanwhile. The neighbour's volume and memory stay as
 * they are, and the disk is never asked for what is not on it or not RAM. */
#include <stdlib.h>

#include "arch/host/machine.h"
#include "core/input.h"
#include "core/lib.h"
#include "core/sched.h"
#include "tests/bridge.h"
#include "tests/image.h"

#define STEP 16
#define SECTORS 512
#define FIRST 2048
#define RINGS (IMAGE_RAM_BASE + 0x100000)
#define RINGS_SIZE 0x40000

static struct image image;
static uint64_t touched; /* pages of the neighbour after its start */

static void begin(void)
{
	static bool is_up;

	machine.output_size = bridge.read = 0;
	if (is_up) { /* a restart would do, and take a hundred times as long */
		machine_disk_finish();
		platform_reset(&personas[0]);
		for (uint64_t page = 0; page < RINGS_SIZE / VEIL_PAGE_SIZE; page++)
			if (stage2_is_mapped(&personas[0], (RINGS - IMAGE_RAM_BASE) / VEIL_PAGE_SIZE + page))
				memset(arch_pointer(persona_page(&personas[0], (RINGS - IMAGE_RAM_BASE) / VEIL_PAGE_SIZE + page)), 0,
				       VEIL_PAGE_SIZE);
		machine_run_ms(1);
	} else {
		machine_init();
		machine_disk.sector_count = MACHINE_DISK_SECTORS;
		machine_disk.tags = 128;
		image_declare(&image, 2, 2);
		image_declare_screen(&image);
		image_declare_flash(&image);
		image_declare_volume(&image, 0, FIRST, SECTORS);
		image_declare_volume(&image, 0, FIRST + SECTORS, SECTORS);
		image_declare_volume(&image, 1, FIRST + 2 * SECTORS, SECTORS);
		image.personas[0].devices |= VEIL_DEVICE_AGENT;
		image_boot(&image);
		bridge_connect();
		for (size_t i = 0; i < sizeof(machine_disk.bytes); i++)
			machine_disk.bytes[i] = (uint8_t)(i / 512 + 1);
	}
	if (is_up)
		return;
	machine_run_ms(50);
	touched = personas[1].touched;
	is_up = true;
}

static uint64_t device(uint8_t choice)
{
	static const uint64_t devices[] = {0x0a000000, 0x0a000200, 0x0a000600,		 0x0a001000,
					   0x0a001200, 0x0a001400, VEIL_FLASH_VARIABLES, 0x0a000400};

	return devices[choice % ARRAY_COUNT(devices)];
}

/* Addresses a driver could mean, more often than any. */
static uint64_t aimed(uint64_t value)
{
	switch (value & 3) {
	case 0:
		return RINGS + (value >> 8) % RINGS_SIZE;
	case 1:
		return RINGS + ((value >> 8) % RINGS_SIZE & ~UINT64_C(15));
	case 2:
		return IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - (value >> 8 & 31);
	default:
		return value >> 8;
	}
}

static void put(struct vcpu *v, uint64_t address, uint32_t size, uint64_t value)
{
	guest_mmio(v, address, size, true, &value);
}

static void step(const uint8_t *data)
{
	struct vcpu *v = personas[0].vcpus[0];
	uint64_t value, base = device(data[1]);
	uint8_t *place;

	memcpy(&value, data + 8, sizeof(value));
	for (uint32_t i = 0; i < 20 && !guest_is_in(v); i++)
		machine_run_ms(1);
	if (!guest_is_in(v))
		return;
	switch (data[0] & 15) {
	case 0: /* any register */
		guest_mmio(v, base + (uint32_t)(data[2] | (data[3] & 1) << 8), 1U << (data[4] & 3), data[5] & 1, &value);
		break;
	case 1: /* a queue, as drivers set one up */
		put(v, base + 0x70, 4, 0);
		put(v, base + 0x24, 4, 0);
		put(v, base + 0x20, 4, data[2] & 1 ? UINT32_MAX : data[3]);
		put(v, base + 0x24, 4, 1);
		put(v, base + 0x20, 4, 1);
		put(v, base + 0x70, 4, 11);
		put(v, base + 0x30, 4, data[4] & 7);
		put(v, base + 0x38, 4, 1U << (data[5] & 7));
		put(v, base + 0x80, 4, (uint32_t)aimed(value));
		put(v, base + 0x90, 4, (uint32_t)aimed(value >> 4));
		put(v, base + 0xa0, 4, (uint32_t)aimed(value >> 8));
		put(v, base + 0x44, 4, 1);
		put(v, base + 0x70, 4, 15);
		break;
	case 2:
	case 3: /* a descriptor */
		place = guest_memory(v, (RINGS + ((uint64_t)data[2] << 10) + (uint64_t)(data[3] & 63) * 16) & ~UINT64_C(15));
		if (place) {
			uint64_t address = aimed(value);

			memcpy(place, &address, 8);
			memcpy(place + 8, data + 4, 4);
			memcpy(place + 12, data + 12, 4);
		}
		break;
	case 4:
	case 5: /* two bytes anywhere in the rings' memory: indices, flags, headers */
		place = guest_memory(v, RINGS + (((uint64_t)data[2] << 10 | (uint64_t)data[3] << 2) % RINGS_SIZE & ~UINT64_C(1)));
		if (place)
			memcpy(place, data + 8, 2);
		break;
	case 6:
		put(v, base + 0x50, 4, data[2] & 7);
		break;
	case 7:
		put(v, base + 0x64, 4, data[2]);
		break;
	case 8:
		machine_disk_finish();
		break;
	case 9:
		input_event(data[2] & 1, (struct input_event){.type = data[3] & 3, .code = (uint16_t)value & 0x1ff, .value = data[4] & 1});
		break;
	case 10: /* the owner's stream to the agent */
		bridge_send((uint8_t)(VEIL_MUX_AGENT + (data[2] & 1)), data + 3, 1 + data[3] % 12);
		machine_run(machine.time);
		break;
	case 11:
		machine_run(machine.time + value % MACHINE_MS);
		break;
	case 12:
		persona_switch(&personas[data[2] & 1]);
		break;
	case 13:
		machine_disk.fails = data[2] & 1;
		break;
	default:
		put(v, VEIL_FLASH_VARIABLES + (value & 0xffffc), 4, data[2] & 1 ? (uint64_t)data[3] : value >> 32);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t neighbours = FIRST + 2 * SECTORS;

	begin();
	for (; size >= STEP; size -= STEP, data += STEP)
		step(data);
	machine_disk_finish();
	machine_disk.fails = false;
	if (machine_disk.outside)
		abort(); /* beyond the disk, or no RAM */
	for (uint64_t sector = 0; sector < MACHINE_DISK_SECTORS; sector++)
		if ((sector < FIRST || sector >= neighbours) && machine_disk.bytes[sector * 512 + 100] != (uint8_t)(sector + 1))
			abort(); /* not this guest's */
	if (personas[1].touched != touched)
		abort(); /* the neighbour touches nothing, so nobody does */
	return 0;
}
