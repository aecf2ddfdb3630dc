/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's virtio devices: a slot of registers for each, one after the other. */
#ifndef VEIL_VIRTIO_SLOTS_H
#define VEIL_VIRTIO_SLOTS_H

#include <veil/platform.h>

#define VIRTIO_STRIDE 0x200 /* bytes of a slot */
#define VIRTIO_SLOTS (GUEST_SLOT_VOLUMES + VEIL_MAX_PERSONA_VOLUMES)

/* `at` counts from slot 0. */
struct mmio_result virtio_slots_access(struct persona *persona, address_t at, uint32_t size, bool is_write, uintptr_t value);

#endif
