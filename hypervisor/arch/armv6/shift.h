/* SPDX-License-Identifier: Apache-2.0 */
/* What an Arm instruction has as its last operand. */
#ifndef VEIL_SHIFT_H
#define VEIL_SHIFT_H

#include <veil/cpu.h>

static inline uint32_t rotate(uint32_t value, uint32_t right)
{
	return right ? value >> right | value << (32 - right) : value;
}

/* The shifter operand of data processing (Arm DDI 0100I, A5.1), where bit 25 says that it is a constant. What loads and stores add is the
 * same, but bit 25 says the opposite there, and bit 4 is clear (A5.2.4). r[15] is the next instruction. */
#define SHIFT_CONSTANT 0x02000000U
uint32_t shifted(const struct vcpu *v, uint32_t word);

#endif
