/* SPDX-License-Identifier: Apache-2.0 */
/* Micro-benchmarks inside a guest of the N800. Results leave through markers for the counting plugin.
 *
 * Markers: 12/13 before and after a read of CP15, 18/19 of the UART's flag register, 16 before an access to where nothing is mapped, 17 first instruction of the abort's handler, 1a/1b
 * the first access to a small page, 1c/1d the first to a section of a MiB nothing was touched in, 26/27 around a system call, 20/21 around
 * a program that only computes, 22/23 around one that only calls the system, both with a hundred timer interrupts a second. 01 ends. */
#include "runtime.h"

enum {
	ROUNDS = 50,
	PROGRAM_ROUNDS = 400,
	SYSTEM_CALLS = 100000
};

#define SECTION_DEVICE 0x00000c02U /* all may read and write; never cached */
#define SECTION_RAM 0x00000c0eU
#define SMALL_PAGES 0x00000001U
#define PAGE_RAM 0x0000003eU
#define CONTROL_EXTENDED (1U << 23)
#define CONTROL_MMU 1U

#define MIB (1U << 20)
#define PAGE 4096U
#define PAGES_AT 0x40000000U
#define SECTIONS_AT 0x50000000U
#define NOTHING_AT 0x60000000U
#define TARGET (4 * MIB)

static uint32_t first_level[4096] __attribute__((aligned(16384)));
static uint32_t second_level[256] __attribute__((aligned(1024)));

static void map(void)
{
	for (uint32_t mib = 0; mib < 16; mib++)
		first_level[mib] = mib * MIB | SECTION_RAM;
	for (uint32_t device = 0x100; device < 0x1c0; device++)
		first_level[device] = device * MIB | SECTION_DEVICE;
	for (uint32_t n = 0; n < 256; n++)
		second_level[n] = (TARGET + n * PAGE) | PAGE_RAM;
	first_level[PAGES_AT / MIB] = (uint32_t)(uintptr_t)second_level | SMALL_PAGES;
	for (uint32_t n = 0; n < ROUNDS; n++)
		first_level[SECTIONS_AT / MIB + n] = TARGET | SECTION_RAM;
	/* What is measured is tables, not RAM that is touched for the first time. */
	for (uint32_t n = 0; n < 256; n++)
		(void)REGISTER(TARGET + n * PAGE);

	uint32_t control;
	__asm__ volatile("mcr p15, 0, %0, c7, c10, 0" ::"r"(0)); /* clean the data cache */
	__asm__ volatile("mcr p15, 0, %0, c7, c10, 4" ::"r"(0));
	__asm__ volatile("mcr p15, 0, %0, c8, c7, 0" ::"r"(0));
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 2" ::"r"(0));
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 0" ::"r"(first_level));
	__asm__ volatile("mcr p15, 0, %0, c3, c0, 0" ::"r"(1));
	__asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(control));
	__asm__ volatile("mcr p15, 0, %0, c1, c0, 0" ::"r"(control | CONTROL_EXTENDED | CONTROL_MMU) : "memory");
	__asm__ volatile("mcr p15, 0, %0, c7, c5, 4" ::"r"(0));
}

#define READ(before, address, after) \
	__asm__ volatile(".word " WORD(MARKER(before)) "\n\tldr r1, [%0]\n\t.word " WORD(MARKER(after))::"r"(address) : "r1", "memory")

static void services(void)
{
	for (uint32_t n = 0; n < ROUNDS; n++)
		__asm__ volatile(".word " WORD(MARKER(0x12)) "\n\tmrc p15, 0, r1, c0, c0, 0\n\t.word " WORD(MARKER(0x13))::: "r1");
	for (uint32_t n = 0; n < ROUNDS; n++)
		READ(0x18, UART + 0x18, 0x19);
}

static void memory(void)
{
	for (uint32_t n = 0; n < ROUNDS; n++)
		__asm__ volatile(".word " WORD(MARKER(0x16)) "\n\tldr r1, [%0]" ::"r"(NOTHING_AT) : "r1", "memory");
	for (uint32_t n = 0; n < ROUNDS; n++)
		READ(0x1a, PAGES_AT + n * PAGE, 0x1b);
	for (uint32_t n = 0; n < ROUNDS; n++)
		READ(0x1c, SECTIONS_AT + n * MIB, 0x1d);
}

static void system_call(void)
{
	for (uint32_t n = 0; n < ROUNDS; n++)
		__asm__ volatile("mov r7, #1\n\t.word " WORD(MARKER(0x26)) "\n\tsvc #0\n\t.word " WORD(MARKER(0x27))::: "r7", "memory");
}

/* A checksum over a MiB, again and again: loads, shifts, branches. */
static void compute(void)
{
	uint32_t sum = 1;

	MARK(0x20);
	for (uint32_t round = 0; round < PROGRAM_ROUNDS; round++)
		for (uint32_t at = TARGET; at < TARGET + MIB; at += 16)
			sum = (sum << 5 | sum >> 27) ^ *(const volatile uint32_t *)at;
	MARK(0x21);
	*(volatile uint32_t *)TARGET = sum;
}

static void call(void)
{
	MARK(0x22);
	for (uint32_t n = 0; n < SYSTEM_CALLS; n++)
		__asm__ volatile("mov r7, #1\n\tsvc #0" ::: "r7", "memory");
	MARK(0x23);
}

void test(void)
{
	map();
	services();
	memory();
	in_user_mode(system_call);
	REGISTER(TIMER) = 10000;
	REGISTER(TIMER + 8) = 0xe2; /* on, periodic, interrupts, 32 bits */
	REGISTER(PIC + 8) = 1U << TIMER_LINE;
	in_user_mode(compute);
	in_user_mode(call);
	MARK(0x01);
	for (;;)
		;
}
