/* SPDX-License-Identifier: Apache-2.0 */
/* Debug registers are per processor, not per guest: a persona must neither keep a breakpoint armed under its neighbour nor read what the
 * neighbour wrote. Each is undefined, or takes no effect. */
#include "runtime.h"

void test(void)
{
	static const struct {
		const char *name;
		uint32_t read;
	} registers[] = {
		{"MDSCR_EL1", 0xd5300240},   {"OSDLR_EL1", 0xd5301380},	      {"DBGBVR0_EL1", 0xd5300080}, {"DBGBCR0_EL1", 0xd53000a0},
		{"DBGWVR0_EL1", 0xd53000c0}, {"DBGWCR0_EL1", 0xd53000e0},     {"DBGBVR5_EL1", 0xd5300580}, {"DBGBCR5_EL1", 0xd53005a0},
		{"DBGPRCR_EL1", 0xd5301480}, {"OSECCR_EL1", 0xd5300640},      {"MDCCINT_EL1", 0xd5300200}, {"OSDTRRX_EL1", 0xd5300040},
		{"OSDTRTX_EL1", 0xd5300340}, {"DBGCLAIMSET_EL1", 0xd53078c0},
	};
	for (unsigned i = 0; i < sizeof registers / sizeof *registers; i++) {
		uint64_t value = 0x1235, back = 0;
		uint32_t write = registers[i].read & ~0x200000u;
		struct fault w = attempt_instruction(write, &value);
		struct fault r = attempt_instruction(registers[i].read, &back);
		report(w.count <= 1 && r.count <= 1, "%s: write %s, reads %s%x", registers[i].name, w.count ? "undefined" : "taken",
		       r.count ? "undefined " : "", back);
		value = 0;
		attempt_instruction(write, &value);
	}
	uint64_t value = 1;
	report(attempt_instruction(0xd5101080, &value).count <= 1, "OSLAR_EL1 set");
	value = 0;
	report(attempt_instruction(0xd5101080, &value).count <= 1, "OSLAR_EL1 cleared");

	/* A breakpoint on code that both personas of a test run (the same address), enabled for EL1. */
	static uint32_t code[2] __attribute__((aligned(64))) = {0xd503201f, 0xd65f03c0};
	value = (uint64_t)code;
	attempt_instruction(0xd5100080, &value); /* DBGBVR0_EL1 */
	value = 0x1e7;
	attempt_instruction(0xd51000a0, &value); /* DBGBCR0_EL1: EL1 and EL0, enabled */
	value = 1 << 15 | 1;
	attempt_instruction(0xd5100240, &value); /* MDSCR_EL1: monitor debug, single step */
	uint64_t hits = 0;
	__asm__ volatile("msr daifclr, #8\n\tisb");
	hits += attempt_execute((uint64_t)code).count;
	__asm__ volatile("msr daifset, #8\n\tisb");
	value = 0;
	attempt_instruction(0xd5100240, &value);
	attempt_instruction(0xd51000a0, &value);
	report_on_veil(hits == 0, "a breakpoint of the guest does not fire: %u", hits);
	fault_arm();
	__asm__ volatile("brk #1");
	struct fault fault = fault_disarm();
	report(fault.count == 1 && fault.class == 0x3c, "BRK comes to the guest itself");
	fault_arm();
	__asm__ volatile("hlt #1");
	report(fault_disarm().count == 1, "HLT is undefined");
}
