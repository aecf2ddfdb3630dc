/* SPDX-License-Identifier: Apache-2.0 */
/* Trapped system registers. What is not listed here does not exist for a guest. */
#include "system_trap.h"

#include "core/persona.h"
#include "emulated_timer.h"
#include "sysreg.h"

/* A system register by the fields that name it, in the order and width an MRS has them. */
#define KEY(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define KEY_OP0(key) ((key) >> 14)
#define KEY_OP2(key) ((key)&7)
#define IDENTIFICATION KEY(3, 0, 0, 0, 0) /* the first of 64 registers */
#define IDENTIFICATION_COUNT 64

/* The same fields in a syndrome (Arm DDI 0487, D19.2.39) */
static uint32_t key_of(uint32_t esr)
{
	return KEY(esr >> 20 & 3, 0U, esr >> 10 & 0x7f /* with op1 */, esr >> 1 & 15, esr >> 17 & 7);
}

#define FIELD(shift) (UINT64_C(0xf) << (shift))

/* Identification registers by allow-list: a field that is not here reads as zero, "not implemented". What is listed needs nothing
 * of Veil: it is computation on registers that are exchanged anyway. */
#define PFR0_ALLOWED (FIELD(16) | FIELD(20) | FIELD(48)) /* FP, AdvSIMD, DIT */
#define PFR0_FIXED (UINT64_C(2) | UINT64_C(1) << 4 | UINT64_C(1) << 24) /* EL0 both states, EL1 AArch64 only, GICv3 registers */
#define PFR1_ALLOWED (FIELD(4)) /* SSBS */
#define DFR0_FIXED (UINT64_C(6) | UINT64_C(1) << 12 | UINT64_C(1) << 20) /* ARMv8 debug with the least of breakpoints; no PMU, trace, SPE */
#define ISAR0_ALLOWED (~(FIELD(0) | FIELD(24) | FIELD(56) | FIELD(60))) /* not TME, TLB instructions, RNDR */
#define ISAR1_ALLOWED (FIELD(0) | FIELD(12) | FIELD(16) | FIELD(20) | FIELD(32) | FIELD(36) | FIELD(44) | FIELD(48) | FIELD(52))
/* DPB, JSCVT, FCMA, LRCPC, FRINTTS, SB, BF16, DGH, I8MM: no pointer authentication */
#define MMFR0_ALLOWED \
	(~(FIELD(0) | FIELD(32) | FIELD(36) | FIELD(40) | FIELD(56) | FIELD(60))) /* not PARange, stage 2 granules, FGT, ECV */
#define MMFR0_FIXED UINT64_C(1) /* PARange 36 bits: what stage 2 translates */
#define MMFR1_ALLOWED (FIELD(0) | FIELD(20) | FIELD(28)) /* HAFDBS, PAN, XNX */
#define MMFR2_ALLOWED (FIELD(0) | FIELD(4) | FIELD(8) | FIELD(16) | FIELD(32) | FIELD(36)) /* CnP, UAO, LSM, VARange, AT, IDS */

static uint64_t identification(uint32_t crm_op2)
{
	switch (IDENTIFICATION + crm_op2) {
	case KEY(3, 0, 0, 4, 0):
		return (sysreg_read(id_aa64pfr0_el1) & PFR0_ALLOWED) | PFR0_FIXED;
	case KEY(3, 0, 0, 4, 1):
		return sysreg_read(id_aa64pfr1_el1) & PFR1_ALLOWED;
	case KEY(3, 0, 0, 5, 0):
		return DFR0_FIXED;
	case KEY(3, 0, 0, 6, 0):
		return sysreg_read(id_aa64isar0_el1) & ISAR0_ALLOWED;
	case KEY(3, 0, 0, 6, 1):
		return sysreg_read(id_aa64isar1_el1) & ISAR1_ALLOWED;
	case KEY(3, 0, 0, 7, 0):
		return (sysreg_read(id_aa64mmfr0_el1) & MMFR0_ALLOWED) | MMFR0_FIXED;
	case KEY(3, 0, 0, 7, 1):
		return sysreg_read(id_aa64mmfr1_el1) & MMFR1_ALLOWED;
	case KEY(3, 0, 0, 7, 2):
		return sysreg_read(S3_0_C0_C7_2) & MMFR2_ALLOWED;
	/* AArch32 state of EL0: instruction sets, memory model, floating point */
	case KEY(3, 0, 0, 1, 0):
		return sysreg_read(id_pfr0_el1) & 0xffff;
	case KEY(3, 0, 0, 1, 4):
		return sysreg_read(id_mmfr0_el1);
	case KEY(3, 0, 0, 1, 5):
		return sysreg_read(id_mmfr1_el1);
	case KEY(3, 0, 0, 1, 6):
		return sysreg_read(id_mmfr2_el1);
	case KEY(3, 0, 0, 1, 7):
		return sysreg_read(id_mmfr3_el1);
	case KEY(3, 0, 0, 2, 0):
		return sysreg_read(id_isar0_el1);
	case KEY(3, 0, 0, 2, 1):
		return sysreg_read(id_isar1_el1);
	case KEY(3, 0, 0, 2, 2):
		return sysreg_read(id_isar2_el1);
	case KEY(3, 0, 0, 2, 3):
		return sysreg_read(id_isar3_el1);
	case KEY(3, 0, 0, 2, 4):
		return sysreg_read(id_isar4_el1);
	case KEY(3, 0, 0, 2, 5):
		return sysreg_read(id_isar5_el1);
	case KEY(3, 0, 0, 3, 0):
		return sysreg_read(mvfr0_el1);
	case KEY(3, 0, 0, 3, 1):
		return sysreg_read(mvfr1_el1);
	case KEY(3, 0, 0, 3, 2):
		return sysreg_read(mvfr2_el1);
	case KEY(3, 0, 0, 0, 6):
		return sysreg_read(revidr_el1);
	default:
		return 0;
	}
}

/* Registers a guest may read or write, by their encoding. */
static bool access(struct vcpu *v, uint32_t key, bool is_read, uint64_t *value)
{
	if (likely(key == KEY(3, 0, 12, 11, 5))) { /* ICC_SGI1R_EL1: only this persona's virtual CPUs can be named */
		if (is_read)
			return false;
		vgic_send_sgi(v, *value);
		return true;
	}
	switch (key) {
	case KEY(3, 0, 12, 11, 6): /* ICC_ASGI1R_EL1, ICC_SGI0R_EL1: no such groups here */
	case KEY(3, 0, 12, 11, 7):
		return !is_read;
	case KEY(3, 3, 14, 0, 1): /* CNTPCT_EL0: the guest's own time */
		*value = emulated_timer_count(v);
		return is_read;
	case KEY(3, 3, 14, 2, 0): /* CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0 */
	case KEY(3, 3, 14, 2, 1):
	case KEY(3, 3, 14, 2, 2):
		if (is_read)
			*value = emulated_timer_read(v, KEY_OP2(key));
		else
			emulated_timer_write(v, KEY_OP2(key), *value);
		return true;
	case KEY(3, 0, 1, 0, 1): /* ACTLR_EL1: reads as zero, and nothing sticks */
		*value = 0;
		return true;
	case KEY(1, 0, 7, 6, 2): /* DC ISW, CSW, CISW: the caches are everybody's; a guest's lines are clean when it gets them */
	case KEY(1, 0, 7, 10, 2):
	case KEY(1, 0, 7, 14, 2):
		return !is_read;
	case KEY(2, 0, 0, 2, 2): /* MDSCR_EL1: kept, without effect */
		if (is_read)
			*value = v->arch.system.mdscr;
		else
			v->arch.system.mdscr = *value;
		return true;
	case KEY(3, 1, 0, 0, 7): /* AIDR_EL1 */
		*value = 0;
		return is_read;
	default:
		break;
	}
	if (KEY_OP0(key) == 2) { /* debug and trace registers: read as zero, and nothing sticks */
		*value = 0;
		return true;
	}
	if (key - IDENTIFICATION < IDENTIFICATION_COUNT && is_read) {
		*value = identification(key - IDENTIFICATION);
		return true;
	}
	return false;
}

NOINLINE bool system_trap(struct vcpu *v, uint64_t esr)
{
	uint32_t reg = esr >> 5 & 31;
	bool is_read = esr & 1;
	uint64_t value = reg == 31 || is_read ? 0 : v->arch.x[reg];

	if (!access(v, key_of((uint32_t)esr), is_read, &value))
		return false;
	if (is_read && reg != 31)
		v->arch.x[reg] = value;
	return true;
}
