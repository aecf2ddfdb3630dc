/* SPDX-License-Identifier: Apache-2.0 */
/* Uses the CPU, or Veil, for ever, with all interrupts masked. Boot argument: how=
 *   0 spins
 *   1 its vectors are mapped no more: each abort aborts again
 *   2 the first instruction of its handler for undefined instructions is one
 *   3 system calls, whose handler is a system call
 *   4 high vectors, where nothing is; MMU off
 *   5 its tables are Veil's memory: no fetch and no vector can be translated
 *   6 CP15, as fast as it can: TLB and cache operations on all of it, ranges of 4 GiB
 *   7 a shadow for nothing: a word of each page of each space there is, and all of it forgotten
 *   8 its devices: a timer of one microsecond, registers, a flood on its console
 *   9 sleeps with interrupts that are pending at all times
 *  10 switches context, domains, vectors and the MMU all the time
 *  11 resets itself, again and again
 *  12 has itself woken every few microseconds */
#include "runtime.h"

static void say(uint64_t how)
{
	print("under way: %u\n", how);
}

static void aborts_for_ever(uint64_t how)
{
	switch (how) {
	case 1:
		identity_map();
		say(how);
		map(0, 0);
		break;
	case 2:
		mmio_write(4, 0xe7f000f0);
		synchronize_code();
		say(how);
		__asm__ volatile(".word 0xe7f000f0");
		break;
	case 3:
		mmio_write(8, 0xef000000);
		synchronize_code();
		say(how);
		__asm__ volatile("svc #0" ::: "lr");
		break;
	case 4:
		say(how);
		P15_WRITE(1, 0, 0, P15_READ(1, 0, 0) | SCTLR_V);
		__asm__ volatile("svc #0" ::: "lr");
		break;
	default:
		identity_map();
		say(how);
		P15_WRITE(2, 0, 0, 0x80010000);
		tlb_forget();
		break;
	}
	for (;;)
		;
}

static void maintain(void)
{
	for (uint32_t i = 0;; i += 32) {
		P15_WRITE(8, 7, 0, 0);
		P15_WRITE(8, 7, 1, i);
		P15_WRITE(8, 7, 2, i);
		P15_WRITE(7, 14, 2, i);
		P15_WRITE(7, 14, 1, i);
		P15_WRITE(7, 5, 0, 0);
		P15_WRITE(7, 14, 0, 0);
		__asm__ volatile("mcrr p15, 0, %0, %1, c14" : : "r"(UINT32_MAX), "r"(0));
		__asm__ volatile("mcrr p15, 0, %0, %1, c5" : : "r"(UINT32_MAX), "r"(0));
	}
}

static void touch_all(void)
{
	identity_map();
	for (uint32_t mib = 0x400; mib < 0xff0; mib++)
		((volatile uint32_t *)TABLES)[mib] = SCRATCH | SECTION_ALL | NOT_GLOBAL;
	P15_WRITE(7, 10, 0, 0);
	for (uint32_t asid = 0;; asid++) {
		P15_WRITE(13, 0, 1, asid & 0xff);
		P15_WRITE(7, 5, 4, 0);
		for (uint32_t mib = 0x400; mib < 0xff0; mib++)
			mmio_read(mib << 20 | (asid & 0xff) << 12);
	}
}

static void drive(void)
{
	mmio_write(PIC_BASE + 8, UINT32_MAX);
	for (;;) {
		mmio_write(TIMER_BASE + 0x100, 1);
		mmio_write(TIMER_BASE + 0x108, 0xe2);
		mmio_write(TIMER_BASE + 0x10c, 0);
		mmio_write(UART_BASE, 'x');
		mmio_read(TIMER_BASE + 0x104);
		mmio_write(PIC_BASE + 0xc, 0xffff);
		mmio_write(PIC_BASE + 8, UINT32_MAX);
	}
}

static void sleep(void)
{
	mmio_write(PIC_BASE + 8, UINT32_MAX);
	mmio_write(TIMER_BASE + 0x100, 1);
	mmio_write(TIMER_BASE + 0x108, 0xe2);
	for (;;)
		P15_WRITE(7, 0, 4, 0);
}

static void nap(void)
{
	mmio_write(PIC_BASE + 8, UINT32_MAX);
	for (;;) {
		mmio_write(TIMER_BASE + 0x100, 5);
		mmio_write(TIMER_BASE + 0x108, 0xa3);
		P15_WRITE(7, 0, 4, 0);
		mmio_write(TIMER_BASE + 0x10c, 0);
	}
}

static void change(void)
{
	identity_map();
	for (uint32_t i = 0;; i++) {
		P15_WRITE(13, 0, 1, i & 0xff);
		P15_WRITE(3, 0, 0, (i << 2) | 1);
		P15_WRITE(2, 0, 2, i & 1);
		P15_WRITE(2, 0, 1, TABLES);
		P15_WRITE(1, 0, 0, P15_READ(1, 0, 0) ^ SCTLR_V);
		P15_WRITE(1, 0, 0, P15_READ(1, 0, 0) ^ SCTLR_M);
		P15_WRITE(7, 5, 4, 0);
	}
}

void test(void)
{
	static void (*const ways[])(void) = {maintain, touch_all, drive, sleep, change};
	uint64_t how = argument("how", 0);

	if (how == 11)
		restart();
	ready();
	if (how >= 1 && how <= 5)
		aborts_for_ever(how);
	say(how);
	if (how >= 6 && how <= 10)
		ways[how - 6]();
	if (how == 12)
		nap();
	for (;;)
		;
}
