/* SPDX-License-Identifier: Apache-2.0 */
/* Image header and the first instructions: into the window, with MMU and caches on. */
	.syntax unified
	.arm

	.section .head, "a"
	.globl	image_header
image_header:
	b	start
	.word	0
	.quad	0 /* text_offset */
	.quad	0 /* image_size: the composer's */
	.quad	0
	.quad	0, 0, 0
	.ascii	"ARM\x64" /* as every image has it; nothing looks for it here */
	.word	0
	.quad	0x31474d494c494556 /* VEIL_IMAGE_MAGIC */
	.word	VEIL_ABI_VERSION
	.word	0
	.word	veil_file_size, 0
	.word	veil_size, 0
	.quad	0, 0 /* manifest: the composer's */

	.section .text.start, "ax"
start:
	cpsid	aif, #0x13 /* supervisor mode */
	adr	r0, start
	ldr	r1, =start
	sub	r4, r1, r0 /* from physical to the window's addresses */
	ldr	r0, =image_header
	sub	r0, r0, r4
	ldr	r1, =LOAD_ADDRESS
	cmp	r0, r1
	bne	halt /* not where it was linked to run */
	mrc	p15, 0, r0, c1, c0, 0
	tst	r0, #5
	bne	halt /* MMU or data cache are on: not the state a boot loader leaves */
	mov	r0, #0
	mcr	p15, 0, r0, c7, c7, 0 /* both caches: forget all */
	mcr	p15, 0, r0, c8, c7, 0 /* the TLBs too */
	mcr	p15, 0, r0, c7, c10, 4

	ldr	r1, =bss_start
	ldr	r2, =bss_end
	sub	r1, r1, r4
	sub	r2, r2, r4
1:	str	r0, [r1], #4
	cmp	r1, r2
	blo	1b

	/* Early tables: RAM's first MiB where it is, and in the window. mmu_build() makes the real ones. */
	ldr	r1, =mmu_full_table
	sub	r1, r1, r4
	ldr	r2, =image_header
	sub	r2, r2, r4
	mov	r2, r2, lsr #20
	ldr	r3, =0x140e /* normal, write-back, for privileged modes */
	orr	r3, r3, r2, lsl #20
	str	r3, [r1, r2, lsl #2]
	ldr	r2, =0xfff
	str	r3, [r1, r2, lsl #2]
	mcr	p15, 0, r0, c7, c10, 4
	mcr	p15, 0, r0, c2, c0, 2 /* TTBCR: TTBR0 for all addresses */
	mcr	p15, 0, r1, c2, c0, 0 /* TTBR0: walks past the caches */
	mcr	p15, 0, r0, c13, c0, 1 /* CONTEXTIDR */
	mcr	p15, 0, r0, c13, c0, 0 /* FCSE PID: guests' are emulated */
	mov	r2, #1
	mcr	p15, 0, r2, c3, c0, 0 /* DACR: MMU_DACR */
	ldr	r2, =0x00c5387d /* XP, U, V, I, Z, C, M, and what should be one */
	mcr	p15, 0, r0, c7, c5, 6
	mcr	p15, 0, r2, c1, c0, 0
	mcr	p15, 0, r0, c7, c5, 4
	ldr	r2, =0x00f00000
	mcr	p15, 0, r2, c1, c0, 2 /* CPACR: the floating-point unit; FPEXC.EN says whose (vfp.c) */
	mcr	p15, 0, r0, c7, c5, 4
	ldr	pc, =in_window

in_window:
	ldr	r0, =nobody
	bl	entry_load
	ldr	sp, =stack_top
	bl	mmu_build
	bl	boot_primary
	b	entry_guest

halt:	b	halt

	.section .bss.stack, "aw", %nobits
	.balign	8
	.space	8192
	.globl	stack_top
stack_top:
nobody:	.space	256 /* where vectors save registers while no virtual CPU is loaded */
