/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the FP/SIMD registers and the EL1 and EL0 registers that nothing reads on the way with a pattern of its own, and checks for ever
 * that none changes. Run two with different patterns on one CPU.
 * Boot arguments: pattern=1, rounds=0 for no end, sleep=0 or the milliseconds between checks (0 spins). */
#include "runtime.h"

static uint64_t q_in[64] __attribute__((aligned(16))), q_out[64] __attribute__((aligned(16)));

#define EACH_PAIR(operation, base)                                                                                                \
	operation " q0, q1, [" base ", #0]\n\t" operation " q2, q3, [" base ", #32]\n\t" operation " q4, q5, [" base              \
		  ", #64]\n\t" operation " q6, q7, [" base ", #96]\n\t" operation " q8, q9, [" base ", #128]\n\t" operation       \
		  " q10, q11, [" base ", #160]\n\t" operation " q12, q13, [" base ", #192]\n\t" operation " q14, q15, [" base     \
		  ", #224]\n\t" operation " q16, q17, [" base ", #256]\n\t" operation " q18, q19, [" base ", #288]\n\t" operation \
		  " q20, q21, [" base ", #320]\n\t" operation " q22, q23, [" base ", #352]\n\t" operation " q24, q25, [" base     \
		  ", #384]\n\t" operation " q26, q27, [" base ", #416]\n\t" operation " q28, q29, [" base ", #448]\n\t" operation \
		  " q30, q31, [" base ", #480]\n\t"

/* Registers with all bits free, or the mask of those that are. */
#define REGISTERS(X)                                \
	X("tpidr_el0", ~0ul)                        \
	X("tpidrro_el0", ~0ul)                      \
	X("tpidr_el1", ~0ul)                        \
	X("contextidr_el1", 0xfffffffful)           \
	X("par_el1", 0xfffffffff000ul)              \
	X("far_el1", ~0ul)                          \
	X("esr_el1", 0xfffffffful)                  \
	X("elr_el1", ~0ul)                          \
	X("sp_el0", ~0ul)                           \
	X("mair_el1", ~0ul)                         \
	X("ttbr0_el1", 0xfffffffffffeul)            \
	X("ttbr1_el1", 0xfffffffffffeul)            \
	X("csselr_el1", 2ul)                        \
	X("cntkctl_el1", 0x3fful)                   \
	X("fpcr", 0x07c00000ul)                     \
	X("fpsr", 0xf800009ful)                     \
	X("cntv_cval_el0", ~0ul >> 1)               \
	X("s3_0_c4_c6_0", 0xf0ul) /* ICC_PMR_EL1 */ \
	X("s3_0_c12_c8_3", 0x4ul) /* ICC_BPR0_EL1 */

static void fill(uint64_t pattern)
{
	uint64_t state = pattern;
	for (int i = 0; i < 64; i++)
		q_in[i] = random_next(&state);
	__asm__ volatile(".arch armv8-a+fp+simd\n\t" EACH_PAIR("ldp", "%0")::"r"(q_in) : "memory");
#define FILL(name, mask) SYSREG_WRITE(name, random_next(&state) & (mask));
	REGISTERS(FILL)
}

static uint64_t check(uint64_t pattern)
{
	uint64_t state = pattern, changed = 0;
	__asm__ volatile(".arch armv8-a+fp+simd\n\t" EACH_PAIR("stp", "%0")::"r"(q_out) : "memory");
	for (int i = 0; i < 64; i++)
		if (q_out[i] != random_next(&state)) {
			print("NOTE: q%u changed\n", (uint64_t)i / 2);
			changed++;
		}
#define CHECK(name, mask)                                                                             \
	{                                                                                             \
		uint64_t value = SYSREG_READ(name) & (mask), expected = random_next(&state) & (mask); \
		if (value != expected) {                                                              \
			print("NOTE: %s is %x, not %x\n", name, value, expected);                     \
			changed++;                                                                    \
		}                                                                                     \
	}
	REGISTERS(CHECK)
	return changed;
}

void test(void)
{
	uint64_t pattern = argument("pattern", 1) * 0x123456789abcdefull, rounds = argument("rounds", 0), changed = 0;
	gic_init();
	SYSREG_WRITE("cntv_ctl_el0", 0);
	fill(pattern);
	report(check(pattern) == 0, "the pattern can be written and read");
	ready();
	for (uint64_t n = 1; rounds == 0 || n <= rounds; n++) {
		fill(pattern);
		for (int i = 0; i < 20; i++) {
			uint64_t end = ticks() + ticks_per_second() / 1000;
			while (ticks() < end)
				;
			changed += check(pattern);
		}
		print("round %u: %u changed\n", n, changed);
	}
	report(changed == 0, "%u rounds: %u registers changed", rounds, changed);
}
