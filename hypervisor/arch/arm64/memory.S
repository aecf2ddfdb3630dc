/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroing, copying and cleaning, 64 bytes (a cache line) at a time; sizes are multiples of 64. */

/* x0 = to, x1 = size. DC ZVA: 64 bytes on every supported core, checked at boot. */
	.section .text.arch_zero, "ax"
	.globl	arch_zero
arch_zero:
	tst	x1, #255
	b.eq	2f
1:	cbz	x1, 3f
	dc	zva, x0
	add	x0, x0, #64
	sub	x1, x1, #64
	b	1b
2:	cbz	x1, 3f
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	subs	x1, x1, #256
	b.ne	2b
3:	ret

/* x0 = to, x1 = from, x2 = size; any addresses and any size. General registers: the guest's FP/SIMD registers are not saved here. */
	.section .text.arch_copy, "ax"
	.globl	arch_copy, arch_copy_bytes
arch_copy:
arch_copy_bytes:
	subs	x2, x2, #64
	b.lo	copy_rest
1:	ldp	x3, x4, [x1], #64
	ldp	x5, x6, [x1, #-48]
	ldp	x7, x8, [x1, #-32]
	ldp	x9, x10, [x1, #-16]
	stp	x3, x4, [x0], #64
	stp	x5, x6, [x0, #-48]
	stp	x7, x8, [x0, #-32]
	stp	x9, x10, [x0, #-16]
	subs	x2, x2, #64
	b.hs	1b
	b	copy_rest

/* Less than 64 bytes, as many as the low bits of x2 say. */
	.section .text.copy_rest, "ax"
copy_rest:
	tbz	x2, #5, 1f
	ldp	x3, x4, [x1], #32
	ldp	x5, x6, [x1, #-16]
	stp	x3, x4, [x0], #32
	stp	x5, x6, [x0, #-16]
1:	tbz	x2, #4, 2f
	ldp	x3, x4, [x1], #16
	stp	x3, x4, [x0], #16
2:	tbz	x2, #3, 3f
	ldr	x3, [x1], #8
	str	x3, [x0], #8
3:	tbz	x2, #2, 4f
	ldr	w3, [x1], #4
	str	w3, [x0], #4
4:	tbz	x2, #1, 5f
	ldrh	w3, [x1], #2
	strh	w3, [x0], #2
5:	tbz	x2, #0, 6f
	ldrb	w3, [x1]
	strb	w3, [x0]
6:	ret

/* x0 = start, x1 = size. */
	.section .text.arch_clean, "ax"
	.globl	arch_clean
arch_clean:
	cbz	x1, 3f
	tst	x1, #255
	b.eq	2f
1:	dc	cvac, x0
	add	x0, x0, #64
	subs	x1, x1, #64
	b.ne	1b
	b	3f
2:	dc	cvac, x0
	add	x0, x0, #64
	dc	cvac, x0
	add	x0, x0, #64
	dc	cvac, x0
	add	x0, x0, #64
	dc	cvac, x0
	add	x0, x0, #64
	subs	x1, x1, #256
	b.ne	2b
3:	dsb	ish
	ic	ialluis
	dsb	ish
	isb
	ret

/* x0 = start, x1 = size. */
	.section .text.arch_flush, "ax"
	.globl	arch_flush
arch_flush:
	dc	civac, x0
	add	x0, x0, #64
	subs	x1, x1, #64
	b.gt	arch_flush
	dsb	sy
	ret
