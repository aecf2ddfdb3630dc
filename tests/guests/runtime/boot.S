// SPDX-License-Identifier: Apache-2.0
// Entry of every test guest: arm64 `Image` header, stacks, exception vectors, and the start of further virtual CPUs.

	.section .head, "ax"
	.global _start
_start:
	b	entry
	.word	0
	.quad	0x80000			// text_offset: load at RAM + 512 KiB, where QEMU puts a flat binary too
	.quad	image_size
	.quad	0x2			// flags: little-endian, 4 KiB pages, anywhere near the RAM base
	.quad	0, 0, 0
	.word	0x644d5241		// "ARM\x64"
	.word	0

	.text
entry:
	mov	x19, x0			// device tree
	ldr	x1, =stack_top
	mov	sp, x1
	bl	cpu_init
	ldr	x1, =bss_start
	ldr	x2, =bss_end
1:	cmp	x1, x2
	b.hs	2f
	str	xzr, [x1], #8
	b	1b
2:	mov	x0, x19
	bl	runtime_start
3:	wfi
	b	3b

// PSCI CPU_ON of runtime_cpu_on: x0 is the top of the new CPU's stack, with function and argument just below it.
	.global secondary_entry
secondary_entry:
	mov	sp, x0
	bl	cpu_init
	ldp	x1, x0, [sp, #-16]!
	blr	x1
1:	wfi
	b	1b

cpu_init:
	msr	daifset, #0xf
	ldr	x1, =vectors
	msr	vbar_el1, x1
	mov	x1, #(3 << 20)		// CPACR_EL1.FPEN: do not trap FP and SIMD
	msr	cpacr_el1, x1
	ldr	x1, =0x30d00800		// SCTLR_EL1: RES1 bits, MMU and caches off, no alignment checks
	msr	sctlr_el1, x1
	isb
	ret

	.macro	vector kind
	.balign	128
	sub	sp, sp, #288
	stp	x0, x1, [sp]
	mov	x0, #\kind
	b	vector_common
	.endm

	.balign	2048
	.global vectors
vectors:
	vector	0
	vector	1
	vector	2
	vector	3
	vector	4
	vector	5
	vector	6
	vector	7
	vector	8
	vector	9
	vector	10
	vector	11
	vector	12
	vector	13
	vector	14
	vector	15

vector_common:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x1, elr_el1
	stp	x30, x1, [sp, #240]
	mrs	x1, spsr_el1
	mrs	x2, esr_el1
	stp	x1, x2, [sp, #256]
	mrs	x1, far_el1
	str	x1, [sp, #272]
	mov	x1, sp
	bl	runtime_exception
	ldp	x30, x1, [sp, #240]
	msr	elr_el1, x1
	ldr	x1, [sp, #256]
	msr	spsr_el1, x1
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldp	x0, x1, [sp], #288
	eret

// uint64_t hvc_call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
	.global hvc_call
hvc_call:
	hvc	#0
	ret

// void mark_value(uint64_t value)
	.global mark_value
mark_value:
	mov	x1, #16
1:	ror	x0, x0, #60
	and	x2, x0, #15
	adr	x3, 2f
	add	x3, x3, x2, lsl #3
	br	x3
2:
	.irp	digit, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movz	xzr, #0xb0c0 + \digit
	b	3f
	.endr
3:	subs	x1, x1, #1
	b.ne	1b
	ret

	.bss
	.balign	16
	.space	16384
stack_top:
