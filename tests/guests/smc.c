/* SPDX-License-Identifier: Apache-2.0 */
/* Secure monitor calls never leave the guest: they answer -1 or are undefined, SYSTEM_OFF and RESET included. */
#include "runtime.h"

static uint64_t x0_after;

static struct fault smc(uint64_t function, uint64_t x1)
{
	fault_arm();
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t a1 __asm__("x1") = x1;
	__asm__ volatile(".inst 0xd4000003" : "+r"(x0), "+r"(a1)::"x2", "x3", "x4", "x5", "x6", "x7", "memory");
	x0_after = x0;
	return fault_disarm();
}

static bool refused(struct fault fault)
{
	if (fault.count)
		return fault.count == 1 && fault.class == CLASS_UNKNOWN;
	return (int32_t)x0_after == PSCI_NOT_SUPPORTED;
}

void test(void)
{
	static const struct {
		const char *name;
		uint32_t function;
	} calls[] = {
		{"PSCI_VERSION", PSCI_VERSION},
		{"SYSTEM_OFF", PSCI_SYSTEM_OFF},
		{"SYSTEM_RESET", PSCI_SYSTEM_RESET},
		{"SYSTEM_RESET2", 0xc4000012},
		{"SYSTEM_SUSPEND", 0xc400000e},
		{"CPU_OFF", PSCI_CPU_OFF},
		{"CPU_ON", PSCI_CPU_ON},
		{"CPU_SUSPEND", PSCI_CPU_SUSPEND},
		{"MIGRATE", 0xc4000005},
		{"PSCI 0.1 SYSTEM_OFF", 0x95c1ba5e + 0},
		{"SMCCC_VERSION", SMCCC_VERSION},
		{"TRNG_VERSION", 0x84000050},
		{"Veil's UID", VEIL_HVC_CALL_UID},
	};
	for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct fault fault = smc(calls[i].function, 1);
		report(refused(fault), "SMC %s: %u faults, x0 = %x", calls[i].name, fault.count, x0_after);
	}
	uint64_t state = argument("seed", 1), wrong = 0;
	for (int i = 0; i < 5000; i++)
		wrong += !refused(smc(random_next(&state), random_next(&state)));
	report(wrong == 0, "5000 random SMCs: %u not refused", wrong);
	fault_arm();
	__asm__ volatile(".inst 0xd41fffe3" ::: "x0", "x1", "x2", "x3", "memory");
	report(fault_disarm().count <= 1, "SMC with another immediate");
}
