/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual CPUs: what is exchanged when another one takes over the CPU, what a fresh one looks like, and how one waits. */
#include <veil/arch.h>

#include "core/lib.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/payload.h"
#include "core/persona.h"
#include "exception.h"
#include "guest.h"
#include "psr.h"
#include "sctlr.h"
#include "vfp.h"

/* What a Linux kernel with a device tree finds in r1: no machine number (Documentation/arch/arm/booting.rst). */
#define NO_MACHINE UINT32_MAX

/* What of the control register holds for the real CPU as well: where the vectors are, what becomes of unaligned addresses. Veil itself
 * makes aligned accesses only, and its vectors are wherever the guest's are not. */
#define SCTLR_SHARED (SCTLR_A | SCTLR_U | SCTLR_V)

_Static_assert(offsetof(struct arch_vcpu, mode) == 72 && offsetof(struct vcpu, statistics.system_registers) == 224, "entry.S knows these");

static uint32_t *patches[VEIL_MAX_PERSONAS];

/* The table of patches is copied to where it is in view at all times, word by word, when its payload has been verified. */
COLD void arch_vcpu_init(struct vcpu *v)
{
	uint32_t count = v->persona->config->patch_count;

	if (count && !(patches[v->persona->index] = memory_take(count * sizeof(uint32_t), sizeof(uint32_t))))
		panic("manifest refused: too little work memory for patches of persona", v->persona->index);
}

static void patches_reset(struct persona *p)
{
	if (!p->config->patch_count)
		return;
	memcpy(patches[p->index], payload_bytes(p->config->patch_payload), p->config->patch_count * sizeof(uint32_t));
	p->arch.patches = patches[p->index];
	p->arch.patch_count = p->config->patch_count;
}

COLD void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t x0)
{
	uint32_t lines = v->arch.lines;

	vfp_reset(v);
	patches_reset(v->persona);
	memset(&v->rest, 0, sizeof(v->rest));
	v->arch = (struct arch_vcpu){
		.r = {[1] = NO_MACHINE, [2] = (uint32_t)x0, [15] = (uint32_t)entry},
		.cpsr = PSR_REAL_MODE,
		.mode = MODE_SUPERVISOR | PSR_MASKS,
		.lines = lines, /* the interrupt controller's */
		.p15.sctlr = SCTLR_FIXED,
		.tables_stale = true,
	};
	shadow_reset(v);
}

void arch_vcpu_save(struct vcpu *v)
{
	(void)v; /* all of it is in memory as soon as a guest stops; the floating-point unit's registers stay until somebody wants them */
}

static ALWAYS_INLINE void control(const struct vcpu *v)
{
	uint32_t now, changes;

	__asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(now));
	changes = (now ^ v->arch.p15.sctlr ^ SCTLR_V) & SCTLR_SHARED;
	if (changes)
		__asm__ volatile("mcr p15, 0, %0, c1, c0, 0\n\tmcr p15, 0, %1, c7, c5, 4" : : "r"(now ^ changes), "r"(0) : "memory");
}

void guest_control(struct vcpu *v)
{
	control(v);
}

/* The CPU may hold a reservation of another guest's LDREX, and cannot clear it by itself: a store to memory of nobody's does. */
static void forget_reservation(void)
{
	uint32_t word, failed;

	__asm__ volatile("strex %0, %1, [%2]" : "=&r"(failed) : "r"(0), "r"(&word) : "memory");
}

void vcpu_registers(struct vcpu *v)
{
	entry_load(v);
	control(v);
	forget_reservation();
	vfp_control(v);
}

void arch_vcpu_load(struct vcpu *v)
{
	vcpu_registers(v);
	v->arch.tables_stale = true;
	guest_time(v, v->cpu->charged_since); /* what it slept through */
}

COLD void arch_vcpu_wait(struct vcpu *v)
{
	if (v->arch.lines)
		return;
	v->runnable = false;
	v->cpu->need_resched = CPU_RESCHEDULE;
}

COLD void arch_access_again(void)
{
	arch_this_cpu()->loaded->arch.access_again = true;
}
