/* SPDX-License-Identifier: Apache-2.0 */
/* The variable flash of a persona's firmware: two 16-bit chips side by side that know Intel's command set, as on QEMU's `virt`. */
#ifndef VEIL_CFI_FLASH_H
#define VEIL_CFI_FLASH_H

#include <veil/platform.h>

struct persona;

#define CFI_FLASH_BLOCK 0x40000 /* bytes that are erased at once */

void cfi_flash_reset(struct persona *persona);

/* An access that is not served by reading memory: `offset` is below the size of the flash. */
struct mmio_result cfi_flash_access(struct persona *persona, address_t offset, uint32_t size, bool is_write, uintptr_t value);

#endif
