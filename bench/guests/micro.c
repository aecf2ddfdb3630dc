/* SPDX-License-Identifier: Apache-2.0 */
/* Micro-benchmarks inside a guest. Results leave through markers for the counting plugin, so that no console disturbs them.
 *
 * Boot arguments: parts=15 (bits: 1 hypercall, 2 UART read, 4 interrupt to itself, 8 timer, 16 timer in WFI
 * only), rounds=50.
 * Markers: 10/11 before and after a hypercall, 12/13 a UART read, 14 before an SGI to itself, 15 first instruction of the interrupt
 * handler, 16/17 before and after the end of interrupt. 40 and 41 are followed by a value: how late a timer interrupt's first instruction
 * ran, in ticks of the counter, with the guest busy (40) and in WFI (41). 01 ends. */
#include "runtime.h"

/* Runs until the interrupt handler below has run once; x0: 1 to wait in WFI. Returns the counter at the handler's first instruction. */
uint64_t wait_for_handler(uint64_t in_wfi);
/* Sends SGI x0 (the value for ICC_SGI1R_EL1) with interrupts on, and returns when the handler has run. */
uint64_t send_and_wait(uint64_t sgi);
extern char fast_vectors[];

__asm__("	.balign	2048\n"
	"fast_vectors:\n"
	"	.space	0x280\n"
	"	mrs	x21, cntvct_el0\n" /* IRQ, current EL with SPx */
	"	movz	xzr, #0xb015\n"
	"	mrs	x22, s3_0_c12_c12_0\n" /* ICC_IAR1_EL1 */
	"	msr	cntv_ctl_el0, xzr\n"
	"	movz	xzr, #0xb016\n"
	"	msr	s3_0_c12_c12_1, x22\n" /* ICC_EOIR1_EL1 */
	"	movz	xzr, #0xb017\n"
	"	eret\n"
	"	.balign	2048\n"
	"wait_for_handler:\n"
	"	stp	x21, x22, [sp, #-16]!\n"
	"	mov	x21, #0\n"
	"	msr	daifclr, #2\n"
	"	cbnz	x0, 2f\n"
	"1:	cbz	x21, 1b\n"
	"	b	3f\n"
	"2:	wfi\n"
	"	cbz	x21, 2b\n"
	"3:	msr	daifset, #2\n"
	"	mov	x0, x21\n"
	"	ldp	x21, x22, [sp], #16\n"
	"	ret\n"
	"send_and_wait:\n"
	"	stp	x21, x22, [sp, #-16]!\n"
	"	mov	x21, #0\n"
	"	msr	daifclr, #2\n"
	"	movz	xzr, #0xb014\n"
	"	msr	s3_0_c12_c11_5, x0\n" /* ICC_SGI1R_EL1 */
	"1:	cbz	x21, 1b\n"
	"	msr	daifset, #2\n"
	"	ldp	x21, x22, [sp], #16\n"
	"	ret\n");

static void timers(uint64_t rounds, uint64_t in_wfi)
{
	/* A prime number of ticks apart, so that deadlines meet every phase of a neighbour's time slice. */
	uint64_t deadline = ticks();
	for (uint64_t i = 0; i < rounds; i++) {
		deadline += 1000003;
		uint64_t now = ticks();
		if (deadline < now + 100000)
			deadline = now + 1000003;
		SYSREG_WRITE("cntv_cval_el0", deadline);
		SYSREG_WRITE("cntv_ctl_el0", 1);
		uint64_t late = wait_for_handler(in_wfi) - deadline;
		if (in_wfi)
			MARK(0x41);
		else
			MARK(0x40);
		mark_value(late);
	}
}

void test(void)
{
	uint64_t parts = argument("parts", 15), rounds = argument("rounds", 50);
	gic_init();
	gic_enable(0);
	gic_enable(INTERRUPT_VIRTUAL_TIMER);
	for (uint64_t i = 0; parts & 1 && i < rounds; i++)
		__asm__ volatile("mov x0, #0x84000000\n\tmovz xzr, #0xb010\n\thvc #0\n\tmovz xzr, #0xb011" ::
					 : "x0", "x1", "x2", "x3", "memory");
	for (uint64_t i = 0; parts & 2 && i < rounds; i++)
		__asm__ volatile("movz xzr, #0xb012\n\tldr w1, [%0, #0x18]\n\tmovz xzr, #0xb013" ::"r"(uart_base) : "x1", "memory");
	SYSREG_WRITE("vbar_el1", (uint64_t)fast_vectors);
	for (uint64_t i = 0; parts & 4 && i < rounds; i++)
		send_and_wait(1);
	if (parts & 8) {
		timers(rounds, 0);
		timers(rounds, 1);
	}
	if (parts & 16)
		timers(rounds, 1);
	MARK(0x01);
	for (;;)
		wait_for_interrupt();
}
