/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: why a guest stopped, and what is done about it. A guest chooses the instruction, the registers and the memory behind them;
 * every path below ends in its own virtual CPU and devices, in an exception for itself, or in its own end. */
#include "exception.h"

#include <veil/arch.h>

#include "core/log.h"
#include "core/persona.h"
#include "core/sched.h"
#include "emulate.h"
#include "guest.h"
#include "hypercall.h"
#include "load_store.h"
#include "mmu.h"
#include "p15.h"
#include "psr.h"
#include "vfp.h"

/* `svc` with these numbers stands for instructions that were replaced (see emulate.h). */
#define SVC_NUMBER 0x00ffffffU
#define SVC_PATCH 0x00f00000U

/* Fault status (Arm DDI 0100I, B4.6.1) */
#define STATUS(fsr) ((fsr)&0x40fU)
#define STATUS_DEBUG 0x002U
#define STATUS_IMPRECISE 0x406U

/* Whoever goes on has its timers' interrupts up to now. */
static NOINLINE struct vcpu *reschedule(struct cpu *cpu)
{
	struct vcpu *v = sched_run(cpu);

	guest_time(v);
	return v;
}

static NOINLINE void change_tables(struct vcpu *v)
{
	v->arch.tables_stale = false;
	shadow_load(v);
	if (unlikely(vfp_depends_on_mode(v)))
		vfp_control(v);
}

/* With the interrupt that waits, and on its own tables. */
static inline struct vcpu *go_on(struct vcpu *v)
{
	if (v->arch.lines & ~v->arch.mode & (PSR_I | PSR_F))
		guest_interrupt(v);
	if (v->arch.tables_stale || mmu_is_full)
		change_tables(v);
	return v;
}

/* Back to the guest, or to the scheduler if somebody asked for it. */
static struct vcpu *resume(struct vcpu *v)
{
	if (unlikely(v->cpu->need_resched))
		v = reschedule(v->cpu);
	return go_on(v);
}

struct vcpu *exception_start(struct cpu *cpu)
{
	return go_on(reschedule(cpu));
}

static NOINLINE void crash(struct vcpu *v, uint32_t status)
{
	struct veil_fault fault = {.syndrome = status, .pc = v->arch.r[15], .address = v->arch.p15.far, .vcpu = v->index};

	persona_crash(v->persona, VEIL_REASON_FAULT, &fault);
}

static NOINLINE void refuse_instruction(struct vcpu *v)
{
	v->statistics.refused_registers++;
	guest_undefined(v);
}

/* ---- Undefined instructions: CP15, hypercalls, VFP ---- */

struct vcpu *exception_undefined(struct vcpu *v)
{
	uint32_t word;

	if (unlikely(v->arch.cpsr & PSR_T)) {
		refuse_instruction(v);
	} else if (unlikely(!guest_instruction(v, v->arch.r[15] - 4, &word))) {
		v->arch.r[15] -= 4; /* it was there a moment ago: again, for whatever happens now */
	} else if (guest_is_privileged(v) && p15(v, word)) {
		v->statistics.system_registers++;
	} else if (guest_is_privileged(v) && word == VEIL_UDF) {
		v->statistics.hypercalls++;
		hypercall(v, v->arch.r);
	} else if (!vfp(v, word)) {
		refuse_instruction(v);
	}
	return resume(v);
}

/* ---- SVC: instructions that were replaced, and the guest's own ---- */

struct vcpu *exception_svc(struct vcpu *v)
{
	const struct arch_persona *p = &v->persona->arch;
	uint32_t word;

	if (guest_is_privileged(v) && !(v->arch.cpsr & PSR_T) && guest_instruction(v, v->arch.r[15] - 4, &word)) {
		uint32_t index = (word & SVC_NUMBER) - SVC_PATCH;

		if (index < p->patch_count) {
			v->statistics.system_registers++;
			emulate(v, p->patches[index]);
			return resume(v);
		}
	}
	guest_swi(v);
	return resume(v);
}

/* ---- Aborts ---- */

struct vcpu *exception_prefetch(struct vcpu *v)
{
	struct shadow_fault fault;
	uint32_t status;

	__asm__ volatile("mrc p15, 0, %0, c5, c0, 1" : "=r"(status));
	if (STATUS(status) == STATUS_DEBUG)
		guest_prefetch_abort(v, STATUS_DEBUG); /* BKPT */
	else if (shadow_fault(v, v->arch.r[15], ACCESS_FETCH, guest_is_privileged(v), &fault) == SHADOW_GUEST)
		guest_prefetch_abort(v, fault.fsr);
	return resume(v);
}

/* A device's register, or memory that no entry of a table can give access to. An instruction no device could serve leaves the fault as it is:
 * nothing is there for it. */
static void access_by_hand(struct vcpu *v, uint32_t address, uint32_t write)
{
	struct load_store_fault fault = {.address = address, .fsr = FSR_EXTERNAL | write};
	uint32_t instruction;

	v->statistics.mmio++;
	if (!guest_instruction(v, v->arch.r[15], &instruction))
		return;
	if (load_store(v, instruction, &fault) == LOAD_STORE_DONE && likely(!v->arch.access_again))
		return;
	if (v->arch.access_again) {
		v->arch.access_again = false; /* registers are as before */
		return;
	}
	v->statistics.refused_memory++;
	guest_data_abort(v, fault.address, fault.fsr);
}

struct vcpu *exception_data(struct vcpu *v)
{
	struct shadow_fault fault;
	uint32_t status, address, write;

	__asm__ volatile("mrc p15, 0, %0, c5, c0, 0\n\tmrc p15, 0, %1, c6, c0, 0" : "=r"(status), "=r"(address));
	write = status & FSR_WRITE;
	if (unlikely(STATUS(status) == FSR_ALIGNMENT)) {
		guest_data_abort(v, address, FSR_ALIGNMENT | write);
		return resume(v);
	}
	if (unlikely(STATUS(status) == STATUS_IMPRECISE)) {
		crash(v, status);
		return resume(v);
	}
	switch (shadow_fault(v, address, write ? ACCESS_WRITE : ACCESS_READ, guest_is_privileged(v), &fault)) {
	case SHADOW_FILLED:
		break;
	case SHADOW_GUEST:
		guest_data_abort(v, fault.address, fault.fsr);
		break;
	default:
		access_by_hand(v, address, write);
		break;
	}
	return resume(v);
}

struct vcpu *exception_irq(struct vcpu *v)
{
	v->statistics.interrupts++;
	arch_interrupt_poll();
	return resume(v);
}

_Noreturn void exception_in_veil(uint32_t vector, uint32_t address, uint32_t status)
{
	panic("exception in Veil: vector, status, address", (uint64_t)(vector << 16 | (status & 0xffff)) << 32 | address);
}
