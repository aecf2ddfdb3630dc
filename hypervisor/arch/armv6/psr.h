/* SPDX-License-Identifier: Apache-2.0 */
/* Program status registers (Arm DDI 0100I, A2.5):
 *
 *   31..28 NZCV   27 Q   24 J   19..16 GE   15..10, 9 E   8 A   7 I   6 F   5 T   4..0 mode */
#ifndef VEIL_PSR_H
#define VEIL_PSR_H

#include <veil/cpu.h>

#define MODE_USER 0x10U
#define MODE_FIQ 0x11U
#define MODE_IRQ 0x12U
#define MODE_SUPERVISOR 0x13U
#define MODE_ABORT 0x17U
#define MODE_UNDEFINED 0x1bU
#define MODE_SYSTEM 0x1fU
#define PSR_MODE 0x1fU
#define PSR_T 0x20U
#define PSR_F 0x40U
#define PSR_I 0x80U
#define PSR_A 0x100U
#define PSR_E 0x200U
#define PSR_GE 0xf0000U
#define PSR_J 0x1000000U
#define PSR_Q 0x8000000U
#define PSR_FLAGS 0xf0000000U

#define PSR_MASKS (PSR_A | PSR_I | PSR_F)
#define PSR_VIRTUAL (PSR_MODE | PSR_MASKS) /* what a guest's CPSR has of its own while it runs in the real user mode */
/* What an instruction may write (Arm DDI 0100I, A4.1.39): UserMask, PrivMask, StateMask. */
#define PSR_USER_MASK (PSR_FLAGS | PSR_Q | PSR_GE | PSR_E)
#define PSR_PRIVILEGED_MASK PSR_VIRTUAL
#define PSR_STATE_MASK (PSR_J | PSR_T)
/* What the real CPSR gets of it. Not J: there is no Jazelle state for a guest, and the CPU must not enter it. */
#define PSR_REAL (PSR_USER_MASK | PSR_T)
#define PSR_REAL_MODE (MODE_USER | PSR_F) /* interrupts come as IRQs */

/* The CPSR as the guest sees it. */
static inline uint32_t virtual_cpsr(const struct vcpu *v)
{
	return (v->arch.cpsr & ~PSR_VIRTUAL) | v->arch.mode;
}

static inline bool guest_is_privileged(const struct vcpu *v)
{
	return (v->arch.mode & PSR_MODE) != MODE_USER;
}

/* Its MMU is on (SCTLR.M). */
static inline bool guest_is_mapped(const struct vcpu *v)
{
	return v->arch.p15.sctlr & 1;
}

#endif
