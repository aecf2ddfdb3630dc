/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding and doing one load or store (Arm DDI 0100I, A5.2 to A5.4 and A7). The instruction was read from the guest's memory, which may have
 * changed since it trapped: whatever it is, it only moves between the guest's own registers and what load_store_read() and _write() reach. */
#include "load_store.h"

#include "psr.h"
#include "sctlr.h"
#include "shift.h"
#include "walk.h"

#define NO_REGISTER 16U
#define CONDITION_NEVER 15U
#define PC_ARM 8U /* what pc reads as, ahead of the instruction */
#define PC_THUMB 4U

/* One instruction, taken apart. Doubles and multiples are a list of registers, the others one register of any size. */
struct operation {
	uint32_t address; /* of the first byte */
	uint32_t list; /* registers moved, lowest first; 0: `target` alone */
	uint32_t target;
	uint32_t source; /* of a store that also loads: swp, strex */
	uint32_t base; /* register that gets `base_value`, or NO_REGISTER */
	uint32_t base_value;
	uint32_t size; /* bytes each */
	bool is_load, is_signed, as_user, is_swap, is_exclusive;
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
static bool index_with(const struct vcpu *v, uint32_t word, uint32_t offset, struct operation *o)
{
	uint32_t n = bits(word, 16, 4), base = n == 15 ? reg(v, n) & ~3U : v->arch.r[n],
		 moved = bit(word, 23) ? base + offset : base - offset;
	bool writes_back = !bit(word, 24) || bit(word, 21);

	if (writes_back && n == 15)
		return false;
	o->address = bit(word, 24) ? moved : base;
	o->base = writes_back ? n : NO_REGISTER;
	o->base_value = moved;
	return true;
}

/* LDR, STR, and with B (bit 22), T (bits 24 and 21) */
static bool word_or_byte(const struct vcpu *v, uint32_t word, struct operation *o)
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
static bool half_or_double(const struct vcpu *v, uint32_t word, struct operation *o)
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
static bool swap_or_exclusive(const struct vcpu *v, uint32_t word, struct operation *o)
{
	uint32_t n = bits(word, 16, 4), d = bits(word, 12, 4), m = bits(word, 0, 4);

	o->address = v->arch.r[n];
	o->source = m;
	if (n == 15 || d == 15)
		return false;
	if ((word & 0x0fb00ff0) == 0x01000090) {
		o->is_swap = true;
		o->size = bit(word, 22) ? 1 : 4;
		return m != 15 && n != m && n != d;
	}
	o->is_exclusive = true;
	return (word & 0x0ff00fff) == 0x01900f9f || ((word & 0x0ff00ff0) == 0x01800f90 && m != 15 && d != n && d != m);
}

/* LDM, STM; those with a caret (bit 22) belong to privileged modes, and are replaced or unpredictable. */
static bool multiple(const struct vcpu *v, uint32_t word, struct operation *o)
{
	uint32_t n = bits(word, 16, 4), base = v->arch.r[n], bytes;

	o->list = bits(word, 0, 16);
	bytes = 4 * (uint32_t)__builtin_popcount(o->list);
	o->address = bit(word, 23) ? base : base - bytes;
	if (bit(word, 24) == bit(word, 23))
		o->address += 4; /* increment before, decrement after */
	o->base = bit(word, 21) ? n : NO_REGISTER;
	o->base_value = bit(word, 23) ? base + bytes : base - bytes;
	return n != 15 && o->list && !bit(word, 22);
}

static bool decode(const struct vcpu *v, uint32_t word, struct operation *o)
{
	if (word >> 28 == CONDITION_NEVER)
		return false;
	o->is_load = bit(word, 20);
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
	uint32_t load = bit(half, 11) ? ARM_LOAD : 0, constant = bits(half, 6, 5), base = bits(half, 8, 3), list = bits(half, 0, 8);
	uint32_t registers = ARM_BASE(bits(half, 3, 3)) | ARM_TARGET(bits(half, 0, 3));

	switch (bits(half, 12, 4)) {
	case 4: /* LDR Rd, [pc, #] */
		return load ? ARM_WORD | ARM_LOAD | ARM_BASE(15) | ARM_TARGET(base) | list << 2 : 0;
	case 5:
		return by_register[bits(half, 9, 3)] | registers | bits(half, 6, 3);
	case 6:
		return ARM_WORD | load | registers | constant << 2;
	case 7:
		return ARM_WORD | ARM_BYTE | load | registers | constant;
	case 8:
		return ARM_HALF | load | registers | (constant & 0x18) << 5 | (constant & 7) << 1;
	case 9: /* [sp, #] */
		return ARM_WORD | load | ARM_BASE(13) | ARM_TARGET(base) | list << 2;
	case 11: /* PUSH with lr, POP with pc (bit 8) */
		if (bits(half, 9, 2) != 2)
			return 0;
		return load ? ARM_POP | bit(half, 8) << 15 | list : ARM_PUSH | bit(half, 8) << 14 | list;
	case 12:
		return ARM_INCREMENT | load | ARM_BASE(base) | list;
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
 * do not count, but that a word loaded comes rotated. Where the guest wants alignment checked, the real MMU has done so. */
static bool is_split(const struct vcpu *v, const struct operation *o)
{
	return (o->address & (o->size - 1)) && !o->list && !o->is_swap && !o->is_exclusive && (v->arch.p15.sctlr & SCTLR_U);
}

static bool load(struct vcpu *v, const struct operation *o, uint32_t address, uint32_t *value, struct load_store_fault *fault)
{
	uint32_t byte;

	if (likely(!is_split(v, o))) {
		fault->address = address & ~(o->size - 1);
		if (!load_store_read(v, fault->address, o->size, o->as_user, value, &fault->fsr))
			return false;
		*value = swap_bytes(v, o->size, *value);
		return true;
	}
	*value = 0;
	for (uint32_t i = 0; i < o->size; i++) {
		fault->address = address + i;
		if (!load_store_read(v, address + i, 1, o->as_user, &byte, &fault->fsr))
			return false;
		*value |= byte << (8 * i);
	}
	*value = swap_bytes(v, o->size, *value);
	return true;
}

static bool store(struct vcpu *v, const struct operation *o, uint32_t address, uint32_t value, struct load_store_fault *fault)
{
	value = swap_bytes(v, o->size, o->size == 4 ? value : value & ((1U << 8 * o->size) - 1));
	if (likely(!is_split(v, o))) {
		fault->address = address & ~(o->size - 1);
		return load_store_write(v, fault->address, o->size, o->as_user, value, &fault->fsr);
	}
	for (uint32_t i = 0; i < o->size; i++) {
		fault->address = address + i;
		if (!load_store_write(v, address + i, 1, o->as_user, value >> (8 * i) & 0xff, &fault->fsr))
			return false;
	}
	return true;
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

static bool do_list(struct vcpu *v, const struct operation *o, struct load_store_fault *fault)
{
	uint32_t values[16], address = o->address;

	for (uint32_t n = 0; n < 16; n++) {
		if (!bit(o->list, n))
			continue;
		if (!(o->is_load ? load(v, o, address, &values[n], fault) : store(v, o, address, reg(v, n), fault)))
			return false;
		address += 4;
	}
	if (o->base != NO_REGISTER)
		v->arch.r[o->base] = o->base_value;
	for (uint32_t n = 0; o->is_load && n < 16; n++)
		if (bit(o->list, n))
			set(v, n, values[n]);
	return true;
}

static bool do_swap(struct vcpu *v, const struct operation *o, struct load_store_fault *fault)
{
	uint32_t value;

	if (!load(v, o, o->address, &value, fault)) {
		fault->fsr |= FSR_WRITE; /* what it is to the MMU */
		return false;
	}
	if (!store(v, o, o->address, v->arch.r[o->source], fault))
		return false;
	v->arch.r[o->target] = o->size == 4 && !(v->arch.p15.sctlr & SCTLR_U) ? turned(o, value) : value;
	return true;
}

/* Nothing else runs between the two but what the guest's own exceptions start, at which `exclusive` is cleared. */
static bool do_exclusive(struct vcpu *v, const struct operation *o, struct load_store_fault *fault)
{
	uint32_t value;

	if (o->is_load) {
		if (!load(v, o, o->address, &value, fault))
			return false;
		v->arch.exclusive = true;
		v->arch.r[o->target] = value;
		return true;
	}
	if (v->arch.exclusive && !store(v, o, o->address, v->arch.r[o->source], fault))
		return false;
	v->arch.r[o->target] = !v->arch.exclusive;
	v->arch.exclusive = false;
	return true;
}

static bool do_single(struct vcpu *v, const struct operation *o, struct load_store_fault *fault)
{
	uint32_t value = 0;

	if (!(o->is_load ? load(v, o, o->address, &value, fault) : store(v, o, o->address, reg(v, o->target), fault)))
		return false;
	if (o->is_signed)
		value = (uint32_t)((int32_t)(value << (32 - 8 * o->size)) >> (32 - 8 * o->size));
	else if (o->size == 4 && !is_split(v, o))
		value = turned(o, value);
	if (o->base != NO_REGISTER)
		v->arch.r[o->base] = o->base_value;
	if (o->is_load)
		set(v, o->target, value);
	return true;
}

enum load_store_result load_store(struct vcpu *v, uint32_t instruction, struct load_store_fault *fault)
{
	struct operation o = {.size = 4, .base = NO_REGISTER};
	uint32_t pc = v->arch.r[15];
	bool is_thumb = v->arch.cpsr & PSR_T, done;

	if (!decode(v, is_thumb ? arm_of(instruction) : instruction, &o))
		return LOAD_STORE_UNKNOWN;
	if (o.list)
		done = do_list(v, &o, fault);
	else if (o.is_swap)
		done = do_swap(v, &o, fault);
	else if (o.is_exclusive)
		done = do_exclusive(v, &o, fault);
	else
		done = do_single(v, &o, fault);
	if (!done) {
		fault->address = walk_modified(v, fault->address);
		return LOAD_STORE_FAULT;
	}
	if (!(o.is_load && (o.list ? bit(o.list, 15) : o.target == 15)))
		v->arch.r[15] = pc + (is_thumb ? 2 : 4);
	return LOAD_STORE_DONE;
}
