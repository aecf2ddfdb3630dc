/* SPDX-License-Identifier: Apache-2.0 */
/* CP15 of the virtual CPU. What a guest writes is kept for itself, decides on its own tables, or is maintenance that can only make things
 * slower for it; nothing of it reaches the real CP15. */
#include "p15.h"

#include <veil/arch.h>

#include "guest.h"
#include "guest_cache.h"
#include "psr.h"
#include "sctlr.h"
#include "vfp.h"

/* The register an MCR or MRC names, as its bits have it: opc1 23..21, CRn 19..16, opc2 7..5, CRm 3..0. */
#define KEY(crn, crm, opc2) ((crn) << 16U | (opc2) << 5U | (crm))
#define KEY_MASK 0x00ef00efU
#define KEY_CRN(key) ((key) >> 16 & 15)
#define KEY_CRM(key) ((key)&15)
#define KEY_OPC2(key) ((key) >> 5 & 7)
#define OTHER_OPC1 0x00e00000U

/* Identification: an r0p2's, as QEMU's "arm1136-r2" has it. */
#define MIDR 0x4107b362U
#define CTR 0x01dd20d2U
#define ACTLR 7U /* return stack, dynamic and static prediction: fixed, they are the real CPU's */
#define CPACR_WRITABLE 0x00f00000U /* coprocessors 10 and 11: VFP */
#define FCSE_WRITABLE 0xfe000000U
#define TTBCR_WRITABLE 7U
#define ASID_MASK 0xffU

/* Cache ranges above this (both ends named by the guest) are done as all of the cache: so no range takes long. */
#define RANGE_MAX_BYTES 4096U

/* By CRm and opc2: main registers; processor, debug, auxiliary and memory features; instruction sets. Tightly coupled memory (2) there is none of,
 * and the TLB (3) is unified. */
static const uint32_t identification[3][8] = {
	{MIDR, CTR, 0, 0, MIDR, MIDR, MIDR, MIDR},
	{0x111, 0x1, 0x2, 0x3, 0x01130003, 0x10030302, 0x01222110, 0},
	{0x00140011, 0x12002111, 0x11231111, 0x01102131, 0x141, 0, 0, 0},
};

/* ---- Registers that read as they were written, by their word in struct p15_registers ---- */

#define WORD(field) (offsetof(struct p15_registers, field) / sizeof(uint32_t))
#define WORDS (sizeof(struct p15_registers) / sizeof(uint32_t))

/* The word of CRn and opc2, plus 1; 0: there is none. CRm and opc1 are 0 and opc2 below 4 for all of them. */
static const uint8_t places[16][4] = {
	[1] = {WORD(sctlr) + 1, 0, WORD(cpacr) + 1},
	[2] = {WORD(ttbr[0]) + 1, WORD(ttbr[1]) + 1, WORD(ttbcr) + 1},
	[3] = {WORD(dacr) + 1},
	[5] = {WORD(dfsr) + 1, WORD(ifsr) + 1},
	[6] = {WORD(far) + 1, 0, WORD(ifar) + 1},
	[13] = {WORD(fcse) + 1, WORD(contextidr) + 1},
};
#define OF_PLACES KEY(15U, 0U, 3U)

/* What of each a guest can set, beside what is fixed. */
static const uint32_t writable[WORDS] = {
	[WORD(sctlr)] = SCTLR_WRITABLE, [WORD(cpacr)] = CPACR_WRITABLE, [WORD(ttbr[0])] = UINT32_MAX, [WORD(ttbr[1])] = UINT32_MAX,
	[WORD(ttbcr)] = TTBCR_WRITABLE, [WORD(dacr)] = UINT32_MAX,	[WORD(dfsr)] = UINT32_MAX,    [WORD(ifsr)] = UINT32_MAX,
	[WORD(far)] = UINT32_MAX,	[WORD(ifar)] = UINT32_MAX,	[WORD(fcse)] = FCSE_WRITABLE, [WORD(contextidr)] = UINT32_MAX,
};

/* The word a key names; WORDS: it is none of them. */
static uint32_t kept(uint32_t key)
{
	return (key & ~OF_PLACES ? 0U : places[KEY_CRN(key)][KEY_OPC2(key)]) - 1U;
}

static uint32_t *word_of(struct vcpu *v, uint32_t word)
{
	return (uint32_t *)&v->arch.p15 + word;
}

/* ---- Reads ---- */

/* Registers that read the same at all times, and that writing has no effect on: the auxiliary control register; watchpoints, none of which has hit;
 * lockdown of cache (9) and TLB (10) and tightly coupled memory (9); the implementation's own (15). */
static COLD bool is_fixed(uint32_t key)
{
	return key == KEY(1, 0, 1) || key == KEY(6, 0, 1) || ((1U << 9 | 1U << 10 | 1U << 15) >> KEY_CRN(key) & 1);
}

static COLD bool read_fixed(uint32_t key, uint32_t *value)
{
	*value = key == KEY(1, 0, 1) ? ACTLR : 0;
	return is_fixed(key) || key == KEY(7, 10, 6) || key == KEY(7, 12, 4); /* the cache is clean; no block transfer is under way */
}

static bool read_identification(uint32_t key, uint32_t *value)
{
	*value = KEY_CRM(key) < ARRAY_COUNT(identification) ? identification[KEY_CRM(key)][KEY_OPC2(key)] : 0;
	return !(key & OTHER_OPC1);
}

static bool read(struct vcpu *v, uint32_t key, uint32_t *value)
{
	uint32_t word = kept(key);

	if (unlikely(word >= WORDS))
		return KEY_CRN(key) ? read_fixed(key, value) : read_identification(key, value);
	*value = *word_of(v, word);
	return true;
}

/* ---- Writes ---- */

enum cache_operation {
	CACHE_ALL = 0, /* of both: more than anything not listed can ask for; Linux has operations on a unified one */
	CACHE_HINT, /* barriers, which do not trap; prefetching is only a hint */
	CACHE_WAIT,
	CACHE_INSTRUCTIONS, /* or predicted branches: all or one */
	CACHE_INSTRUCTION_LINE,
	CACHE_DATA, /* forget, clean, or both */
	CACHE_DATA_LINE,
	CACHE_DATA_SET_WAY
};

/* By CRm and opc2. */
static const uint8_t cache_operations[16][8] = {
	[0] = {[4] = CACHE_WAIT},
	[5] = {CACHE_INSTRUCTIONS, CACHE_INSTRUCTION_LINE, CACHE_INSTRUCTIONS, [4] = CACHE_HINT, [6] = CACHE_INSTRUCTIONS,
	       CACHE_INSTRUCTIONS},
	[6] = {CACHE_DATA, CACHE_DATA_LINE, CACHE_DATA_SET_WAY},
	[10] = {CACHE_DATA, CACHE_DATA_LINE, CACHE_DATA_SET_WAY, [4] = CACHE_HINT, CACHE_HINT},
	[12] = {[5] = CACHE_HINT},
	[13] = {[1] = CACHE_HINT},
	[14] = {CACHE_DATA, CACHE_DATA_LINE, CACHE_DATA_SET_WAY},
};

static COLD bool write_cache(struct vcpu *v, uint32_t key, uint32_t value)
{
	if (key & OTHER_OPC1)
		return false;
	switch (cache_operations[KEY_CRM(key)][KEY_OPC2(key)]) {
	case CACHE_DATA_LINE:
		guest_cache_data_line(v, value);
		break;
	case CACHE_INSTRUCTION_LINE:
		guest_cache_instruction_line(v, value);
		break;
	case CACHE_INSTRUCTIONS:
		guest_cache_instructions();
		break;
	case CACHE_DATA_SET_WAY:
		guest_cache_data_set_way(value);
		break;
	case CACHE_DATA:
		guest_cache_data();
		break;
	case CACHE_WAIT:
		count_up(&v->statistics.wfi);
		arch_vcpu_wait(v);
		break;
	case CACHE_HINT:
		break;
	default:
		guest_cache_instructions();
		guest_cache_data();
		break;
	}
	return true;
}

/* Instruction, data and unified TLB are one here. */
static COLD bool write_tlb(struct vcpu *v, uint32_t key, uint32_t value)
{
	if (KEY_CRM(key) < 5 || KEY_CRM(key) > 7 || (key & OTHER_OPC1))
		return false;
	switch (KEY_OPC2(key)) {
	case 0:
		shadow_forget_all(v->persona);
		return true;
	case 1:
		shadow_forget_page(v, value);
		return true;
	case 2:
		shadow_forget_asid(v, value & ASID_MASK);
		return true;
	default:
		return false;
	}
}

static COLD bool write(struct vcpu *v, uint32_t key, uint32_t value)
{
	uint32_t word, *reg;

	if (KEY_CRN(key) == 7)
		return write_cache(v, key, value);
	if (KEY_CRN(key) == 8)
		return write_tlb(v, key, value);
	word = kept(key);
	if (word >= WORDS)
		return is_fixed(key);
	reg = word_of(v, word);
	value &= writable[word];
	if (word == WORD(sctlr))
		value |= SCTLR_FIXED;
	if (*reg == value)
		return true;
	*reg = value;
	if (word == WORD(sctlr))
		guest_control(v);
	if (word == WORD(cpacr))
		vfp_control(v);
	else if (KEY_CRN(key) <= 3 || KEY_CRN(key) == 13)
		guest_context(v);
	return true;
}

/* ---- Ranges (MCRR): both addresses are those of a line, the last one included ---- */

#define RANGE_INSTRUCTIONS 5U
#define RANGE_DATA_FORGET 6U
#define RANGE_DATA_CLEAN 12U
#define RANGE_DATA_BOTH 14U
#define RANGE_KINDS (1U << RANGE_INSTRUCTIONS | 1U << RANGE_DATA_FORGET | 1U << RANGE_DATA_CLEAN | 1U << RANGE_DATA_BOTH)

static COLD bool range(struct vcpu *v, uint32_t word)
{
	uint32_t kind = word & 15, end = v->arch.r[word >> 12 & 15], start = v->arch.r[word >> 16 & 15];
	uint32_t bytes = end - (start & ~(CACHE_LINE_BYTES - 1));

	if ((word >> 12 & 15) == 15 || (word >> 16 & 15) == 15)
		return false;
	if (kind == RANGE_DATA_CLEAN && (word & 0xf0)) /* prefetching: only a hint */
		return (word & 0xf0) <= 0x20;
	if ((word & 0xf0) || !(RANGE_KINDS >> kind & 1))
		return false;
	if (bytes >= RANGE_MAX_BYTES) {
		if (kind == RANGE_INSTRUCTIONS)
			guest_cache_instructions();
		else
			guest_cache_data();
		return true;
	}
	for (uint32_t at = 0; at <= bytes; at += CACHE_LINE_BYTES) {
		if (kind == RANGE_INSTRUCTIONS)
			guest_cache_instruction_line(v, start + at);
		else
			guest_cache_data_line(v, start + at);
	}
	return true;
}

/* ---- Decoding ---- */

#define ALWAYS 0xe0000000U

/* Arm DDI 0100I, A3.2. The instruction may have been read again after it trapped, and be another one by now. */
static COLD bool condition_holds(uint32_t cpsr, uint32_t word)
{
	/* EQ, CS, MI, VS, HI, GE, GT, AL: bit n for NZCV = n. Every other condition is the opposite. */
	static const uint16_t conditions[8] = {0xf0f0, 0xcccc, 0xff00, 0xaaaa, 0x0c0c, 0xaa55, 0x0a05, 0xffff};

	return (conditions[word >> 29] >> (cpsr >> 28) & 1) != (word >> 28 & 1);
}

static bool transfer(struct vcpu *v, uint32_t word)
{
	uint32_t target = word >> 12 & 15, value;

	if (!(word & 0x00100000))
		return target != 15 && write(v, word & KEY_MASK, v->arch.r[target]);
	if (!read(v, word & KEY_MASK, &value))
		return false;
	if (target == 15)
		v->arch.cpsr = (v->arch.cpsr & ~PSR_FLAGS) | (value & PSR_FLAGS);
	else
		v->arch.r[target] = value;
	return true;
}

/* MCR or MRC; else MCRR may be meant. */
static bool is_transfer(uint32_t word)
{
	return (word & 0x0f000000) == 0x0e000000;
}

/* Of coprocessor 15, and with a condition. */
static bool is_p15(uint32_t word)
{
	return (is_transfer(word) ? (word & 0x10) != 0 : (word & 0x0ff00000) == 0x0c400000) && (word & 0xf00) == 0xf00 && word < 0xf0000000;
}

bool p15(struct vcpu *v, uint32_t word)
{
	if (unlikely(!is_p15(word)))
		return false;
	if (unlikely(word < ALWAYS) && !condition_holds(v->arch.cpsr, word))
		return true;
	return is_transfer(word) ? transfer(v, word) : range(v, word);
}
