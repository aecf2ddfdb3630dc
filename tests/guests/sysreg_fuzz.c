/* SPDX-License-Identifier: Apache-2.0 */
/* Reads every system register encoding, then writes random ones with random values: each is undefined or the guest's own business.
 * Boot arguments: seed=1, count=20000. */
#include "runtime.h"

static uint32_t encode(uint64_t number) /* 15 bits: o0 op1 CRn CRm op2 */
{
	return 0xd5300000 | (uint32_t)(number & 0x7fff) << 5;
}

static void nothing(uint32_t id)
{
	if (id >= 16)
		gic_disable(id);
}

/* What this guest itself needs: writing it would only end this guest. */
static bool own(uint32_t word)
{
	switch (word & ~0x200000u & 0x1fffe0u) {
	case 0x181000 & 0x1fffe0: /* SCTLR_EL1 */
	case 0x18c000 & 0x1fffe0: /* VBAR_EL1 */
	case 0x184200 & 0x1fffe0: /* SPSel */
	case 0x1b4220 & 0x1fffe0: /* DAIF */
		return true;
	}
	return false;
}

void test(void)
{
	gic_init();
	gic_on_interrupt(nothing);
	uint64_t readable = 0, undefined = 0, other = 0, value;
	for (uint64_t number = 0; number < 0x8000; number++) {
		value = 0;
		struct fault fault = attempt_instruction(encode(number), &value);
		if (fault.count == 0)
			readable++;
		else if (fault.class == CLASS_UNKNOWN)
			undefined++;
		else if (other++ < 5)
			print("NOTE: reading %x: ESR %x\n", (uint64_t)encode(number), fault.syndrome);
	}
	report(other == 0, "read all 32768 registers: %u readable, %u undefined, %u something else", readable, undefined, other);
	ready();

	uint64_t state = argument("seed", 1), count = argument("count", 20000), taken = 0;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t choice = random_next(&state);
		/* Half of them near registers that exist: op0 3, op1 0 or 3. */
		uint64_t number = choice & 1 ? choice >> 1 : 0x4000 | (choice >> 1 & 0x7ff) | (choice >> 20 & 1 ? 3ul << 11 : 0);
		uint32_t word = encode(number);
		if (own(word))
			continue;
		static const uint64_t nasty[] = {0, 1, ~0ul, 0xffffffff, 1ul << 63, 0x8000};
		uint64_t r = random_next(&state);
		value = r & 1 ? random_next(&state) : nasty[(r >> 1) % (sizeof nasty / sizeof *nasty)];
		struct fault fault = attempt_instruction(word & ~0x200000u, &value);
		taken += fault.count == 0;
		/* Only what would keep the console or the loop from working is put back. */
		SYSREG_WRITE("daif", 0x3c0);
		SYSREG_WRITE("cpacr_el1", 3 << 20);
	}
	report(true, "%u random register writes, %u taken", count, taken);

	/* System instructions: cache, TLB and address translation, without an address of ours. */
	taken = 0;
	for (uint64_t number = 0; number < 0x4000; number++) {
		uint32_t word = 0xd5080000 | (uint32_t)(number & 0x3fff) << 5;
		unsigned crn = word >> 12 & 15, crm = word >> 8 & 15, op2 = word >> 5 & 7;
		if (crn < 7)
			continue;
		value = crn == 7 && crm == 4 && op2 == 1 ? 0x3fff0000 : random_next(&state) & ~(0x7ffffffful);
		taken += attempt_instruction(word, &value).count == 0;
	}
	report(true, "all system instructions, %u taken", taken);
	report(hvc_call(PSCI_VERSION, 0, 0, 0) >= 0x10000, "hypercalls work after all that");
}
