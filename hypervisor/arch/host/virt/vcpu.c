/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual CPUs of the fake machine: registers in memory, and the few that the hardware holds while one is loaded. */
#include <veil/arch.h>

#include "../../arm64/list_registers.h"
#include "core/lib.h"
#include "core/persona.h"
#include "machine.h"

#define VMCR_OPEN UINT64_C(0xff000002) /* PMR 0xff, group 1 enabled: fake guests do not begin with closing them */

void arch_vcpu_init(struct vcpu *v)
{
	v->arch.resets = 0;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t x0)
{
	struct vgic_cpu vgic = v->arch.vgic;
	uint64_t resets = v->arch.resets;

	memset(&v->arch, 0, sizeof(v->arch));
	v->arch.vgic = vgic;
	v->arch.resets = resets + 1;
	v->arch.x[0] = x0;
	v->arch.pc = entry;
	v->arch.vgic_registers.hcr = 1;
	v->arch.vgic_registers.vmcr = VMCR_OPEN;
}

void arch_vcpu_save(struct vcpu *v)
{
	struct machine_cpu *m = &machine.cpus[machine.this_cpu];

	v->arch.system.cntv_ctl = m->cntv_ctl;
	v->arch.system.cntv_cval = m->cntv_cval;
	m->cntv_ctl = 0;
	lock_take(&v->persona->lock);
	list_registers_save(v);
	lock_release(&v->persona->lock);
}

void arch_vcpu_load(struct vcpu *v)
{
	struct machine_cpu *m = &machine.cpus[machine.this_cpu];
	struct persona *p = v->persona;

	fake_stage2_load(p);
	m->cntv_offset = p->time_offset;
	m->cntv_cval = v->arch.system.cntv_cval;
	m->cntv_ctl = v->arch.system.cntv_ctl;
	lock_take(&p->lock);
	list_registers_load(v);
	lock_release(&p->lock);
}
