/* SPDX-License-Identifier: Apache-2.0 */
/* System registers a guest does not get to touch, and what it sees in their place. */
#ifndef VEIL_SYSTEM_TRAP_H
#define VEIL_SYSTEM_TRAP_H

#include <veil/cpu.h>

/* Emulates a trapped MRS, MSR or SYS instruction. False: the register does not exist for guests. */
bool system_trap(struct vcpu *vcpu, uint64_t esr);

#endif
