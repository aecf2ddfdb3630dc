/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI 1.1 (Arm DEN0022) and Veil's own calls. Arguments are numbers, never addresses Veil would follow. */
#include "hypercall.h"

#include <veil/arch.h>

#include "core/log.h"
#include "core/persona.h"
#include "core/sched.h"
#include "platforms/guest_report.h"

#define SMCCC_VERSION 0x80000000

/* PSCI's functions by number, and which there are: those whose arguments have 32 bits, and those whose have 64. */
enum {
	VERSION = 0,
	CPU_SUSPEND = 1,
	CPU_OFF = 2,
	CPU_ON = 3,
	AFFINITY_INFO = 4,
	MIGRATE_INFO_TYPE = 6,
	SYSTEM_OFF = PSCI_SYSTEM_OFF & 31,
	SYSTEM_RESET = PSCI_SYSTEM_RESET & 31,
	FEATURES = 10,
	SYSTEM_RESET2 = 18
};
#define PSCI_32 0x84000000
#define PSCI_64 0xc4000000
#define FUNCTIONS_64 (BIT(CPU_SUSPEND) | BIT(CPU_ON) | BIT(AFFINITY_INFO) | BIT(SYSTEM_RESET2))
#define FUNCTIONS_32 \
	(FUNCTIONS_64 | BIT(VERSION) | BIT(CPU_OFF) | BIT(MIGRATE_INFO_TYPE) | BIT(SYSTEM_OFF) | BIT(SYSTEM_RESET) | BIT(FEATURES))

#define PSCI_1_1 0x00010001
#define SMCCC_1_1 0x00010001
#define PSCI_NOT_SUPPORTED UINT64_MAX
#define PSCI_INVALID_PARAMETERS (UINT64_MAX - 1)
#define PSCI_ALREADY_ON (UINT64_MAX - 3)
#define PSCI_INVALID_ADDRESS (UINT64_MAX - 8)
#define AFFINITY_ON 0
#define AFFINITY_OFF 1
#define NO_TRUSTED_OS 2

/* The virtual CPU an MPIDR names, or NULL: only this persona's can be named. */
static struct vcpu *by_affinity(struct vcpu *v, uint64_t mpidr)
{
	return mpidr < v->persona->config->cpu_count ? v->persona->vcpus[mpidr] : NULL;
}

/* Until its CPU has let go of it, it counts as on: its registers are still somewhere else. */
static bool is_on(const struct vcpu *v)
{
	return __atomic_load_n(&v->powered, __ATOMIC_ACQUIRE) || __atomic_load_n(&v->cpu->loaded, __ATOMIC_ACQUIRE) == v;
}

static COLD uint64_t cpu_on(struct vcpu *v, uint64_t mpidr, uint64_t entry, uint64_t context)
{
	struct vcpu *target = by_affinity(v, mpidr);
	uint64_t result = 0;

	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if (entry % 4 || !range_within(entry, 4, v->persona->ram.guest, v->persona->ram.size))
		return PSCI_INVALID_ADDRESS;
	lock_take(&v->persona->lock);
	if (is_on(target)) {
		result = PSCI_ALREADY_ON;
	} else {
		arch_vcpu_reset(target, entry, context);
		target->powered = true;
		__atomic_store_n(&target->runnable, true, __ATOMIC_RELEASE); /* what the scheduler looks at */
	}
	lock_release(&v->persona->lock);
	if (!result)
		sched_join(target);
	return result;
}

/* The scheduler lets go of this virtual CPU at the end of this exit; see sched_run. */
static COLD void cpu_off(struct vcpu *v)
{
	__atomic_store_n(&v->powered, false, __ATOMIC_RELEASE);
	__atomic_store_n(&v->runnable, false, __ATOMIC_RELEASE);
	sched_again(v->cpu);
}

static COLD uint64_t affinity_info(struct vcpu *v, uint64_t mpidr, uint64_t level)
{
	struct vcpu *target = by_affinity(v, mpidr);

	if (!target || level != 0)
		return PSCI_INVALID_PARAMETERS;
	return is_on(target) ? AFFINITY_ON : AFFINITY_OFF;
}

static bool is_psci(uint32_t function)
{
	if (function - PSCI_32 < 32)
		return FUNCTIONS_32 >> (function - PSCI_32) & 1;
	return function - PSCI_64 < 32 && (FUNCTIONS_64 >> (function - PSCI_64) & 1);
}

/* A warm reset (type 0) keeps memory, for a kernel that looks at what the crashed one left. Veil keeps none: to the owner it is the end
 * of a life by a crash, and that is what our Linux guests ask for it on (decision 3). */
static COLD uint64_t warm_reset(struct vcpu *v, uint32_t type)
{
	if (type != 0)
		return PSCI_INVALID_PARAMETERS;
	guest_report_crash(v, 0);
	return 0;
}

static COLD uint64_t psci(struct vcpu *v, uint32_t function, const uint64_t *x)
{
	uint64_t used = function >= PSCI_64 ? UINT64_MAX : UINT32_MAX;
	uint64_t a = x[1] & used, b = x[2] & used, c = x[3] & used;

	switch (function & 31) {
	case CPU_SUSPEND:
		arch_vcpu_wait(v); /* whatever was asked for: registers are kept, as in a standby state */
		return 0;
	case CPU_OFF:
		cpu_off(v);
		return x[0];
	case CPU_ON:
		return cpu_on(v, a, b, c);
	case AFFINITY_INFO:
		return affinity_info(v, a, b);
	case MIGRATE_INFO_TYPE:
		return NO_TRUSTED_OS;
	case SYSTEM_RESET2:
		return warm_reset(v, (uint32_t)a);
	case FEATURES:
		return is_psci((uint32_t)a) || a == SMCCC_VERSION ? 0 : PSCI_NOT_SUPPORTED;
	default:
		return guest_report_call(v, function, a) ? 0 : PSCI_NOT_SUPPORTED;
	}
}

/* UUID 4d9f3f62-6c1b-4bb0-8a3e-7665696c0001, as DEN0028 lays it out in x0..x3. */
static COLD void call_uid(uint64_t *x)
{
	x[0] = 0x623f9f4d;
	x[1] = 0xb04b1b6c;
	x[2] = 0x65763e8a;
	x[3] = 0x01006c69;
}

NOINLINE void hypercall(struct vcpu *v, uint64_t *x)
{
	uint32_t function = (uint32_t)x[0];

	if (function == PSCI_32 + VERSION)
		x[0] = PSCI_1_1;
	else if (function >= VEIL_HVC_READY) /* above all others, and a yield is among them */
		x[0] = guest_report_call(v, function, x[1]) ? 0 : PSCI_NOT_SUPPORTED;
	else if (is_psci(function))
		x[0] = psci(v, function, x);
	else if (function == SMCCC_VERSION)
		x[0] = SMCCC_1_1;
	else if (function == VEIL_HVC_CALL_UID)
		call_uid(x);
	else
		x[0] = guest_report_call(v, function, x[1]) ? 0 : PSCI_NOT_SUPPORTED;
}
