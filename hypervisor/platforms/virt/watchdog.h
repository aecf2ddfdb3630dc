/* SPDX-License-Identifier: Apache-2.0 */
/* A watchdog a guest may set on itself. */
#ifndef VEIL_WATCHDOG_H
#define VEIL_WATCHDOG_H

#include <veil/platform.h>

/* `offset` counts from the refresh frame; the control frame is the next 64 KiB. */
struct mmio_result watchdog_access(struct vcpu *vcpu, address_t offset, bool is_write, uintptr_t value);

void watchdog_reset(struct persona *persona);

/* Looks whether its time is over; if not, platform_flush() will be called when it is. No lock may be held. */
void watchdog_check(struct persona *persona);

#endif
