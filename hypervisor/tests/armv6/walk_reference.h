/* SPDX-License-Identifier: Apache-2.0 */
/* The walk once more, written after the figures of Arm DDI 0100I chapter B4 (and nothing else), bit by bit, for tests to compare with. */
#ifndef WALK_REFERENCE_H
#define WALK_REFERENCE_H

#include "arch/armv6/walk.h"

struct reference {
	bool faults;
	uint32_t fsr;
	uint32_t physical;
	bool is_global;
};

struct reference reference_walk(const struct vcpu *v, uint32_t address, enum access access, bool privileged);

#endif
