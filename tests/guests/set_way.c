/* SPDX-License-Identifier: Apache-2.0 */
/* Cache operations by set and way act on everybody's cache lines: they are trapped, and do nothing or are undefined. */
#include "runtime.h"

void test(void)
{
	static const struct {
		const char *name;
		uint32_t word;
	} operations[] = {
		{"DC ISW", 0xd5087640},
		{"DC CSW", 0xd5087a40},
		{"DC CISW", 0xd5087e40},
	};
	static uint64_t data[512];
	for (uint64_t i = 0; i < 512; i++)
		data[i] = i ^ 0x55;
	for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
		uint64_t wrong = 0;
		for (uint64_t way = 0; way < 16; way++)
			for (uint64_t set = 0; set < 256; set++) {
				uint64_t value = way << 28 | set << 6 | (set & 1) << 1;
				struct fault fault = attempt_instruction(operations[i].word, &value);
				wrong += fault.count > 1 || (fault.count == 1 && fault.class != CLASS_UNKNOWN);
			}
		report(wrong == 0, "%s over all sets and ways: %u wrong", operations[i].name, wrong);
	}
	uint64_t lost = 0;
	for (uint64_t i = 0; i < 512; i++)
		lost += data[i] != (i ^ 0x55);
	report(lost == 0, "no data lost");
	report(ATTEMPT("ic iallu\n\tdsb sy\n\tisb").count == 0, "IC IALLU works");
	report(ATTEMPT("tlbi vmalle1\n\tdsb sy\n\tisb").count == 0, "TLBI VMALLE1 works");
	/* The maintenance of others' translations is not the guest's to do. */
	static const uint32_t higher[] = {0xd50c871f /* TLBI ALLE2 */,
					  0xd50c879f /* TLBI ALLE1 */,
					  0xd50c87df /* TLBI VMALLS12E1 */,
					  0xd50e871f /* TLBI ALLE3 */,
					  0xd50c8020 /* TLBI IPAS2E1IS */,
					  0xd50c7800 /* AT S1E2R */,
					  0xd50c7880 /* AT S12E1R */};
	for (unsigned i = 0; i < sizeof higher / sizeof *higher; i++) {
		uint64_t value = 0;
		struct fault fault = attempt_instruction(higher[i], &value);
		report(fault.count == 1 && fault.class == CLASS_UNKNOWN, "maintenance of a higher level (%x) is undefined",
		       (uint64_t)higher[i]);
	}
}
