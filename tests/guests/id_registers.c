/* SPDX-License-Identifier: Apache-2.0 */
/* What the ID registers offer is an allow-list, and what they hide really is not there. */
#include "runtime.h"

static uint64_t field(uint64_t value, unsigned shift)
{
	return value >> shift & 15;
}

void test(void)
{
	uint64_t pfr0 = SYSREG_READ("id_aa64pfr0_el1"), pfr1 = SYSREG_READ("s3_0_c0_c4_1"), dfr0 = SYSREG_READ("id_aa64dfr0_el1"),
		 isar1 = SYSREG_READ("s3_0_c0_c6_1"), mmfr1 = SYSREG_READ("s3_0_c0_c7_1"), mmfr2 = SYSREG_READ("s3_0_c0_c7_2"),
		 isar2 = SYSREG_READ("s3_0_c0_c6_2"), zfr0 = SYSREG_READ("s3_0_c0_c4_4"), smfr0 = SYSREG_READ("s3_0_c0_c4_5");
	print("NOTE: PFR0 %x PFR1 %x DFR0 %x ISAR1 %x MMFR1 %x MMFR2 %x\n", pfr0, pfr1, dfr0, isar1, mmfr1, mmfr2);
	report(field(pfr0, 0) == 1 || field(pfr0, 0) == 2, "EL0 is there");
	report(field(pfr0, 4) == 1 || field(pfr0, 4) == 2, "EL1 is there");
	report_on_veil(field(pfr0, 8) == 0, "EL2 is hidden");
	report_on_veil(field(pfr0, 12) == 0, "EL3 is hidden");
	report(field(pfr0, 16) == 0 && field(pfr0, 20) == 0, "FP and SIMD are there");
	report(field(pfr0, 24) == 1, "the GIC's system registers are there");
	report_on_veil(field(pfr0, 28) == 0, "RAS is hidden");
	report_on_veil(field(pfr0, 32) == 0 && zfr0 == 0, "SVE is hidden");
	report_on_veil(field(pfr0, 40) == 0, "MPAM is hidden");
	report_on_veil(field(pfr0, 44) == 0, "AMU is hidden");
	report_on_veil(field(pfr1, 8) == 0, "MTE is hidden");
	report_on_veil(field(pfr1, 24) == 0 && smfr0 == 0, "SME is hidden");
	report_on_veil(field(isar1, 4) == 0 && field(isar1, 8) == 0 && field(isar1, 24) == 0 && field(isar1, 28) == 0 &&
			       (isar2 & 0xff00) == 0,
		       "pointer authentication is hidden");
	report_on_veil(field(dfr0, 8) == 0 || field(dfr0, 8) == 15, "the PMU is hidden");
	report_on_veil(field(dfr0, 4) == 0, "trace is hidden");
	report_on_veil(field(dfr0, 32) == 0, "SPE is hidden");
	report_on_veil(field(dfr0, 40) == 0 && field(dfr0, 44) == 0, "trace filter and buffer are hidden");
	report_on_veil(field(mmfr1, 16) == 0, "LORegions are hidden");
	report_on_veil(field(mmfr2, 24) == 0, "nested virtualization is hidden");
	/* The whole ID space reads without a fault, as the architecture wants it. */
	uint64_t faults = 0;
	for (unsigned crm = 0; crm < 8; crm++)
		for (unsigned op2 = 0; op2 < 8; op2++) {
			uint64_t value = 0;
			if (crm == 0 && op2 != 0 && op2 != 5 && op2 != 6)
				continue;
			faults += attempt_instruction(0xd5380000 | crm << 8 | op2 << 5, &value).count;
		}
	report(faults == 0, "all ID registers are readable: %u faults", faults);
	/* What is hidden traps. */
	static const struct {
		const char *name;
		uint32_t word;
	} hidden[] = {
		{"ZCR_EL1", 0xd5381200},
		{"an SVE instruction", 0x04bf5000},
		{"APIAKeyLo_EL1", 0xd5382100},
		{"GCR_EL1", 0xd53810c0},
		{"TFSR_EL1", 0xd5385600},
		{"PMSCR_EL1", 0xd5389900},
		{"TRFCR_EL1", 0xd5381220},
		{"LORC_EL1", 0xd538a460},
		{"SMCR_EL1", 0xd53812c0},
		{"AMCR_EL0", 0xd53bd200},
		{"MPAM1_EL1", 0xd538a500},
		{"ERRIDR_EL1", 0xd5385300},
		{"HCR_EL2", 0xd53c1100},
		{"VTTBR_EL2", 0xd53c2100},
		{"ICH_HCR_EL2", 0xd53ccb00},
		{"ICH_LR0_EL2", 0xd53ccc00},
		{"SCR_EL3", 0xd53e1100},
		{"SP_EL1 from EL1", 0xd53c4100},
		{"HCR_EL2 by its EL12 alias", 0xd53d1000},
	};
	for (unsigned i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		uint64_t value = 0;
		struct fault fault = attempt_instruction(hidden[i].word, &value);
		report_on_veil(fault.count == 1, "%s is not there", hidden[i].name);
	}
	report(SYSREG_READ("mpidr_el1") == 0x80000000, "the first CPU's affinity is 0: MPIDR = %x", SYSREG_READ("mpidr_el1"));
	print("NOTE: MIDR %x, CTR %x\n", SYSREG_READ("midr_el1"), SYSREG_READ("ctr_el0"));
}
