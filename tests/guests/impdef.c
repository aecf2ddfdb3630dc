/* SPDX-License-Identifier: Apache-2.0 */
/* Implementation-defined registers may do anything on a given core (turn prefetchers or coherency off): all are trapped. QEMU 7.2 has a few
 * of the Cortex-A57's as constants and does not know the trap (HCR_EL2.TIDCP) yet: those may be read, but never changed. */
#include "runtime.h"

static uint32_t mrs(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
	return 0xd5200000 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5;
}

void test(void)
{
	uint64_t constants = 0, changed = 0, total = 0, other = 0;
	for (unsigned crn = 11; crn <= 15; crn += 4)
		for (unsigned op1 = 0; op1 < 8; op1++)
			for (unsigned crm = 0; crm < 16; crm++)
				for (unsigned op2 = 0; op2 < 8; op2++) {
					uint64_t value = 0;
					uint32_t word = mrs(3, op1, crn, crm, op2);
					struct fault r = attempt_instruction(word, &value);
					uint64_t before = value, other_value = ~value, after = value;
					struct fault w = attempt_instruction(word & ~0x200000u, &other_value);
					attempt_instruction(word, &after);
					total++;
					constants += r.count == 0;
					changed += r.count ? w.count == 0 : after != before;
					other += (r.count && r.class != CLASS_UNKNOWN) || (w.count && w.class != CLASS_UNKNOWN);
				}
	report_on_veil(changed == 0, "%u implementation-defined registers: %u are constants, %u can be changed", total, constants, changed);
	report(other == 0, "each refusal is an undefined instruction: %u others", other);
	uint64_t system = 0;
	for (unsigned op1 = 0; op1 < 8; op1++)
		for (unsigned crm = 0; crm < 16; crm++) {
			uint64_t value = 0;
			system += attempt_instruction(mrs(1, op1, 11, crm, 0) & ~0x200000u, &value).count == 0;
			system += attempt_instruction(mrs(1, op1, 15, crm, 0) & ~0x200000u, &value).count == 0;
		}
	report_on_veil(system == 0, "implementation-defined system instructions: %u not refused", system);
	uint64_t value = 0;
	report_on_veil(attempt_instruction(0xd5381020, &value).count == 1 || value == 0, "ACTLR_EL1 cannot be read, or reads zero");
	value = ~0ul;
	report_on_veil(attempt_instruction(0xd5181020, &value).count <= 1, "ACTLR_EL1 written");
}
