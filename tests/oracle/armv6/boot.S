/* SPDX-License-Identifier: Apache-2.0 */
/* Entry, vectors, and the way into a stream and back. In a persona, instructions here are replaced like any kernel's. */

#define SAVED 0x00100000
#define PC 60
#define CPSR 64
#define SCTLR 68
#define FCSE 72
#define SP 76
#define KIND 80
#define LINK 84
#define DFSR 88
#define IFSR 92
#define FAR 96
#define SCTLR_OFF 0x00050078
#define VECTORS_COPY 0x8000

	.syntax	unified
	.arm
	.section .text.start, "ax"
	.globl	start
start:
	b	1f
	.globl	parameters
parameters:
	.word	0x6c63726f /* "orcl", then: seed, first case, how many, whether each is told in full */
	.word	1, 0, 100, 0
1:	cpsid	aif, #0x11
	ldr	sp, =stack_top
	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
2:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	2b
	ldr	r0, =0xe7fddef1 /* undefined, in Arm and in Thumb state: streams jump there */
	mov	r1, #0
5:	str	r0, [r1], #4
	cmp	r1, #0xe0000
	bne	5b
	bl	main
4:	b	4b

	.globl	handlers
handlers:
	.word	at_nothing, at_undefined, at_svc, at_prefetch, at_data, at_nothing, at_irq, at_fiq

/* FIQ mode has registers of its own from r8 on: nothing of the stream's is lost. */
.macro stop kind, mode
	cpsid	if, #0x11
	ldr	r8, =SAVED
	stmia	r8, {r0-r7}
	add	r8, r8, #32
	stmia	r8, {r8-r14}^
	cpsid	if, #\mode
	mov	r0, #\kind
	mov	r1, lr
	mrs	r2, spsr
	cpsid	if, #0x11
	b	stopped
.endm

at_nothing: /* by a jump */
	stop	0x00, 0x1b
at_undefined:
	stop	0x04, 0x1b
at_svc:
	stop	0x08, 0x13
at_prefetch:
	stop	0x0c, 0x17
at_data:
	stop	0x10, 0x17
at_irq:
	stop	0x18, 0x12
at_fiq:
	stop	0x18, 0x12

/* r0 kind, r1 link, r2 status of the stream */
stopped:
	ldr	r8, =SAVED
	str	r0, [r8, #KIND]
	str	r1, [r8, #LINK]
	str	r2, [r8, #CPSR]
	and	r3, r2, #0x1f
	cmp	r3, #0x10
	cmpne	r3, #0x1f
	cmpne	r3, #0x11
	beq	1f
	orr	r3, r3, #0xc0
	msr	cpsr_c, r3
	mov	r4, r13
	mov	r5, r14
	msr	cpsr_c, #0xd1
	str	r4, [r8, #52]
	str	r5, [r8, #56]
1:	mrc	p15, 0, r0, c5, c0, 0
	mrc	p15, 0, r1, c5, c0, 1
	mrc	p15, 0, r2, c6, c0, 0
	str	r0, [r8, #DFSR]
	str	r1, [r8, #IFSR]
	str	r2, [r8, #FAR]
	mov	r0, #0
	mcr	p15, 0, r0, c13, c0, 0 /* the same place by both addresses: tables.c */
	ldr	r1, =SCTLR_OFF
	mcr	p15, 0, r1, c1, c0, 0
	mcr	p15, 0, r0, c7, c5, 4
	ldr	sp, [r8, #SP]
	pop	{r4-r11, pc}

	.globl	stream_run
stream_run:
	push	{r4-r11, lr}
	ldr	r0, =SAVED
	str	sp, [r0, #SP]
	ldr	r1, [r0, #CPSR]
	msr	spsr_fsxc, r1
	ldr	lr, [r0, #PC]
	add	r2, r0, #32
	ldmia	r2, {r8-r14}^
	nop
	and	r3, r1, #0x1f
	cmp	r3, #0x10
	cmpne	r3, #0x1f
	cmpne	r3, #0x11
	beq	1f
	ldr	r4, [r0, #52]
	ldr	r5, [r0, #56]
	orr	r3, r3, #0xc0
	msr	cpsr_c, r3
	mov	r13, r4
	mov	r14, r5
	msr	cpsr_c, #0xd1
1:	ldr	r1, [r0, #SCTLR]
	ldr	r2, [r0, #FCSE]
	mov	r3, #0
	mcr	p15, 0, r3, c7, c5, 0
	mcr	p15, 0, r3, c8, c7, 0
	mcr	p15, 0, r1, c1, c0, 0
	mcr	p15, 0, r3, c7, c5, 4
	mcr	p15, 0, r2, c13, c0, 0
	mcr	p15, 0, r3, c7, c5, 4
	ldmia	r0, {r0-r7}
	movs	pc, lr

/* r0: a mode, with interrupts off; r1, r2, r3: its r13, r14 and SPSR */
	.globl	bank_set
bank_set:
	msr	cpsr_c, r0
	mov	r13, r1
	mov	r14, r2
	msr	spsr_fsxc, r3
	msr	cpsr_c, #0xd1
	bx	lr

	.ltorg

/* Streams copy words of these. */
	.globl	palette
palette:
	mrs	r0, cpsr
	mrs	r5, cpsr
	mrsne	r6, cpsr
	msr	cpsr_f, r2
	msr	cpsr_x, r6
	msr	cpsr_fsxc, #0xd3
	msr	cpsr_c, #0xd2
	msr	cpsr_c, #0x97
	msr	cpsr_c, #0xdb
	cpsid	aif
	cpsie	aif
	cpsid	if, #0x13
	cps	#0x12
	cps	#0x17
	cps	#0x1b
	cps	#0x13
	.globl	palette_memory /* they load and store */
palette_memory:
	srsdb	sp!, #0x13
	srsia	sp, #0x17
	ldrt	r0, [r1], #4
	ldrtne	r3, [r4], r2
	strt	r2, [r4], #-8
	ldrbt	r5, [r7], #1
	strbt	r0, [r10], #3
	rfeia	r7
	rfedb	r10!
	.globl	palette_spsr /* not in system mode */
palette_spsr:
	ldmia	r1, {r2, r3, r13, r14}^
	ldmdb	r4, {r8, r9, r14}^
	stmia	r4, {r0, r8, r13, r14}^
	ldmia	r10!, {r2, pc}^
	.globl	palette_spsr_only
palette_spsr_only:
	mrs	r3, spsr
	mrspl	r2, spsr
	msr	spsr_fx, r4
	msr	spsr_c, #0x17
	msr	spsr_f, #0x50000000
	.globl	palette_end
palette_end:
	.globl	palette_returns
palette_returns:
	movs	pc, r14
	subs	pc, r14, #4

	.section .note.GNU-stack, "", %progbits
