/* SPDX-License-Identifier: Apache-2.0 */
/* Guests of the fake machine as they see `virt`: the virtual timer and CPU interface, which are hardware, and calls by HVC. */
#include "../guest_side.h"

#include <stdlib.h>

#include "../../arm64/emulated_timer.h"
#include "../../arm64/list_registers.h"
#include "core/persona.h"
#include "core/sched.h"
#include "gic.h"
#include "machine.h"
#include "platforms/virt/hypercall.h"

static bool timer_fires(const struct machine_cpu *m)
{
	return gic_timer_is_asserted(m) && !m->timer_active;
}

bool guest_side_pending(const struct machine_cpu *m)
{
	return timer_fires(m) || gic_wants_maintenance(m);
}

uint64_t guest_side_next(const struct machine_cpu *m)
{
	return (m->cntv_ctl & 3) == 1 && !m->timer_active ? m->cntv_cval + m->cntv_offset : UINT64_MAX;
}

static void timer_interrupt(struct machine_cpu *m, struct vcpu *v)
{
	m->timer_active = true;
	if (!v)
		abort(); /* arch_vcpu_save() switched it off */
	list_registers_timer(v);
	if (!v->runnable)
		sched_wake(v);
}

void guest_side_poll(struct machine_cpu *m, struct vcpu *loaded)
{
	if (timer_fires(m))
		timer_interrupt(m, loaded);
	else
		list_registers_refresh(loaded);
}

void guest_side_deadline(struct vcpu *loaded)
{
	list_registers_refresh(loaded);
}

void guest_side_kicked(struct vcpu *loaded)
{
	if (loaded && __atomic_load_n(&loaded->vgic_update, __ATOMIC_ACQUIRE))
		list_registers_refresh(loaded);
}

/* ---- What guests do ---- */

uint64_t guest_call(struct vcpu *v, uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	guest_acts(v);
	v->statistics.hypercalls++;
	v->arch.x[0] = function;
	v->arch.x[1] = a;
	v->arch.x[2] = b;
	v->arch.x[3] = c;
	hypercall(v, v->arch.x);
	return v->arch.x[0];
}

uint32_t guest_acknowledge(struct vcpu *v)
{
	return gic_guest_acknowledge(guest_acts(v));
}

void guest_end(struct vcpu *v, uint32_t irq)
{
	gic_guest_end(guest_acts(v), irq);
	while (gic_wants_maintenance(&machine.cpus[machine.this_cpu]))
		arch_interrupt_poll();
}

bool guest_is_interrupted(const struct vcpu *v)
{
	return gic_is_signalled(guest_acts(v));
}

void guest_timer(struct vcpu *v, uint64_t control, uint64_t compare)
{
	struct machine_cpu *m = guest_acts(v);

	m->cntv_ctl = control & 3;
	m->cntv_cval = compare;
}

void guest_physical_timer(struct vcpu *v, uint64_t control, uint64_t compare)
{
	guest_acts(v);
	emulated_timer_write(v, 2, compare);
	emulated_timer_write(v, 1, control);
}

uint64_t guest_count(const struct vcpu *v)
{
	return machine.time - machine.cpus[v->cpu->id].cntv_offset;
}
