/* SPDX-License-Identifier: Apache-2.0 */
/* Starts Linux on a machine without a boot loader as its boot protocol wants it (Documentation/arch/arm/booting.rst): no machine number, r2 the
 * device tree. KERNEL and DEVICE_TREE are given when it is linked. */
	.global	start
start:	mov	r0, #0
	mvn	r1, #0
	ldr	r2, =DEVICE_TREE
	ldr	pc, =KERNEL
	.ltorg
