/* SPDX-License-Identifier: Apache-2.0 */
#include "shift.h"

static uint32_t reg(const struct vcpu *v, uint32_t n)
{
	return v->arch.r[n] + (n == 15 ? 4 : 0);
}

uint32_t shifted(const struct vcpu *v, uint32_t word)
{
	uint32_t value = reg(v, word & 15), amount = word >> 7 & 31, kind = word >> 5 & 3;

	if (word & SHIFT_CONSTANT)
		return rotate(word & 0xff, word >> 7 & 30);
	if (word >> 4 & 1) {
		amount = reg(v, word >> 8 & 15) & 0xff;
		if (amount == 0)
			return value;
	} else if (amount == 0) {
		if (kind == 0)
			return value;
		if (kind == 3) /* RRX */
			return (v->arch.cpsr & 0x20000000) << 2 | value >> 1;
		amount = 32;
	}
	if (kind == 3)
		return rotate(value, amount % 32);
	if (amount >= 32)
		return kind == 2 ? (uint32_t)((int32_t)value >> 31) : 0;
	if (kind == 2)
		return (uint32_t)((int32_t)value >> amount);
	return kind ? value >> amount : value << amount;
}
