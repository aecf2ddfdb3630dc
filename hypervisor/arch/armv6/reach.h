/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's address all the way: through its own tables, to a page of the persona that is built. */
#ifndef VEIL_REACH_H
#define VEIL_REACH_H

#include "stage2.h"
#include "walk.h"

struct reached {
	enum page_state state; /* never PAGE_UNBUILT */
	uint32_t host; /* of the address itself, unless the state is PAGE_NONE */
};

/* Builds what of tables and memory nobody has touched yet. WALK_UNBUILT: an interrupt waits before all of it is built. */
enum walk_result reach(struct vcpu *v, uint32_t address, enum access access, bool privileged, struct translation *t, struct reached *place);

#endif
