/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls: PSCI and Veil's own. */
#ifndef VEIL_HYPERCALL_H
#define VEIL_HYPERCALL_H

#include <veil/types.h>

struct vcpu;

/* `x`: the guest's registers, x0 the function; the result goes to x0 (SMC Calling Convention, Arm DEN0028). */
void hypercall(struct vcpu *vcpu, uint64_t *x);

#endif
