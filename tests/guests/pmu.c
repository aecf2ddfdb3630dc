/* SPDX-License-Identifier: Apache-2.0 */
/* The performance monitors count other personas' work too, hence they are hidden: the ID register says none, each register is undefined. */
#include "runtime.h"

void test(void)
{
	uint64_t id = SYSREG_READ("id_aa64dfr0_el1");
	report_on_veil((id >> 8 & 15) == 0 || (id >> 8 & 15) == 15, "ID_AA64DFR0_EL1.PMUVer = %u", id >> 8 & 15);
	static const struct {
		const char *name;
		uint32_t read;
	} registers[] = {
		{"PMCR_EL0", 0xd53b9c00},	{"PMCNTENSET_EL0", 0xd53b9c20}, {"PMCNTENCLR_EL0", 0xd53b9c40},
		{"PMOVSCLR_EL0", 0xd53b9c60},	{"PMSELR_EL0", 0xd53b9ca0},	{"PMCEID0_EL0", 0xd53b9cc0},
		{"PMCCNTR_EL0", 0xd53b9d00},	{"PMXEVTYPER_EL0", 0xd53b9d20}, {"PMXEVCNTR_EL0", 0xd53b9d40},
		{"PMUSERENR_EL0", 0xd53b9e00},	{"PMINTENSET_EL1", 0xd5389e20}, {"PMEVCNTR0_EL0", 0xd53be800},
		{"PMEVTYPER0_EL0", 0xd53bec00}, {"PMCCFILTR_EL0", 0xd53befe0},	{"PMSIDR_EL1", 0xd53899e0},
		{"PMBIDR_EL1", 0xd5389ae0},
	};
	for (unsigned i = 0; i < sizeof registers / sizeof *registers; i++) {
		uint64_t value = 0;
		struct fault fault = attempt_instruction(registers[i].read, &value);
		report_on_veil(fault.count == 1 && fault.class == CLASS_UNKNOWN, "reading %s is undefined", registers[i].name);
		value = ~0ul;
		fault = attempt_instruction(registers[i].read & ~0x200000u, &value);
		report_on_veil(fault.count == 1 && fault.class == CLASS_UNKNOWN, "writing %s is undefined", registers[i].name);
	}
}
