/* SPDX-License-Identifier: Apache-2.0 */
/* Guest machine `virt`, version 1: which device an access is for. */
#include <veil/network_source.h>
#include <veil/platform.h>

#include "cfi_flash.h"
#include "core/channel.h"
#include "core/persona.h"
#include "platforms/pvpanic.h"
#include "platforms/virtio_blk.h"
#include "platforms/virtio_console.h"
#include "platforms/virtio_input.h"
#include "platforms/virtio_net.h"
#include "platforms/virtio_slots.h"
#include "platforms/vpl011.h"
#include "platforms/vpl031.h"
#include "watchdog.h"

#define GICD_BASE 0x08000000
#define GICD_SIZE 0x00010000
#define GICR_BASE 0x080a0000
#define GICR_SIZE 0x00f60000
#define PL011_BASE 0x09000000
#define PL031_BASE 0x09010000
#define WATCHDOG_BASE 0x09020000
#define WATCHDOG_SIZE 0x20000
#define PVPANIC_BASE 0x09f00000
#define VIRTIO_BASE 0x0a000000
#define DEVICE_SIZE 0x1000

COLD void platform_init(struct persona *p)
{
	platform_reset(p);
}

COLD void platform_reset(struct persona *p)
{
	channel_reset(p);
	lock_take(&p->lock);
	vgic_reset(p);
	vpl011_reset(p);
	vpl031_reset(p);
	watchdog_reset(p);
	virtio_input_reset(p);
	virtio_blk_reset(p);
	virtio_console_reset(p);
	cfi_flash_reset(p);
	virtio_net_reset(p);
	lock_release(&p->lock);
}

bool platform_is_quiet(struct persona *p)
{
	return virtio_blk_is_quiet(p);
}

/* Whatever the address is, it only selects one of this persona's own virtual devices, and each checks the offset it is given. */
static NOINLINE struct mmio_result other_device(struct vcpu *v, uint64_t a, uint32_t size, bool is_write, uintptr_t value)
{
	uint32_t devices = v->persona->config->devices;

	if (likely(a - VIRTIO_BASE < VIRTIO_SLOTS * VIRTIO_STRIDE))
		return virtio_slots_access(v->persona, a - VIRTIO_BASE, size, is_write, value);
	if (a - GICD_BASE < GICD_SIZE)
		return vgic_distributor(v, a - GICD_BASE, size, is_write, value);
	if (a - GICR_BASE < GICR_SIZE)
		return vgic_redistributor(v, a - GICR_BASE, size, is_write, value);
	if (a - PL031_BASE < DEVICE_SIZE && (devices & VEIL_DEVICE_PL031))
		return vpl031_access(v->persona, a - PL031_BASE, is_write, value);
	if (a - WATCHDOG_BASE < WATCHDOG_SIZE && (devices & VEIL_DEVICE_WATCHDOG))
		return watchdog_access(v, a - WATCHDOG_BASE, is_write, value);
	if (is_write && a / VEIL_PAGE_SIZE < v->persona->config->flash_code_pages)
		return mmio_value(0); /* ignored, as by a chip that is protected: EDK II's early code does it */
	if (a - VEIL_FLASH_VARIABLES < (uint64_t)v->persona->config->flash_variable_pages * VEIL_PAGE_SIZE)
		return cfi_flash_access(v->persona, a - VEIL_FLASH_VARIABLES, size, is_write, value);
	if (a - PVPANIC_BASE < DEVICE_SIZE && (devices & VEIL_DEVICE_PVPANIC))
		return pvpanic_access(v, a - PVPANIC_BASE, is_write, value);
	return mmio_none();
}

/* The console is asked before every byte that is printed: it must not pay for the others. */
struct mmio_result platform_mmio(struct vcpu *v, ipaddr_t address, uint32_t size, bool is_write, uintptr_t value)
{
	uint64_t a = address.value;

	if (a - PL011_BASE < DEVICE_SIZE && (v->persona->config->devices & VEIL_DEVICE_PL011))
		return vpl011_access(v->persona, a - PL011_BASE, is_write, value);
	return other_device(v, a, size, is_write, value);
}

void platform_console_input(uint32_t persona)
{
	vpl011_input(&personas[persona]);
}

void platform_agent_input(uint32_t persona)
{
	virtio_console_go_on(&personas[persona]);
}

void platform_flush(void)
{
	for (uint32_t i = 0; i < persona_count; i++) {
		virtio_console_go_on(&personas[i]);
		watchdog_check(&personas[i]);
	}
	network_room();
}
