/* SPDX-License-Identifier: Apache-2.0 */
/* One byte a guest that panics writes ("qemu,pvpanic-mmio"). */
#ifndef VEIL_PVPANIC_H
#define VEIL_PVPANIC_H

#include <veil/platform.h>

struct mmio_result pvpanic_access(struct vcpu *vcpu, address_t offset, bool is_write, uintptr_t value);

#endif
