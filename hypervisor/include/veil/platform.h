/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual devices a guest sees (platform `veil`: the places of QEMU's `virt`), as the core and the port use them. */
#ifndef VEIL_PLATFORM_H
#define VEIL_PLATFORM_H

#include <veil/input_source.h>
#include <veil/types.h>
#include <veil/vgic.h>
#include <veil/virtio.h>

struct persona;
struct vcpu;

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

struct virtual_network {
	struct virtio_device virtio;
	bool waits; /* for room on its way out */
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

void platform_init(struct persona *persona);
void platform_reset(struct persona *persona);
bool platform_is_quiet(struct persona *persona); /* no physical device is at work in its memory */

/* `found` is false if there is no device, or it has no such register. A read's value is zero-extended. */
struct mmio_result {
	uint64_t found; /* a truth value as wide as a register, so that both fields travel in registers */
	uint64_t value;
};

static inline struct mmio_result mmio_value(uint64_t value)
{
	return (struct mmio_result){.found = true, .value = value};
}

static inline struct mmio_result mmio_none(void)
{
	return (struct mmio_result){.found = false};
}

/* One access of a guest to an address that is not its RAM. `size`: 1, 2, 4 or 8 bytes; `value`: what it writes. */
struct mmio_result platform_mmio(struct vcpu *vcpu, ipaddr_t address, uint32_t size, bool is_write, uint64_t value);

/* Input has arrived for a persona's console. */
void platform_console_input(uint32_t persona);

/* Input has arrived for a persona's owner port. */
void platform_agent_input(uint32_t persona);

/* Goes on with what waited for the line or for somebody else. */
void platform_flush(void);

/* Seconds since 1970 by the board's clock. */
uint32_t rtc_seconds(void);

#endif
