/* SPDX-License-Identifier: Apache-2.0 */
/* A neighbour that always has work: it computes, checks its memory and its floating-point registers, and says how much it has done, about ten
 * times a second. */
#include "runtime.h"

#define INTERVAL_US 100000
#define FP_ACCESS 0x00f00000
#define FPEXC_ENABLED 0x40000000

static uint32_t fp_pattern[32], fp_seen[32];

static void fp_enable(void)
{
	P15_WRITE(1, 0, 2, FP_ACCESS);
	__asm__ volatile("mcr p10, 7, %0, cr8, cr0, 0" : : "r"(FPEXC_ENABLED));
}

static void fp_fill(void)
{
	const uint32_t *from = fp_pattern;

	for (uint32_t i = 0; i < 32; i++)
		fp_pattern[i] = 0x40000000 + i * 0x01010101;
	__asm__ volatile("ldc p11, cr0, [%0], #128" : "+r"(from) : : "memory");
}

static bool fp_is_whole(void)
{
	uint32_t *to = fp_seen;
	bool whole = true;

	__asm__ volatile("stc p11, cr0, [%0], #128" : "+r"(to) : : "memory");
	for (uint32_t i = 0; i < 32; i++)
		whole &= fp_seen[i] == fp_pattern[i];
	return whole;
}

void test(void)
{
	static volatile uint32_t pattern[4096];
	uint64_t done = 0, wrong = 0;
	uint32_t told = now_us();

	fp_enable();
	fp_fill();
	for (uint32_t i = 0; i < 4096; i++)
		pattern[i] = i * 0x01010101;
	ready();
	for (;;) {
		uint32_t now;

		for (uint32_t i = 0; i < 4096; i++)
			wrong += pattern[i] != i * 0x01010101;
		wrong += !fp_is_whole();
		done++;
		now = now_us();
		if (now - told < INTERVAL_US)
			continue;
		told = now;
		print("progress %u%s\n", done, wrong ? " FAIL: memory changed" : "");
	}
}
