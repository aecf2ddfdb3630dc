/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual CPUs of the fake machine where guests see an Integrator/CP: all of it is in memory, no part of a guest's machine is hardware. */
#include <veil/arch.h>

#include "../guest_side.h"
#include "core/lib.h"
#include "core/persona.h"
#include "core/sched.h"
#include "machine.h"
#include "platforms/integrator_cp/hypercall.h"
#include "platforms/integrator_cp/pic.h"
#include "platforms/integrator_cp/timer.h"

void arch_vcpu_init(struct vcpu *v)
{
	v->arch.resets = 0;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t x0)
{
	memset(v->arch.r, 0, sizeof(v->arch.r));
	v->arch.resets++;
	v->arch.r[2] = (uint32_t)x0;
	v->arch.r[15] = (uint32_t)entry;
}

void arch_vcpu_save(struct vcpu *v)
{
	(void)v;
}

static void update(struct vcpu *v)
{
	lock_take(&v->persona->lock);
	timer_update(v->persona, arch_time());
	lock_release(&v->persona->lock);
}

void arch_vcpu_load(struct vcpu *v)
{
	fake_stage2_load(v->persona);
	update(v);
}

void arch_vcpu_wait(struct vcpu *v)
{
	if (v->arch.lines)
		return;
	v->runnable = false;
	sched_again(v->cpu);
}

uint64_t arch_vcpu_deadline(const struct vcpu *v)
{
	return timer_deadline(v->persona);
}

uint64_t arch_vcpu_emulated_deadline(const struct vcpu *v)
{
	return timer_deadline(v->persona);
}

void guest_lines(struct vcpu *v, uint32_t lines)
{
	v->arch.lines = lines;
	if (lines && !v->runnable)
		sched_wake(v);
}

/* ---- The fake machine's side ---- */

bool guest_side_pending(const struct machine_cpu *m)
{
	(void)m;
	return false;
}

void guest_side_poll(struct machine_cpu *m, struct vcpu *loaded)
{
	(void)m;
	(void)loaded;
}

uint64_t guest_side_next(const struct machine_cpu *m)
{
	(void)m;
	return UINT64_MAX;
}

void guest_side_deadline(struct vcpu *loaded)
{
	if (loaded)
		update(loaded);
}

void guest_side_kicked(struct vcpu *loaded)
{
	(void)loaded;
}

/* ---- What guests do ---- */

uint64_t guest_call(struct vcpu *v, uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	guest_acts(v);
	v->statistics.hypercalls++;
	v->arch.r[0] = (uint32_t)function;
	v->arch.r[1] = (uint32_t)a;
	v->arch.r[2] = (uint32_t)b;
	v->arch.r[3] = (uint32_t)c;
	hypercall(v, v->arch.r);
	return v->arch.r[0];
}

bool guest_is_interrupted(const struct vcpu *v)
{
	guest_acts(v);
	return v->arch.lines != 0;
}
