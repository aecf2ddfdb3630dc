/* SPDX-License-Identifier: Apache-2.0 */
/* A well-behaved persona: prints a counter regularly and checks its own memory and registers, so that a test sees whether it notices others.
 * Boot arguments: ms=100 between lines, lines=0 for no end. */
#include "runtime.h"

void test(void)
{
	uint64_t pause = argument("ms", 100), lines = argument("lines", 0);
	gic_init();
	interrupts_on();
	static uint64_t pattern[4096];
	for (uint64_t i = 0; i < 4096; i++)
		pattern[i] = i * 0x0101010101010101;
	ready();
	for (uint64_t n = 1; lines == 0 || n <= lines; n++) {
		sleep_ms(pause);
		bool whole = true;
		for (uint64_t i = 0; i < 4096; i++)
			whole &= pattern[i] == i * 0x0101010101010101;
		print("progress %u%s\n", n, whole ? "" : " FAIL: memory changed");
	}
	report(true, "reached %u lines", lines);
}
