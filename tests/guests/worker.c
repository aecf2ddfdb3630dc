/* SPDX-License-Identifier: Apache-2.0 */
/* A neighbour that always has work: it computes, checks its memory, and says how much it has done, about ten times a second. */
#include "runtime.h"

void test(void)
{
	static uint64_t pattern[4096];
	uint64_t done = 0, told = ticks(), sum = 0, interval = ticks_per_second() / 10;

	for (uint64_t i = 0; i < 4096; i++)
		pattern[i] = i * 0x0101010101010101;
	ready();
	for (;;) {
		uint64_t now;

		for (uint64_t i = 0; i < 4096; i++)
			sum += pattern[i] != i * 0x0101010101010101;
		done++;
		now = ticks();
		if (now - told < interval)
			continue;
		told = now;
		print("progress %u%s\n", done, sum ? " FAIL: memory changed" : "");
	}
}
