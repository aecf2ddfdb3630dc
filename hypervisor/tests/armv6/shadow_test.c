/* SPDX-License-Identifier: Apache-2.0 */
/* Shadow tables against a model of the real MMU, whose TLB forgets nothing unasked: whatever a guest does to its tables, as long as it
 * maintains its TLB as the architecture wants (and no more), each access ends as the reference walk says; and whatever it does, no entry
 * lets it at anything but its own RAM. */
#include "arch/armv6/shadow_tables.h"

#include "arch/armv6/psr.h"
#include "arch/armv6/sctlr.h"
#include "arch/armv6/stage2.h"
#include "mmu_fake.h"
#include "random_tables.h"
#include "walk_reference.h"

#define STEPS 200000
#define TRIES 24

static struct p15_registers *p15 = &fake_vcpu.arch.p15;
static struct shadow *s;

static void begin(void)
{
	fake_persona_init();
	fake_mmu_init();
	s = fake_persona.arch.shadow;
	shadow_reset(&fake_vcpu);
}

static void guest_is(bool privileged)
{
	fake_vcpu.arch.mode = privileged ? MODE_SUPERVISOR : MODE_USER;
	shadow_context(&fake_vcpu);
}

static bool is_ram(uint32_t physical)
{
	return physical - FAKE_RAM_GUEST < FAKE_RAM_SIZE;
}

/* All views, used or not: they link tables of the pool, and these hold what they may. */
static void check_all(void)
{
	uint32_t table = fake_table;

	for (uint32_t view = 0; view < VIEWS; view++) {
		for (uint32_t mib = 0; mib < MIBS; mib++) {
			uint32_t number = shadow_table_at(s, view, mib);

			if (shadow_first_level(s, view)[mib] && (number == NO_TABLE || number >= TABLE_NUMBERS))
				abort();
		}
		fake_table = s->first_level + view * FIRST_LEVEL_BYTES;
		fake_mmu_check();
	}
	fake_table = table;
}

/* May no entry give what the guest's tables allow here? Veil's pages, and pages whose subpages differ. */
static bool is_unmappable(uint32_t address, enum access access, bool privileged)
{
	uint32_t overlay = p15->sctlr & SCTLR_V ? 0 : 0xffff0000;
	bool same = true;

	for (uint32_t part = 0; part < 4; part++)
		same &= !reference_walk(&fake_vcpu, (address & ~0xfffU) | part << 10, access, privileged).faults;
	return !same || (address ^ overlay) < 4096 || (address >= 0xfff00000 && address < 0xffff0000);
}

static bool fault_is_right(const struct reference *wanted, uint32_t address, enum access access, bool privileged, uint32_t fsr)
{
	if (wanted->faults)
		return fsr == wanted->fsr;
	if (access != ACCESS_FETCH)
		return false;
	return is_ram(wanted->physical) ? is_unmappable(address, access, privileged) && fsr == FSR_PERMISSION_PAGE : fsr == FSR_EXTERNAL;
}

static uint32_t quick_count;

/* As exceptions do: the short way first, if the access is one of the guest's present mode. Every other time, so that the long way is tried
 * with the same. */
static enum shadow_result fault_of(uint32_t address, enum access access, bool privileged, struct shadow_fault *fault)
{
	static bool is_quick;

	is_quick = !is_quick;
	if (is_quick && privileged == guest_is_privileged(&fake_vcpu)) {
		enum shadow_result result = shadow_quick(&fake_vcpu, address, access, fault);

		if (result != SHADOW_UNSURE) {
			quick_count++;
			return result;
		}
	}
	return shadow_fault(&fake_vcpu, address, access, privileged, fault);
}

/* One access of the guest, through the real MMU and as often as it faults through Veil. */
static bool access_is_right(uint32_t address, enum access access, bool privileged)
{
	struct reference wanted = reference_walk(&fake_vcpu, address, access, privileged);
	struct shadow_fault fault = {0};
	uint32_t host;

	for (uint32_t i = 0; i < TRIES; i++) {
		if (privileged || !guest_is_privileged(&fake_vcpu))
			shadow_load(&fake_vcpu, false);
		else
			shadow_load(&fake_vcpu, true);
		if (fake_mmu_access(address, access, &host))
			return !wanted.faults && is_ram(wanted.physical) && !is_unmappable(address, access, privileged) &&
			       host == (uint32_t)(uintptr_t)fake_ram(wanted.physical & ~3U) + (wanted.physical & 3);
		switch (fault_of(address, access, privileged, &fault)) {
		case SHADOW_UNSURE:
			return false;
		case SHADOW_FILLED:
			break;
		case SHADOW_GUEST:
			return fault.address == walk_modified(&fake_vcpu, address) &&
			       fault_is_right(&wanted, address, access, privileged, fault.fsr);
		case SHADOW_DEVICE:
			return !wanted.faults && !is_ram(wanted.physical) && access != ACCESS_FETCH && fault.physical == wanted.physical;
		case SHADOW_EMULATE:
			return !wanted.faults && is_ram(wanted.physical) && access != ACCESS_FETCH && fault.physical == wanted.physical &&
			       is_unmappable(address, access, privileged);
		}
	}
	return false; /* it would fault for ever */
}

/* ---- A guest that knows the rules ----
 * Four first-level tables, chosen by the ASID, without global entries below 2 GiB; what is above is the same in all, and has a table of its
 * own besides for when TTBCR splits addresses there. */

#define PROCESSES 4
#define ASIDS 12
#define COMMON 0x40000U /* first-level table */
#define PROCESS(n) (0x50000U + (n)*0x4000U)
#define SECOND_LEVELS 0x80000U

static const uint32_t mibs[] = {0x000, 0x001, 0x01f, 0x020, 0x100, 0x101, 0x10f, 0x7ff, 0x800, 0xc00, 0xc01, 0xc0f, 0xffe, 0xfff};

static uint32_t first_place(uint32_t process, uint32_t mib)
{
	return (mib >= 0x800 ? COMMON : PROCESS(process)) + mib * 4;
}

static void first_write(uint32_t process, uint32_t mib, uint32_t word)
{
	*fake_ram(first_place(process, mib)) = word;
	for (uint32_t n = 0; n < PROCESSES && mib >= 0x800; n++)
		*fake_ram(PROCESS(n) + mib * 4) = word;
}

/* A second-level table for each MiB of each table. */
static uint32_t second_table(uint32_t process, uint32_t mib)
{
	uint32_t i = 0;

	while (mibs[i] != mib)
		i++;
	return SECOND_LEVELS + ((mib >= 0x800 ? PROCESSES : process) * (uint32_t)ARRAY_COUNT(mibs) + i) * 1024;
}

static uint32_t in_mib(uint64_t *state)
{
	static const uint32_t pages[] = {0x00, 0x01, 0x0f, 0x10, 0x1f, 0x8a, 0xef, 0xf0, 0xf1, 0xff};

	return pages[random_below(state, ARRAY_COUNT(pages))] << 12;
}

static uint32_t some_address(uint64_t *state)
{
	return mibs[random_below(state, ARRAY_COUNT(mibs))] << 20 | in_mib(state) | random_below(state, 1024) << 2;
}

/* The guest's TLB maintenance for an address whose entry was changed: for all ASIDs the table is used with. */
static void maintain(uint64_t *state, uint32_t process, uint32_t address, uint32_t size)
{
	uint32_t within = (address & ~(size - 1)) | ((uint32_t)test_random(state) & (size - 1) & ~0xfffU);

	for (uint32_t asid = 0; asid < ASIDS; asid++)
		if (address >= 0x80000000 || asid % PROCESSES == process)
			shadow_forget_page(&fake_vcpu, within | asid);
}

static uint32_t some_page(uint64_t *state)
{
	return random_below(state, 8) ? random_below(state, FAKE_RAM_SIZE >> 12) << 12 : (uint32_t)test_random(state) & ~0xfffU;
}

/* Another entry of the second level: a small page or a large one, sixteen times. */
static void change_second(uint64_t *state, uint32_t process, uint32_t address)
{
	uint32_t table = second_table(process, address >> 20), place = table + (address >> 12 & 255) * 4;
	uint32_t not_global = address >= 0x80000000 && random_below(state, 2) ? 0 : 0x800;
	uint32_t before = *fake_ram(place);
	bool was_large = (before & 3) == 1, is_large = !random_below(state, 3);

	if (was_large || is_large) {
		place = table + (address >> 12 & 0xf0) * 4;
		for (uint32_t i = 0; i < 16; i++) {
			uint32_t old = *fake_ram(place + i * 4);

			*fake_ram(place + i * 4) = 0;
			if (!was_large && (old & 3))
				maintain(state, process, (address & ~0xffffU) | i << 12, 4096);
		}
		if (was_large)
			maintain(state, process, address, 65536);
	}
	if (is_large) {
		uint32_t word = (some_page(state) & ~0xffffU) | (random_below(state, 0x10000) & 0xfffc) | 1 | not_global;

		for (uint32_t i = 0; i < 16; i++)
			*fake_ram(place + i * 4) = word;
		return;
	}
	place = table + (address >> 12 & 255) * 4;
	*fake_ram(place) = some_page(state) | (random_below(state, 4096) & 0xffc) |
			   (random_below(state, 8) ? 2 + random_below(state, 2) : 0) | not_global;
	if (!was_large && !is_large && (before & 3))
		maintain(state, process, address, 4096);
}

static void forget_table(uint32_t process, uint32_t address)
{
	if (address >= 0x80000000 || !(p15->sctlr & SCTLR_XP)) /* global ones stay when an ASID's go */
		shadow_forget_all(&fake_persona);
	else
		for (uint32_t asid = process; asid < ASIDS; asid += PROCESSES)
			shadow_forget_asid(&fake_vcpu, asid);
}

/* The guest's entries there, all of them, as far as the architecture asks for it. */
static void take_away_first(uint64_t *state, uint32_t process, uint32_t address)
{
	uint32_t before = *fake_ram(first_place(process, address >> 20));

	if ((before & 3) == 2 && (before & 0x40000)) {
		for (uint32_t i = 0; i < 16; i++)
			first_write(process, (address >> 20 & ~15U) + i, 0);
		maintain(state, process, address, 1 << 24);
		return;
	}
	first_write(process, address >> 20, 0);
	if ((before & 3) == 2)
		maintain(state, process, address, 1 << 20);
	else if ((before & 3) == 1)
		forget_table(process, address);
}

static void change_first(uint64_t *state, uint32_t process, uint32_t address)
{
	uint32_t not_global = address >= 0x80000000 && random_below(state, 2) ? 0 : 0x20000;
	uint32_t word = (uint32_t)test_random(state) & 0xbdf0;
	uint32_t mib = address >> 20;
	bool may_span = mib >> 4 == 0x10 || mib >> 4 == 0xc0;

	take_away_first(state, process, address);
	if (!random_below(state, 8))
		return;
	if (random_below(state, 2)) {
		first_write(process, mib, second_table(process, mib) | (word & 0x1e0) | 1);
		return;
	}
	word |= 2 | not_global;
	if (may_span && random_below(state, 2)) {
		for (uint32_t i = 0; i < 16; i++) /* all MiBs of it, then the span */
			take_away_first(state, process, (mib & ~15U) << 20 | i << 20);
		for (uint32_t i = 0; i < 16; i++)
			first_write(process, (mib & ~15U) + i, word | 0x40000 | (random_below(state, 1) << 24));
		return;
	}
	first_write(process, mib, word | (random_below(state, 4) ? random_below(state, 4) << 20 : 0x16000000));
}

static void change_context(uint64_t *state)
{
	uint32_t asid = random_below(state, ASIDS), sctlr = p15->sctlr;

	switch (random_below(state, 15)) {
	case 14:
		p15->ttbcr ^= 1;
		break;
	case 12: /* as Linux has them */
	case 13:
		p15->sctlr = (sctlr & ~(SCTLR_S | SCTLR_R)) | SCTLR_M | SCTLR_XP;
		p15->dacr = 0x55555555;
		p15->fcse = 0;
		p15->ttbcr = 0;
		break;
	case 0:
		p15->dacr = (uint32_t)test_random(state) | (random_below(state, 2) ? 0x55555555 : 0);
		break;
	case 1:
		p15->sctlr ^= SCTLR_XP;
		break;
	case 2:
		p15->sctlr ^= random_below(state, 2) ? SCTLR_S : SCTLR_R;
		break;
	case 3:
		p15->sctlr ^= SCTLR_M;
		break;
	case 4:
		p15->sctlr ^= SCTLR_V;
		break;
	case 5:
		p15->fcse = random_below(state, 2) ? 0 : (random_below(state, 2) ? 0x40 : 1 + random_below(state, 3)) << 25;
		break;
	default:
		if (!(sctlr & SCTLR_XP) && (asid ^ p15->contextidr) % PROCESSES) {
			p15->contextidr = asid;
			p15->ttbr[0] = PROCESS(asid % PROCESSES);
			guest_is(true);
			shadow_forget_all(&fake_persona); /* everything is global without XP */
		}
		p15->contextidr = asid;
		p15->ttbr[0] = PROCESS(asid % PROCESSES);
		break;
	}
}

static void change_something(uint64_t *state)
{
	uint32_t process = random_below(state, PROCESSES), address = some_address(state);

	switch (random_below(state, 16)) {
	case 0:
		shadow_forget_all(&fake_persona);
		break;
	case 1:
		shadow_forget_asid(&fake_vcpu, random_below(state, ASIDS));
		break;
	case 2:
		shadow_forget_page(&fake_vcpu, address | random_below(state, ASIDS));
		break;
	case 3: /* another life begins with the same memory */
		for (uint32_t page = 0; page < FAKE_RAM_PAGES; page++)
			stage2_unmap(&fake_persona, page);
		stage2_flush(&fake_persona);
		fake_interrupting = random_below(state, 2);
		break;
	case 4:
	case 5:
	case 6:
		change_first(state, process, address);
		break;
	case 7:
	case 8:
	case 9:
		change_context(state);
		break;
	default:
		change_second(state, process, address);
		break;
	}
}

static void fill_tables(uint64_t *state)
{
	for (uint32_t process = 0; process < PROCESSES; process++) {
		for (uint32_t i = 0; i < ARRAY_COUNT(mibs); i++) {
			for (uint32_t n = 0; n < 64; n++)
				change_second(state, process, mibs[i] << 20 | in_mib(state));
			change_first(state, process, mibs[i] << 20);
		}
	}
}

static void given_a_guest_that_maintains_its_tlb_then_every_access_is_as_its_tables_say(void)
{
	uint64_t state = test_seed();

	begin();
	*p15 = (struct p15_registers){
		.sctlr = SCTLR_FIXED | SCTLR_M | SCTLR_XP, .ttbr = {PROCESS(0), COMMON}, .ttbcr = 1, .dacr = 0x55555555};
	guest_is(true);
	fill_tables(&state);
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t address = some_address(&state), access = random_below(&state, 3);
		bool privileged = random_below(&state, 2);

		if (!random_below(&state, 12))
			change_something(&state);
		guest_is(privileged || random_below(&state, 4) == 0);
		if (!report(access_is_right(address, access, privileged), "the access ends as the guest's tables say")) {
			printf("step %u: address %08x access %u privileged %d sctlr %08x fcse %08x context %x dacr %08x\n", i, address,
			       access, privileged, p15->sctlr, p15->fcse, p15->contextidr, p15->dacr);
			return;
		}
		if (i % 512 == 0)
			check_all();
	}
	report(s->counts.fills > 1000, "entries were made");
	report(quick_count > 1000, "many of them the short way");
	report(s->counts.spaces > 10, "address spaces took each other's place");
}

/* ---- A guest that does as it likes ---- */

static void given_a_hostile_guest_then_no_entry_reaches_beyond_its_ram(void)
{
	uint64_t state = test_seed() ^ 1;
	struct shadow_fault fault;
	uint32_t host, reached = 0;

	begin();
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t address = random_below(&state, 3) ? some_address(&state) : (uint32_t)test_random(&state);
		enum access access = random_below(&state, 3);
		bool privileged = random_below(&state, 2);

		if (i % 600 == 0)
			random_tables(&state);
		if (!random_below(&state, 8))
			random_p15(&state, p15);
		if (!random_below(&state, 8))
			*fake_ram(random_below(&state, TABLES_FIRST_SIZE) & ~3U) = random_first(&state);
		if (!random_below(&state, 64))
			shadow_forget_page(&fake_vcpu, (uint32_t)test_random(&state));
		guest_is(privileged);
		shadow_load(&fake_vcpu, false);
		for (uint32_t n = 0; n < 3; n++) {
			reached += fake_mmu_access(address, access, &host); /* ends the program where it reaches what it must not */
			fault_of(address, access, privileged, &fault);
			shadow_load(&fake_vcpu, false);
		}
		if (i % 512 == 0)
			check_all();
	}
	report(reached > STEPS / 8, "it reached its own RAM");
}

/* ---- One by one ---- */

#define FIRST 0x4000U

static void map_sections(void)
{
	begin();
	*p15 = (struct p15_registers){.sctlr = SCTLR_FIXED | SCTLR_M | SCTLR_XP, .ttbr = {FIRST, FIRST}, .dacr = 1};
	for (uint32_t mib = 0; mib < 4096; mib++)
		*fake_ram(FIRST + mib * 4) = 0x00100c02; /* all of it the second MiB, global, for everybody */
	guest_is(true);
}

static void given_more_memory_than_tables_then_all_are_forgotten_and_it_goes_on(void)
{
	map_sections();
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t mib = 1; mib < 700; mib++)
			report(access_is_right(mib << 20 | 0x5000, ACCESS_WRITE, true), "reached");
	report(s->counts.reclaims > 1, "tables ran out");
	check_all();
}

/* A guest forgets all tables in one instruction, which nothing interrupts. */
static void given_all_tables_in_use_then_forgetting_them_writes_none_of_their_entries(void)
{
	uint32_t before;

	map_sections();
	for (uint32_t mib = 1; mib <= SHADOW_TABLES; mib++)
		access_is_right(mib << 20 | 0x5000, ACCESS_WRITE, true);
	before = fake_cleaned;
	shadow_forget_everything(s);
	report(fake_cleaned - before <= SHADOW_TABLES * SHADOW_SPACES + 4 * PAGES_OF_MIB, "links, and the tables Veil's pages are in");
	check_all();
	report(access_is_right(0x00305000, ACCESS_READ, true), "what is given again is what it should be");
	check_all();
}

static void given_global_memory_then_address_spaces_share_its_tables(void)
{
	uint32_t fills;

	map_sections();
	for (uint32_t asid = 0; asid < 3; asid++) {
		p15->contextidr = asid;
		guest_is(true);
		report(access_is_right(0xc0012345, ACCESS_READ, true), "reached");
	}
	report_equal(s->counts.fills, 1, "filled once for three address spaces");
	guest_is(false);
	report(access_is_right(0xc0012345, ACCESS_READ, false), "user mode has a view of its own");
	fills = s->counts.fills;
	report_equal(fills, 2, "filled for itself");
	*fake_ram(FIRST + 0xc00 * 4) = 0x00200c02;
	shadow_forget_page(&fake_vcpu, 0xc0000000 | 2);
	for (uint32_t asid = 0; asid < 3; asid++) {
		p15->contextidr = asid;
		guest_is(true);
		report(access_is_right(0xc0012345, ACCESS_READ, true), "forgotten in all of them");
	}
}

static void given_tables_that_allow_more_without_maintenance_then_faults_end(void)
{
	map_sections();
	*fake_ram(FIRST + 0xc00 * 4) = 0x00108402; /* AP 1, APX: privileged modes read */
	shadow_forget_all(&fake_persona);
	report(access_is_right(0xc0012345, ACCESS_READ, true), "read");
	report(access_is_right(0xc0012345, ACCESS_WRITE, true), "not written");
	*fake_ram(FIRST + 0xc00 * 4) = 0x00100402;
	report(access_is_right(0xc0012345, ACCESS_WRITE, true), "written, with the old entry still in the TLB");
	*fake_ram(FIRST + 0xc00 * 4) = 0x00008000 | 1;
	*fake_ram(0x8000 + 0x12 * 4) = 0x00234012;
	*fake_ram(0x8000 + 0x13 * 4) = 0x00235212;
	shadow_forget_page(&fake_vcpu, 0xc0000000);
	report(access_is_right(0xc0013000, ACCESS_READ, true), "a small page");
	report(access_is_right(0xc0013000, ACCESS_WRITE, true), "not written");
	*fake_ram(0x8000 + 0x13 * 4) = 0x00235012;
	report(access_is_right(0xc0013000, ACCESS_WRITE, true), "written, with the old entry still in the TLB");
	check_all();
}

static void process_is(uint32_t i)
{
	p15->contextidr = i;
	p15->ttbr[0] = 0x8000 + 0x4000 * i;
	guest_is(true);
}

/* Four processes; a MiB's first page is global, the second is each one's own, which the third never
 * touches; the fourth has another MiB there, of its own. */
static void given_a_mib_of_both_kinds_then_what_is_not_shared_stays_apart(void)
{
	map_sections();
	for (uint32_t i = 0; i < 3; i++) {
		*fake_ram(0x8000 + 0x4000 * i + 0xc00 * 4) = (0x18000 + 0x400 * i) | 1;
		*fake_ram(0x18000 + 0x400 * i) = 0x00200000 | 0x32;
		*fake_ram(0x18000 + 0x400 * i + 4) = (0x00210000 + 0x10000 * i) | 0x832;
	}
	*fake_ram(0x14000 + 0xc00 * 4) = 0x00120c02 | 0x20000;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 4; i++) {
			process_is(i);
			if (i != 3) /* it must not: what is global holds for all */
				report(access_is_right(0xc0000000, ACCESS_READ, true), "the first page");
			if (i != 2)
				report(access_is_right(0xc0001000, ACCESS_READ, true), "the second");
		}
		if (round == 0)
			shadow_forget_asid(&fake_vcpu, 1); /* the shared table is linked again */
		check_all();
	}
	for (uint32_t i = 0; i < 3; i++)
		*fake_ram(0x18000 + 0x400 * i) = 0x00230032;
	shadow_forget_page(&fake_vcpu, 0xc0000000);
	for (uint32_t i = 0; i < 3; i++) {
		process_is(i);
		report(access_is_right(0xc0000000, ACCESS_READ, true), "another global page, for all that have it");
	}
}

static void given_the_mmu_off_then_nothing_is_shared_with_it(void)
{
	map_sections();
	report(access_is_right(0x02012345, ACCESS_READ, true), "mapped");
	p15->sctlr &= ~SCTLR_M;
	guest_is(true);
	report(access_is_right(0x02012345, ACCESS_READ, true), "its place is the address");
	report(access_is_right(0x00012345, ACCESS_READ, true), "or RAM");
	p15->sctlr |= SCTLR_M;
	guest_is(true);
	report(access_is_right(0x02012345, ACCESS_READ, true), "mapped again");
	report(access_is_right(0x00012345, ACCESS_READ, true), "all of it");
	check_all();
}

static void given_the_older_format_then_asids_do_not_count(void)
{
	map_sections();
	p15->sctlr &= ~SCTLR_XP;
	for (uint32_t asid = 0; asid < 4; asid++) {
		p15->contextidr = asid;
		guest_is(true);
		report(access_is_right(0xc0012345, ACCESS_READ, true), "reached");
		report(access_is_right(0x00512345, ACCESS_READ, true), "reached below what can be shared");
	}
	report_equal(s->counts.fills, 2, "each filled once for all");
}

static void given_a_change_of_privilege_then_no_table_is_looked_at(void)
{
	map_sections();
	report(access_is_right(0xc0012345, ACCESS_READ, true), "reached");
	fake_looks = 0;
	for (uint32_t i = 0; i < 8; i++) {
		guest_is(i % 2);
		shadow_load(&fake_vcpu, false);
	}
	report_equal(fake_looks, 0, "nothing outside the window is needed");
}

static void given_a_device_then_it_is_found_again_without_the_tables(void)
{
	struct shadow_fault fault;
	uint32_t physical;

	map_sections();
	*fake_ram(FIRST + 0x161 * 4) = 0x16000802; /* user mode reads */
	shadow_forget_all(&fake_persona);
	report_equal(shadow_fault(&fake_vcpu, 0x16100018, ACCESS_READ, true, &fault), SHADOW_DEVICE, "a device");
	fake_looks = 0;
	report(shadow_device(s, s->view, 0x16100ffc, ACCESS_WRITE, &physical), "another register of it");
	report_equal(physical, 0x16000ffc, "where it is");
	report_equal(fake_looks, 0, "without a look into memory");
	report(!shadow_device(s, s->view ^ 1, 0x16100ffc, ACCESS_READ, &physical), "not for the other privilege");
	report_equal(shadow_fault(&fake_vcpu, 0x16100018, ACCESS_READ, false, &fault), SHADOW_DEVICE, "user mode");
	report_equal(shadow_fault(&fake_vcpu, 0x16100018, ACCESS_WRITE, false, &fault), SHADOW_GUEST, "which must not write");
	report_equal(fault.fsr, FSR_PERMISSION_SECTION | FSR_WRITE, "and how it faults");
	*fake_ram(FIRST + 0x161 * 4) = 0;
	shadow_forget_page(&fake_vcpu, 0x16100000);
	report(!shadow_device(s, s->view, 0x16100ffc, ACCESS_READ, &physical), "forgotten with its page");
	report_equal(shadow_fault(&fake_vcpu, 0x16100018, ACCESS_READ, true, &fault), SHADOW_GUEST, "and faults");
}

static void given_veils_own_pages_then_data_is_emulated_and_nothing_executed(void)
{
	static const uint32_t places[] = {WINDOW_BASE, WINDOW_END - 4, VECTORS_HIGH};
	struct shadow_fault fault;

	map_sections();
	for (uint32_t i = 0; i < ARRAY_COUNT(places); i++) {
		report_equal(shadow_fault(&fake_vcpu, places[i], ACCESS_WRITE, true, &fault), SHADOW_EMULATE, "a store");
		report_equal(fault.physical, 0x00100000 | (places[i] & 0xfffff), "to the guest's own memory");
		report_equal(shadow_fault(&fake_vcpu, places[i], ACCESS_FETCH, true, &fault), SHADOW_GUEST, "a fetch");
		report_equal(fault.fsr, FSR_PERMISSION_PAGE, "is refused");
	}
	report_equal(fake_vcpu.statistics.refused_memory, ARRAY_COUNT(places), "and counted");
	report(access_is_right(VECTORS_HIGH + 4096, ACCESS_FETCH, true), "the pages above are the guest's");
	p15->sctlr |= SCTLR_V;
	guest_is(true);
	report(access_is_right(VECTORS_HIGH, ACCESS_FETCH, true), "its vectors are there");
	report_equal(shadow_fault(&fake_vcpu, 0, ACCESS_READ, true, &fault), SHADOW_EMULATE, "and Veil's at 0");
	report(access_is_right(4096, ACCESS_READ, true), "the page above is the guest's");
	check_all();
}

static void given_flash_then_it_is_read_and_not_written(void)
{
	struct shadow_fault fault;
	uint32_t host;

	map_sections();
	*fake_ram(FIRST + 0x700 * 4) = FAKE_FLASH_GUEST | 0xc02;
	shadow_forget_all(&fake_persona);
	report_equal(shadow_fault(&fake_vcpu, FAKE_FLASH_GUEST, ACCESS_READ, true, &fault), SHADOW_FILLED, "it reads as memory");
	shadow_load(&fake_vcpu, false);
	report(fake_mmu_access(FAKE_FLASH_GUEST, ACCESS_FETCH, &host), "and is executed");
	report(!fake_mmu_access(FAKE_FLASH_GUEST, ACCESS_WRITE, &host), "a write faults");
	report_equal(shadow_fault(&fake_vcpu, FAKE_FLASH_GUEST, ACCESS_WRITE, true, &fault), SHADOW_DEVICE, "and is a command");
	stage2_hide(&fake_persona, FAKE_RAM_PAGES, true);
	stage2_flush(&fake_persona);
	report_equal(shadow_fault(&fake_vcpu, FAKE_FLASH_GUEST, ACCESS_READ, true, &fault), SHADOW_DEVICE,
		     "while it takes commands it is one");
	report_equal(shadow_fault(&fake_vcpu, FAKE_FLASH_GUEST, ACCESS_FETCH, true, &fault), SHADOW_GUEST, "and not executed");
}

/* The last page of RAM, by its own address. */
#define SCREEN (FAKE_RAM_GUEST + FAKE_RAM_SIZE - (uint32_t)VEIL_PAGE_SIZE)

static bool fills(enum access access)
{
	struct shadow_fault fault;
	uint32_t host;
	bool filled = shadow_fault(&fake_vcpu, SCREEN + 0x123, access, true, &fault) == SHADOW_FILLED;

	shadow_load(&fake_vcpu, false);
	return filled && fake_mmu_access(SCREEN + 0x123, access, &host);
}

static void given_a_screen_then_the_first_write_to_a_page_is_told_of(void)
{
	uint32_t host;

	begin();
	fake_screen(2);
	guest_is(true);
	shadow_load(&fake_vcpu, false);
	report(fills(ACCESS_READ), "it is read");
	report_equal(fake_told, 0, "which is nobody's business");
	report(!fake_mmu_access(SCREEN, ACCESS_WRITE, &host), "a write faults");
	report(fills(ACCESS_WRITE), "and is made");
	report_equal(fake_written, 2, "the second page has changed");
	report(fake_mmu_access(SCREEN, ACCESS_WRITE, &host), "further ones go unnoticed");
	report_equal(fake_told, 1, "told once");
	stage2_watch(&fake_persona, 3);
	report(!fake_mmu_access(SCREEN, ACCESS_WRITE, &host), "watched anew, a write faults again");
	report(fills(ACCESS_WRITE), "and is made");
	report_equal(fake_told, 2, "told again");
	report(!stage2_is_mapped(&fake_persona, FAKE_RAM_PAGES - 2), "watching builds nothing");
	stage2_unmap(&fake_persona, FAKE_RAM_PAGES - 1);
	report_equal(fake_told, 3, "a page that is taken away will be cleared");
	stage2_unmap(&fake_persona, 0);
	report_equal(fake_told, 3, "RAM is no screen");
	check_all();
}

static void given_memory_being_built_then_the_guest_faults_again_until_it_is(void)
{
	struct shadow_fault fault;
	uint32_t host, turns = 0;

	begin();
	guest_is(true);
	fake_interrupting = true;
	shadow_load(&fake_vcpu, false);
	while (!fake_mmu_access(0x00234560, ACCESS_READ, &host) && turns++ < 10) {
		report_equal(shadow_fault(&fake_vcpu, 0x00234560, ACCESS_READ, true, &fault), SHADOW_FILLED, "again");
		shadow_load(&fake_vcpu, false);
	}
	report_equal(turns, 4, "a part each time an interrupt was waiting");
}

static const struct test tests[] = {
	{"rules", given_a_guest_that_maintains_its_tlb_then_every_access_is_as_its_tables_say},
	{"hostile", given_a_hostile_guest_then_no_entry_reaches_beyond_its_ram},
	{"reclaim", given_more_memory_than_tables_then_all_are_forgotten_and_it_goes_on},
	{"forget all", given_all_tables_in_use_then_forgetting_them_writes_none_of_their_entries},
	{"shared", given_global_memory_then_address_spaces_share_its_tables},
	{"upgrade", given_tables_that_allow_more_without_maintenance_then_faults_end},
	{"mixed", given_a_mib_of_both_kinds_then_what_is_not_shared_stays_apart},
	{"screen", given_a_screen_then_the_first_write_to_a_page_is_told_of},
	{"mmu off", given_the_mmu_off_then_nothing_is_shared_with_it},
	{"old format", given_the_older_format_then_asids_do_not_count},
	{"privilege", given_a_change_of_privilege_then_no_table_is_looked_at},
	{"device", given_a_device_then_it_is_found_again_without_the_tables},
	{"hidden", given_veils_own_pages_then_data_is_emulated_and_nothing_executed},
	{"flash", given_flash_then_it_is_read_and_not_written},
	{"building", given_memory_being_built_then_the_guest_faults_again_until_it_is},
};

TEST_MAIN(tests)
