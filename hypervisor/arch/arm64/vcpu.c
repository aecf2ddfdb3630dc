/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual CPUs: what is exchanged when another one takes over a CPU, and what a fresh one looks like. */
#include <veil/arch.h>

#include "core/lib.h"
#include "core/persona.h"
#include "gic.h"
#include "list_registers.h"
#include "sysreg.h"

/* SCTLR_EL1 at reset: MMU and caches off, little-endian, RES1 bits of ARMv8.0. */
#define SCTLR_EL1_RESET UINT64_C(0x30d00800)

/* Index of the virtual CPU of each persona that a CPU held last; each CPU looks at its own row only. */
static uint8_t last_loaded[VEIL_MAX_CPUS][VEIL_MAX_PERSONAS];

void system_save(struct system_registers *to);
void system_load(const struct system_registers *from);
void fp_save(struct fp_registers *to);
void fp_load(const struct fp_registers *from);

void arch_vcpu_init(struct vcpu *v)
{
	v->arch.stack_top = v->cpu ? v->cpu->stack_top : NULL;
}

COLD void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t x0)
{
	struct vgic_cpu vgic = v->arch.vgic; /* reset apart, by the platform */

	memset(&v->arch, 0, sizeof(v->arch));
	v->arch.vgic = vgic;
	v->arch.stack_top = v->cpu->stack_top;
	v->arch.x[0] = x0;
	v->arch.pc = entry;
	v->arch.pstate = PSTATE_EL1H | PSTATE_DAIF;
	v->arch.system.sctlr = SCTLR_EL1_RESET;
	v->arch.vgic_registers.hcr = ICH_HCR_EN;
}

void arch_vcpu_save(struct vcpu *v)
{
	v->arch.pc = sysreg_read(elr_el2);
	v->arch.pstate = sysreg_read(spsr_el2);
	system_save(&v->arch.system);
	fp_save(&v->arch.fp);
	lock_take(&v->persona->lock);
	list_registers_save(v);
	lock_release(&v->persona->lock);
}

/* Virtual CPUs of one persona share a VMID, but not what each cached of its own tables (D8.14.4): what another of them left in this CPU
 * goes. One that finds only what it left itself, however many personas ran in between, keeps it. */
static void forget_sibling(const struct vcpu *v)
{
	uint8_t *last = &last_loaded[v->cpu->id][v->persona->index];

	if (*last == v->index)
		return;
	*last = (uint8_t)v->index;
	__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tic iallu\n\tdsb nsh\n\tisb" : : : "memory");
}

void arch_vcpu_load(struct vcpu *v)
{
	struct persona *p = v->persona;

	sysreg_write(vttbr_el2, p->arch.vttbr);
	sysreg_write(vmpidr_el2, BIT(31) | v->index);
	sysreg_write(cntvoff_el2, p->time_offset);
	sysreg_write(elr_el2, v->arch.pc);
	sysreg_write(spsr_el2, v->arch.pstate);
	system_load(&v->arch.system);
	fp_load(&v->arch.fp);
	isb();
	if (p->config->cpu_count > 1)
		forget_sibling(v);
	lock_take(&p->lock);
	list_registers_load(v);
	lock_release(&p->lock);
}
