/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroing, copying and cleaning, a cache line of 32 bytes at a time; sizes are multiples of 64. */
	.syntax unified
	.arm
	.text

/* r0 = to, r1 = size */
	.globl	arch_zero
	.type	arch_zero, %function
arch_zero:
	push	{r4-r10}
	mov	r3, #0
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	r7, #0
	mov	r8, #0
	mov	r9, #0
	mov	r10, #0
	b	2f
1:	stmia	r0!, {r3-r10}
	stmia	r0!, {r3-r10}
2:	subs	r1, r1, #64
	bhs	1b
	pop	{r4-r10}
	bx	lr

/* r0 = to, r1 = from, r2 = size; any addresses and any size for the second. */
	.globl	arch_copy, arch_copy_bytes
	.type	arch_copy, %function
	.type	arch_copy_bytes, %function
arch_copy_bytes:
	orr	r3, r0, r1
	tst	r3, #3
	bne	copy_rest
arch_copy:
	push	{r4-r10}
	subs	r2, r2, #32
	blo	2f
1:	ldmia	r1!, {r3-r10}
	stmia	r0!, {r3-r10}
	subs	r2, r2, #32
	bhs	1b
2:	add	r2, r2, #32
	pop	{r4-r10}
copy_rest:
	subs	r2, r2, #1
	bxlo	lr
	ldrb	r3, [r1], #1
	strb	r3, [r0], #1
	b	copy_rest

/* r0 = start, r1 = size, not 0. Whole ranges at once (ARM1136 TRM, 3.3.17, "Block transfer operations"): to the last line's address. */
	.globl	arch_clean
	.type	arch_clean, %function
arch_clean:
	add	r1, r0, r1
	sub	r1, r1, #32
	mov	r2, #0
	mcrr	p15, 0, r1, r0, c12
	mcr	p15, 0, r2, c7, c10, 4
	/* falls through: the whole instruction cache */

/* And all predicted branches. Four times: one may be lost in an ARM1136 r0 (erratum 411920); interrupts are off, as its workaround wants. */
	.globl	guest_cache_instructions
	.type	guest_cache_instructions, %function
guest_cache_instructions:
	mov	r2, #0
	mcr	p15, 0, r2, c7, c5, 0
	mcr	p15, 0, r2, c7, c5, 0
	mcr	p15, 0, r2, c7, c5, 0
	mcr	p15, 0, r2, c7, c5, 0
	.rept	11
	nop
	.endr
	mcr	p15, 0, r2, c7, c5, 6
	mcr	p15, 0, r2, c7, c10, 4
	mcr	p15, 0, r2, c7, c5, 4
	bx	lr

/* r0 = start, r1 = size, not 0 */
	.globl	arch_flush
	.type	arch_flush, %function
arch_flush:
	add	r1, r0, r1
	sub	r1, r1, #32
	mov	r2, #0
	mcrr	p15, 0, r1, r0, c14
	mcr	p15, 0, r2, c7, c10, 4
	bx	lr
