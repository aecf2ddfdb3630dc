/* SPDX-License-Identifier: Apache-2.0 */
/* The start, the vectors, and the way into an attempt and back. */
#include "runtime.h"

/* struct fault */
#define KIND 52
#define DFSR 64
/* struct context */
#define USER_SP 52
#define PC 60
#define CPSR 64

	.syntax unified
	.arm
	.section .start, "ax"
	.global	start
start:	cpsid	aif, #MODE_SUPERVISOR
	ldr	sp, =stack_top
	mov	r4, r2
	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
1:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	1b
	adr	r0, vectors
	mov	r1, #0
	ldm	r0!, {r2, r3, r5-r10}
	stm	r1!, {r2, r3, r5-r10}
	ldm	r0!, {r2, r3, r5-r10}
	stm	r1!, {r2, r3, r5-r10}
	mov	r0, r4
	bl	runtime_start
2:	b	2b
	.ltorg

vectors:
	ldr	pc, 1f
	ldr	pc, 2f
	ldr	pc, 3f
	ldr	pc, 4f
	ldr	pc, 5f
	ldr	pc, 1f
	ldr	pc, 6f
	ldr	pc, 7f
1:	.word	at_reset
2:	.word	at_undefined
3:	.word	at_svc
4:	.word	at_prefetch
5:	.word	at_data
6:	.word	at_irq
7:	.word	at_fiq
	.word	0

.macro stop kind
	cpsid	aif
	ldr	sp, =fault_seen
	stmia	sp, {r0-r12}
	mov	r0, #\kind
	mrs	r2, spsr
	b	stopped
.endm

at_reset:
	stop	0
at_undefined:
	stop	0x04
at_svc:
	stop	0x08
at_prefetch:
	stop	0x0c
at_data:
	stop	0x10
at_irq:
	stop	0x18
at_fiq: /* r8 to r12 are its own */
	cpsid	aif
	ldr	sp, =fault_seen
	stmia	sp, {r0-r12}^
	nop
	mov	r0, #0x1c
	mrs	r2, spsr

stopped:
	mov	r1, lr
	ldr	r3, =(fault_seen + KIND)
	stmia	r3, {r0-r2}
	mrc	p15, 0, r0, c5, c0, 0
	mrc	p15, 0, r1, c5, c0, 1
	mrc	p15, 0, r2, c6, c0, 0
	add	r3, r3, #(DFSR - KIND)
	stmia	r3, {r0-r2}
	cps	#MODE_SUPERVISOR
	ldr	r0, =attempt_stack
	mov	r1, #0
	ldr	r2, [r0]
	str	r1, [r0]
	cmp	r2, #0
	beq	unexpected
	mov	sp, r2
	pop	{r4-r11, pc}
unexpected: /* no attempt is under way */
	ldr	sp, =stack_top
	b	runtime_unexpected
	.ltorg

	.global	attempt_run
attempt_run:
	push	{r4-r11, lr}
	ldr	r1, =attempt_stack
	str	sp, [r1]
	add	r1, r0, #USER_SP
	ldmia	r1, {r13, r14}^
	nop
	ldr	r1, [r0, #CPSR]
	msr	spsr_fsxc, r1
	ldr	lr, [r0, #PC]
	ldmia	r0, {r0-r12}
	movs	pc, lr
	.ltorg

	.global	read_as_user
read_as_user:
	ldrt	r3, [r0]
	mov	r0, r3
	svc	#DONE

	.section .note.GNU-stack, "", %progbits
