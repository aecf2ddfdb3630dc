/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256's compression function (FIPS 180-4, 6.2.2): about 2,350 instructions a block of 64 bytes. First the message schedule, 64 words on
 * the stack, then two rounds a turn: within it the eight variables change places without moving, and after it each moves on by two. */
	.syntax unified
	.arm
	.text

/* A rotation within one of all three: (x ^ x ror 5 ^ x ror 19) ror 6 = x ror 6 ^ x ror 11 ^ x ror 25.
 * r0 = next constant, r1 = next word; `bc` is b ^ c, and `ab` becomes a ^ b: that of the next round. Maj = (a ^ b) & (b ^ c) ^ b. */
.macro round a, b, c, d, e, f, g, h, ab, bc
	ldr	r2, [r1], #4
	ldr	\ab, [r0], #4
	add	\h, \h, r2
	eor	r2, \e, \e, ror #5
	add	\h, \h, \ab
	eor	r2, r2, \e, ror #19
	eor	\ab, \f, \g
	add	\h, \h, r2, ror #6
	and	\ab, \ab, \e
	eor	r2, \a, \a, ror #11
	eor	\ab, \ab, \g
	eor	r2, r2, \a, ror #20
	add	\h, \h, \ab
	eor	\ab, \a, \b
	add	\d, \d, \h
	and	\bc, \bc, \ab
	add	\h, \h, r2, ror #2
	eor	\bc, \bc, \b
	add	\h, \h, \bc
.endm

.macro move_on a, c, e, g
	mov	r2, \g
	mov	\g, \e
	mov	\e, \c
	mov	\c, \a
	mov	\a, r2
.endm

/* r0 = state, r1 = data, anywhere, r2 = number of blocks */
	.globl	arch_sha256_blocks
	.type	arch_sha256_blocks, %function
arch_sha256_blocks:
	push	{r0-r2, r4-r11, lr}
	sub	sp, sp, #256
next_block:
	ldr	r2, [sp, #256 + 8]
	subs	r2, r2, #1
	blo	done
	str	r2, [sp, #256 + 8]
	ldr	r1, [sp, #256 + 4]
	add	r0, r1, #64
	str	r0, [sp, #256 + 4]

	/* Words 0 to 15: the message, which is big-endian */
	mov	r3, sp
	tst	r1, #3
	bne	2f
1:	ldr	r2, [r1], #4
	rev	r2, r2
	str	r2, [r3], #4
	cmp	r1, r0
	bne	1b
	b	3f
2:	ldrb	r2, [r1], #1
	ldrb	r4, [r1], #1
	ldrb	r5, [r1], #1
	ldrb	r6, [r1], #1
	orr	r2, r4, r2, lsl #8
	orr	r2, r5, r2, lsl #8
	orr	r2, r6, r2, lsl #8
	str	r2, [r3], #4
	cmp	r1, r0
	bne	2b

	/* Words 16 to 63; r3 = the next one's place, r4 = that of 16 words before */
3:	mov	r4, sp
	add	r0, sp, #256
	ldr	r5, [r4]
4:	ldr	r6, [r4, #4]! /* t - 15 */
	ldr	r7, [r3, #-8] /* t - 2 */
	ldr	r8, [r4, #32] /* t - 7 */
	mov	r9, r6, ror #7
	eor	r9, r9, r6, ror #18
	eor	r9, r9, r6, lsr #3
	add	r5, r5, r8
	mov	r10, r7, ror #17
	add	r5, r5, r9
	eor	r10, r10, r7, ror #19
	eor	r10, r10, r7, lsr #10
	add	r5, r5, r10
	str	r5, [r3], #4
	mov	r5, r6
	cmp	r3, r0
	bne	4b

	ldr	r0, [sp, #256]
	mov	r1, sp
	ldmia	r0, {r4-r11}
	ldr	r0, =sha256_constants
	eor	r12, r5, r6
5:	round	r4, r5, r6, r7, r8, r9, r10, r11, r3, r12
	round	r11, r4, r5, r6, r7, r8, r9, r10, r12, r3
	move_on	r4, r6, r8, r10
	move_on	r5, r7, r9, r11
	add	r2, sp, #256
	cmp	r1, r2
	bne	5b

	ldr	r0, [sp, #256]
	ldmia	r0, {r1-r3, r12}
	add	r4, r4, r1
	add	r5, r5, r2
	add	r6, r6, r3
	add	r7, r7, r12
	stmia	r0!, {r4-r7}
	ldmia	r0, {r1-r3, r12}
	add	r8, r8, r1
	add	r9, r9, r2
	add	r10, r10, r3
	add	r11, r11, r12
	stmia	r0, {r8-r11}
	b	next_block

done:	add	sp, sp, #256
	pop	{r0-r2, r4-r11, pc}
