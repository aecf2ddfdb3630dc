/* SPDX-License-Identifier: Apache-2.0 */
/* Domains, ASIDs, table bases, FCSE and TTBCR change at random, and as seldom as the architecture allows something is said of the TLB: then user mode
 * reaches exactly what the tables in force let it, and each space is the memory it should be. Boot arguments: seed=1, count=10000. */
#include "runtime.h"

#define SPACES 24u /* more than Veil has shadows for */
#define SPACE_TABLE(n) (0x00300000u + (n)*0x4000u) /* of the lower 64 MiB and more: TTBCR.N = 0 */
#define SPACE_MEMORY(n) (0x00400000u + (n) % 4 * 0x100000u) /* a MiB, whose words name the space */
#define PLACE 0x40000000u /* each space's own MiB, not global */
#define SHARED 0x40100000u /* global: the same for all */
#define GUARDED 0x40200000u /* of domain 1 */
#define SHARED_MEMORY 0x00200000u
#define GUARDED_MEMORY 0x00280000u

static uint64_t state;
static uint64_t wrong;

static uint32_t mark(uint32_t memory)
{
	return 0xc0de0000 | memory >> 20;
}

static void tables_make(void)
{
	for (uint32_t n = 0; n < SPACES; n++) {
		volatile uint32_t *table = (volatile uint32_t *)SPACE_TABLE(n);

		for (uint32_t mib = 0; mib < 4096; mib++)
			table[mib] = ((volatile uint32_t *)TABLES)[mib];
		table[PLACE >> 20] = SPACE_MEMORY(n) | SECTION_ALL | NOT_GLOBAL;
		table[SHARED >> 20] = SHARED_MEMORY | SECTION_ALL;
		table[GUARDED >> 20] = (GUARDED_MEMORY & 0xfff00000) | SECTION_ALL | 1 << 5;
		mmio_write(SPACE_MEMORY(n) + 0x100, mark(SPACE_MEMORY(n)));
	}
	mmio_write(SHARED_MEMORY + 0x100, mark(SHARED_MEMORY));
	P15_WRITE(7, 10, 0, 0);
}

/* As the architecture wants it (Arm DDI 0100I, B4.7.4): through an ASID nothing uses. */
static void enter(uint32_t n)
{
	P15_WRITE(13, 0, 1, 0xff);
	P15_WRITE(7, 5, 4, 0);
	P15_WRITE(2, 0, 0, SPACE_TABLE(n));
	P15_WRITE(7, 5, 4, 0);
	P15_WRITE(13, 0, 1, n + 1);
	P15_WRITE(7, 5, 6, 0);
	P15_WRITE(7, 5, 4, 0);
}

static void expect(bool condition, const char *what, uint32_t n, uint32_t value)
{
	if (condition)
		return;
	if (wrong++ < 10)
		print("%s: space %u, %x\n", what, (uint64_t)n, (uint64_t)value);
}

static void spaces(uint64_t count)
{
	uint32_t value;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t n = random_word(&state) % SPACES, dacr = random_word(&state) & 3;
		bool is_open;

		enter(n);
		value = mmio_read(PLACE + 0x100);
		expect(value == mark(SPACE_MEMORY(n)), "another space's memory", n, value);
		value = mmio_read(SHARED + 0x100);
		expect(value == mark(SHARED_MEMORY), "not the shared memory", n, value);
		P15_WRITE(3, 0, 0, 1 | dacr << 2);
		P15_WRITE(7, 5, 4, 0);
		is_open = attempt_read_as_user(GUARDED, &value, NULL);
		expect(is_open == (dacr & 1), "a domain does not guard", n, dacr);
		expect(!attempt_read_as_user(0x8000, &value, NULL), "user mode reads the kernel", n, dacr);
	}
	P15_WRITE(3, 0, 0, 1);
	P15_WRITE(2, 0, 0, TABLES);
	tlb_forget();
	report(!wrong, "%u changes of ASID, table and domains among %u spaces", count, (uint64_t)SPACES);
}

/* An entry changes, its page alone is forgotten: nothing of it stays for the kernel or user mode. */
static void entries(uint64_t count)
{
	uint32_t value, address = 0x50000100;
	uint64_t before = wrong;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t n = random_word(&state) % 4, kind = random_word(&state) % 3;
		struct fault fault;
		bool may_read, user_may;

		((volatile uint32_t *)TABLES)[address >> 20] =
			kind == 0 ? 0 : SPACE_MEMORY(n) | (kind == 1 ? SECTION_PRIVILEGED : SECTION_ALL);
		P15_WRITE(7, 10, 0, 0);
		P15_WRITE(8, 7, 1, address & 0xfff00000);
		P15_WRITE(7, 10, 4, 0);
		may_read = attempt_read(address, 4, &value, &fault);
		expect(may_read == (kind != 0), "an entry that was", n, kind);
		expect(!may_read || value == mark(SPACE_MEMORY(n)), "memory that was", n, value);
		user_may = attempt_read_as_user(address, &value, &fault);
		expect(user_may == (kind == 2), "user mode's right that was", n, kind);
	}
	report(wrong == before, "%u changes of an entry", count);
}

/* FCSE and everything else that decides on addresses, at random, while it executes where that changes nothing: below, all is as it was. */
static void everything(uint64_t count)
{
	uint32_t value;
	uint64_t before = wrong;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t process = 0x20000000 | (random_word(&state) & 0x1e000000);
		struct fault fault;

		/* What FCSE moves is mapped where it goes, the program itself with it. */
		for (uint32_t mib = 0; mib < 8; mib++)
			((volatile uint32_t *)TABLES)[process >> 20 | mib] = ((volatile uint32_t *)TABLES)[mib];
		((volatile uint32_t *)TABLES)[(process >> 20) + 8] = SPACE_MEMORY(1) | SECTION_ALL;
		P15_WRITE(7, 10, 0, 0);
		tlb_forget();
		P15_WRITE(13, 0, 0, process);
		P15_WRITE(7, 5, 4, 0);
		P15_WRITE(13, 0, 1, random_word(&state) & 0xff);
		value = attempt_read(0x00800100, 4, &value, &fault) ? value : 0;
		expect(value == mark(SPACE_MEMORY(1)), "a process's memory", 1, value);
		expect(!attempt_read_as_user(0x8000, &value, NULL), "user mode reads the kernel by FCSE", 1, process);
		P15_WRITE(13, 0, 0, 0);
		P15_WRITE(7, 5, 4, 0);
		for (uint32_t mib = 0; mib < 9; mib++)
			((volatile uint32_t *)TABLES)[process >> 20 | mib] = 0;
		((volatile uint32_t *)TABLES)[8] = 0x00800000 | SECTION_ALL;
		P15_WRITE(7, 10, 0, 0);
		tlb_forget();
	}
	report(wrong == before, "%u changes of FCSE and the ASID", count);
}

void test(void)
{
	uint64_t count = argument("count", 10000);

	state = argument("seed", 1);
	ready();
	identity_map();
	tables_make();
	spaces(count / 10);
	entries(count / 10);
	everything(count / 100);
	mmu_off();
	report(true, "the MMU is off again");
}
