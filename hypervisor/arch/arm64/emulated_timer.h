/* SPDX-License-Identifier: Apache-2.0 */
/* The EL1 physical timer, for guests that use it: emulated, because the real one would tell and use real time. */
#ifndef VEIL_EMULATED_TIMER_H
#define VEIL_EMULATED_TIMER_H

#include <veil/types.h>

struct vcpu;

/* Moves the timer's interrupt line to what counter and registers say. The persona's lock is held. */
void emulated_timer_update(struct vcpu *vcpu);

/* CNTP_CTL, CNTP_CVAL, CNTP_TVAL, CNTPCT of a loaded virtual CPU, by op2 of their encoding (CRm 2; CNTPCT: CRm 0). */
uint64_t emulated_timer_read(struct vcpu *vcpu, uint32_t op2);
void emulated_timer_write(struct vcpu *vcpu, uint32_t op2, uint64_t value);
uint64_t emulated_timer_count(const struct vcpu *vcpu);

#endif
