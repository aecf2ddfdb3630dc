/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding and doing one load or store (Arm DDI 0100I, A5.2 to A5.4 and A7). The instruction was read from the guest's memory, which may have
 * changed since it trapped: whatever it is, it only moves between the guest's own registers and what guest_access() reaches. */
#include "load_store.h"

#include "psr.h"
#include "sctlr.h"
#include "shift.h"

#define CONDITION_NEVER 15U
#define PC_ARM 8U /* what pc reads as, ahead of the instruction */
#define PC_THUMB 4U

/* Which registers a list names. */
enum list_kind {
	LIST_OF_MODE,
	LIST_OF_USER, /* user mode's, from any other */
	LIST_RETURNS, /* LDM with pc: and the CPSR from the SPSR */
	LIST_OF_STATE /* SRS: r14 and SPSR, RFE: pc and CPSR */
};

/* One instruction, taken apart. Doubles and multiples are a list of registers, the others one register of any size. What is small comes
 * first, where Thumb code reaches it by the shortest instructions. */
struct operation {
	bool is_load, is_signed, as_user, is_swap, is_exclusive, is_replaced;
	enum list_kind kind;
	uint32_t size; /* bytes each */
	uint32_t list; /* registers moved, lowest first; 0: `target` alone */
	uint32_t target;
	uint32_t source; /* of a store that also loads: swp, strex */
	uint32_t address; /* of the first byte */
	uint32_t *base; /* register that gets `base_value`; NULL: none */
	uint32_t base_value;
	struct guest_fault *fault; /* gets how it faults */
};

static uint32_t reg(const struct vcpu *v, uint32_t n)
{
	if (n == 15)
		return v->arch.r[15] + (v->arch.cpsr & PSR_T ? PC_THUMB : PC_ARM);
	return v->arch.r[n];
}

static uint32_t bits(uint32_t word, uint32_t low, uint32_t count)
{
	return word >> low & ((1U << count) - 1);
}

static uint32_t bit(uint32_t word, uint32_t n)
{
	return word >> n & 1;
}

/* ---- Arm instructions ---- */

/* Bits 24 (before the access), 23 (up), 21 (write back): where the access goes and what becomes of the base. */
static bool index_with(struct vcpu *v, uint32_t word, uint32_t offset, struct operation *o)
{
	uint32_t n = bits(word, 16, 4), base = n == 15 ? reg(v, n) & ~3U : v->arch.r[n],
		 moved = bit(word, 23) ? base + offset : base - offset;
	bool writes_back = !bit(word, 24) || bit(word, 21);

	if (writes_back && n == 15)
		return false;
	o->address = bit(word, 24) ? moved : base;
	o->base = writes_back ? &v->arch.r[n] : NULL;
	o->base_value = moved;
	return true;
}

/* LDR, STR, and with B (bit 22), T (bits 24 and 21) */
static bool word_or_byte(struct vcpu *v, uint32_t word, struct operation *o)
{
	bool by_register = bit(word, 25);

	if (by_register && (bit(word, 4) || bits(word, 0, 4) == 15))
		return false; /* media instructions */
	o->size = bit(word, 22) ? 1 : 4;
	o->as_user = !bit(word, 24) && bit(word, 21);
	if (o->target == 15 && (o->size == 1 || o->as_user))
		return false;
	return index_with(v, word, by_register ? shifted(v, word & ~SHIFT_CONSTANT) : bits(word, 0, 12), o);
}

/* LDRH, STRH, LDRSB, LDRSH, LDRD, STRD */
static bool half_or_double(struct vcpu *v, uint32_t word, struct operation *o)
{
	uint32_t kind = bits(word, 5, 2);
	bool has_constant = bit(word, 22);

	o->size = kind == 2 ? 1 : 2;
	o->is_signed = kind != 1;
	if (!o->is_load && kind != 1) { /* doubles: 10 loads, 11 stores */
		o->is_load = kind == 2;
		o->is_signed = false;
		o->size = 4;
		o->list = 3U << o->target;
		if (bit(o->target, 0) || o->target == 14)
			return false;
	}
	if (o->target == 15 || (!has_constant && bits(word, 0, 4) == 15) || (!bit(word, 24) && bit(word, 21)))
		return false;
	return index_with(v, word, has_constant ? bits(word, 8, 4) << 4 | bits(word, 0, 4) : v->arch.r[bits(word, 0, 4)], o);
}

/* SWP, SWPB, LDREX, STREX */
static bool swap_or_exclusive(struct vcpu *v, uint32_t word, struct operation *o)
{
	uint32_t n = bits(word, 16, 4), d = bits(word, 12, 4), m = bits(word, 0, 4);
	uint32_t kind = bits(word, 20, 5), fixed = bits(word, 4, 8);

	o->address = v->arch.r[n];
	o->source = m;
	if (n == 15 || d == 15)
		return false;
	if ((kind & 0x1b) == 0x10 && fixed == 0x09) {
		o->is_swap = true;
		o->size = bit(word, 22) ? 1 : 4;
		return m != 15 && n != m && n != d;
	}
	o->is_exclusive = true;
	if (fixed != 0xf9)
		return false;
	return kind == 0x18 ? m != 15 && d != n && d != m : kind == 0x19 && m == 15;
}

/* Bits 24 (before), 23 (up), 21 (write back): addressing mode 4 (A5.4) */
static void block_at(uint32_t word, uint32_t *base, struct operation *o)
{
	uint32_t bytes = 4 * (uint32_t)__builtin_popcount(o->list);
	uint32_t other = bit(word, 23) ? *base + bytes : *base - bytes;

	o->address = bit(word, 23) ? *base : other;
	if (bit(word, 24) == bit(word, 23))
		o->address += 4; /* increment before, decrement after */
	o->base = bit(word, 21) ? base : NULL;
	o->base_value = other;
}

/* LDM, STM; those with a caret (bit 22) belong to privileged modes, and are replaced or unpredictable (A4.1.21, 22, 98). */
static bool multiple(struct vcpu *v, uint32_t word, struct operation *o)
{
	uint32_t n = bits(word, 16, 4);

	o->list = bits(word, 0, 16);
	block_at(word, &v->arch.r[n], o);
	if (bit(word, 22)) {
		o->kind = o->is_load && bit(word, 15) ? LIST_RETURNS : LIST_OF_USER;
		if (!o->is_replaced || !guest_spsr(v) || (o->kind == LIST_OF_USER && o->base))
			return false;
	}
	return n != 15 && o->list;
}

/* SRS to the stack of the mode it names, RFE (A4.1.90, 59) */
static bool state(struct vcpu *v, uint32_t word, struct operation *o)
{
	bool is_srs = (word & 0xfe5fffe0) == 0xf84d0500;

	if (!o->is_replaced || !(is_srs || (word & 0xfe50ffff) == 0xf8100a00))
		return false;
	o->kind = LIST_OF_STATE;
	o->list = 0xc000; /* two words */
	if (!is_srs) {
		block_at(word, &v->arch.r[bits(word, 16, 4)], o);
		return bits(word, 16, 4) != 15;
	}
	if (!guest_spsr(v) || !guest_mode_exists(word & PSR_MODE))
		return false;
	block_at(word, guest_banked(v, guest_bank(word & PSR_MODE), 13), o);
	return true;
}

static NOINLINE bool decode(struct vcpu *v, uint32_t word, struct operation *o)
{
	o->is_load = bit(word, 20);
	if (word >> 28 == CONDITION_NEVER)
		return state(v, word, o);
	o->target = bits(word, 12, 4);
	switch (bits(word, 25, 3)) {
	case 0:
		if (!bit(word, 7) || !bit(word, 4))
			return false;
		return bits(word, 5, 2) ? half_or_double(v, word, o) : swap_or_exclusive(v, word, o);
	case 2:
	case 3:
		return word_or_byte(v, word, o);
	case 4:
		return multiple(v, word, o);
	default:
		return false;
	}
}

/* ---- Thumb instructions: each is an Arm instruction written shorter (A7.1) ---- */

#define ARM_WORD 0xe5800000U /* STR Rd, [Rn, #] */
#define ARM_HALF 0xe1c000b0U /* STRH Rd, [Rn, #], whose constant is in two parts */
#define ARM_LOAD 0x00100000U
#define ARM_BYTE 0x00400000U
#define ARM_BASE(n) ((n) << 16U)
#define ARM_TARGET(n) ((n) << 12U)
#define ARM_PUSH 0xe92d0000U
#define ARM_POP 0xe8bd0000U
#define ARM_INCREMENT 0xe8a00000U /* STMIA Rn!, {} */

/* 0: none that loads or stores. */
static uint32_t arm_of(uint32_t half)
{
	/* [Rn, Rm]: STR, STRH, STRB, LDRSB, LDR, LDRH, LDRB, LDRSH */
	static const uint32_t by_register[8] = {0xe7800000, 0xe18000b0, 0xe7c00000, 0xe19000d0,
						0xe7900000, 0xe19000b0, 0xe7d00000, 0xe19000f0};
	/* By bits 15..12; 0: none, or one of several kinds. */
	static const uint32_t words[16] = {[4] = ARM_WORD | ARM_BASE(15), /* [pc, #] */
					   [6] = ARM_WORD,
					   [7] = ARM_WORD | ARM_BYTE,
					   [8] = ARM_HALF,
					   [9] = ARM_WORD | ARM_BASE(13), /* [sp, #] */
					   [11] = ARM_PUSH,
					   [12] = ARM_INCREMENT};
	uint32_t kind = bits(half, 12, 4), load = bit(half, 11) ? ARM_LOAD : 0, word = words[kind] | load;
	uint32_t constant = bits(half, 6, 5), base = bits(half, 8, 3), list = bits(half, 0, 8);
	uint32_t registers = ARM_BASE(bits(half, 3, 3)) | ARM_TARGET(bits(half, 0, 3));

	switch (kind) {
	case 4:
		if (!load)
			return 0;
		return word | ARM_TARGET(base) | list << 2;
	case 5:
		return by_register[bits(half, 9, 3)] | registers | bits(half, 6, 3);
	case 6:
		return word | registers | constant << 2;
	case 7:
		return word | registers | constant;
	case 8:
		return word | registers | (constant & 0x18) << 5 | (constant & 7) << 1;
	case 9:
		return word | ARM_TARGET(base) | list << 2;
	case 11: /* PUSH with lr, POP with pc (bit 8) */
		if (bits(half, 9, 2) != 2)
			return 0;
		return load ? ARM_POP | bit(half, 8) << 15 | list : word | bit(half, 8) << 14 | list;
	case 12:
		return word | ARM_BASE(base) | list;
	default:
		return 0;
	}
}

/* ---- Memory: any alignment, either order of bytes ---- */

static uint32_t swap_bytes(const struct vcpu *v, uint32_t size, uint32_t value)
{
	if (size == 1 || likely(!(v->arch.cpsr & PSR_E)))
		return value;
	return __builtin_bswap32(value) >> (32 - 8 * size);
}

/* What the low bits of an address do (A2.7): with SCTLR.U, single words and halfwords may lie anywhere; without, and for all others, they
 * do not count, but that a word loaded comes rotated. */
static bool is_split(const struct vcpu *v, const struct operation *o)
{
	return (o->address & (o->size - 1)) && !o->list && !o->is_swap && !o->is_exclusive && (v->arch.p15.sctlr & SCTLR_U);
}

/* Where the guest wants alignment checked, the real MMU has done so, but for what was replaced. */
static bool is_misaligned(const struct vcpu *v, const struct operation *o)
{
	return o->is_replaced && (o->address & (o->size - 1)) && (v->arch.p15.sctlr & (o->list ? SCTLR_A | SCTLR_U : SCTLR_A));
}

/* `value`: what is stored, or was loaded. Split accesses are made byte by byte. */
static enum guest_result move(struct vcpu *v, const struct operation *o, bool is_write, uint32_t *value)
{
	bool splits = is_split(v, o);
	uint32_t stored = swap_bytes(v, o->size, *value), loaded = 0;
	struct guest_access a = {.address = splits ? o->address : o->address & ~(o->size - 1),
				 .value = 0,
				 .size = splits ? 1 : o->size,
				 .is_write = is_write,
				 .as_user = o->as_user};
	enum guest_result result = GUEST_DONE;

	for (uint32_t i = 0; i < o->size && result == GUEST_DONE; i += a.size) {
		a.value = stored >> (8 * i);
		if (a.size < 4)
			a.value &= (1U << 8 * a.size) - 1;
		result = guest_access(v, &a, o->fault);
		loaded |= a.value << (8 * i);
		a.address += a.size;
	}
	if (!is_write)
		*value = swap_bytes(v, o->size, loaded);
	return result;
}

/* As a word that was loaded from an address that is no multiple of 4 comes. */
static uint32_t turned(const struct operation *o, uint32_t value)
{
	return rotate(value, o->address % 4 * 8);
}

/* ---- Doing it ---- */

/* Loads into pc change between Arm and Thumb by bit 0 (A2.4.3). */
static void set(struct vcpu *v, uint32_t n, uint32_t value)
{
	if (n < 15) {
		v->arch.r[n] = value;
		return;
	}
	v->arch.cpsr = (v->arch.cpsr & ~PSR_T) | (value & 1 ? PSR_T : 0);
	v->arch.r[15] = value & (value & 1 ? ~1U : ~3U);
}

static NOINLINE enum guest_result move_words(struct vcpu *v, const struct operation *o, uint32_t *words, uint32_t count)
{
	struct guest_access a = {.address = o->address & ~3U, .value = 0, .size = 4, .is_write = !o->is_load, .as_user = false};
	bool is_big = v->arch.cpsr & PSR_E;
	enum guest_result result = GUEST_DONE;

	for (uint32_t i = 0; i < count && result == GUEST_DONE; i++) {
		a.value = is_big ? __builtin_bswap32(words[i]) : words[i];
		result = guest_access(v, &a, o->fault);
		words[i] = is_big ? __builtin_bswap32(a.value) : a.value;
		a.address += 4;
	}
	if (result == GUEST_DONE && o->base)
		*o->base = o->base_value;
	return result;
}

/* What the registers of a list hold, or what they are to hold, but for pc; how many words that are. */
static uint32_t list_words(struct vcpu *v, const struct operation *o, bool is_load, uint32_t words[16])
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < 16; n++) {
		if (!bit(o->list, n))
			continue;
		if (!is_load)
			words[count] = reg(v, n);
		else if (n < 15)
			v->arch.r[n] = words[count];
		count++;
	}
	return count;
}

/* The other registers of a list come to where the mode's are, and go back again. */
static enum guest_result do_list(struct vcpu *v, const struct operation *o)
{
	enum bank bank = guest_bank(v->arch.mode), meant = o->kind == LIST_OF_USER ? BANK_USER : bank;
	uint32_t words[16] = {0}, count;
	enum guest_result result;

	guest_bank_switch(v, bank, meant);
	count = list_words(v, o, false, words);
	result = move_words(v, o, words, count);
	if (result == GUEST_DONE && o->is_load)
		list_words(v, o, true, words);
	guest_bank_switch(v, meant, bank);
	if (result != GUEST_DONE || !o->is_load || !bit(o->list, 15))
		return result;
	if (o->kind == LIST_RETURNS)
		guest_return(v, words[count - 1], *guest_spsr(v));
	else
		set(v, 15, words[count - 1]);
	return GUEST_DONE;
}

static enum guest_result do_state(struct vcpu *v, const struct operation *o)
{
	uint32_t words[2] = {v->arch.r[14], o->is_load ? 0 : *guest_spsr(v)};
	enum guest_result result = move_words(v, o, words, 2);

	if (result == GUEST_DONE && o->is_load)
		guest_return(v, words[0], words[1]);
	return result;
}

static enum guest_result do_swap(struct vcpu *v, const struct operation *o)
{
	uint32_t value = 0;
	enum guest_result result = move(v, o, false, &value);

	o->fault->fsr |= FSR_WRITE; /* what it is to the MMU */
	if (result == GUEST_DONE)
		result = move(v, o, true, &v->arch.r[o->source]);
	if (result == GUEST_DONE)
		v->arch.r[o->target] = o->size == 4 && !(v->arch.p15.sctlr & SCTLR_U) ? turned(o, value) : value;
	return result;
}

/* Nothing else runs between the two but what the guest's own exceptions start, at which `exclusive` is cleared. */
static enum guest_result do_exclusive(struct vcpu *v, const struct operation *o)
{
	uint32_t value = v->arch.r[o->source];
	enum guest_result result = o->is_load || v->arch.exclusive ? move(v, o, !o->is_load, &value) : GUEST_DONE;

	if (result != GUEST_DONE)
		return result;
	v->arch.r[o->target] = o->is_load ? value : !v->arch.exclusive;
	v->arch.exclusive = o->is_load;
	return GUEST_DONE;
}

static enum guest_result do_single(struct vcpu *v, const struct operation *o)
{
	uint32_t value = reg(v, o->target);
	enum guest_result result = move(v, o, !o->is_load, &value);

	if (result != GUEST_DONE)
		return result;
	if (o->is_signed)
		value = (uint32_t)((int32_t)(value << (32 - 8 * o->size)) >> (32 - 8 * o->size));
	else if (o->size == 4 && !is_split(v, o))
		value = turned(o, value);
	if (o->base)
		*o->base = o->base_value;
	if (o->is_load)
		set(v, o->target, value);
	return GUEST_DONE;
}

enum load_store_result load_store(struct vcpu *v, uint32_t instruction, bool is_replaced, struct guest_fault *fault)
{
	struct operation o = {.size = 4, .is_replaced = is_replaced, .fault = fault};
	uint32_t pc = v->arch.r[15];
	bool is_thumb = v->arch.cpsr & PSR_T;
	enum guest_result result;

	if (!decode(v, is_thumb ? arm_of(instruction) : instruction, &o))
		return LOAD_STORE_UNKNOWN;
	if (is_misaligned(v, &o)) {
		*fault = (struct guest_fault){.address = walk_modified(v, o.address), .fsr = FSR_ALIGNMENT | (o.is_load ? 0 : FSR_WRITE)};
		return LOAD_STORE_FAULT;
	}
	if (o.kind == LIST_OF_STATE)
		result = do_state(v, &o);
	else if (o.list)
		result = do_list(v, &o);
	else if (o.is_swap)
		result = do_swap(v, &o);
	else if (o.is_exclusive)
		result = do_exclusive(v, &o);
	else
		result = do_single(v, &o);
	if (result != GUEST_DONE)
		return result == GUEST_FAULT ? LOAD_STORE_FAULT : LOAD_STORE_AGAIN;
	if (!(o.is_load && (o.list ? bit(o.list, 15) : o.target == 15)))
		v->arch.r[15] = pc + (is_thumb ? 2 : 4);
	return LOAD_STORE_DONE;
}
