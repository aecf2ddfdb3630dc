/* SPDX-License-Identifier: Apache-2.0 */
/* Registers exchanged when another virtual CPU takes over, in pairs: this is most of what a switch costs. */

/* ---- System registers: x0 = struct system_registers ---- */
	.macro	save_pair offset, first, second
	mrs	x1, \first
	mrs	x2, \second
	stp	x1, x2, [x0, #\offset]
	.endm

	.macro	load_pair offset, first, second
	ldp	x1, x2, [x0, #\offset]
	msr	\first, x1
	msr	\second, x2
	.endm

	.macro	all_pairs do
	\do	0, sctlr_el1, cpacr_el1
	\do	16, ttbr0_el1, ttbr1_el1
	\do	32, tcr_el1, esr_el1
	\do	48, afsr0_el1, afsr1_el1
	\do	64, far_el1, mair_el1
	\do	80, amair_el1, vbar_el1
	\do	96, contextidr_el1, tpidr_el0
	\do	112, tpidrro_el0, tpidr_el1
	\do	128, sp_el0, sp_el1
	\do	144, elr_el1, spsr_el1
	\do	160, par_el1, cntkctl_el1
	\do	176, csselr_el1, cntv_cval_el0
	.endm

	.text
	.globl	system_save
system_save:
	all_pairs save_pair
	mrs	x1, cntv_ctl_el0
	str	x1, [x0, #192]
	msr	cntv_ctl_el0, xzr /* its timer must not fire for somebody else */
	ret

	.globl	system_load
system_load:
	all_pairs load_pair
	ldr	x1, [x0, #192]
	msr	cntv_ctl_el0, x1 /* after its compare value */
	ret

/* ---- FP/SIMD: x0 = struct fp_registers ---- */
	.arch_extension fp
	.section .text.fp_save, "ax"
	.globl	fp_save
fp_save:
	stp	q0, q1, [x0, #0]
	stp	q2, q3, [x0, #32]
	stp	q4, q5, [x0, #64]
	stp	q6, q7, [x0, #96]
	stp	q8, q9, [x0, #128]
	stp	q10, q11, [x0, #160]
	stp	q12, q13, [x0, #192]
	stp	q14, q15, [x0, #224]
	stp	q16, q17, [x0, #256]
	stp	q18, q19, [x0, #288]
	stp	q20, q21, [x0, #320]
	stp	q22, q23, [x0, #352]
	stp	q24, q25, [x0, #384]
	stp	q26, q27, [x0, #416]
	stp	q28, q29, [x0, #448]
	stp	q30, q31, [x0, #480]
	mrs	x2, fpcr
	mrs	x3, fpsr
	str	x2, [x0, #512]
	str	x3, [x0, #520]
	ret

	.section .text.fp_load, "ax"
	.globl	fp_load
fp_load:
	ldp	q0, q1, [x0, #0]
	ldp	q2, q3, [x0, #32]
	ldp	q4, q5, [x0, #64]
	ldp	q6, q7, [x0, #96]
	ldp	q8, q9, [x0, #128]
	ldp	q10, q11, [x0, #160]
	ldp	q12, q13, [x0, #192]
	ldp	q14, q15, [x0, #224]
	ldp	q16, q17, [x0, #256]
	ldp	q18, q19, [x0, #288]
	ldp	q20, q21, [x0, #320]
	ldp	q22, q23, [x0, #352]
	ldp	q24, q25, [x0, #384]
	ldp	q26, q27, [x0, #416]
	ldp	q28, q29, [x0, #448]
	ldp	q30, q31, [x0, #480]
	ldr	x2, [x0, #512]
	ldr	x3, [x0, #520]
	msr	fpcr, x2
	msr	fpsr, x3
	ret
