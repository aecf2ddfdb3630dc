/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: why a guest stopped, and what is done about it. A guest chooses the instruction, the registers and the memory behind them;
 * every path below ends in its own virtual CPU and devices, in an exception for itself, or in its own end. */
#include "exception.h"

#include <veil/arch.h>
#include <veil/board.h>
#include <veil/platform.h>

#include "core/log.h"
#include "core/persona.h"
#include "core/sched.h"
#include "devices/omap_gptimer.h"
#include "devices/omap_intc.h"
#include "by_hand.h"
#include "emulate.h"
#include "guest.h"
#include "hypercall.h"
#include "mmu.h"
#include "p15.h"
#include "psr.h"
#include "shadow_tables.h"
#include "timer.h"
#include "vfp.h"

/* `svc` with these numbers stands for instructions that were replaced (see emulate.h, abi.h). */
#define SVC_NUMBER 0x00ffffffU

/* Fault status (Arm DDI 0100I, B4.6.1) */
#define STATUS(fsr) ((fsr)&0x40fU)
#define STATUS_DEBUG 0x002U
#define STATUS_IMPRECISE 0x406U

static NOINLINE struct vcpu *change_tables(struct vcpu *v)
{
	const struct shadow *s = v->persona->arch.shadow;

	mmu_guest(s->first_level + s->view * FIRST_LEVEL_BYTES, s->first_asid + s->view);
	if (v->arch.tables_stale) {
		v->arch.tables_stale = false;
		if (unlikely(vfp_depends_on_mode(v)))
			vfp_control(v);
	}
	return v;
}

/* With the interrupt that waits, and on its own tables. */
static NOINLINE struct vcpu *go_on(struct vcpu *v)
{
	if (v->arch.lines & ~v->arch.mode & (PSR_I | PSR_F))
		guest_interrupt(v);
	return v->arch.tables_stale | mmu_is_full ? change_tables(v) : v;
}

static NOINLINE struct vcpu *resume_slowly(struct vcpu *v)
{
	if (v->cpu->need_resched)
		v = sched_run(v->cpu);
	return go_on(v);
}

/* Back to the guest, or to the scheduler if somebody asked for it. */
static struct vcpu *resume(struct vcpu *v)
{
	if (unlikely(v->cpu->need_resched | (v->arch.lines & ~v->arch.mode & (PSR_I | PSR_F))))
		return resume_slowly(v);
	return v->arch.tables_stale | mmu_is_full ? change_tables(v) : v;
}

struct vcpu *exception_start(struct cpu *cpu)
{
	return go_on(sched_run(cpu));
}

static COLD void crash(struct vcpu *v, uint32_t status)
{
	struct veil_fault fault = {.syndrome = status, .pc = v->arch.r[15], .address = v->arch.p15.far, .vcpu = v->index};

	persona_crash(v->persona, VEIL_REASON_FAULT, &fault);
}

/* ---- Undefined instructions: CP15, hypercalls, VFP ---- */

static NOINLINE struct vcpu *exit_hypercall(struct vcpu *v)
{
	v->statistics.hypercalls++;
	hypercall(v, v->arch.r);
	return resume(v);
}

static COLD struct vcpu *exit_vfp(struct vcpu *v, uint32_t word)
{
	if (!vfp(v, word))
		guest_refuse(v);
	return resume(v);
}

static NOINLINE struct vcpu *exit_p15(struct vcpu *v, uint32_t word)
{
	if (unlikely(!p15(v, word)))
		return exit_vfp(v, word);
	v->statistics.system_registers++;
	return resume(v);
}

/* The tables in force have no entry to read it by; with one, it is made again. */
static COLD struct vcpu *exit_unreadable(struct vcpu *v)
{
	uint32_t word;

	if (guest_instruction(v, v->arch.r[15] - 4, &word) && word == UNREADABLE)
		guest_refuse(v);
	else
		v->arch.r[15] -= 4;
	return resume(v);
}

/* Tail calls: what is common must not pay for what is not. */
struct vcpu *exception_undefined(struct vcpu *v, uint32_t word)
{
	if (likely(guest_is_privileged(v))) {
		if (unlikely(word == VEIL_UDF))
			return exit_hypercall(v);
		if (likely(word != UNREADABLE))
			return exit_p15(v, word);
	}
	return unlikely(word == UNREADABLE) ? exit_unreadable(v) : exit_vfp(v, word);
}

/* ---- SVC: instructions that were replaced, and the guest's own ---- */

static NOINLINE struct vcpu *exit_patch(struct vcpu *v, uint32_t word)
{
	v->statistics.system_registers++;
	emulate(v, word);
	return resume(v);
}

struct vcpu *exception_svc(struct vcpu *v)
{
	const struct arch_persona *p = &v->persona->arch;

	if (guest_is_privileged(v) && !(v->arch.cpsr & PSR_T)) {
		uint64_t word = entry_load_word(v->arch.r[15] - 4); /* the guest's tables are those it ran on: it can be read as a rule */
		uint32_t index = ((uint32_t)word & SVC_NUMBER) - VEIL_PATCH_SVC;

		if (unlikely(!is_loaded(word)))
			return exit_unreadable(v);
		if (likely(index < p->patch_count))
			return exit_patch(v, p->patches[index]);
	}
	guest_swi(v);
	return resume(v);
}

/* ---- Aborts ---- */

static inline enum shadow_result memory_fault(struct vcpu *v, uint32_t address, enum access access, struct shadow_fault *fault)
{
	enum shadow_result result = shadow_quick(v, address, access, fault);

	return likely(result != SHADOW_UNSURE) ? result : shadow_fault(v, address, access, guest_is_privileged(v), fault);
}

/* Not in line: Thumb code cannot read it. */
static NOINLINE uint32_t fetch_status(void)
{
	uint32_t status;

	__asm__ volatile("mrc p15, 0, %0, c5, c0, 1" : "=r"(status));
	return status;
}

COLD struct vcpu *exception_prefetch(struct vcpu *v)
{
	struct shadow_fault fault;

	if (STATUS(fetch_status()) == STATUS_DEBUG)
		guest_prefetch_abort(v, STATUS_DEBUG); /* BKPT */
	else if (memory_fault(v, v->arch.r[15], ACCESS_FETCH, &fault) == SHADOW_GUEST)
		guest_prefetch_abort(v, fault.fsr);
	return resume(v);
}

/* LDR, STR, LDRB and STRB of a constant offset without write-back (Arm DDI 0100I, A5.2.2), as nearly all accesses to devices are. */
#define PLAIN_MASK 0x0f200000U
#define PLAIN 0x05000000U
#define PLAIN_BYTE 0x00400000U
#define PLAIN_LOAD 0x00100000U

/* Not what the tables of either have to say about an access. */
static COLD struct vcpu *exit_other_abort(struct vcpu *v, uint32_t status, uint32_t address)
{
	if (STATUS(status) == STATUS_IMPRECISE)
		crash(v, status);
	else
		guest_data_abort(v, address, FSR_ALIGNMENT | (status & FSR_WRITE));
	return resume(v);
}

static NOINLINE struct vcpu *exit_memory(struct vcpu *v, uint32_t address, uint32_t write)
{
	struct shadow_fault fault;

	switch (memory_fault(v, address, write ? ACCESS_WRITE : ACCESS_READ, &fault)) {
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

/* The short way for plain instructions, to registers the guest has accessed before: `physical` is the address that faulted, which the guest's
 * own tables gave to this device. The instruction is read again; whatever it is now, it only says which of the guest's registers is meant.
 * Thumb code, for its size: a device's registers cost more than that. */
static COLD struct vcpu *exit_device(struct vcpu *v, uint32_t address, uint32_t write, uint32_t physical)
{
	uint64_t instruction = unlikely(v->arch.cpsr & (PSR_T | PSR_E)) ? 0 : entry_load_word(v->arch.r[15]);
	uint32_t word = (uint32_t)instruction, target = word >> 12 & 15, size = word & PLAIN_BYTE ? 1 : 4;
	struct mmio_result result;

	if (unlikely(!is_loaded(instruction) || (word & PLAIN_MASK) != PLAIN || !(word & PLAIN_LOAD) != !!write || target == 15 ||
		     (address & (size - 1))))
		return exit_memory(v, address, write);
	result = platform_mmio(v, ipaddr(physical), size, write, size == 1 ? (uint8_t)v->arch.r[target] : v->arch.r[target]);
	if (unlikely(v->arch.access_again)) {
		v->arch.access_again = false;
		return resume(v);
	}
	if (unlikely(!result.found))
		return exit_memory(v, address, write); /* to be refused at length */
	v->statistics.mmio++;
	if (!write)
		v->arch.r[target] = (uint32_t)result.value;
	v->arch.r[15] += 4;
	return resume(v);
}

struct vcpu *exception_data(struct vcpu *v)
{
	const struct shadow *s = v->persona->arch.shadow;
	uint32_t status, address, write, physical;

	__asm__ volatile("mrc p15, 0, %0, c5, c0, 0\n\tmrc p15, 0, %1, c6, c0, 0" : "=r"(status), "=r"(address));
	write = status & FSR_WRITE;
	if (unlikely(STATUS(status) == FSR_ALIGNMENT || STATUS(status) == STATUS_IMPRECISE))
		return exit_other_abort(v, status, address);
	if (shadow_device(s, s->view, address, write ? ACCESS_WRITE : ACCESS_READ, &physical))
		return exit_device(v, address, write, physical);
	return exit_memory(v, address, write);
}

/* The timer has come for a guest that slept, and it is the one that runs now. Its lock is nobody's: this is the only CPU. Other interrupts may
 * wait as well: they come at once. */
static inline struct vcpu *wake(const struct cpu *cpu, uint64_t now)
{
	struct vcpu *v = cpu->loaded;

	gptimer_acknowledge();
	gptimer_start((uint32_t)(cpu->armed - now));
	intc_next();
	vcpu_registers(v);
	timer_come(v->persona);
	guest_interrupt(v);
	return change_tables(v);
}

struct vcpu *exception_irq(struct vcpu *v)
{
	struct cpu *cpu = v->cpu;

	v->statistics.interrupts++;
	if (cpu->alarm && timer_is_only(cpu->alarm->persona) && intc_is_pending(BOARD_IRQ_HYP_TIMER)) {
		uint64_t now = gptimer_count();

		if (sched_alarm(cpu, now))
			return wake(cpu, now);
	}
	arch_interrupt_poll();
	return resume_slowly(v); /* mostly something has to change */
}

_Noreturn void exception_in_veil(uint32_t vector, uint32_t address, uint32_t status)
{
	panic("exception in Veil: vector, status, address", (uint64_t)(vector << 16 | (status & 0xffff)) << 32 | address);
}
