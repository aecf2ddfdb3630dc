/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest says about itself, by whatever kind of call its machine has. */
#ifndef VEIL_GUEST_REPORT_H
#define VEIL_GUEST_REPORT_H

#include <veil/types.h>

struct persona;
struct vcpu;

/* PSCI (Arm DEN0022) */
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009

void guest_report_ready(struct persona *persona);
void guest_report_crash(struct vcpu *vcpu, uint64_t code); /* it ends as crashed; the code is for the log */

/* A call that guests of every machine have. False: it is none, and counted as refused. */
bool guest_report_call(struct vcpu *vcpu, uint32_t function, uint64_t argument);

#endif
