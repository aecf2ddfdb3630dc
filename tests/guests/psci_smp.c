/* SPDX-License-Identifier: Apache-2.0 */
/* A second virtual CPU: on, its state, interrupts between the two, off, on again, and wrong arguments. Needs two CPUs. */
#include "runtime.h"

static volatile uint64_t alive, given, mpidr, got_sgi, go_off, el;

static void on_sgi(uint32_t id)
{
	if (id == 5)
		got_sgi++;
}

static void second(uint64_t argument_value)
{
	given = argument_value;
	mpidr = SYSREG_READ("mpidr_el1");
	el = SYSREG_READ("currentel") >> 2;
	gic_init_cpu();
	gic_enable(5);
	interrupts_on();
	alive++;
	while (!go_off)
		__asm__ volatile("yield");
	interrupts_off();
	hvc_call(PSCI_CPU_OFF, 0, 0, 0);
	alive = 99;
}

static bool soon(volatile uint64_t *value, uint64_t expected)
{
	uint64_t end = ticks() + ticks_per_second() * 5;
	while (*value != expected && ticks() < end)
		;
	return *value == expected;
}

static bool becomes_off(uint64_t cpu)
{
	uint64_t end = ticks() + ticks_per_second() * 5;
	while (ticks() < end)
		if (hvc_call(PSCI_AFFINITY_INFO, cpu, 0, 0) == 1)
			return true;
	return false;
}

void test(void)
{
	gic_init();
	gic_on_interrupt(on_sgi);
	report(cpu_count >= 2, "%u CPUs in the device tree", (uint64_t)cpu_count);
	uint64_t version = hvc_call(PSCI_VERSION, 0, 0, 0);
	report(version >= 0x10000, "PSCI %u.%u", version >> 16, version & 0xffff);
	report((int32_t)hvc_call(PSCI_FEATURES, PSCI_CPU_ON, 0, 0) == 0, "PSCI_FEATURES offers CPU_ON");
	report((int32_t)hvc_call(PSCI_FEATURES, 0x84001234, 0, 0) == PSCI_NOT_SUPPORTED, "PSCI_FEATURES denies what is not there");
	report(hvc_call(PSCI_AFFINITY_INFO, 0, 0, 0) == 0, "this CPU is on");
	report(hvc_call(PSCI_AFFINITY_INFO, 1, 0, 0) == 1, "the second is off");
	for (int round = 1; round <= 3; round++) {
		alive = go_off = got_sgi = 0;
		int64_t result = cpu_on(1, second, 0x1234000 + (uint64_t)round);
		report(result == 0, "CPU_ON: %d", result);
		report(soon(&alive, 1), "the second CPU runs");
		report(given == 0x1234000 + (uint64_t)round, "it gets its argument");
		report((mpidr & 0xff00ffffff) == 1, "its MPIDR is %x", mpidr);
		report(el == 1, "it runs at EL%u", el);
		report(hvc_call(PSCI_AFFINITY_INFO, 1, 0, 0) == 0, "it is on");
		report((int32_t)cpu_on(1, second, 0) == PSCI_ALREADY_ON, "CPU_ON again says already on");
		for (uint64_t i = 1; i <= 100; i++) {
			gic_send_sgi(5, 1);
			if (!soon(&got_sgi, i))
				break;
		}
		report(got_sgi == 100, "it got %u of 100 interrupts from the first", got_sgi);
		go_off = 1;
		report(becomes_off(1), "CPU_OFF");
		report(alive == 1, "CPU_OFF does not come back");
	}
	report((int32_t)cpu_on(cpu_count, second, 0) == PSCI_INVALID_PARAMETERS, "CPU_ON of a CPU that does not exist");
	report((int32_t)cpu_on(1ul << 32, second, 0) == PSCI_INVALID_PARAMETERS, "CPU_ON of a cluster that does not exist");
	report((int32_t)hvc_call(PSCI_AFFINITY_INFO, 77, 0, 0) < 0, "AFFINITY_INFO of a CPU that does not exist");
	report((int32_t)cpu_on(0, second, 0) == PSCI_ALREADY_ON, "CPU_ON of this CPU");
}
