/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual devices a guest sees, as the core and the port use them. Which they are and where says <guest_machine.h>, of the folder of
 * the guest machine the port has: platforms/virt or platforms/integrator_cp. It defines struct platform. */
#ifndef VEIL_PLATFORM_H
#define VEIL_PLATFORM_H

#include <guest_machine.h>
#include <veil/types.h>

struct persona;
struct vcpu;

/* Can a persona have flash? Where none can, nothing looks for it. */
#define GUEST_HAS_FLASH ((GUEST_DEVICES & VEIL_DEVICE_FLASH) != 0)

void platform_init(struct persona *persona);
void platform_reset(struct persona *persona);
bool platform_is_quiet(struct persona *persona); /* no physical device is at work in its memory */

/* `found` is false if there is no device, or it has no such register. A read's value is zero-extended. Both are as wide as a register of
 * this port, and so are its guests' accesses at most. */
struct mmio_result {
	uintptr_t found;
	uintptr_t value;
};

static inline struct mmio_result mmio_value(uintptr_t value)
{
	return (struct mmio_result){.found = true, .value = value};
}

static inline struct mmio_result mmio_none(void)
{
	return (struct mmio_result){.found = false};
}

/* One access of a guest to an address that is not its RAM. `size`: 1, 2, 4 or 8 bytes; `value`: what it writes. */
struct mmio_result platform_mmio(struct vcpu *vcpu, ipaddr_t address, uint32_t size, bool is_write, uintptr_t value);

/* Moves the input line of an interrupt, as the machine's interrupt controller numbers it; `vcpu` names whose, for private ones. The
 * persona's lock is held. */
void irq_line(struct vcpu *vcpu, uint32_t irq, bool high);

/* Input has arrived for a persona's console. */
void platform_console_input(uint32_t persona);

/* Input has arrived for a persona's owner port. */
void platform_agent_input(uint32_t persona);

/* Goes on with what waited for the line or for somebody else. */
void platform_flush(void);

/* Seconds since 1970 by the board's clock. */
uint32_t rtc_seconds(void);

#endif
