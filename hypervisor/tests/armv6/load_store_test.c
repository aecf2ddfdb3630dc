/* SPDX-License-Identifier: Apache-2.0 */
/* Emulated loads and stores: every form as an assembler encodes it, byte by byte; then any word at all. Memory is a fake that keeps a
 * record of what is asked of it, and faults when it is told to. */
#include "arch/armv6/load_store.h"

#include "arch/armv6/psr.h"
#include "arch/armv6/sctlr.h"
#include "arch/armv6/walk.h"
#include "core/lib.h"
#include "tests/test.h"

#define CODE 0x8000U
#define NONE 16U
#define RECORDS 64
#define WORDS 500000
#define FAULT 0x80dU

static struct vcpu v;

/* ---- Memory ---- */

static struct record {
	uint32_t address, size, value;
	bool is_write, as_user;
} records[RECORDS];
static uint32_t record_count, fault_at; /* the access that faults; RECORDS: none does */
static bool gives_up; /* it does not fault, but has to be made again */

static uint8_t byte_at(uint32_t address)
{
	return (uint8_t)(address * 0x9e3779b1U >> 24);
}

enum guest_result guest_access(struct vcpu *of, struct guest_access *a, struct guest_fault *fault)
{
	(void)of;
	if (record_count == RECORDS)
		abort();
	records[record_count] =
		(struct record){.address = a->address, .size = a->size, .is_write = a->is_write, .as_user = a->as_user, .value = a->value};
	*fault = (struct guest_fault){.address = a->address ^ 0x40000000, .fsr = FAULT}; /* so that a test sees whose it is */
	for (uint32_t i = 0; i < a->size && !a->is_write; i++)
		a->value = (i ? a->value : 0) | (uint32_t)byte_at(a->address + i) << (8 * i);
	return record_count++ != fault_at ? GUEST_DONE : gives_up ? GUEST_AGAIN : GUEST_FAULT;
}

uint32_t walk_modified(const struct vcpu *of, uint32_t address)
{
	(void)of;
	return address;
}

static void begin(bool is_thumb)
{
	static const uint32_t registers[16] = {0x10000, 0x10100, 0x20,	 0xfffffff0, 0x10140, 0x83f2a591, 0x1006,  0x1007,
					       0x1008,	0x1009,	 0x100a, 0x100b,     0x100c,  0x10180,	  0x1000e, CODE};

	memset(&v, 0, sizeof(v));
	for (uint32_t i = 0; i < 16; i++)
		v.arch.r[i] = registers[i];
	v.arch.cpsr = 0x20000010 | (is_thumb ? PSR_T : 0); /* C: what rrx shifts in */
	v.arch.mode = MODE_SUPERVISOR;
	v.arch.p15.sctlr = SCTLR_FIXED;
	record_count = 0;
	fault_at = RECORDS;
	gives_up = false;
}

static enum load_store_result when(uint32_t word)
{
	struct guest_fault fault;

	return load_store(&v, word, false, &fault);
}

/* ---- One form after another ---- */

enum flag {
	LOADS = 1,
	STORES = 2,
	SIGNED = 4,
	AS_USER = 8,
	THUMB = 16,
	EXCLUSIVE = 32
};

/* r0 = 0x10000, r1 = 0x10100, r2 = 0x20, r3 = -16, r13 = 0x10180, C set */
static const struct form {
	const char *text;
	uint32_t word;
	uint32_t flags;
	uint32_t list; /* registers moved */
	uint32_t size;
	uint32_t address;
	uint32_t base, base_value;
} forms[] = {
	{"ldr r0, [r1]", 0xe5910000, LOADS, 0x1, 4, 0x10100, NONE, 0x0},
	{"ldr r0, [r1, #4]", 0xe5910004, LOADS, 0x1, 4, 0x10104, NONE, 0x0},
	{"ldr r0, [r1, #-4095]", 0xe5110fff, LOADS, 0x1, 4, 0xf101, NONE, 0x0},
	{"ldr r0, [r1, #8]!", 0xe5b10008, LOADS, 0x1, 4, 0x10108, 1, 0x10108},
	{"ldr r0, [r1], #-8", 0xe4110008, LOADS, 0x1, 4, 0x10100, 1, 0x100f8},
	{"ldr r1, [r1], #4", 0xe4911004, LOADS, 0x2, 4, 0x10100, NONE, 0x0},
	{"ldr r0, [r1, r2]", 0xe7910002, LOADS, 0x1, 4, 0x10120, NONE, 0x0},
	{"ldr r0, [r1, -r2]", 0xe7110002, LOADS, 0x1, 4, 0x100e0, NONE, 0x0},
	{"ldr r0, [r1, r2, lsl #2]!", 0xe7b10102, LOADS, 0x1, 4, 0x10180, 1, 0x10180},
	{"ldr r0, [r1, -r3, asr #2]", 0xe7110143, LOADS, 0x1, 4, 0x10104, NONE, 0x0},
	{"ldr r0, [r1, r2, lsr #3]", 0xe79101a2, LOADS, 0x1, 4, 0x10104, NONE, 0x0},
	{"ldr r0, [r1, r3, lsr #32]", 0xe7910023, LOADS, 0x1, 4, 0x10100, NONE, 0x0},
	{"ldr r0, [r1, r3, asr #32]", 0xe7910043, LOADS, 0x1, 4, 0x100ff, NONE, 0x0},
	{"ldr r0, [r1, r2, ror #4]", 0xe7910262, LOADS, 0x1, 4, 0x10102, NONE, 0x0},
	{"ldr r0, [r1, r2, rrx]", 0xe7910062, LOADS, 0x1, 4, 0x80010110, NONE, 0x0},
	{"ldr r0, [r1], r2", 0xe6910002, LOADS, 0x1, 4, 0x10100, 1, 0x10120},
	{"ldr r0, [r1], -r2, lsl #1", 0xe6110082, LOADS, 0x1, 4, 0x10100, 1, 0x100c0},
	{"ldrne r0, [pc, #16]", 0x159f0010, LOADS, 0x1, 4, 0x8018, NONE, 0x0},
	{"str r5, [r1, #4]", 0xe5815004, STORES, 0x20, 4, 0x10104, NONE, 0x0},
	{"str r5, [r1, #4]!", 0xe5a15004, STORES, 0x20, 4, 0x10104, 1, 0x10104},
	{"str r5, [r1], r2", 0xe6815002, STORES, 0x20, 4, 0x10100, 1, 0x10120},
	{"str pc, [r1]", 0xe581f000, STORES, 0x8000, 4, 0x10100, NONE, 0x0},
	{"ldrb r0, [r1, #3]", 0xe5d10003, LOADS, 0x1, 1, 0x10103, NONE, 0x0},
	{"ldrb r0, [r1, r2]!", 0xe7f10002, LOADS, 0x1, 1, 0x10120, 1, 0x10120},
	{"strb r3, [r1, #-1]", 0xe5413001, STORES, 0x8, 1, 0x100ff, NONE, 0x0},
	{"ldrt r0, [r1], #4", 0xe4b10004, LOADS | AS_USER, 0x1, 4, 0x10100, 1, 0x10104},
	{"ldrt r0, [r1], r2", 0xe6b10002, LOADS | AS_USER, 0x1, 4, 0x10100, 1, 0x10120},
	{"strt r5, [r1], #-4", 0xe4215004, STORES | AS_USER, 0x20, 4, 0x10100, 1, 0x100fc},
	{"ldrbt r0, [r1], #1", 0xe4f10001, LOADS | AS_USER, 0x1, 1, 0x10100, 1, 0x10101},
	{"strbt r3, [r1], -r2", 0xe6613002, STORES | AS_USER, 0x8, 1, 0x10100, 1, 0x100e0},
	{"ldrh r0, [r1, #2]", 0xe1d100b2, LOADS, 0x1, 2, 0x10102, NONE, 0x0},
	{"ldrh r0, [r1, #-254]!", 0xe1710fbe, LOADS, 0x1, 2, 0x10002, 1, 0x10002},
	{"ldrh r0, [r1], r2", 0xe09100b2, LOADS, 0x1, 2, 0x10100, 1, 0x10120},
	{"ldrh r0, [r1, -r2]", 0xe11100b2, LOADS, 0x1, 2, 0x100e0, NONE, 0x0},
	{"strh r3, [r1, #6]", 0xe1c130b6, STORES, 0x8, 2, 0x10106, NONE, 0x0},
	{"strh r3, [r1], #-2", 0xe04130b2, STORES, 0x8, 2, 0x10100, 1, 0x100fe},
	{"ldrsb r0, [r1, #1]", 0xe1d100d1, LOADS | SIGNED, 0x1, 1, 0x10101, NONE, 0x0},
	{"ldrsb r0, [r1, r2]", 0xe19100d2, LOADS | SIGNED, 0x1, 1, 0x10120, NONE, 0x0},
	{"ldrsh r0, [r1, #34]", 0xe1d102f2, LOADS | SIGNED, 0x1, 2, 0x10122, NONE, 0x0},
	{"ldrsh r0, [r1], #2", 0xe0d100f2, LOADS | SIGNED, 0x1, 2, 0x10100, 1, 0x10102},
	{"ldrd r6, [r1, #8]", 0xe1c160d8, LOADS, 0xc0, 4, 0x10108, NONE, 0x0},
	{"ldrd r6, [r1, #8]!", 0xe1e160d8, LOADS, 0xc0, 4, 0x10108, 1, 0x10108},
	{"ldrd r6, [r1], -r2", 0xe00160d2, LOADS, 0xc0, 4, 0x10100, 1, 0x100e0},
	{"strd r6, [r1, r2]", 0xe18160f2, STORES, 0xc0, 4, 0x10120, NONE, 0x0},
	{"strd r6, [r1, #-8]!", 0xe16160f8, STORES, 0xc0, 4, 0x100f8, 1, 0x100f8},
	{"ldmia r1, {r0, r5, r12}", 0xe8911021, LOADS, 0x1021, 4, 0x10100, NONE, 0x0},
	{"ldmia r1!, {r0, r5, r12}", 0xe8b11021, LOADS, 0x1021, 4, 0x10100, 1, 0x1010c},
	{"ldmib r1, {r0, r5}", 0xe9910021, LOADS, 0x21, 4, 0x10104, NONE, 0x0},
	{"ldmdb r1!, {r0, r5, r6}", 0xe9310061, LOADS, 0x61, 4, 0x100f4, 1, 0x100f4},
	{"ldmda r1, {r0, r5, r6}", 0xe8110061, LOADS, 0x61, 4, 0x100f8, NONE, 0x0},
	{"ldmia r1, {r0, r1, r2}", 0xe8910007, LOADS, 0x7, 4, 0x10100, NONE, 0x0},
	{"ldmia sp!, {r4, pc}", 0xe8bd8010, LOADS, 0x8010, 4, 0x10180, 13, 0x10188},
	{"stmia r1!, {r2, r3, r14}", 0xe8a1400c, STORES, 0x400c, 4, 0x10100, 1, 0x1010c},
	{"stmdb sp!, {r0, r13, r15}", 0xe92da001, STORES, 0xa001, 4, 0x10174, 13, 0x10174},
	{"stmib r1, {r0-r12}", 0xe9811fff, STORES, 0x1fff, 4, 0x10104, NONE, 0x0},
	{"stmda r1!, {r5, r6}", 0xe8210060, STORES, 0x60, 4, 0x100fc, 1, 0x100f8},
	{"ldr pc, [r1, r2]", 0xe791f002, LOADS, 0x8000, 4, 0x10120, NONE, 0x0},
	{"ldrex r0, [r1]", 0xe1910f9f, LOADS | EXCLUSIVE, 0x1, 4, 0x10100, NONE, 0x0},
	{"ldr r0, [pc, #12]", 0x4803, LOADS | THUMB, 0x1, 4, 0x8010, NONE, 0x0},
	{"ldr r0, [r1, r2]", 0x5888, LOADS | THUMB, 0x1, 4, 0x10120, NONE, 0x0},
	{"ldrh r0, [r1, r2]", 0x5a88, LOADS | THUMB, 0x1, 2, 0x10120, NONE, 0x0},
	{"ldrb r0, [r1, r2]", 0x5c88, LOADS | THUMB, 0x1, 1, 0x10120, NONE, 0x0},
	{"ldrsb r0, [r1, r2]", 0x5688, LOADS | SIGNED | THUMB, 0x1, 1, 0x10120, NONE, 0x0},
	{"ldrsh r0, [r1, r2]", 0x5e88, LOADS | SIGNED | THUMB, 0x1, 2, 0x10120, NONE, 0x0},
	{"str r5, [r1, r2]", 0x508d, STORES | THUMB, 0x20, 4, 0x10120, NONE, 0x0},
	{"strh r5, [r1, r2]", 0x528d, STORES | THUMB, 0x20, 2, 0x10120, NONE, 0x0},
	{"strb r5, [r1, r2]", 0x548d, STORES | THUMB, 0x20, 1, 0x10120, NONE, 0x0},
	{"ldr r0, [r1, #124]", 0x6fc8, LOADS | THUMB, 0x1, 4, 0x1017c, NONE, 0x0},
	{"str r5, [r1, #124]", 0x67cd, STORES | THUMB, 0x20, 4, 0x1017c, NONE, 0x0},
	{"ldrb r0, [r1, #31]", 0x7fc8, LOADS | THUMB, 0x1, 1, 0x1011f, NONE, 0x0},
	{"strb r5, [r1, #31]", 0x77cd, STORES | THUMB, 0x20, 1, 0x1011f, NONE, 0x0},
	{"ldrh r0, [r1, #62]", 0x8fc8, LOADS | THUMB, 0x1, 2, 0x1013e, NONE, 0x0},
	{"strh r5, [r1, #62]", 0x87cd, STORES | THUMB, 0x20, 2, 0x1013e, NONE, 0x0},
	{"ldr r0, [sp, #8]", 0x9802, LOADS | THUMB, 0x1, 4, 0x10188, NONE, 0x0},
	{"str r5, [sp, #8]", 0x9502, STORES | THUMB, 0x20, 4, 0x10188, NONE, 0x0},
	{"push {r0, r5}", 0xb421, STORES | THUMB, 0x21, 4, 0x10178, 13, 0x10178},
	{"push {r4, lr}", 0xb510, STORES | THUMB, 0x4010, 4, 0x10178, 13, 0x10178},
	{"pop {r0, r5}", 0xbc21, LOADS | THUMB, 0x21, 4, 0x10180, 13, 0x10188},
	{"pop {r4, pc}", 0xbd10, LOADS | THUMB, 0x8010, 4, 0x10180, 13, 0x10188},
	{"ldmia r1!, {r0, r2, r3}", 0xc90d, LOADS | THUMB, 0xd, 4, 0x10100, 1, 0x1010c},
	{"ldmia r1, {r0, r1}", 0xc903, LOADS | THUMB, 0x3, 4, 0x10100, NONE, 0x0},
	{"stmia r1!, {r0, r5}", 0xc121, STORES | THUMB, 0x21, 4, 0x10100, 1, 0x10108},
};

/* A word loaded from an address that is not a multiple of four is rotated (before SCTLR.U). */
static uint32_t loaded(const struct form *f, uint32_t address)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < f->size; i++) {
		uint32_t at = f->size == 4 ? (address & ~3U) | ((address + i) & 3) : address + i;

		value |= (uint32_t)byte_at(at) << (8 * i);
	}
	if (!(f->flags & SIGNED))
		return value;
	return f->size == 1 ? (uint32_t)(int32_t)(int8_t)value : (uint32_t)(int32_t)(int16_t)value;
}

static void check_form(const struct form *f)
{
	uint32_t pc = CODE + (f->flags & THUMB ? 2 : 4), n = 0;
	struct arch_vcpu wanted;

	begin(f->flags & THUMB);
	wanted = v.arch;
	wanted.r[15] = pc;
	wanted.exclusive = f->flags & EXCLUSIVE;
	if (f->base != NONE)
		wanted.r[f->base] = f->base_value;
	for (uint32_t reg = 0; reg < 16; reg++) {
		uint32_t address = f->address + 4 * n, value = loaded(f, address);

		if (!(f->list >> reg & 1))
			continue;
		n++;
		if (f->flags & STORES)
			continue;
		wanted.r[reg] = value;
		if (reg == 15) {
			wanted.r[15] = value & (value & 1 ? ~1U : ~3U);
			wanted.cpsr = (wanted.cpsr & ~PSR_T) | (value & 1 ? PSR_T : 0);
		}
	}
	report_equal(when(f->word), LOAD_STORE_DONE, f->text);
	report_equal(record_count, n, f->text);
	for (uint32_t reg = 0; reg < 16; reg++)
		report_equal(v.arch.r[reg], wanted.r[reg], f->text);
	report(memcmp(&v.arch, &wanted, sizeof(wanted)) == 0, f->text);
}

static void check_accesses(const struct form *f)
{
	uint32_t n = 0, before[16];

	begin(f->flags & THUMB);
	for (uint32_t reg = 0; reg < 16; reg++)
		before[reg] = reg == 15 ? CODE + 8 : v.arch.r[reg];
	when(f->word);
	for (uint32_t reg = 0; reg < 16; reg++) {
		const struct record *r = &records[n];

		if (!(f->list >> reg & 1))
			continue;
		report_equal(r->address, (f->address & ~(f->size - 1)) + 4 * n, f->text);
		report_equal(r->size, f->size, f->text);
		report(r->is_write == ((f->flags & STORES) != 0), f->text);
		report(r->as_user == ((f->flags & AS_USER) != 0), f->text);
		if (f->flags & STORES)
			report_equal(r->value, f->size == 4 ? before[reg] : before[reg] & ((1U << 8 * f->size) - 1), f->text);
		n++;
	}
}

/* Each of its accesses faults in turn: nothing but memory is changed. */
static void check_faults(const struct form *f)
{
	uint32_t count = (uint32_t)__builtin_popcount(f->list);

	for (uint32_t i = 0; i < count; i++) {
		struct guest_fault fault;
		struct arch_vcpu before;

		begin(f->flags & THUMB);
		before = v.arch;
		fault_at = i;
		report_equal(load_store(&v, f->word, false, &fault), LOAD_STORE_FAULT, f->text);
		report_equal(fault.address, ((f->address & ~(f->size - 1)) + 4 * i) ^ 0x40000000, f->text);
		report_equal(fault.fsr, FAULT, f->text);
		report(memcmp(&v.arch, &before, sizeof(before)) == 0, f->text);
		record_count = 0;
		gives_up = true;
		report_equal(load_store(&v, f->word, false, &fault), LOAD_STORE_AGAIN, f->text);
		report(memcmp(&v.arch, &before, sizeof(before)) == 0, f->text);
	}
}

static void given_each_form_then_it_moves_what_it_should(void)
{
	for (uint32_t i = 0; i < ARRAY_COUNT(forms); i++) {
		check_form(&forms[i]);
		check_accesses(&forms[i]);
		check_faults(&forms[i]);
	}
}

static void given_a_swap_then_it_loads_and_stores(void)
{
	struct guest_fault fault;

	begin(false);
	report_equal(when(0xe1010095), LOAD_STORE_DONE, "swp r0, r5, [r1]");
	report_equal(v.arch.r[0], loaded(&forms[0], 0x10100), "what was there");
	report(record_count == 2 && records[1].is_write && records[1].value == 0x83f2a591, "and what is");
	begin(false);
	v.arch.r[1] = 0x10103;
	report_equal(when(0xe1410095), LOAD_STORE_DONE, "swpb r0, r5, [r1]");
	report(record_count == 2 && records[1].address == 0x10103 && records[1].size == 1 && records[1].value == 0x91, "one byte");
	begin(false);
	fault_at = 0;
	report_equal(load_store(&v, 0xe1010095, false, &fault), LOAD_STORE_FAULT, "its load faults");
	report_equal(fault.fsr, FAULT | FSR_WRITE, "as a write");
}

static void given_exclusives_then_one_store_succeeds_after_a_load(void)
{
	begin(false);
	report_equal(when(0xe1810f95), LOAD_STORE_DONE, "strex r0, r5, [r1]");
	report(v.arch.r[0] == 1 && record_count == 0, "without a load before it fails");
	when(0xe1910f9f);
	when(0xe1810f95);
	report(v.arch.r[0] == 0 && record_count == 2 && records[1].value == 0x83f2a591, "after one it stores");
	when(0xe1810f95);
	report(v.arch.r[0] == 1 && record_count == 2, "once");
}

static void given_addresses_of_any_alignment_then_what_sctlr_u_says(void)
{
	begin(false);
	v.arch.r[1] = 0x10101;
	v.arch.p15.sctlr |= SCTLR_U;
	when(0xe5910000);
	report(record_count == 4 && records[0].size == 1 && records[3].address == 0x10104, "byte by byte");
	for (uint32_t i = 0; i < 4; i++)
		report_equal(v.arch.r[0] >> (8 * i) & 0xff, byte_at(0x10101 + i), "in their order");
	when(0xe5815000); /* str r5, [r1] */
	report(record_count == 8 && records[4].value == 0x91 && records[7].value == 0x83, "stores as well");
	when(0xe1d100f0); /* ldrsh r0, [r1] */
	report_equal(v.arch.r[0], (uint32_t)(int32_t)(int16_t)(byte_at(0x10101) | byte_at(0x10102) << 8), "a halfword with its sign");
	record_count = 0;
	when(0xe891000c); /* ldmia r1, {r2, r3} */
	report(record_count == 2 && records[0].address == 0x10100, "lists are aligned");
}

static void given_big_endian_data_then_bytes_are_the_other_way_round(void)
{
	begin(false);
	v.arch.cpsr |= PSR_E;
	when(0xe5910000);
	report_equal(v.arch.r[0], __builtin_bswap32(loaded(&forms[0], 0x10100)), "a word");
	when(0xe1c150b0); /* strh r5, [r1] */
	report_equal(records[1].value, 0x91a5, "a halfword");
	when(0xe5c15000); /* strb r5, [r1] */
	report_equal(records[2].value, 0x91, "a byte has no order");
}

/* ---- What is none ---- */

static void given_other_instructions_then_nothing_is_done(void)
{
	static const struct {
		uint32_t word;
		bool is_thumb;
		const char *text;
	} others[] = {
		{0xe0810392, false, "umull"},
		{0xe7f000f0, false, "udf"},
		{0xe6812f12, false, "media"},
		{0xe5bf0004, false, "pc written back"},
		{0xf5d1f000, false, "pld"},
		{0xf8bd0a00, false, "rfe"},
		{0xf96d0513, false, "srs"},
		{0xe8d10001, false, "ldm with a caret"},
		{0xe8fd8001, false, "ldm with a caret and pc"},
		{0xe8910000, false, "an empty list"},
		{0xe5d1f000, false, "ldrb pc"},
		{0xe1d1f0b0, false, "ldrh pc"},
		{0xe1c150d0, false, "ldrd of an odd register"},
		{0xe1c1e0d0, false, "ldrd into pc"},
		{0xe7910f0f, false, "by pc"},
		{0xe1b10f9f, false, "ldrexd"},
		{0xe1d10f9f, false, "ldrexb"},
		{0xed910b00, false, "vldr"},
		{0xe1010091, false, "swp of the base"},
		{0xe1811f95, false, "strex over the base"},
		{0xe0b100f2, false, "ldrsht"},
		{0xc800, true, "an empty list"},
		{0xb400, true, "push of nothing"},
		{0xb650, true, "setend"},
		{0xdf00, true, "svc"},
		{0xb100, true, "reserved"},
		{0x4700, true, "bx"},
	};

	for (uint32_t i = 0; i < ARRAY_COUNT(others); i++) {
		struct arch_vcpu before;

		begin(others[i].is_thumb);
		before = v.arch;
		report_equal(when(others[i].word), LOAD_STORE_UNKNOWN, others[i].text);
		report(record_count == 0 && memcmp(&v.arch, &before, sizeof(before)) == 0, others[i].text);
	}
}

/* Of all state only r0 to r15, T and the reservation may change; accesses are aligned, and of sixteen registers at most. */
static void check_any(uint64_t *state)
{
	bool is_thumb = test_random(state) & 1;
	uint32_t word = (uint32_t)(test_random(state) >> 32) >> (is_thumb ? 16 : 0);
	struct guest_fault fault;
	struct arch_vcpu before, after;
	enum load_store_result result;

	begin(is_thumb);
	for (uint32_t i = 0; i < 15; i++)
		v.arch.r[i] = (uint32_t)(test_random(state) >> 32);
	v.arch.p15.sctlr |= test_random(state) & SCTLR_U;
	v.arch.exclusive = test_random(state) & 1;
	fault_at = (uint32_t)test_random(state) % 8;
	before = v.arch;
	result = load_store(&v, word, false, &fault);
	after = v.arch;
	for (uint32_t i = 0; i < record_count; i++)
		if (records[i].address & (records[i].size - 1) || records[i].size > 4)
			report(false, "accesses are aligned");
	if (record_count > 16)
		report(false, "sixteen at most");
	if (result == LOAD_STORE_DONE) {
		for (uint32_t i = 0; i < 16; i++)
			after.r[i] = before.r[i];
		after.exclusive = before.exclusive;
		after.cpsr ^= (after.cpsr ^ before.cpsr) & PSR_T;
	} else if (result == LOAD_STORE_UNKNOWN && record_count) {
		report(false, "what is unknown accesses nothing");
	}
	if (memcmp(&after, &before, sizeof(after)) != 0)
		report(false, "nothing else changes");
	if (v.arch.cpsr & PSR_T ? v.arch.r[15] & 1 : v.arch.r[15] & 3)
		report(false, "pc stays aligned");
}

static void given_any_word_then_only_registers_change(void)
{
	uint64_t state = test_seed();

	for (uint32_t i = 0; i < WORDS; i++)
		check_any(&state);
	report(true, "all of them");
}

static const struct test tests[] = {
	{"forms", given_each_form_then_it_moves_what_it_should},
	{"swap", given_a_swap_then_it_loads_and_stores},
	{"exclusive", given_exclusives_then_one_store_succeeds_after_a_load},
	{"alignment", given_addresses_of_any_alignment_then_what_sctlr_u_says},
	{"big-endian", given_big_endian_data_then_bytes_are_the_other_way_round},
	{"others", given_other_instructions_then_nothing_is_done},
	{"any word", given_any_word_then_only_registers_change},
};

TEST_MAIN(tests)
