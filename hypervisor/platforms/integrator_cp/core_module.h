/* SPDX-License-Identifier: Apache-2.0 */
/* The core module's registers: clocks, flags, a counter, an interrupt controller and reset. */
#ifndef VEIL_CORE_MODULE_H
#define VEIL_CORE_MODULE_H

#include <veil/platform.h>

/* The persona's lock is held. */
void core_module_reset(struct persona *persona);

struct mmio_result core_module_access(struct persona *persona, uint32_t offset, bool is_write, uint32_t value);

#endif
