/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest says about itself, by whatever kind of call its machine has. */
#ifndef VEIL_GUEST_REPORT_H
#define VEIL_GUEST_REPORT_H

#include <veil/types.h>

struct persona;
struct vcpu;

void guest_report_ready(struct persona *persona);
void guest_report_crash(struct vcpu *vcpu, uint64_t code); /* it ends as crashed; the code is for the log */

#endif
