/* SPDX-License-Identifier: Apache-2.0 */
/* The floating-point unit (VFPv2), lent to the virtual CPU that uses it: registers change hands when another one does. */
#ifndef VEIL_VFP_H
#define VEIL_VFP_H

#include <veil/cpu.h>

/* An ARM instruction was undefined; its condition holds. r[15] is the address after it, and is put right: it goes on there, or makes the
 * instruction again. False: it is undefined for the guest too. */
bool vfp(struct vcpu *v, uint32_t instruction);

/* The loaded virtual CPU may use the unit now or not: another one was loaded, its CPACR is another. */
void vfp_control(struct vcpu *v);

/* CPACR: access to coprocessors 10 and 11, which must be the same. */
#define CPACR_PRIVILEGED 5U
#define CPACR_FULL 15U
static inline uint32_t vfp_access(const struct vcpu *v)
{
	return v->arch.p15.cpacr >> 20 & 15;
}

/* CPACR makes a difference between its modes, so that each change of privilege wants vfp_control(). */
static inline bool vfp_depends_on_mode(const struct vcpu *v)
{
	return vfp_access(v) == CPACR_PRIVILEGED;
}

/* What the unit holds of it is void. */
void vfp_reset(struct vcpu *v);

#endif
