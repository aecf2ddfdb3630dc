/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, writes and executes physical addresses all over the 4 GiB, with its MMU off and through entries of its own: Veil and the other
 * persona in the board's RAM, Veil's window, the board's real devices. Whatever is neither its RAM nor a device of its own machine must not
 * answer. Boot argument: seed=1. */
#include "runtime.h"

#define WATCHED 1024 /* attempts by name, and so many at random */

static const struct {
	const char *name;
	uint32_t address;
	uint32_t value; /* what would do most harm there */
} targets[] = {
	{"Veil's image", 0x80010000, 0},
	{"the board's RAM below Veil", 0x80000000, 0},
	{"the board's RAM in the middle", 0x83ff0000, 0},
	{"the end of the board's RAM", 0x87fffffc, 0},
	{"Veil's window: devices", 0xfff00000, 0x41},
	{"Veil's window: code", 0xfff10000, 0},
	{"Veil's window: data", 0xfff60000, 0},
	{"the end of the window", 0xffeffffc, 0},
	{"high vectors", 0xffff0000, 0},
	{"the last word", 0xfffffffc, 0},
	{"UART3", 0x4806e000, 0x41},
	{"the interrupt controller", 0x480fe048, 2},
	{"the timer of Veil", 0x48028024, 0},
	{"the 32-kHz counter", 0x48004010, 0},
	{"the watchdog", 0x48022048, 0x5555},
	{"power and clocks: reset", 0x48008450, 2},
	{"the bus to the power chip", 0x4801c090, 0xffffffff},
	{"the display controller", 0x48050440, 0},
	{"the display's bus", 0x48050840, 0},
	{"the keys' bus", 0x48098000, 0},
	{"the memory card", 0x4809c000, 0},
	{"DMA", 0x48056080, 0},
	{"the memory controller", 0x6800a000, 0},
	{"flash", 0x04000000, 0xf0},
	{"flash registers", 0x0401e440, 0xf0},
	{"internal RAM", 0x40200000, 0},
	{"right behind its RAM", 0, 0}, /* main() says where */
};
#define TARGETS (sizeof(targets) / sizeof(targets[0]))

static uint32_t answered;

static bool is_own(uint32_t address)
{
	return address < ram_size || is_device(address);
}

static void tell(const char *how, uint32_t address)
{
	answered++;
	if (answered < 10)
		print("%s at %x answered\n", how, (uint64_t)address);
}

/* One address, in all ways; `entry`: the virtual address that leads there. */
static void attack(uint32_t entry, uint32_t address, uint32_t value)
{
	static const uint8_t sizes[] = {4, 2, 1};
	struct fault fault;

	for (uint32_t i = 0; i < 3; i++) {
		if (attempt_read(entry, sizes[i], NULL, &fault) || !is_external_abort(&fault))
			tell("a read", address);
		if (attempt_write(entry, sizes[i], value, &fault) || !is_external_abort(&fault))
			tell("a write", address);
	}
	if (attempt_read_as_user(entry, &value, &fault))
		tell("a read as user mode", address);
	if (attempt_execute(entry & ~3u, &fault))
		tell("execution", address);
	/* What does not abort on a real CPU either, and does nothing. */
	P15_WRITE(7, 10, 1, entry);
	P15_WRITE(7, 5, 1, entry);
}

static uint32_t place(uint32_t i)
{
	return targets[i].address ? targets[i].address : (uint32_t)ram_size;
}

static void attack_named(bool through_an_entry, const char *how)
{
	for (uint32_t i = 0; i < TARGETS; i++) {
		uint32_t before = answered, address = place(i);

		if (through_an_entry) {
			map(0x300, (address & 0xfff00000) | SECTION_ALL);
			attack(0x30000000 | (address & 0xfffff), address, targets[i].value);
		} else {
			attack(address, address, targets[i].value);
		}
		report_on_veil(answered == before, "%s, %s", targets[i].name, how);
	}
}

static void attack_random(uint64_t *state, const char *how)
{
	uint32_t before = answered, tried = 0;

	for (uint32_t i = 0; i < WATCHED; i++) {
		uint32_t address = random_word(state) & ~3u;

		if (is_own(address))
			continue;
		attack(address, address, random_word(state));
		tried++;
	}
	report_on_veil(answered == before, "%u addresses at random, %s", (uint64_t)tried, how);
}

void test(void)
{
	uint64_t state = argument("seed", 1);

	ready();
	attack_named(false, "the MMU off");
	attack_random(&state, "the MMU off");
	identity_map();
	attack_named(false, "the MMU on");
	attack_named(true, "through an entry");
	attack_random(&state, "the MMU on");
	mmu_off();
	report(mmio_read(4) != 0, "its own memory is there");
}
