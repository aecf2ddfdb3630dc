/* SPDX-License-Identifier: Apache-2.0 */
/* Veil's own address space at EL2. */
#ifndef VEIL_MMU_H
#define VEIL_MMU_H

#include <veil/types.h>

extern uint64_t mmu_root[512];
void mmu_build(void);

#endif
