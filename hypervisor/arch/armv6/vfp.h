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

/* CPACR makes a difference between its modes, so that each change of privilege wants vfp_control(). */
bool vfp_depends_on_mode(const struct vcpu *v);

/* What the unit holds of it is void. */
void vfp_reset(struct vcpu *v);

#endif
