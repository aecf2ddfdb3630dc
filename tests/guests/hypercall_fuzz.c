/* SPDX-License-Identifier: Apache-2.0 */
/* Random and known hypercalls with random arguments: each comes back, changes no register but x0 to x3, and harms nothing.
 * Boot arguments: seed=1, count=20000. */
#include "runtime.h"

static struct {
	uint64_t x[18];
} after;

/* Calls with x4..x17 set to known values and keeps what came back. */
static void call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t r1 __asm__("x1") = x1;
	register uint64_t r2 __asm__("x2") = x2;
	register uint64_t r3 __asm__("x3") = x3;
	__asm__ volatile(
		"mov x4, #0x1004\n\tmov x5, #0x1005\n\tmov x6, #0x1006\n\tmov x7, #0x1007\n\tmov x8, #0x1008\n\tmov x9, #0x1009\n\t"
		"mov x10, #0x100a\n\tmov x11, #0x100b\n\tmov x12, #0x100c\n\tmov x13, #0x100d\n\tmov x14, #0x100e\n\tmov x15, #0x100f\n\t"
		"mov x16, #0x1010\n\tmov x17, #0x1011\n\t"
		"hvc #0\n\t"
		"stp x4, x5, [%4, #32]\n\tstp x6, x7, [%4, #48]\n\tstp x8, x9, [%4, #64]\n\tstp x10, x11, [%4, #80]\n\t"
		"stp x12, x13, [%4, #96]\n\tstp x14, x15, [%4, #112]\n\tstp x16, x17, [%4, #128]\n\t"
		: "+r"(x0), "+r"(r1), "+r"(r2), "+r"(r3)
		: "r"(&after)
		: "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	after.x[0] = x0;
	after.x[1] = r1;
	after.x[2] = r2;
	after.x[3] = r3;
}

/* Ends or stops this guest by right. */
static bool ends(uint32_t function)
{
	uint32_t number = function & ~0x40000000u;
	return number == PSCI_SYSTEM_OFF || number == PSCI_SYSTEM_RESET || number == PSCI_CPU_OFF ||
	       number == (PSCI_CPU_SUSPEND & ~0x40000000u) || number == 0x8400000c /* CPU_FREEZE? STAT */ || number == 0x8400000b ||
	       number == 0x8400000e /* SYSTEM_SUSPEND */ || number == 0x84000012 /* SYSTEM_RESET2 */ || function == VEIL_HVC_CRASHED ||
	       function == (VEIL_HVC_CRASHED & ~0x40000000u) || (number >= 0x95c1ba5e && number <= 0x95c1ba61) /* QEMU's PSCI 0.1 */;
}

void test(void)
{
	uint64_t state = argument("seed", 1), count = argument("count", 20000), changed = 0, calls = 0;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t choice = random_next(&state);
		uint64_t function;
		switch (choice % 5) {
		case 0: /* PSCI */
			function = 0x84000000 | (choice >> 8 & 0x1f) | (choice >> 16 & 1) << 30;
			break;
		case 1: /* Arm and vendor services */
			function = 0x80000000 | (choice >> 8 & 0x3f) << 24 | (choice >> 16 & 0xff);
			break;
		case 2: /* Veil's own */
			function = (choice >> 16 & 1 ? 0xc6000000 : 0x86000000) | (choice >> 8 & 0xf) | (choice >> 24 & 1 ? 0xff00 : 0);
			break;
		case 3: /* garbage in the upper half */
			function = choice & ~0xfffffffful ? choice : 0x84000000;
			break;
		default:
			function = choice >> 32;
		}
		if (ends((uint32_t)function))
			continue;
		static const uint64_t nasty[] = {0, 1, 0xff, ~0ul, 1ul << 63, 0x40000000, 0x80000000, 0xffffffff, 0x08000000, 0x7fffffff};
		uint64_t x[3];
		for (int n = 0; n < 3; n++) {
			uint64_t r = random_next(&state);
			x[n] = r & 1 ? r : nasty[(r >> 1) % (sizeof nasty / sizeof *nasty)];
		}
		if (((uint32_t)function & ~0x40000000u) == (PSCI_CPU_ON & ~0x40000000u))
			x[0] |= 8; /* not a CPU of ours: nobody shall run at a random address */
		call(function, x[0], x[1], x[2]);
		calls++;
		for (uint64_t n = 4; n < 18; n++)
			if (after.x[n] != 0x1000 + n)
				changed++;
	}
	report(calls > 0, "%u hypercalls came back", calls);
	report(changed == 0, "x4 to x17 kept: %u changes", changed);
	call(0x8600fffe, 0, 0, 0);
	report((int64_t)after.x[0] == PSCI_NOT_SUPPORTED || (int32_t)after.x[0] == PSCI_NOT_SUPPORTED, "an unknown call answers -1");
	uint64_t version = hvc_call(PSCI_VERSION, 0, 0, 0);
	report(version >= 0x10000 && version < 0x20000, "PSCI version %u.%u", version >> 16, version & 0xffff);
	fault_arm();
	__asm__ volatile("hvc #1\n\thvc #0xffff" ::: "x0", "x1", "x2", "x3", "memory");
	report(fault_disarm().count <= 2, "HVC with another immediate");
}
