/* SPDX-License-Identifier: Apache-2.0 */
/* The system registers of arch/arm64/sysreg.h that the virtual GIC's back end uses, as the fake machine has them. Same guard: it
 * takes that file's place. */
#ifndef VEIL_SYSREG_H
#define VEIL_SYSREG_H

#include <veil/types.h>

enum fake_sysreg {
	FAKE_S3_4_C12_C12_0, /* ICH_LR0_EL2 ... */
	FAKE_S3_4_C12_C12_1,
	FAKE_S3_4_C12_C12_2,
	FAKE_S3_4_C12_C12_3,
	FAKE_ICH_HCR_EL2,
	FAKE_ICH_VTR_EL2,
	FAKE_ICH_ELRSR_EL2,
	FAKE_ICH_VMCR_EL2,
	FAKE_ICH_AP1R0_EL2,
	FAKE_ICH_AP0R0_EL2,
	FAKE_ICC_DIR_EL1,
	FAKE_cntv_ctl_el0
};

uint64_t fake_sysreg_read(enum fake_sysreg name);
void fake_sysreg_write(enum fake_sysreg name, uint64_t value);

#define sysreg_read(name) fake_sysreg_read(FAKE_##name)
#define sysreg_write(name, value) fake_sysreg_write(FAKE_##name, (uint64_t)(value))

#define ICH_HCR_EN BIT(0)
#define ICH_HCR_UIE BIT(1)
#define ICH_HCR_LRENPIE BIT(2)
#define ICH_HCR_EOICOUNT_SHIFT 27

#endif
