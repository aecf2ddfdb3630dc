/* SPDX-License-Identifier: Apache-2.0 */
/* State of the virtual devices that every guest machine can have, as it is kept in its persona. */
#ifndef VEIL_DEVICE_STATE_H
#define VEIL_DEVICE_STATE_H

#include <veil/input_source.h>
#include <veil/types.h>
#include <veil/virtio.h>

struct vpl011 {
	uint32_t raw; /* raw interrupt status */
	uint32_t mask;
	uint32_t ibrd, fbrd, lcr, cr, ifls, dmacr;
};

struct vpl031 {
	uint32_t offset; /* guest's clock - board's clock, seconds */
	uint32_t match;
	uint32_t mask;
};

struct virtual_input {
	struct virtio_device virtio;
	uint8_t config[8 + INPUT_CONFIG_BYTES]; /* virtio 1.2, 5.8.5 */
	uint64_t down[INPUT_KEYS / 64]; /* keys the guest has been told are down */
	bool owes_report; /* it has had events without the report that ends them */
	bool owes_lock; /* it has not had the key that locks it yet */
};

#define CONSOLE_PORTS 2 /* "veil.owner", "veil.frames" */

struct virtual_console {
	struct virtio_device virtio;
	uint32_t policy; /* generation of the policy the guest has been told of */
	bool is_told; /* its agent knows the channels of that policy, or has not said hello */
	uint8_t news[CONSOLE_PORTS]; /* bit n: control event n is to be sent for the port, as soon as there is a buffer for it */
	bool is_open[CONSOLE_PORTS]; /* by the guest */
	/* What the owner port is sending: the buffer it has taken, and how far it is through its present part */
	bool sending;
	uint32_t sent;
	struct virtio_buffer buffer;
	struct virtio_buffer frame; /* of the other port's sending side, while it is looked at */
};

struct virtual_network {
	struct virtio_device virtio;
	bool waits; /* for room on its way out */
};

#endif
