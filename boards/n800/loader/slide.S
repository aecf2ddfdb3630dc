/* SPDX-License-Identifier: Apache-2.0 */
/* What an N800 that starts from flash executes first under QEMU, in place of Nokia's boot loader: brings the loader from the kernel partition
 * into RAM. After reset the OneNAND lies at address 0 with the first 4 KiB of flash in its boot RAM. The first KiB of that is fetched sixteen
 * bits to a word: zeros there do nothing (`andeq r0, r0, r0`), so the CPU slides on to offset 0x400, where this code lies; that is DataRAM0,
 * so pages are loaded into DataRAM1.
 *
 * Registers are the OneNAND's word addresses times two (Samsung KFG1G16Q2B data sheet, 2.8). Nothing is checked: the loader checks itself no
 * more than Nokia's boot loader would, and all the rest of the flash. */
#include "flash.h"

	.section .text.start, "ax"
	.arm
	.global _start
_start:
	ldr	r4, =(ONENAND_REGISTERS)	/* registers, with the OneNAND at 0 */
	ldr	r5, =(KERNEL_PARTITION / FLASH_BLOCK)
	ldr	r6, =LOADER_ADDRESS
	mov	r7, #KERNEL_FIRST_PAGE		/* page within the block */
1:	add	r1, r4, #0x200
	strh	r5, [r1, #(ONENAND_START_BLOCK - 0x200)]
	mov	r0, r7, lsl #2
	strh	r0, [r1, #(ONENAND_START_PAGE - 0x200)]
	mov	r0, #ONENAND_BUFFER_MAIN1
	add	r1, r4, #0x400
	strh	r0, [r1, #(ONENAND_START_BUFFER - 0x400)]
	mov	r0, #0
	add	r1, r4, #0x480
	strh	r0, [r1, #(ONENAND_INTERRUPT - 0x480)]
	add	r1, r4, #0x440
	strh	r0, [r1, #(ONENAND_COMMAND - 0x440)]	/* 0: load */
	add	r1, r4, #0x480
2:	ldrh	r0, [r1, #(ONENAND_INTERRUPT - 0x480)]
	tst	r0, #0x8000
	beq	2b
	ldr	r1, =ONENAND_DATA1
	add	r2, r1, #FLASH_PAGE
3:	ldr	r0, [r1], #4
	str	r0, [r6], #4
	cmp	r1, r2
	blo	3b
	add	r7, r7, #1
	cmp	r7, #(KERNEL_FIRST_PAGE + LOADER_BYTES / FLASH_PAGE)
	blo	1b
	ldr	pc, =LOADER_ADDRESS
	.ltorg
	.section .note.GNU-stack, "", %progbits
