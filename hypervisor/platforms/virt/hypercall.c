/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI 1.1 (Arm DEN0022) and Veil's own calls. Arguments are numbers, never addresses Veil would follow. */
#include "hypercall.h"

#include <veil/arch.h>

#include "core/log.h"
#include "core/persona.h"
#include "core/sched.h"
#include "platforms/guest_report.h"

enum {
	SMCCC_VERSION = 0x80000000,
	PSCI_VERSION = 0x84000000,
	PSCI_CPU_SUSPEND_32 = 0x84000001,
	PSCI_CPU_OFF = 0x84000002,
	PSCI_CPU_ON_32 = 0x84000003,
	PSCI_AFFINITY_INFO_32 = 0x84000004,
	PSCI_MIGRATE_INFO_TYPE = 0x84000006,
	PSCI_FEATURES = 0x8400000a,
	PSCI_SYSTEM_RESET2_32 = 0x84000012,
	PSCI_CPU_SUSPEND_64 = 0xc4000001,
	PSCI_CPU_ON_64 = 0xc4000003,
	PSCI_AFFINITY_INFO_64 = 0xc4000004,
	PSCI_SYSTEM_RESET2_64 = 0xc4000012
};

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

static COLD uint64_t features(uint32_t function)
{
	switch (function) {
	case SMCCC_VERSION:
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
	case PSCI_AFFINITY_INFO_32:
	case PSCI_AFFINITY_INFO_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2_32:
	case PSCI_SYSTEM_RESET2_64:
	case PSCI_FEATURES:
		return 0;
	default:
		return PSCI_NOT_SUPPORTED;
	}
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

	switch (function) {
	case PSCI_VERSION:
		x[0] = PSCI_1_1;
		break;
	case SMCCC_VERSION:
		x[0] = SMCCC_1_1;
		break;
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
		x[0] = 0;
		arch_vcpu_wait(v); /* whatever was asked for: registers are kept, as in a standby state */
		break;
	case PSCI_CPU_OFF:
		cpu_off(v);
		break;
	case PSCI_CPU_ON_32:
		x[0] = cpu_on(v, (uint32_t)x[1], (uint32_t)x[2], (uint32_t)x[3]);
		break;
	case PSCI_CPU_ON_64:
		x[0] = cpu_on(v, x[1], x[2], x[3]);
		break;
	case PSCI_AFFINITY_INFO_32:
		x[0] = affinity_info(v, (uint32_t)x[1], (uint32_t)x[2]);
		break;
	case PSCI_AFFINITY_INFO_64:
		x[0] = affinity_info(v, x[1], x[2]);
		break;
	case PSCI_MIGRATE_INFO_TYPE:
		x[0] = NO_TRUSTED_OS;
		break;
	case PSCI_SYSTEM_RESET2_32:
	case PSCI_SYSTEM_RESET2_64:
		x[0] = warm_reset(v, (uint32_t)x[1]);
		break;
	case PSCI_FEATURES:
		x[0] = features((uint32_t)x[1]);
		break;
	case VEIL_HVC_CALL_UID:
		call_uid(x);
		break;
	default:
		x[0] = guest_report_call(v, function, x[1]) ? 0 : PSCI_NOT_SUPPORTED;
		break;
	}
}
