/* SPDX-License-Identifier: Apache-2.0 */
/* Calls Veil, markers 10 and 11 before and after; marker 01 ends. Natively it would be an undefined instruction. */
#include <veil/abi.h>

#include "runtime.h"

void test(void)
{
	for (uint32_t n = 0; n < 50; n++)
		__asm__ volatile("mov r0, #0\n\t.word " WORD(MARKER(0x10)) "\n\t.word " WORD(VEIL_UDF) "\n\t.word " WORD(MARKER(0x11))::
					 : "r0", "memory");
	MARK(0x01);
	for (;;)
		;
}
