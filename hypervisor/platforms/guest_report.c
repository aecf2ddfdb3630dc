/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's reports: they change its own status, and end its own life only. */
#include "guest_report.h"

#include "core/control.h"
#include "core/persona.h"
#include "core/sched.h"

void guest_report_ready(struct persona *p)
{
	if (!p->ready) {
		p->ready = 1;
		control_event_state(p);
	}
}

void guest_report_crash(struct vcpu *v, uint64_t code)
{
	struct veil_fault fault = {.address = code, .vcpu = v->index};

	persona_crash(v->persona, VEIL_REASON_GUEST_CRASHED, &fault);
}

bool guest_report_call(struct vcpu *v, uint32_t function, uint64_t argument)
{
	switch (function) {
	case PSCI_SYSTEM_OFF:
		persona_guest_off(v->persona);
		return true;
	case PSCI_SYSTEM_RESET:
		persona_guest_reset(v->persona);
		return true;
	case VEIL_HVC_READY:
		guest_report_ready(v->persona);
		return true;
	case VEIL_HVC_CRASHED:
		guest_report_crash(v, argument);
		return true;
	case VEIL_HVC_YIELD:
		sched_yield(v);
		return true;
	default:
		v->statistics.refused_calls++;
		return false;
	}
}
