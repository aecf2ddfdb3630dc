/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns which page of RAM: the one place every mapping is checked against. */
#ifndef VEIL_OWNER_H
#define VEIL_OWNER_H

#include <veil/abi.h>
#include <veil/types.h>

/* The manifest's regions, already checked to be sorted and free of overlap. */
void owner_init(const struct veil_region *regions, uint32_t count);

/* True if every byte of [base, base + size) belongs to `owner` (a persona's index or enum veil_owner). */
bool owner_is(uint32_t owner, paddr_t base, address_t size);

#endif
