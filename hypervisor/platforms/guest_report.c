/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's reports: they change its own status, and end its own life only. */
#include "guest_report.h"

#include "core/control.h"
#include "core/persona.h"

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
