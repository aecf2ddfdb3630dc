/* SPDX-License-Identifier: Apache-2.0 */
/* Veil's calls (abi.h, VEIL_UDF). Arguments are numbers, never addresses Veil would follow. */
#include "hypercall.h"

#include "core/persona.h"
#include "core/sched.h"
#include "platforms/guest_report.h"

enum {
	PSCI_SYSTEM_OFF = 0x84000008,
	PSCI_SYSTEM_RESET = 0x84000009
};

#define NOT_SUPPORTED UINT32_MAX

NOINLINE void hypercall(struct vcpu *v, uint32_t *r)
{
	uint32_t function = r[0];

	r[0] = 0;
	switch (function) {
	case PSCI_SYSTEM_OFF:
		persona_guest_off(v->persona);
		break;
	case PSCI_SYSTEM_RESET:
		persona_guest_reset(v->persona);
		break;
	case VEIL_HVC_READY:
		guest_report_ready(v->persona);
		break;
	case VEIL_HVC_CRASHED:
		guest_report_crash(v, r[1]);
		break;
	case VEIL_HVC_YIELD:
		sched_yield(v);
		break;
	default:
		v->statistics.refused_calls++;
		r[0] = NOT_SUPPORTED;
		break;
	}
}
