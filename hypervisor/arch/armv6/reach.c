/* SPDX-License-Identifier: Apache-2.0 */
/* Walks, and builds RAM on the way. Each turn builds a page, so there are few: one for each table, and one for the memory itself. */
#include "reach.h"

#include "core/persona.h"

enum walk_result reach(struct vcpu *v, uint32_t address, enum access access, bool privileged, struct translation *t, struct reached *place)
{
	for (;;) {
		enum walk_result result = walk(v, address, access, privileged, t);

		if (result == WALK_FAULT)
			return WALK_FAULT;
		if (result == WALK_OK) {
			place->state = stage2_look(v->persona, t->physical, &place->host);
			if (unlikely(place->state == PAGE_WATCHED && access == ACCESS_WRITE)) {
				stage2_written(v->persona, t->physical);
				place->state = PAGE_BUILT;
			}
			if (likely(place->state != PAGE_UNBUILT))
				return WALK_OK;
		}
		persona_populate(v, ipaddr(t->physical));
		if (stage2_look(v->persona, t->physical, &place->host) == PAGE_UNBUILT)
			return WALK_UNBUILT;
	}
}
