/* SPDX-License-Identifier: Apache-2.0 */
/* What the real MMU cannot do for a guest: accesses to the persona's virtual devices, and to RAM where no entry can say what is allowed. */
#include <veil/platform.h>

#include "core/persona.h"
#include "guest.h"
#include "psr.h"
#include "reach.h"

static void access_ram(void *at, struct guest_access *a)
{
	if (a->size == 4) {
		if (a->is_write)
			*(volatile uint32_t *)at = a->value;
		else
			a->value = *(const volatile uint32_t *)at;
	} else if (a->size == 2) {
		if (a->is_write)
			*(volatile uint16_t *)at = (uint16_t)a->value;
		else
			a->value = *(const volatile uint16_t *)at;
	} else if (a->is_write) {
		*(volatile uint8_t *)at = (uint8_t)a->value;
	} else {
		a->value = *(const volatile uint8_t *)at;
	}
}

/* An address of a device only selects one of the persona's own; each checks what it is given. */
static enum guest_result access_device(struct vcpu *v, uint32_t physical, struct guest_access *a, struct guest_fault *fault)
{
	struct mmio_result result = platform_mmio(v, ipaddr(physical), a->size, a->is_write, a->value);

	if (v->arch.access_again) {
		v->arch.access_again = false;
		return GUEST_AGAIN;
	}
	fault->fsr = FSR_EXTERNAL | (a->is_write ? FSR_WRITE : 0);
	if (!result.found)
		return GUEST_FAULT;
	if (!a->is_write)
		a->value = (uint32_t)result.value;
	return GUEST_DONE;
}

enum guest_result guest_access_by_hand(struct vcpu *v, struct guest_access *a, struct guest_fault *fault)
{
	struct translation t;
	struct reached place;

	fault->address = walk_modified(v, a->address);
	switch (reach(v, a->address, a->is_write ? ACCESS_WRITE : ACCESS_READ, guest_is_privileged(v) && !a->as_user, &t, &place)) {
	case WALK_UNBUILT:
		return GUEST_AGAIN;
	case WALK_FAULT:
		fault->fsr = t.fsr;
		return GUEST_FAULT;
	default:
		break;
	}
	if (place.state != PAGE_BUILT && (a->is_write || (place.state != PAGE_READ_ONLY && place.state != PAGE_WATCHED)))
		return access_device(v, t.physical, a, fault);
	access_ram(arch_pointer(paddr(place.host)), a);
	return GUEST_DONE;
}
