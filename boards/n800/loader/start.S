/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's first instructions. It is entered where the boot loader has put it, with MMU and caches off, and moves to the end of RAM, out of
 * the way of what it loads. */
#include "flash.h"

	.section .text.start, "ax"
	.arm
	.global _start
_start:
	b	move
	.org	LOADER_TABLE
	.global loader_table
loader_table:
	.space	16 + LOADER_PIECES * 64
move:
	msr	cpsr_c, #0xd3			/* supervisor mode, nothing interrupts */
	adr	r0, _start
	ldr	r1, =_start
	ldr	r2, =__loader_end
1:	ldmia	r0!, {r4-r11}
	stmia	r1!, {r4-r11}
	cmp	r1, r2
	blo	1b
	mov	r0, #0
	mcr	p15, 0, r0, c7, c7, 0		/* nothing stale in either cache */
	mcr	p15, 0, r0, c7, c10, 4
	mcr	p15, 0, r0, c7, c5, 4
	ldr	sp, =__loader_stack
	ldr	pc, =loader_main
	.ltorg
	.section .note.GNU-stack, "", %progbits
