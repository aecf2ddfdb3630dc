/* SPDX-License-Identifier: Apache-2.0 */
/* CP15, the system control coprocessor of an ARM1136 r0p2 (Arm DDI 0211, chapter 3). */
#ifndef VEIL_P15_H
#define VEIL_P15_H

#include <veil/cpu.h>

/* Does on the virtual CPU, which is in a privileged mode, what this ARM instruction does there, if it is an access to CP15 that there is:
 * MCR, MRC or MCRR, its condition checked here. r[15] is the address after it. False: it is something else. */
bool p15(struct vcpu *v, uint32_t instruction);

#endif
