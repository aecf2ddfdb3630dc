/* SPDX-License-Identifier: Apache-2.0 */
/* Image header, the first instructions of each CPU, exception vectors, and the way in and out of guests. */

#define X(n) (8 * (n)) /* struct arch_vcpu: x[n] */
#define STACK_TOP 248 /* struct arch_vcpu: stack_top */

	.section .head, "a"
	.globl	image_header
image_header:
	b	start_primary
	.word	0
	.quad	0 /* text_offset: QEMU adds 2 MiB */
	.quad	0 /* image_size: the composer's */
	.quad	0x2 /* flags: little-endian, 4 KiB pages, anywhere in RAM */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0
	.quad	0x31474d494c494556 /* VEIL_IMAGE_MAGIC */
	.word	VEIL_ABI_VERSION
	.word	0
	.quad	veil_file_size
	.quad	veil_size
	.quad	0, 0 /* manifest: the composer's */

/* Each routine has a section of its own: link.ld puts it between vectors. */
	.section .text.start_primary, "ax"
start_primary:
	msr	daifset, #15
	mrs	x0, CurrentEL
	cmp	x0, #8
	b.ne	halt /* not EL2: nothing can be isolated, nothing runs */
	adr	x0, image_header
	ldr	x1, =image_header
	cmp	x0, x1
	b.ne	halt /* not where it was linked to run */
	/* .bss: zero it, and let no stale cache line cover it once caches are on */
	adr	x0, bss_start
	adr	x1, bss_end
1:	stp	xzr, xzr, [x0]
	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	dc	ivac, x0
	add	x0, x0, #64
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	adr	x0, cpu_stacks + 8192
	mov	sp, x0
	bl	mmu_build
	mov	x0, #0
	bl	cpu_enable
	bl	boot_primary
	b	enter_guest
	.ltorg

/* PSCI CPU_ON brings a CPU here with x0 = its number. */
	.section .text.start_secondary, "ax"
	.globl	start_secondary
start_secondary:
	msr	daifset, #15
	adr	x1, cpu_stacks + 8192
	add	x1, x1, x0, lsl #13
	mov	sp, x1
	mov	x19, x0
	bl	cpu_enable
	mov	x0, x19
	bl	boot_secondary
	b	enter_guest

halt:	wfe
	b	halt

/* Turns on MMU and caches and sets what is the same for all guests. x0: number of this CPU. */
	.section .text.cpu_enable, "ax"
cpu_enable:
	adr	x1, mmu_root
	msr	ttbr0_el2, x1
	mov	x1, #0xff00 /* MAIR_EL2: 0 device nGnRnE, 1 normal write-back */
	msr	mair_el2, x1
	ldr	w1, =0x80803519 /* TCR_EL2: 39-bit addresses, write-back, inner shareable, 4 KiB */
	mrs	x2, id_aa64mmfr0_el1 /* PARange to TCR_EL2.PS */
	bfi	x1, x2, #16, #3
	msr	tcr_el2, x1
	adr	x1, vectors
	msr	vbar_el2, x1
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	ldr	w1, =0x30c5183d /* SCTLR_EL2: M, C, SA, I, WXN is 19 */
	orr	x1, x1, #(1 << 19)
	msr	sctlr_el2, x1
	isb
	ret
	.ltorg

/* ---- Guests ---- */

/* On entry SP is the loaded virtual CPU: see enter_guest. */
.macro guest_exit handler
	.section .vectors.\handler, "ax"
	.balign	128
\handler\()_vector:
	stp	x0, x1, [sp, #X(0)]
	stp	x2, x3, [sp, #X(2)]
	stp	x4, x5, [sp, #X(4)]
	stp	x6, x7, [sp, #X(6)]
	stp	x8, x9, [sp, #X(8)]
	stp	x10, x11, [sp, #X(10)]
	stp	x12, x13, [sp, #X(12)]
	stp	x14, x15, [sp, #X(14)]
	stp	x16, x17, [sp, #X(16)]
	stp	x18, x19, [sp, #X(18)]
	stp	x20, x21, [sp, #X(20)]
	stp	x22, x23, [sp, #X(22)]
	stp	x24, x25, [sp, #X(24)]
	stp	x26, x27, [sp, #X(26)]
	stp	x28, x29, [sp, #X(28)]
	str	x30, [sp, #X(30)]
	mov	x0, sp
	ldr	x2, [x0, #STACK_TOP]
	mov	sp, x2
	adr	x30, enter_guest
	b	\handler
.endm

.macro veil_fault kind
	.section .vectors.veil_\kind, "ax"
	.balign	128
	mov	x0, #\kind
	b	fault_in_veil
.endm

/* Guests' less frequent exits go the way of those with a vector in full. */
.macro guest_exit_like kind, handler
	.section .vectors.like_\kind, "ax"
	.balign	128
	b	\handler\()_vector
.endm

	/* In the order of link.ld, whose first one is at VBAR_EL2 (Arm DDI 0487, D1.10.2). */
	veil_fault 0 /* current EL with SP_EL0: never used */
	veil_fault 1
	veil_fault 2
	veil_fault 3
	veil_fault 4 /* current EL */
	veil_fault 5
	veil_fault 6
	veil_fault 7
	guest_exit exit_sync
	guest_exit exit_irq
	guest_exit_like fiq, exit_irq /* group 0 is not used */
	guest_exit exit_serror
	guest_exit_like sync32, exit_sync /* AArch32 programs at EL0 */
	guest_exit_like irq32, exit_irq
	guest_exit_like fiq32, exit_irq
	guest_exit_like serror32, exit_serror

/* x0: the loaded virtual CPU. Its registers are all that is in the CPU when the guest goes on. */
	.section .text.enter_guest, "ax"
	.globl	enter_guest
enter_guest:
	mov	sp, x0
	ldp	x2, x3, [sp, #X(2)]
	ldp	x4, x5, [sp, #X(4)]
	ldp	x6, x7, [sp, #X(6)]
	ldp	x8, x9, [sp, #X(8)]
	ldp	x10, x11, [sp, #X(10)]
	ldp	x12, x13, [sp, #X(12)]
	ldp	x14, x15, [sp, #X(14)]
	ldp	x16, x17, [sp, #X(16)]
	ldp	x18, x19, [sp, #X(18)]
	ldp	x20, x21, [sp, #X(20)]
	ldp	x22, x23, [sp, #X(22)]
	ldp	x24, x25, [sp, #X(24)]
	ldp	x26, x27, [sp, #X(26)]
	ldp	x28, x29, [sp, #X(28)]
	ldr	x30, [sp, #X(30)]
	ldp	x0, x1, [sp, #X(0)]
	eret
	dsb	nsh /* no speculation past the return */
	isb
