/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a network card: no persona has one either, so there is nothing to switch. */
#include <veil/network_source.h>

#include "core/log.h"
#include "core/manifest.h"
#include "core/switch.h"
#include "platforms/virtio_net.h"

bool virtio_net_init(const struct manifest *manifest)
{
	for (uint32_t i = 0; i < manifest->persona_count; i++)
		if (manifest->personas[i].devices & VEIL_DEVICE_NETWORK)
			panic("manifest refused: no network on this board; persona", i);
	return true;
}

void virtio_net_reset(struct persona *persona)
{
	(void)persona;
}

struct mmio_result virtio_net_access(struct persona *persona, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	(void)persona;
	(void)offset;
	(void)size;
	(void)is_write;
	(void)value;
	return mmio_none();
}

bool switch_status(const struct persona *persona, struct veil_network_status *status)
{
	(void)persona;
	(void)status;
	return false;
}

bool network_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

void network_room(void)
{
}
