/* SPDX-License-Identifier: Apache-2.0 */
/* What emulated loads and stores reach: the persona's own RAM and virtual devices, where the guest's own tables allow it. */
#include <veil/platform.h>

#include "core/persona.h"
#include "load_store.h"
#include "psr.h"
#include "reach.h"
#include "shadow_tables.h"

/* Where an access goes: to RAM at `pointer`, or to a device's register. */
struct target {
	void *pointer; /* NULL: the device */
	uint32_t physical;
};

static NOINLINE bool find_slowly(struct vcpu *v, uint32_t address, enum access access, bool privileged, struct target *to, uint32_t *fsr)
{
	struct translation t;
	struct reached place;
	enum walk_result result;

	do
		result = reach(v, address, access, privileged, &t, &place);
	while (result == WALK_UNBUILT); /* each turn builds a part of a page */
	*fsr = t.fsr;
	to->physical = t.physical;
	if (result == WALK_OK &&
	    (place.state == PAGE_BUILT || ((place.state == PAGE_READ_ONLY || place.state == PAGE_WATCHED) && access == ACCESS_READ)))
		to->pointer = arch_pointer(paddr(place.host));
	return result == WALK_OK;
}

static bool find(struct vcpu *v, uint32_t address, enum access access, bool as_user, struct target *to, uint32_t *fsr)
{
	const struct shadow *s = v->persona->arch.shadow;
	bool privileged = guest_is_privileged(v) && !as_user;

	to->pointer = NULL;
	return likely(shadow_device(s, 2 * s->space + privileged, address, access, &to->physical)) ||
	       find_slowly(v, address, access, privileged, to, fsr);
}

/* An address of a device only selects one of the persona's own; each checks what it is given. */
bool load_store_read(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t *value, uint32_t *fsr)
{
	struct target from;

	if (!find(v, address, ACCESS_READ, as_user, &from, fsr))
		return false;
	if (likely(!from.pointer)) {
		struct mmio_result result = platform_mmio(v, ipaddr(from.physical), size, false, 0);

		*value = (uint32_t)result.value;
		*fsr = FSR_EXTERNAL;
		return result.found && !v->arch.access_again;
	}
	if (size == 4)
		*value = *(const volatile uint32_t *)from.pointer;
	else if (size == 2)
		*value = *(const volatile uint16_t *)from.pointer;
	else
		*value = *(const volatile uint8_t *)from.pointer;
	return true;
}

bool load_store_write(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t value, uint32_t *fsr)
{
	struct target to;

	if (!find(v, address, ACCESS_WRITE, as_user, &to, fsr))
		return false;
	if (likely(!to.pointer)) {
		*fsr = FSR_EXTERNAL | FSR_WRITE;
		return platform_mmio(v, ipaddr(to.physical), size, true, value).found && !v->arch.access_again;
	}
	if (size == 4)
		*(volatile uint32_t *)to.pointer = value;
	else if (size == 2)
		*(volatile uint16_t *)to.pointer = (uint16_t)value;
	else
		*(volatile uint8_t *)to.pointer = (uint8_t)value;
	return true;
}
