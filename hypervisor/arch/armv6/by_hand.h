/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses of guests that take the long way: in a file of its own, as Thumb code, since it is long and seldom run. */
#ifndef VEIL_BY_HAND_H
#define VEIL_BY_HAND_H

#include <veil/cpu.h>

/* A device's register, or memory that no entry of a table can give access to; `write` is FSR_WRITE or 0. An instruction no device could serve
 * leaves the fault as it is: nothing is there for it. */
void access_by_hand(struct vcpu *v, uint32_t address, uint32_t write);

#endif
