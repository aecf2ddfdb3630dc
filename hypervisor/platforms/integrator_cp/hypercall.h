/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls: an undefined instruction, VEIL_UDF. */
#ifndef VEIL_HYPERCALL_H
#define VEIL_HYPERCALL_H

#include <veil/types.h>

struct vcpu;

/* `r`: the guest's registers, r0 the function; the result goes to r0. From privileged modes only: its caller has looked. */
void hypercall(struct vcpu *vcpu, uint32_t *r);

#endif
