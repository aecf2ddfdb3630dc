/* SPDX-License-Identifier: Apache-2.0 */
/* Sensitive instructions that do not trap in user mode: they were replaced by `svc` when the guest's image was built. */
#ifndef VEIL_EMULATE_H
#define VEIL_EMULATE_H

#include <veil/cpu.h>

/* Does on the virtual CPU, which is in a privileged mode, what this ARM instruction does there; its condition holds. r[15] is the address
 * after it. What is unpredictable or not such an instruction is undefined for the guest. */
void emulate(struct vcpu *v, uint32_t instruction);

#endif
