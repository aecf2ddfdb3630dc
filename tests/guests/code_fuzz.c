/* SPDX-License-Identifier: Apache-2.0 */
/* Executes random instructions one at a time, with registers that point to nothing, to devices and to a scratch buffer. Branches, waits
 * and what this guest itself stands on are left out. Boot arguments: seed=1, count=10000. */
#include "runtime.h"

/* Loads x0..x30 from `registers`, executes the instruction at `fuzz_slot` with SP inside `fuzz_stack`, and comes back as it was. */
void fuzz_one(const uint64_t registers[31]);
extern uint32_t fuzz_slot[];

__asm__("fuzz_one:\n"
	"	stp	x29, x30, [sp, #-96]!\n"
	"	stp	x19, x20, [sp, #16]\n"
	"	stp	x21, x22, [sp, #32]\n"
	"	stp	x23, x24, [sp, #48]\n"
	"	stp	x25, x26, [sp, #64]\n"
	"	stp	x27, x28, [sp, #80]\n"
	"	ldr	x1, =fuzz_saved\n"
	"	mov	x2, sp\n"
	"	str	x2, [x1]\n"
	"	ldr	x1, =fuzz_stack + 131072\n"
	"	mov	sp, x1\n"
	"	mov	x30, x0\n"
	"	ldp	x0, x1, [x30]\n"
	"	ldp	x2, x3, [x30, #16]\n"
	"	ldp	x4, x5, [x30, #32]\n"
	"	ldp	x6, x7, [x30, #48]\n"
	"	ldp	x8, x9, [x30, #64]\n"
	"	ldp	x10, x11, [x30, #80]\n"
	"	ldp	x12, x13, [x30, #96]\n"
	"	ldp	x14, x15, [x30, #112]\n"
	"	ldp	x16, x17, [x30, #128]\n"
	"	ldp	x18, x19, [x30, #144]\n"
	"	ldp	x20, x21, [x30, #160]\n"
	"	ldp	x22, x23, [x30, #176]\n"
	"	ldp	x24, x25, [x30, #192]\n"
	"	ldp	x26, x27, [x30, #208]\n"
	"	ldp	x28, x29, [x30, #224]\n"
	"	ldr	x30, [x30, #240]\n"
	"	.global	fuzz_slot\n"
	"fuzz_slot:\n"
	"	nop\n"
	"	msr	daifset, #0xf\n"
	"	ldr	x1, =fuzz_saved\n"
	"	ldr	x2, [x1]\n"
	"	mov	sp, x2\n"
	"	ldp	x19, x20, [sp, #16]\n"
	"	ldp	x21, x22, [sp, #32]\n"
	"	ldp	x23, x24, [sp, #48]\n"
	"	ldp	x25, x26, [sp, #64]\n"
	"	ldp	x27, x28, [sp, #80]\n"
	"	ldp	x29, x30, [sp], #96\n"
	"	ret\n"
	"	.ltorg\n"
	"	.bss\n"
	"	.balign	16\n"
	"fuzz_saved: .space 16\n"
	"fuzz_stack: .space 262144\n"
	"	.text\n");

static bool left_out(uint32_t word)
{
	if ((word & 0x7c000000) == 0x14000000 || (word & 0xfe000000) == 0x54000000 || (word & 0x7c000000) == 0x34000000 ||
	    (word & 0xfe000000) == 0xd6000000)
		return true; /* branches, exception returns */
	if ((word & 0xfffff000) == 0xd5032000)
		return true; /* hints, WFI and WFE among them */
	if ((word & 0xff000000) == 0xd4000000)
		return true; /* SVC, HVC, SMC, BRK, HLT: other guests' subject */
	if ((word & 0xfff8f01f) == 0xd500401f)
		return true; /* MSR (immediate): SPSel, DAIF */
	switch (word & 0x1fffe0) {
	case 0x181000: /* SCTLR_EL1 */
	case 0x18c000: /* VBAR_EL1 */
	case 0x184200: /* SPSel */
	case 0x1b4220: /* DAIF */
		return (word & 0xffc00000) == 0xd5000000;
	}
	return false;
}

/* An immediate offset reaches 64 KiB. */
static uint8_t scratch[262144] __attribute__((aligned(64)));

void test(void)
{
	uint64_t state = argument("seed", 1), count = argument("count", 10000), run = 0, faults = 0;
	uint64_t registers[31];
	ready();
	for (uint64_t i = 0; i < count; i++) {
		uint64_t r = random_next(&state);
		static const uint32_t shapes[][2] = {
			/* fixed bits, free bits */
			{0xd5000000, 0x003fffff}, /* system */
			{0x08000000, 0xf7ffffff}, /* loads and stores */
			{0x38000000, 0xc7ffffff}, /* loads and stores, single register */
			{0x0c000000, 0xf3ffffff}, /* SIMD loads and stores */
			{0x00000000, 0xffffffff},
		};
		const uint32_t *shape = shapes[r % 5];
		uint32_t word = shape[0] | ((uint32_t)(r >> 32) & shape[1]);
		if (left_out(word))
			continue;
		for (int n = 0; n < 31; n++) {
			uint64_t value = random_next(&state);
			switch (value & 7) {
			case 0:
				registers[n] = value >> 3;
				break;
			case 1:
				registers[n] = GICD_BASE + (value >> 8 & 0xffff);
				break;
			case 2:
				registers[n] = GICR_BASE + (value >> 8 & 0x1ffff);
				break;
			case 3:
				registers[n] = UART_BASE + 0x1000 + (value >> 8 & 0x1ffff);
				break;
			case 4:
				registers[n] = RAM_BASE + ram_size + (value >> 8 & 0xfffffff);
				break;
			default:
				registers[n] = (uint64_t)scratch + 131072 + (value >> 8 & 0x3ff);
			}
		}
		fuzz_slot[0] = word;
		synchronize_code((uint64_t)fuzz_slot, 4);
		fault_arm();
		fuzz_one(registers);
		faults += fault_disarm().count;
		run++;
		/* What would keep this guest from going on is put back. */
		SYSREG_WRITE("cpacr_el1", 3 << 20);
		SYSREG_WRITE("cntv_ctl_el0", 0);
		SYSREG_WRITE("s3_0_c12_c12_7", 0);
	}
	report(true, "%u random instructions, %u faults", run, faults);
	report(hvc_call(PSCI_VERSION, 0, 0, 0) >= 0x10000, "hypercalls work after all that");
}
