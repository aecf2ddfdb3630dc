/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, writes and executes all over the guest-physical address space: outside RAM and the declared devices every access is a
 * synchronous external abort, above the address limit a fault of the guest's own; nothing ever answers. */
#include "runtime.h"

static bool is_device(uint64_t address)
{
	uint64_t redistributors = GICR_BASE + GICR_STRIDE * cpu_count;
	return (address >= GICD_BASE && address < GICD_BASE + 0x10000) || (address >= GICR_BASE && address < redistributors) ||
	       (address >= UART_BASE && address < UART_BASE + 0x1000) || (address >= RTC_BASE && address < RTC_BASE + 0x1000) ||
	       (address & ~7ul) == PANIC_BASE;
}

static bool is_ram(uint64_t address)
{
	return address >= RAM_BASE && address < memory_end();
}

static uint64_t probed, wrong;

static void check(const char *what, uint64_t address, struct fault fault)
{
	probed++;
	if (is_external_abort(fault) && (fault.class != CLASS_DATA_ABORT || fault.address == address))
		return;
	if (wrong++ < 5 && on_veil)
		print("NOTE: %s at %x: %u faults, ESR %x, FAR %x\n", what, address, fault.count, fault.syndrome, fault.address);
}

/* Every kind of access at one address where nothing is. */
static void probe(uint64_t address)
{
	if (is_device(address) || is_ram(address))
		return;
	check("read", address, attempt_read32(address, NULL));
	check("write", address, attempt_write32(address, 0x5a5a5a5a));
}

static void sweep(const char *name, uint64_t from, uint64_t to, uint64_t step)
{
	probed = wrong = 0;
	for (uint64_t address = from; address < to; address += step)
		probe(address);
	report_on_veil(wrong == 0, "%s: %u accesses, %u not refused", name, probed, wrong);
}

static void check_ram(void)
{
	uint64_t state = 1, bad = 0;
	uint64_t first = ((uint64_t)bss_end + 0xffff) & ~0xfffful;
	for (uint64_t address = first; address < memory_end(); address += 65536) {
		if (device_tree && address + 65536 > device_tree && address < device_tree + device_tree_size)
			continue;
		uint64_t value = random_next(&state), back = 0;
		bad += attempt_write64(address + 8, value).count;
		bad += attempt_read64(address + 8, &back).count;
		bad += back != value;
	}
	report(bad == 0, "all of RAM, and of the picture (%u KiB), is usable", (memory_end() - RAM_BASE) / 1024);
	uint64_t last = 0;
	report(attempt_read64(memory_end() - 8, &last).count == 0, "the last word of RAM answers");
	report(is_external_abort(attempt_read8(memory_end(), NULL)), "the byte after RAM does not answer");
	report_on_veil(is_external_abort(attempt_read8(RAM_BASE - 1, NULL)), "the byte before RAM does not answer");
	/* An access that begins in RAM and ends outside it. */
	struct fault fault = attempt_read64(memory_end() - 4, &last);
	report(fault.count == 1, "an access across the end of RAM faults");
}

/* Instructions whose syndrome does not describe the access: an emulator cannot serve them, so they must come back as an abort. */
static void check_odd(uint64_t at, const char *where)
{
	probed = wrong = 0;
#define ODD(text)                                                                                                       \
	do {                                                                                                            \
		fault_arm();                                                                                            \
		__asm__ volatile(".arch armv8-a+fp+simd\n\t" text ::"r"(at) : "x1", "x2", "x3", "x4", "memory");        \
		struct fault fault = fault_disarm();                                                                    \
		probed++;                                                                                               \
		if (fault.count != 1 || (fault.class != CLASS_DATA_ABORT && fault.class != CLASS_UNKNOWN)) {            \
			wrong++;                                                                                        \
			if (on_veil)                                                                                    \
				print("NOTE: %s at %s: %u faults, ESR %x\n", text, where, fault.count, fault.syndrome); \
		}                                                                                                       \
	} while (0)
	ODD("ldp x1, x2, [%0]");
	ODD("stp xzr, xzr, [%0]");
	ODD("ldr q0, [%0]");
	ODD("str q0, [%0]");
	ODD("ld1 {v0.16b, v1.16b}, [%0]");
	ODD("ldxr x1, [%0]");
	ODD("ldaxp x1, x2, [%0]");
	ODD("mov x3, %0\n\tldr w1, [x3], #4");
	ODD("mov x3, %0\n\tstr w1, [x3, #0]!");
	report_on_veil(wrong == 0, "accesses without a syndrome at %s: %u of %u wrong", where, wrong, probed);
	/* Cache maintenance by address: harmless or an abort, but it ends. */
	probed = 0;
#define MAINTAIN(text)                                       \
	do {                                                 \
		fault_arm();                                 \
		__asm__ volatile(text ::"r"(at) : "memory"); \
		probed += fault_disarm().count <= 1;         \
	} while (0)
	MAINTAIN("dc civac, %0");
	MAINTAIN("dc cvac, %0");
	MAINTAIN("dc cvau, %0");
	MAINTAIN("dc ivac, %0");
	MAINTAIN("dc zva, %0");
	MAINTAIN("ic ivau, %0");
	MAINTAIN("prfm pldl1keep, [%0]");
	MAINTAIN("at s1e1r, %0");
	report(probed == 8, "cache maintenance at %s ends", where);
}

void test(void)
{
	sweep("below RAM, every 64 KiB", 0, RAM_BASE, 65536);
	sweep("the device region, every 4 KiB", 0x08000000, 0x0b000000, 4096);
	sweep("4 GiB after RAM, every 64 KiB", memory_end(), memory_end() + (4ul << 30), 65536);
	sweep("up to 1 TiB, sampled", 8ul << 30, 1ul << 40, (64ul << 20) + 65536);
	sweep("1 TiB to the 44-bit limit, sampled", 1ul << 40, 1ul << 44, (8ul << 30) + 4096);

	probed = wrong = 0;
	for (uint64_t bit = 44; bit < 64; bit++) {
		struct fault fault = attempt_read32(1ul << bit, NULL);
		probed++;
		wrong += fault.count != 1;
	}
	report(wrong == 0, "above the address limit: %u of %u reads answered", wrong, probed);

	probed = wrong = 0;
	uint64_t state = argument("seed", 1);
	for (int i = 0; i < 2000; i++) {
		uint64_t address = random_next(&state) & ((1ul << 40) - 1) & ~7ul;
		if (is_device(address) || is_ram(address))
			continue;
		check("read8", address, attempt_read8(address, NULL));
		check("read16", address, attempt_read16(address, NULL));
		check("read64", address, attempt_read64(address, NULL));
		check("write8", address, attempt_write8(address, 1));
		check("write16", address, attempt_write16(address, 1));
		check("write64", address, attempt_write64(address, 1));
	}
	report_on_veil(wrong == 0, "random addresses, all sizes: %u accesses, %u not refused", probed, wrong);

	probed = wrong = 0;
	/* Bare QEMU has devices there, whose bytes would really be executed. */
	static const uint64_t nowhere[] = {0x10000000, 0x20000000, 0x3fff0000, 0x8080000000, 0x100000000000 - 65536};
	for (unsigned i = 0; on_veil && i < sizeof nowhere / sizeof *nowhere; i++)
		check("execute", nowhere[i], attempt_execute(nowhere[i]));
	check("execute", memory_end(), attempt_execute(memory_end()));
	report_on_veil(wrong == 0, "executing outside RAM: %u of %u not refused", wrong, probed);

	check_odd(0x20000000, "nothing");
	check_odd(0x20001234, "nothing, unaligned");
	check_ram();
	if (on_veil) {
		report(attempt_execute(UART_BASE).count > 0, "executing the UART is refused");
		report(attempt_execute(GICD_BASE).count > 0, "executing the distributor is refused");
	}
}
