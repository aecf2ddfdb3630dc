/* SPDX-License-Identifier: Apache-2.0 */
/* A Linux program on the N800 that tells the counting plugin "this guest is up" (marker 01), and before that makes ten thousand of the
 * cheapest system calls there are (getppid) between markers 22 and 23. */
	.global	_start
_start:
	ldr	r4, =10000
	mov	r7, #64
	.word	0xe3c22200 /* marker 22 */
1:	svc	#0
	subs	r4, r4, #1
	bne	1b
	.word	0xe3c22300 /* 23 */
	.word	0xe3c00100 /* 01 */
	mov	r7, #1
	mov	r0, #0
	svc	#0
	.ltorg
