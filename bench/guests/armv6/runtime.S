/* SPDX-License-Identifier: Apache-2.0 */
/* The start, and the vectors: an abort is skipped, a system call answered, the timer's interrupt acknowledged. */
#include "runtime.h"
	.syntax unified
	.arm
	.section .start, "ax"
	.global	start
start:	cpsid	if, #0x12
	ldr	sp, =irq_stack
	cps	#0x17
	ldr	sp, =abort_stack
	cps	#0x1f
	ldr	sp, =user_stack
	cps	#0x13
	ldr	sp, =stack
	adr	r0, vectors
	mov	r1, #0
	ldm	r0!, {r2-r9}
	stm	r1!, {r2-r9}
	ldm	r0!, {r2-r9}
	stm	r1!, {r2-r9}
	mov	r0, #0
	mcr	p15, 0, r0, c7, c5, 0
	b	test
	.ltorg

/* Markers 15 and 17 are the first instructions of the handlers; in the words behind them nothing else can come (none, and FIQ is off). */
vectors:
	b	.
	ldr	pc, 1f
	ldr	pc, 2f
	b	.
	.word	MARKER(0x17)
	ldr	pc, 3f
	.word	MARKER(0x15)
	ldr	pc, 4f
1:	.word	undefined
2:	.word	system_call
3:	.word	skip
4:	.word	interrupt
	.space	16

undefined:
	b	.

/* As little as a kernel does: saves, looks the number up, restores. r7: 0 for the caller's own mode at an end. */
system_call:
	push	{r0-r12, lr}
	mrs	r4, spsr
	ldr	r5, [lr, #-4]
	cmp	r7, #0
	beq	1f
	msr	spsr_cxsf, r4
	pop	{r0-r12, lr}
	movs	pc, lr
1:	pop	{r0-r12, lr}
	cps	#0x13
	pop	{r4-r11, pc}

skip:	subs	pc, lr, #4

/* r11 says that it came: see wait_for_handler. A program in user mode loses nothing. */
interrupt:
	push	{r0-r3}
	ldr	r0, =TIMER
	ldr	r1, =PIC
	ldr	r2, [r1]
	mov	r3, #1
	str	r3, [r0, #12]
	ldr	r0, =came
	str	r3, [r0]
	pop	{r0-r3}
	subs	pc, lr, #4

	.global	wait_for_handler
wait_for_handler:
	ldr	r1, =came
	mov	r2, #0
	str	r2, [r1]
	cpsie	i
1:	cmp	r0, #0
	mcrne	p15, 0, r2, c7, c0, 4
	ldr	r3, [r1]
	cmp	r3, #0
	beq	1b
	cpsid	i
	bx	lr

	.global	in_user_mode
in_user_mode:
	push	{r4-r11, lr}
	mov	r1, #0x10
	msr	spsr_cxsf, r1
	adr	lr, 1f
	movs	pc, lr
1:	blx	r0
	mov	r7, #0
	svc	#0
	.ltorg

	.bss
	.balign	8
came:	.space	8
	.space	1024
irq_stack:
	.space	1024
abort_stack:
	.space	4096
user_stack:
	.space	4096
stack:
	.section .note.GNU-stack, "", %progbits
