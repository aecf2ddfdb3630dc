/* SPDX-License-Identifier: Apache-2.0 */
/* Which virtio device an access is for: input, network, console, then a slot for each volume. Whatever the address is, it selects one of this
 * persona's own devices, or none. */
#include "virtio_slots.h"

#include "core/persona.h"
#include "virtio_blk.h"
#include "virtio_console.h"
#include "virtio_input.h"
#include "virtio_mmio.h"
#include "virtio_net.h"

struct mmio_result virtio_slots_access(struct persona *p, address_t at, uint32_t size, bool is_write, uintptr_t value)
{
	address_t slot = at / VIRTIO_STRIDE, offset = at % VIRTIO_STRIDE;
	uint32_t devices = p->config->devices;
	struct mmio_result result = mmio_none();

	if (slot >= VIRTIO_SLOTS)
		return mmio_none();
	if (slot >= GUEST_SLOT_VOLUMES) /* a disk may take long: it takes the lock itself */
		return virtio_blk_access(p, (uint32_t)slot - GUEST_SLOT_VOLUMES, offset, size, is_write, value);
	lock_take(&p->lock);
	if (slot < INPUT_SOURCES && (devices & VEIL_DEVICE_INPUT))
		result = virtio_input_access(p, (uint32_t)slot, offset, size, is_write, value);
	else if (slot == VIRTIO_NETWORK_SLOT && (devices & VEIL_DEVICE_NETWORK))
		result = virtio_net_access(p, offset, size, is_write, value);
	else if (slot == VIRTIO_CONSOLE_SLOT && (devices & VEIL_DEVICE_AGENT))
		result = virtio_console_access(p, offset, size, is_write, value);
	lock_release(&p->lock);
	if (slot == VIRTIO_CONSOLE_SLOT && result.found && is_write && offset == VIRTIO_NOTIFY)
		virtio_console_notified(p, value);
	return result;
}
