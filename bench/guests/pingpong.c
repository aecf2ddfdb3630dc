/* SPDX-License-Identifier: Apache-2.0 */
/* Two of these give the CPU to each other as fast as they can, with FP registers in use: markers 30 before giving it, 31 after getting it.
 * Boot argument: yield=0 for Veil's hypercall, 1 for Xen's. */
#include "runtime.h"

void test(void)
{
	uint64_t xen = argument("yield", 0);
	for (uint64_t i = 0;; i++) {
		__asm__ volatile(".arch armv8-a+fp+simd\n\tfmov d0, %0\n\tfadd d1, d0, d1\n\tmovz xzr, #0xb030" ::"r"(i));
		if (xen)
			__asm__ volatile("mov x16, #29\n\tmov x0, #0\n\tmov x1, #0\n\thvc #0xea1" ::: "x0", "x1", "x16", "memory");
		else
			__asm__ volatile("mov x0, %0\n\thvc #0" ::"r"((uint64_t)VEIL_HVC_YIELD) : "x0", "x1", "x2", "x3", "memory");
		__asm__ volatile("movz xzr, #0xb031\n\t.arch armv8-a+fp+simd\n\tfadd d1, d0, d1" ::: "memory");
	}
}
