/* SPDX-License-Identifier: Apache-2.0 */
/* Pokes every word of the interrupt controller's address range, in every size, then random values: only the guest's own virtual
 * distributor and redistributors answer, the physical one, the ITS and the hypervisor's frames do not. */
#include "runtime.h"

static void nothing(uint32_t id)
{
	if (id >= 16)
		gic_disable(id);
}

static bool odd_syndrome(struct fault fault)
{
	/* Alignment and external aborts are both fine. */
	return fault.count > 1 || (fault.count == 1 && fault.class != CLASS_DATA_ABORT);
}

void test(void)
{
	uint64_t mine = GICR_BASE + GICR_STRIDE * cpu_count, answered = 0, probes = 0;
	for (uint64_t address = 0x08010000; address < 0x08a00000; address += address < 0x08200000 ? 4096 : 65536) {
		if (address >= GICR_BASE && address < mine)
			continue;
		for (unsigned offset = 0; offset < 32; offset += 4) {
			probes += 2;
			answered += !is_external_abort(attempt_read32(address + offset, NULL));
			answered += !is_external_abort(attempt_write32(address + offset, ~0u));
		}
	}
	report_on_veil(answered == 0, "%u accesses beside the virtual GIC, %u answered", probes, answered);

	uint64_t wrong = 0;
	probes = 0;
	for (unsigned frame = 0; frame < 3; frame++) {
		uint64_t base = frame == 0 ? GICD_BASE : GICR_BASE + 0x10000 * (frame - 1);
		for (unsigned offset = 0; offset < 0x10000; offset += 4) {
			wrong += odd_syndrome(attempt_read32(base + offset, NULL));
			probes++;
		}
		for (unsigned offset = 0; offset < 0x10000; offset += 61) {
			wrong += odd_syndrome(attempt_read8(base + offset, NULL));
			wrong += odd_syndrome(attempt_read16(base + offset, NULL));
			wrong += odd_syndrome(attempt_read64(base + offset, NULL));
			probes += 3;
		}
		wrong += odd_syndrome(attempt_read64(base + 0xfffc, NULL));
	}
	report(wrong == 0, "%u reads of the virtual GIC in all sizes: %u odd", probes, wrong);

	uint64_t state = argument("seed", 1), count = argument("count", 20000);
	wrong = 0;
	gic_on_interrupt(nothing);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t r = random_next(&state), value = random_next(&state);
		uint64_t base = r & 1 ? GICD_BASE : GICR_BASE + (r >> 1 & 1) * 0x10000;
		/* Mostly where registers are. */
		uint64_t address = base + (r >> 8 & (r & 4 ? 0xffff : 0xfff));
		switch (r >> 40 & 3) {
		case 0:
			wrong += odd_syndrome(attempt_write8(address, value));
			break;
		case 1:
			wrong += odd_syndrome(attempt_write16(address, value));
			break;
		case 2:
			wrong += odd_syndrome(attempt_write32(address & ~3ul, value));
			break;
		default:
			wrong += odd_syndrome(attempt_write64(address & ~7ul, value));
		}
		if (i % 64 == 0) /* let what was made pending come, in bounded number */
			interrupts_on();
		interrupts_off();
	}
	report(wrong == 0, "%u random writes to the virtual GIC: %u odd", count, wrong);

	/* Random values in the CPU interface's registers. */
	static const uint32_t interface[] = {0xd5184600, 0xd518c8c0, 0xd518cc80, 0xd518cc20, 0xd518cb20, 0xd518cca0,
					     0xd518ccc0, 0xd518cce0, 0xd518c860, 0xd518c800, 0xd518c880, 0xd518c900,
					     0xd518cbc0, 0xd518cb00, 0xd518cb40, 0xd518c9c0};
	wrong = 0;
	for (uint64_t i = 0; i < count / 4; i++) {
		uint64_t r = random_next(&state), value = random_next(&state);
		uint32_t word = interface[r % (sizeof interface / sizeof *interface)] | (r >> 8 & 1 ? 0x200000u : 0);
		if ((word & ~0x1fu & ~0x200000u) == 0xd518cb00 || (word & ~0x200000u) == 0xd518cb20)
			value &= 0x3ff;
		struct fault fault = attempt_instruction(word, &value);
		wrong += fault.count && fault.class != CLASS_UNKNOWN;
	}
	report(wrong == 0, "random use of the CPU interface: %u odd", wrong);
	SYSREG_WRITE("s3_0_c12_c12_7", 0);
	report(hvc_call(PSCI_VERSION, 0, 0, 0) >= 0x10000, "hypercalls work after all that");
}
