/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual CPU's modes, banks and exceptions. All of it is the guest's own state: nothing here can be wrong but for the guest. */
#include "guest.h"

#include "core/persona.h"
#include "psr.h"
#include "sctlr.h"
#include "shadow_tables.h"
#include "window.h"

/* Modes 0x10, 0x11, 0x12, 0x13, 0x17, 0x1b and 0x1f exist (Arm DDI 0100I, A2.2). */
#define MODES_EXIST 0x888fU

enum vector {
	VECTOR_UNDEFINED = 0x04,
	VECTOR_SWI = 0x08,
	VECTOR_PREFETCH_ABORT = 0x0c,
	VECTOR_DATA_ABORT = 0x10,
	VECTOR_IRQ = 0x18,
	VECTOR_FIQ = 0x1c
};

bool guest_mode_exists(uint32_t mode)
{
	return (mode & 0x10) && (MODES_EXIST >> (mode & 15) & 1);
}

enum bank guest_bank(uint32_t mode)
{
	static const uint8_t banks[16] = {
		[MODE_FIQ & 15] = BANK_FIQ,
		[MODE_IRQ & 15] = BANK_IRQ,
		[MODE_SUPERVISOR & 15] = BANK_SUPERVISOR,
		[MODE_ABORT & 15] = BANK_ABORT,
		[MODE_UNDEFINED & 15] = BANK_UNDEFINED,
	};

	return banks[mode & 15];
}

uint32_t *guest_banked(struct vcpu *v, enum bank bank, uint32_t reg)
{
	if (bank == guest_bank(v->arch.mode))
		return &v->arch.r[reg];
	return reg == 13 ? &v->rest.banks[bank].r13 : &v->rest.banks[bank].r14;
}

static COLD void fiq_switch(struct vcpu *v)
{
	for (uint32_t i = 0; i < 5; i++) {
		uint32_t other = v->rest.fiq_r8[i];

		v->rest.fiq_r8[i] = v->arch.r[8 + i];
		v->arch.r[8 + i] = other;
	}
}

static ALWAYS_INLINE void bank_switch(struct vcpu *v, enum bank from, enum bank to)
{
	struct banked_registers *banks = v->rest.banks;

	if (from == to)
		return;
	banks[from].r13 = v->arch.r[13];
	banks[from].r14 = v->arch.r[14];
	v->arch.r[13] = banks[to].r13;
	v->arch.r[14] = banks[to].r14;
	if (unlikely(from == BANK_FIQ || to == BANK_FIQ))
		fiq_switch(v);
}

void guest_bank_switch(struct vcpu *v, enum bank from, enum bank to)
{
	bank_switch(v, from, to);
}

/* Another privilege, and only that: the right tables are in force before the guest goes on. */
static inline void privilege(struct vcpu *v)
{
	shadow_privilege(v->persona->arch.shadow, guest_is_privileged(v));
	v->arch.tables_stale = true;
}

void guest_set_cpsr(struct vcpu *v, uint32_t cpsr)
{
	uint32_t before = v->arch.mode & PSR_MODE;
	uint32_t mode = guest_mode_exists(cpsr) ? cpsr & PSR_MODE : before;

	v->arch.cpsr = (cpsr & PSR_REAL) | PSR_REAL_MODE;
	v->arch.mode = (cpsr & PSR_MASKS) | mode;
	if (mode == before)
		return;
	guest_bank_switch(v, guest_bank(before), guest_bank(mode));
	if (before == MODE_USER || mode == MODE_USER)
		privilege(v);
}

uint32_t *guest_spsr(struct vcpu *v)
{
	enum bank bank = guest_bank(v->arch.mode);

	return bank == BANK_USER ? NULL : &v->rest.banks[bank].spsr;
}

void guest_return(struct vcpu *v, uint32_t pc, uint32_t cpsr)
{
	guest_set_cpsr(v, cpsr);
	v->arch.r[15] = pc & (cpsr & PSR_T ? ~1U : ~3U);
}

/* ---- Exceptions ---- */

static HOT NOINLINE void take(struct vcpu *v, enum vector vector, uint32_t mode_and_masks, uint32_t link)
{
	struct arch_vcpu *a = &v->arch;
	uint32_t cpsr = virtual_cpsr(v), sctlr = a->p15.sctlr;
	enum bank bank = guest_bank(mode_and_masks);

	bank_switch(v, guest_bank(cpsr), bank);
	a->cpsr = (cpsr & PSR_REAL & ~(PSR_T | PSR_E)) | PSR_REAL_MODE | (sctlr & SCTLR_EE ? PSR_E : 0);
	a->mode = (cpsr & PSR_MASKS) | mode_and_masks;
	a->exclusive = false;
	v->rest.banks[bank].spsr = cpsr;
	a->r[14] = link;
	a->r[15] = vector + (sctlr & SCTLR_V ? VECTORS_HIGH : 0);
	if ((cpsr & PSR_MODE) == MODE_USER)
		privilege(v);
}

void guest_undefined(struct vcpu *v)
{
	take(v, VECTOR_UNDEFINED, MODE_UNDEFINED | PSR_I, v->arch.r[15]);
}

void guest_refuse(struct vcpu *v)
{
	count_up(&v->statistics.refused_registers);
	guest_undefined(v);
}

void guest_swi(struct vcpu *v)
{
	take(v, VECTOR_SWI, MODE_SUPERVISOR | PSR_I, v->arch.r[15]);
}

void guest_prefetch_abort(struct vcpu *v, uint32_t fsr)
{
	v->arch.p15.ifsr = fsr;
	v->arch.p15.ifar = v->arch.r[15];
	take(v, VECTOR_PREFETCH_ABORT, MODE_ABORT | PSR_A | PSR_I, v->arch.r[15] + 4);
}

HOT void guest_data_abort(struct vcpu *v, uint32_t address, uint32_t fsr)
{
	v->arch.p15.dfsr = fsr;
	v->arch.p15.far = address;
	take(v, VECTOR_DATA_ABORT, MODE_ABORT | PSR_A | PSR_I, v->arch.r[15] + 8);
}

HOT void guest_interrupt(struct vcpu *v)
{
	uint32_t pending = v->arch.lines & ~v->arch.mode;

	if (pending & PSR_F)
		take(v, VECTOR_FIQ, MODE_FIQ | PSR_MASKS, v->arch.r[15] + 4);
	else if (pending & PSR_I)
		take(v, VECTOR_IRQ, MODE_IRQ | PSR_A | PSR_I, v->arch.r[15] + 4);
}
