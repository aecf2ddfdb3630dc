/* SPDX-License-Identifier: Apache-2.0 */
/* Exits: why a guest stopped, and what is done about it. A guest chooses the instruction, the registers and the memory behind
 * them; every path below ends in its own virtual devices, in an exception for itself, or in its own end. */
#include "exit.h"

#include <veil/arch.h>
#include <veil/platform.h>

#include "core/log.h"
#include "core/persona.h"
#include "core/sched.h"
#include "platforms/virt/hypercall.h"
#include "sysreg.h"
#include "system_trap.h"

/* Syndrome fields of aborts (Arm DDI 0487, D19.2.39, "ISS encoding for an exception from a Data Abort") */
#define ISS_VALID BIT(24)
#define ISS_SIZE(esr) (1U << ((esr) >> 22 & 3))
#define ISS_SIGN_EXTEND BIT(21)
#define ISS_REGISTER(esr) ((esr) >> 16 & 31)
#define ISS_64_BIT BIT(15)
#define ISS_TABLE_WALK BIT(7)
#define ISS_WRITE BIT(6)
#define ISS_STATUS(esr) ((esr)&0x3f)
#define STATUS_TRANSLATION_LAST 0x07 /* 0..3 address size, 4..7 translation */
#define STATUS_IS_PERMISSION(status) ((status) >> 2 == 3)
#define STATUS_EXTERNAL 0x10
#define STATUS_EXTERNAL_WALK_LAST 0x17

#define NOWHERE ipaddr(UINT64_MAX)

/* Four bytes, or two of a T32 program at EL0: ESR_EL2.IL tells. */
static void skip_instruction(uint64_t esr)
{
	sysreg_write(elr_el2, sysreg_read(elr_el2) + 2 + (esr >> (ESR_IL_SHIFT - 1) & 2));
}

void arch_access_again(void)
{
	sysreg_write(elr_el2,
		     sysreg_read(elr_el2) - (2 + (sysreg_read(esr_el2) >> (ESR_IL_SHIFT - 1) & 2))); /* skip_instruction() follows */
}

/* Back to the guest, or to the scheduler if somebody asked for it. */
static NOINLINE struct vcpu *resume(struct vcpu *v)
{
	uint8_t wishes = __atomic_load_n(&v->cpu->need_resched, __ATOMIC_RELAXED);

	if (likely(!wishes))
		return v;
	if (wishes == CPU_KICK) {
		sched_kick(v->cpu);
		return v; /* who wants more of this CPU meanwhile interrupts it */
	}
	return sched_run(v->cpu);
}

/* An exception for the guest's EL1, as the hardware would take it (AArch64.TakeException). */
static void inject(uint64_t esr)
{
	uint64_t pstate = sysreg_read(spsr_el2);
	uint64_t offset = 0x400; /* from EL0 */

	if (pstate & PSTATE_AARCH32)
		offset = 0x600;
	else if ((pstate & PSTATE_MODE_MASK) == PSTATE_EL1H)
		offset = 0x200;
	else if ((pstate & PSTATE_MODE_MASK) == PSTATE_EL1H - 1)
		offset = 0;
	sysreg_write(elr_el1, sysreg_read(elr_el2));
	sysreg_write(spsr_el1, pstate);
	sysreg_write(esr_el1, esr);
	sysreg_write(elr_el2, sysreg_read(vbar_el1) + offset);
	sysreg_write(spsr_el2, PSTATE_EL1H | PSTATE_DAIF);
}

void inject_undefined(uint64_t esr)
{
	inject((uint64_t)EC_UNKNOWN << ESR_EC_SHIFT | (esr & ESR_IL));
}

/* A synchronous external abort: what a bus says where there is nothing. */
static NOINLINE COLD void inject_abort(uint64_t esr)
{
	bool from_el0 = (sysreg_read(spsr_el2) & PSTATE_AARCH32) || (sysreg_read(spsr_el2) & PSTATE_MODE_MASK) == 0;
	uint64_t class = esr >> ESR_EC_SHIFT & 0x3f;

	if (!from_el0)
		class ++; /* the same abort, taken from EL1 itself: the next class */
	sysreg_write(far_el1, sysreg_read(far_el2));
	inject(class << ESR_EC_SHIFT | ESR_IL | (esr & (class >= EC_DATA_ABORT_LOWER ? ISS_WRITE : 0)) | STATUS_EXTERNAL);
}

static NOINLINE COLD void crash(struct vcpu *v, uint64_t esr)
{
	struct veil_fault fault = {.syndrome = esr, .pc = sysreg_read(elr_el2), .address = sysreg_read(far_el2), .vcpu = v->index};

	persona_crash(v->persona, VEIL_REASON_FAULT, &fault);
}

static inline bool mmio(struct vcpu *v, uint64_t esr, ipaddr_t address)
{
	uint32_t size = ISS_SIZE(esr);
	uint32_t reg = ISS_REGISTER(esr);
	uint32_t unused = 64 - 8 * size; /* bits of a register above the access */
	struct mmio_result result;

	v->statistics.mmio++;
	if (esr & ISS_WRITE)
		return platform_mmio(v, address, size, true, reg == 31 ? 0 : v->arch.x[reg] << unused >> unused).found;
	result = platform_mmio(v, address, size, false, 0);
	if (!result.found)
		return false;
	result.value <<= unused;
	result.value = esr & ISS_SIGN_EXTEND ? (uint64_t)((int64_t)result.value >> unused) : result.value >> unused;
	if (reg != 31)
		v->arch.x[reg] = esr & ISS_64_BIT ? result.value : (uint32_t)result.value;
	return true;
}

/* No device and not RAM, or an access no device could serve. */
static NOINLINE COLD void refuse_access(struct vcpu *v, uint64_t esr)
{
	v->statistics.refused_memory++;
	inject_abort(esr);
}

/* Is it an access of an instruction that says what it does? Others no device could serve. */
static bool is_plain(uint64_t esr)
{
	return (esr & (ISS_VALID | ISS_TABLE_WALK)) == ISS_VALID && esr >> ESR_EC_SHIFT == EC_DATA_ABORT_LOWER;
}

/* HPFAR_EL2.FIPA (D19.2.57) holds bits 47..12 of the guest-physical address. */
static ipaddr_t fault_address(void)
{
	return ipaddr((sysreg_read(hpfar_el2) & ~UINT64_C(15)) << 8 | (sysreg_read(far_el2) & 0xfff));
}

/* Of a page that is mapped, but not so: flash, which only reads as memory. HPFAR_EL2 tells nothing of these (D19.2.57), the guest's own
 * tables do, as far as they still say the same; an address that is none of its devices is refused like any other. */
static COLD ipaddr_t permission_address(void)
{
	uint64_t guests = sysreg_read(par_el1), par;

	__asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(sysreg_read(far_el2)) : "memory");
	par = sysreg_read(par_el1);
	sysreg_write(par_el1, guests);
	return par & 1 ? NOWHERE : ipaddr((par & UINT64_C(0xfffffffff000)) | (sysreg_read(far_el2) & 0xfff));
}

static NOINLINE struct vcpu *exit_memory(struct vcpu *v, uint64_t esr)
{
	uint64_t status = ISS_STATUS(esr);
	bool is_permission = STATUS_IS_PERMISSION(status);
	ipaddr_t address = unlikely(is_permission) ? permission_address() : fault_address();

	if (unlikely(status > STATUS_TRANSLATION_LAST) && !is_permission) {
		if (status >= STATUS_EXTERNAL && status <= STATUS_EXTERNAL_WALK_LAST)
			inject_abort(esr);
		else
			crash(v, esr);
	} else if (address.value < GUEST_DEVICES_END && likely(is_plain(esr)) && likely(mmio(v, esr, address))) {
		skip_instruction(esr);
	} else if (is_permission || !persona_populate(v, address)) {
		refuse_access(v, esr);
	}
	return resume(v);
}

static NOINLINE struct vcpu *exit_wait(struct vcpu *v, uint64_t esr)
{
	v->statistics.wfi++;
	skip_instruction(esr);
	arch_vcpu_wait(v);
	return resume(v);
}

static NOINLINE struct vcpu *exit_hypercall(struct vcpu *v)
{
	v->statistics.hypercalls++;
	hypercall(v, v->arch.x);
	return resume(v);
}

static NOINLINE struct vcpu *exit_system(struct vcpu *v, uint64_t esr)
{
	v->statistics.system_registers++;
	if (system_trap(v, esr)) {
		skip_instruction(esr);
	} else {
		v->statistics.refused_registers++;
		inject_undefined(esr);
	}
	return resume(v);
}

/* Tail calls: what is common must not pay for what is not. */
struct vcpu *exit_sync(struct vcpu *v)
{
	uint64_t esr = sysreg_read(esr_el2);
	uint64_t class = esr >> ESR_EC_SHIFT;

	if (class == EC_DATA_ABORT_LOWER || class == EC_INSTRUCTION_ABORT_LOWER)
		return exit_memory(v, esr);
	if (class == EC_HVC64)
		return exit_hypercall(v);
	if (class == EC_WFX)
		return exit_wait(v, esr);
	if (class == EC_SYSREG)
		return exit_system(v, esr);
	if (class == EC_SMC64) { /* firmware is Veil's alone: every call is unknown */
		v->statistics.smc++;
		v->arch.x[0] = UINT64_MAX;
		skip_instruction(esr);
		return resume(v);
	}
	/* Features hidden from the guest: SVE, pointer authentication, AArch32 coprocessors. */
	v->statistics.refused_registers++;
	inject_undefined(esr);
	return resume(v);
}

struct vcpu *exit_irq(struct vcpu *v)
{
	v->statistics.interrupts++;
	arch_interrupt_poll();
	return resume(v);
}

/* An asynchronous abort while a guest ran. Veil programs all devices, so its cause is this guest's access or a broken machine. */
struct vcpu *exit_serror(struct vcpu *v)
{
	crash(v, sysreg_read(esr_el2));
	return sched_run(v->cpu);
}

_Noreturn void fault_in_veil(uint64_t vector)
{
	panic("exception in Veil: vector", vector);
}
