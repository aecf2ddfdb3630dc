/* SPDX-License-Identifier: Apache-2.0 */
/* A PL031 real-time clock for a guest. */
#ifndef VEIL_VPL031_H
#define VEIL_VPL031_H

#include <veil/platform.h>

struct persona;

void vpl031_reset(struct persona *persona);
struct mmio_result vpl031_access(struct persona *persona, address_t offset, bool is_write, uintptr_t value);

#endif
