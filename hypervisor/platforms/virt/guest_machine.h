/* SPDX-License-Identifier: Apache-2.0 */
/* Guest machine `virt`, version 1: the addresses of QEMU's `virt`, so that code made for it runs unchanged. */
#ifndef VEIL_GUEST_MACHINE_H
#define VEIL_GUEST_MACHINE_H

#include <veil/abi.h>
#include <veil/device_state.h>

#include "platforms/virt/vgic.h"

/* Below it lie devices, above it RAM. */
#define GUEST_DEVICES_END (UINT64_C(1) << 30)
#define GUEST_RAM_START GUEST_DEVICES_END
#define GUEST_RAM_END (UINT64_C(64) << 30)

/* What a persona may have. */
#define GUEST_MAX_CPUS VEIL_MAX_CPUS
#define GUEST_DEVICES                                                                                                                \
	(VEIL_DEVICE_PL011 | VEIL_DEVICE_PL031 | VEIL_DEVICE_PVPANIC | VEIL_DEVICE_INPUT | VEIL_DEVICE_NETWORK | VEIL_DEVICE_AGENT | \
	 VEIL_DEVICE_WATCHDOG | VEIL_DEVICE_FLASH)

/* Interrupts: INTIDs */
#define GUEST_IRQ_UART 33
#define GUEST_IRQ_WATCHDOG 36
#define GUEST_IRQ_VIRTIO 48 /* of slot 0; the others follow */

#define GUEST_SLOT_VOLUMES 8 /* of virtio-mmio: the persona's first volume */

struct cfi_flash {
	uint8_t mode;
	uint8_t left; /* words of a buffer still to come */
	uint32_t erase_at; /* while a block is erased: where it goes on */
};

struct watchdog {
	uint32_t status; /* WCS */
	uint32_t offset; /* WOR: ticks from a refresh to a deadline */
	uint64_t compare; /* WCV: the deadline, in the guest's own time */
};

struct platform {
	struct vgic vgic;
	struct vpl011 uart;
	struct vpl031 rtc;
	struct watchdog watchdog;
	struct virtual_input input[2];
	struct virtual_console console;
	struct cfi_flash flash;
	struct virtual_network network;
};

#endif
