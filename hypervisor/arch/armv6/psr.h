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

#define PSR_VIRTUAL (PSR_MODE | PSR_F | PSR_I | PSR_A) /* what a guest's CPSR has of its own while it runs in the real user mode */
#define PSR_USER (PSR_FLAGS | PSR_Q | PSR_GE) /* what user mode may write */
#define PSR_PRIVILEGED (PSR_USER | PSR_E | PSR_VIRTUAL) /* what privileged modes may write with MSR; T and J are execution state */
#define PSR_ALL (PSR_PRIVILEGED | PSR_T | PSR_J) /* the others are reserved: read as written in an SPSR, zero in a CPSR */

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
