/* SPDX-License-Identifier: Apache-2.0 */
/* The exception vectors, of which the overlay page has a copy, and the way in and out of guests. */

/* struct arch_vcpu */
#define PC 60
#define CPSR 64
#define SCRATCH 68
#define MODE 72
#define SYSTEM_REGISTERS 224 /* struct vcpu: statistics.system_registers; vcpu.c checks */

#define MODE_USER 0x10

#define MODE_IRQ 0x12
#define MODE_SUPERVISOR 0x13
#define MODE_ABORT 0x17
#define MODE_UNDEFINED 0x1b

	.syntax	unified
	.arm
	.section .text.entry, "ax"
	.globl	vectors
vectors: /* VECTORS_BYTES of them */
	ldr	pc, at_reset
	ldr	pc, at_undefined
	ldr	pc, at_svc
	ldr	pc, at_prefetch
	ldr	pc, at_data
	ldr	pc, at_reset
	ldr	pc, at_irq
	ldr	pc, at_fiq
at_reset:	.word	from_reset
at_undefined:	.word	from_undefined
at_svc:		.word	from_svc
at_prefetch:	.word	from_prefetch
at_data:	.word	from_data
at_irq:		.word	from_irq
at_fiq:		.word	from_fiq

/* In each of Veil's modes sp is the loaded virtual CPU while a guest runs. A guest runs in user mode, whose mode number ends in zeros. */
.macro save kind, correction
	stmia	sp, {r0-r14}^
	mrs	r1, spsr
	.if	\correction
	sub	lr, lr, #\correction
	.endif
	tst	r1, #15
	str	lr, [sp, #PC]
	str	r1, [sp, #CPSR]
	mov	r0, #\kind
	bne	in_veil
	mov	r0, sp
.endm

/* Guests clean their caches line by line, in loops: MCR p15, 0, r0 to r3, c7, c6 or c10 or c14, 1 have a short way. Whatever the guest asks
 * for, the line is written back and forgotten, which loses nothing wherever it lies (see guest_cache.h). Where the tables in force have no
 * entry for the line, it takes the long way. r1: the instruction; r3: spsr. */
from_undefined:
	stmia	sp, {r0-r3}
	mrs	r3, spsr
	mov	r1, #0
	tst	r3, #0x2f /* Thumb state, or Veil's own mode */
	bne	undefined
	sub	r2, lr, #4
fetch:	ldrt	r1, [r2]
	ldr	r2, =0xee070f30 /* without CRm's 6, 10, 14, and the register */
	bic	r0, r1, #0x3000
	sub	r0, r0, r2
	cmp	r0, #10 /* the most common */
	cmpne	r0, #14
	cmpne	r0, #6
	bne	undefined
	ldr	r0, [sp, #MODE]
	and	r0, r0, #31
	cmp	r0, #MODE_USER
	beq	undefined
	mov	r0, r1, lsr #12
	and	r0, r0, #3
	ldr	r0, [sp, r0, lsl #2]
clean:	mcr	p15, 0, r0, c7, c14, 1
	ldrd	r0, r1, [sp, #SYSTEM_REGISTERS]
	adds	r0, r0, #1
	adc	r1, r1, #0
	strd	r0, r1, [sp, #SYSTEM_REGISTERS]
	ldmia	sp, {r0-r3}
	movs	pc, lr

unreadable:
	mvn	r1, #0 /* UNREADABLE */
undefined:
	tst	r3, #15
	mov	r0, #4
	bne	in_veil
	add	r2, sp, #16
	stmia	r2, {r4-r14}^
	str	lr, [sp, #PC]
	str	r3, [sp, #CPSR]
	mov	r0, sp
	cps	#MODE_SUPERVISOR
	ldr	sp, =stack_top
	bl	exception_undefined
	b	entry_guest

from_svc:
	save	8, 0
	ldr	sp, =stack_top
	bl	exception_svc
	b	entry_guest

from_prefetch:
	save	12, 4
	cps	#MODE_SUPERVISOR
	ldr	sp, =stack_top
	bl	exception_prefetch
	b	entry_guest

/* Veil's own aborts are looked at before registers are saved: a guest's address that Veil follows may fault. */
from_data:
	str	r0, [sp, #SCRATCH]
	mrs	r0, spsr
	tst	r0, #15
	ldr	r0, [sp, #SCRATCH]
	bne	data_in_veil
	save	16, 8
	cps	#MODE_SUPERVISOR
	ldr	sp, =stack_top
	bl	exception_data
	b	entry_guest

from_irq:
	save	24, 4
	cps	#MODE_SUPERVISOR
	ldr	sp, =stack_top
	bl	exception_irq
	/* falls through */

/* r0: the loaded virtual CPU. Its registers are all that is in the CPU when the guest goes on. */
	.globl	entry_guest
	.type	entry_guest, %function
entry_guest:
	mov	sp, r0
	ldr	r1, [r0, #CPSR]
	ldr	lr, [r0, #PC]
	msr	spsr_cxsf, r1
	ldmia	r0, {r0-r14}^
	nop
	movs	pc, lr

	.globl	entry_load
	.type	entry_load, %function
entry_load:
	cps	#MODE_IRQ
	mov	sp, r0
	cps	#MODE_ABORT
	mov	sp, r0
	cps	#MODE_UNDEFINED
	mov	sp, r0
	cps	#MODE_SUPERVISOR
	bx	lr

/* ---- What may fault ---- */
may_fault:
	.globl	entry_load_word
	.type	entry_load_word, %function
entry_load_word:
	ldrt	r2, [r0]
	mov	r1, #1
	mov	r0, r2
	bx	lr
	.globl	entry_load_byte
	.type	entry_load_byte, %function
entry_load_byte:
	ldrbt	r2, [r0]
	mov	r1, #1
	mov	r0, r2
	bx	lr
	.globl	entry_store_word
	.type	entry_store_word, %function
entry_store_word:
	strt	r1, [r0]
	mov	r0, #1
	bx	lr
	.globl	entry_store_byte
	.type	entry_store_byte, %function
entry_store_byte:
	strbt	r1, [r0]
	mov	r0, #1
	bx	lr
	.globl	entry_clean_line
	.type	entry_clean_line, %function
entry_clean_line:
	mcr	p15, 0, r0, c7, c14, 1
	mov	r0, #1
	bx	lr
	.globl	entry_forget_instruction_line
	.type	entry_forget_instruction_line, %function
entry_forget_instruction_line:
	mcr	p15, 0, r0, c7, c5, 1
	mov	r0, #1
	bx	lr
may_fault_end:

/* These return false, or leave the short way; any other abort of Veil's is its end. */
data_in_veil:
	sub	lr, lr, #8
	ldr	r0, =fetch
	cmp	lr, r0
	ldreq	lr, =unreadable
	movseq	pc, lr
	add	r0, r0, #(clean - fetch)
	cmp	lr, r0
	ldreq	lr, =undefined
	movseq	pc, lr
	ldr	r0, =may_fault
	cmp	lr, r0
	ldrhs	r0, =may_fault_end
	cmphs	r0, lr
	movls	r0, #16
	bls	in_veil
	ldr	lr, =failed
	movs	pc, lr
failed:
	mov	r0, #0
	mov	r1, #0
	bx	lr

from_reset:
	mov	r0, #0
	b	in_veil
from_fiq:
	mov	r0, #28
/* r0: the vector. sp of this mode is a virtual CPU, which will not run any more. */
in_veil:
	mov	r1, lr
	mrs	r2, spsr
	cpsid	if, #MODE_SUPERVISOR
	ldr	sp, =stack_top
	b	exception_in_veil

	.ltorg
