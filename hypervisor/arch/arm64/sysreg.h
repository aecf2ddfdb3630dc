/* SPDX-License-Identifier: Apache-2.0 */
/* Access to system registers, and the bits Veil sets in them (Arm DDI 0487, chapter D19 unless said otherwise). */
#ifndef VEIL_SYSREG_H
#define VEIL_SYSREG_H

#include <veil/types.h>

#define sysreg_read(name)                                                \
	({                                                               \
		uint64_t sysreg_value;                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(sysreg_value)); \
		sysreg_value;                                            \
	})
#define sysreg_write(name, value) __asm__ volatile("msr " #name ", %x0" : : "rZ"((uint64_t)(value)))

#define isb() __asm__ volatile("isb" : : : "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain : : : "memory")

/* GICv3 CPU interface and hypervisor control (Arm IHI 0069, 12.2 and 12.4); the assembler's names need a newer architecture. */
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_DIR_EL1 S3_0_C12_C11_1
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SRE_EL2 S3_4_C12_C9_5
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICH_HCR_EL2 S3_4_C12_C11_0
#define ICH_VTR_EL2 S3_4_C12_C11_1
#define ICH_ELRSR_EL2 S3_4_C12_C11_5
#define ICH_VMCR_EL2 S3_4_C12_C11_7
#define ICH_AP1R0_EL2 S3_4_C12_C9_0
#define ICH_AP0R0_EL2 S3_4_C12_C8_0

#define ICH_HCR_EN BIT(0)
#define ICH_HCR_UIE BIT(1) /* maintenance interrupt when at most one list register is in use */
#define ICH_HCR_LRENPIE BIT(2) /* ... when an end of interrupt found no list register */
#define ICH_HCR_EOICOUNT_SHIFT 27

/* D19.2.48 */
#define HCR_VM BIT(0)
#define HCR_SWIO BIT(1)
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_TWI BIT(13)
#define HCR_TID1 BIT(16)
#define HCR_TID3 BIT(18)
#define HCR_TSC BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR BIT(21)
#define HCR_TSW BIT(22)
#define HCR_RW BIT(31)
#define HCR_GUEST                                                                                                                     \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TWI | HCR_TID1 | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW | \
	 HCR_RW)

/* CPTR_EL2: SVE and trace trapped, FP/SIMD not (RES1 bits as in ARMv8.0). */
#define CPTR_GUEST (UINT64_C(0x32ff) | BIT(8) | BIT(20))
/* MDCR_EL2: all debug, trace and performance-monitor registers trapped, profiling buffer owned by EL2 (E2PB = 0). Debug exceptions are not
 * (TDE): with the registers out of reach only BRK makes one, which Linux uses in WARN and BUG, and it is the guest's own. */
#define MDCR_GUEST (BIT(5) | BIT(6) | BIT(9) | BIT(10) | BIT(11) | BIT(14) | BIT(19))
/* CNTHCTL_EL2: the physical counter and timer are trapped. */
#define CNTHCTL_GUEST 0

/* Exception classes (D19.2.39) */
enum exception_class {
	EC_UNKNOWN = 0x00,
	EC_WFX = 0x01,
	EC_HVC64 = 0x16,
	EC_SMC64 = 0x17,
	EC_SYSREG = 0x18,
	EC_INSTRUCTION_ABORT_LOWER = 0x20,
	EC_DATA_ABORT_LOWER = 0x24
};

#define ESR_EC_SHIFT 26
#define ESR_IL_SHIFT 25
#define ESR_IL BIT(ESR_IL_SHIFT)

/* PSTATE (C5.2.19) */
#define PSTATE_EL1H 5
#define PSTATE_MODE_MASK 15
#define PSTATE_AARCH32 BIT(4)
#define PSTATE_DAIF 0x3c0

#endif
