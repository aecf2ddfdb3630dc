/* SPDX-License-Identifier: Apache-2.0 */
/* Products of numbers as wide as a register. */
#ifndef VEIL_PRODUCT_H
#define VEIL_PRODUCT_H

#include <veil/types.h>

/* a * b + *low + high, which never overflows: its low half in *low; its high half is returned. */
static ALWAYS_INLINE address_t product_add(address_t a, address_t b, address_t *low, address_t high)
{
	address_pair_t sum = (address_pair_t)a * b + *low + high;

	*low = (address_t)sum;
	return (address_t)(sum >> 8 * sizeof(*low));
}

#endif
