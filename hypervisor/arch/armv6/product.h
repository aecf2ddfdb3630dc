/* SPDX-License-Identifier: Apache-2.0 */
/* Products of numbers as wide as a register: one instruction, which the compiler does not know. */
#ifndef VEIL_PRODUCT_H
#define VEIL_PRODUCT_H

#include <veil/types.h>

/* a * b + *low + high, which never overflows: its low half in *low; its high half is returned. */
static ALWAYS_INLINE HOT address_t product_add(address_t a, address_t b, address_t *low, address_t high)
{
	address_t sum = *low;

	__asm__("umaal %0, %1, %2, %3" : "+r"(sum), "+r"(high) : "r"(a), "r"(b));
	*low = sum;
	return high;
}

#endif
