/* SPDX-License-Identifier: Apache-2.0 */
/* What privileged instructions do (Arm DDI 0100I, A4.1), on the virtual CPU. The instruction comes from Veil's table of the guest's
 * patches, but could be any word: only the guest's own registers and memory are within reach, whatever it is. */
#include "emulate.h"

#include "guest.h"
#include "psr.h"
#include "sctlr.h"
#include "shift.h"

#define FIELD(word, low, bits) ((word) >> (low) & ((1U << (bits)) - 1))
#define SET(word, bit) ((word) >> (bit)&1)
#define WORD_BYTES 4U

/* As the instruction reads it: r15 is its own address + 8. */
static uint32_t reg(const struct vcpu *v, uint32_t n)
{
	return v->arch.r[n] + (n == 15 ? 4 : 0);
}

static bool has_spsr(const struct vcpu *v)
{
	return guest_bank(v->arch.mode) != BANK_USER;
}

static uint32_t *spsr(struct vcpu *v)
{
	return &v->arch.banks[guest_bank(v->arch.mode)].spsr;
}

/* Its memory access did not come to an end: the guest gets the abort, or makes the instruction again. */
static void unfinished(struct vcpu *v, enum guest_access access, const struct guest_fault *fault)
{
	v->arch.r[15] -= 4;
	if (access == GUEST_FAULT)
		guest_data_abort(v, fault->address, fault->fsr);
}

static void exception_return(struct vcpu *v, uint32_t pc, uint32_t cpsr)
{
	guest_set_cpsr(v, cpsr);
	v->arch.r[15] = pc & (cpsr & PSR_T ? ~1U : ~3U);
}

/* ---- MRS, MSR, CPS, SETEND (A4.1.38, 39, 16, 88) ---- */

static bool mrs(struct vcpu *v, uint32_t word)
{
	bool of_spsr = SET(word, 22);

	if (FIELD(word, 12, 4) == 15 || (of_spsr && !has_spsr(v)))
		return false;
	v->arch.r[FIELD(word, 12, 4)] = of_spsr ? *spsr(v) : virtual_cpsr(v);
	return true;
}

static bool msr(struct vcpu *v, uint32_t word)
{
	uint32_t fields = FIELD(word, 16, 4);
	uint32_t mask = ((fields & 1) | (fields & 2) << 7 | (fields & 4) << 14 | (fields & 8) << 21) * 0xff;
	uint32_t value = SET(word, 25) ? rotate(word & 0xff, 2 * FIELD(word, 8, 4)) : reg(v, word & 15);

	mask &= PSR_USER_MASK | PSR_PRIVILEGED_MASK;
	if (!SET(word, 22)) {
		guest_set_cpsr(v, (virtual_cpsr(v) & ~mask) | (value & mask));
		return true;
	}
	if (!has_spsr(v))
		return false;
	mask |= ((fields & 1) * 0xff | (fields & 8 ? 0xff000000 : 0)) & PSR_STATE_MASK;
	*spsr(v) = (*spsr(v) & ~mask) | (value & mask);
	return true;
}

/* imod (19, 18) says what becomes of the masks that are named (8..6, where the CPSR has them); 17, that there is a mode. */
static bool cps(struct vcpu *v, uint32_t word)
{
	uint32_t masks = word & PSR_MASKS;
	uint32_t mode = v->arch.mode;

	if (FIELD(word, 18, 2) == 1)
		return false;
	if (FIELD(word, 18, 2) == 2)
		mode &= ~masks;
	if (FIELD(word, 18, 2) == 3)
		mode |= masks;
	if (SET(word, 17))
		guest_set_cpsr(v, (v->arch.cpsr & ~PSR_VIRTUAL) | (mode & PSR_MASKS) | (word & PSR_MODE));
	else
		v->arch.mode = mode;
	return true;
}

/* ---- Data processing with the PC as destination and the S bit (A5.1): the CPSR comes from the SPSR ---- */

static bool data_processing(struct vcpu *v, uint32_t word)
{
	uint32_t a = reg(v, FIELD(word, 16, 4));
	uint32_t b = shifted(v, word);
	uint32_t carry = SET(v->arch.cpsr, 29);
	uint32_t result;

	if (!has_spsr(v) ||
	    (!SET(word, 25) && SET(word, 7) && SET(word, 4))) /* the latter are multiplications and other loads and stores */
		return false;
	switch (FIELD(word, 21, 4)) {
	case 0:
		result = a & b;
		break;
	case 1:
		result = a ^ b;
		break;
	case 2:
		result = a - b;
		break;
	case 3:
		result = b - a;
		break;
	case 4:
		result = a + b;
		break;
	case 5:
		result = a + b + carry;
		break;
	case 6:
		result = a - b - !carry;
		break;
	case 7:
		result = b - a - !carry;
		break;
	case 12:
		result = a | b;
		break;
	case 13:
		result = b;
		break;
	case 14:
		result = a & ~b;
		break;
	case 15:
		result = ~b;
		break;
	default:
		return false; /* comparisons have no destination */
	}
	exception_return(v, result, *spsr(v));
	return true;
}

/* ---- Loads and stores of many registers ---- */

struct block {
	uint32_t start; /* of the lowest register */
	uint32_t after; /* what is written back to the base */
};

/* Bits 24 (before) and 23 (up): addressing mode 4 (A5.4). */
static struct block block_of(uint32_t word, uint32_t base, uint32_t count)
{
	uint32_t size = count * WORD_BYTES;
	struct block block = {.start = SET(word, 23) ? base : base - size, .after = SET(word, 23) ? base + size : base - size};

	if (SET(word, 24) == SET(word, 23))
		block.start += WORD_BYTES;
	return block;
}

static uint32_t swap_if_big(const struct vcpu *v, uint32_t value)
{
	return v->arch.cpsr & PSR_E ? __builtin_bswap32(value) : value;
}

/* Words of several registers must be aligned, unless the bits are ignored as before ARMv6 (A2.8). */
static enum guest_access align(const struct vcpu *v, uint32_t *address, uint32_t write, struct guest_fault *fault)
{
	if (*address % WORD_BYTES && (v->arch.p15.sctlr & (SCTLR_A | SCTLR_U))) {
		*fault = (struct guest_fault){.address = *address, .fsr = FSR_ALIGNMENT | write};
		return GUEST_FAULT;
	}
	*address &= ~(WORD_BYTES - 1);
	return GUEST_DONE;
}

static enum guest_access load_words(struct vcpu *v, uint32_t address, uint32_t count, uint32_t *words, struct guest_fault *fault)
{
	enum guest_access access = align(v, &address, 0, fault);

	for (uint32_t i = 0; i < count && access == GUEST_DONE; i++) {
		access = guest_load(v, address + i * WORD_BYTES, WORD_BYTES, false, &words[i], fault);
		words[i] = swap_if_big(v, words[i]);
	}
	return access;
}

static enum guest_access store_words(struct vcpu *v, uint32_t address, uint32_t count, const uint32_t *words, struct guest_fault *fault)
{
	enum guest_access access = align(v, &address, FSR_WRITE, fault);

	for (uint32_t i = 0; i < count && access == GUEST_DONE; i++)
		access = guest_store(v, address + i * WORD_BYTES, WORD_BYTES, false, swap_if_big(v, words[i]), fault);
	return access;
}

/* A user-mode register, wherever it is now. r15 is not among them. */
static uint32_t *user_reg(struct vcpu *v, uint32_t n)
{
	if (n >= 13)
		return guest_banked(v, BANK_USER, n);
	if (n >= 8 && guest_bank(v->arch.mode) == BANK_FIQ)
		return &v->arch.fiq_r8[n - 8];
	return &v->arch.r[n];
}

/* LDM (2) and STM (2) (A4.1.21, 98): user mode's registers, in the present mode's memory, without write-back. */
static bool user_block(struct vcpu *v, uint32_t word)
{
	uint32_t list = word & 0xffff, count = (uint32_t)__builtin_popcount(list);
	struct block block = block_of(word, reg(v, FIELD(word, 16, 4)), count);
	struct guest_fault fault;
	enum guest_access access;
	uint32_t words[16] = {0};

	if (SET(word, 21) || !list || FIELD(word, 16, 4) == 15 || !has_spsr(v))
		return false;
	if (SET(word, 20)) {
		access = load_words(v, block.start, count, words, &fault);
		for (uint32_t n = 0, i = 0; n < 15 && access == GUEST_DONE; n++)
			if (SET(list, n))
				*user_reg(v, n) = words[i++];
	} else {
		for (uint32_t n = 0, i = 0; n < 16; n++)
			if (SET(list, n))
				words[i++] = n == 15 ? reg(v, 15) : *user_reg(v, n);
		access = store_words(v, block.start, count, words, &fault);
	}
	if (access != GUEST_DONE)
		unfinished(v, access, &fault);
	return true;
}

/* Words from where the base points, which is written back if bit 21 says so. False: that did not come to an end. */
static bool pop(struct vcpu *v, uint32_t word, uint32_t count, uint32_t *words)
{
	uint32_t base = FIELD(word, 16, 4);
	struct block block = block_of(word, v->arch.r[base], count);
	struct guest_fault fault;
	enum guest_access access = load_words(v, block.start, count, words, &fault);

	if (access != GUEST_DONE)
		unfinished(v, access, &fault);
	else if (SET(word, 21))
		v->arch.r[base] = block.after;
	return access == GUEST_DONE;
}

/* LDM (3) (A4.1.22): with the PC, and the CPSR from the SPSR. */
static bool return_block(struct vcpu *v, uint32_t word)
{
	uint32_t list = word & 0xffff, words[16] = {0}, i = 0;

	if (FIELD(word, 16, 4) == 15 || !has_spsr(v))
		return false;
	if (!pop(v, word, (uint32_t)__builtin_popcount(list), words))
		return true;
	for (uint32_t n = 0; n < 15; n++)
		if (SET(list, n))
			v->arch.r[n] = words[i++];
	exception_return(v, words[i], *spsr(v));
	return true;
}

/* SRS (A4.1.90): r14 and SPSR to the stack of the mode that is named. */
static COLD bool srs(struct vcpu *v, uint32_t word)
{
	uint32_t words[2] = {v->arch.r[14]};
	uint32_t *stack;
	struct guest_fault fault;
	struct block block;
	enum guest_access access;

	if (!has_spsr(v) || !guest_mode_exists(word & PSR_MODE))
		return false;
	words[1] = *spsr(v);
	stack = guest_banked(v, guest_bank(word & PSR_MODE), 13);
	block = block_of(word, *stack, 2);
	access = store_words(v, block.start, 2, words, &fault);
	if (access != GUEST_DONE)
		unfinished(v, access, &fault);
	else if (SET(word, 21))
		*stack = block.after;
	return true;
}

/* RFE (A4.1.59): PC and CPSR from memory. */
static COLD bool rfe(struct vcpu *v, uint32_t word)
{
	uint32_t words[2] = {0};

	if (FIELD(word, 16, 4) == 15)
		return false;
	if (pop(v, word, 2, words))
		exception_return(v, words[0], words[1]);
	return true;
}

/* ---- LDRT, LDRBT, STRT, STRBT (A4.1.25, 32, 102, 106): with the rights of user mode ---- */

/* A word that may lie anywhere (A2.8): in parts, or as before ARMv6 the aligned one, turned when it is loaded. */
static COLD enum guest_access user_word(struct vcpu *v, uint32_t address, bool is_load, uint32_t *value, struct guest_fault *fault)
{
	uint32_t sctlr = v->arch.p15.sctlr, write = is_load ? 0 : FSR_WRITE;
	uint32_t offset = address % WORD_BYTES, whole = swap_if_big(v, *value), byte;
	enum guest_access access = GUEST_DONE;

	if (offset && (sctlr & SCTLR_A)) {
		*fault = (struct guest_fault){.address = address, .fsr = FSR_ALIGNMENT | write};
		return GUEST_FAULT;
	}
	if (!offset || !(sctlr & SCTLR_U)) {
		if (!is_load)
			return guest_store(v, address - offset, WORD_BYTES, true, whole, fault);
		access = guest_load(v, address - offset, WORD_BYTES, true, value, fault);
		*value = rotate(swap_if_big(v, *value), 8 * offset);
		return access;
	}
	if (is_load)
		whole = 0;
	for (uint32_t i = 0; i < WORD_BYTES && access == GUEST_DONE; i++) {
		if (is_load) {
			access = guest_load(v, address + i, 1, true, &byte, fault);
			whole |= (access == GUEST_DONE ? byte : 0) << 8 * i;
		} else {
			access = guest_store(v, address + i, 1, true, whole >> 8 * i & 0xff, fault);
		}
	}
	*value = swap_if_big(v, whole);
	return access;
}

static COLD bool user_access(struct vcpu *v, uint32_t word)
{
	uint32_t base = FIELD(word, 16, 4), target = FIELD(word, 12, 4);
	uint32_t offset = SET(word, 25) ? shifted(v, word & ~SHIFT_CONSTANT) : word & 0xfff;
	uint32_t address, value;
	bool is_load = SET(word, 20);
	struct guest_fault fault;
	enum guest_access access;

	if (base == 15 || target == 15 || base == target || (SET(word, 25) && SET(word, 4)))
		return false;
	address = v->arch.r[base];
	value = v->arch.r[target];
	if (!SET(word, 22))
		access = user_word(v, address, is_load, &value, &fault);
	else if (is_load)
		access = guest_load(v, address, 1, true, &value, &fault);
	else
		access = guest_store(v, address, 1, true, value & 0xff, &fault);
	if (access != GUEST_DONE) {
		unfinished(v, access, &fault);
		return true;
	}
	v->arch.r[base] = SET(word, 23) ? address + offset : address - offset;
	if (is_load)
		v->arch.r[target] = value;
	return true;
}

/* ---- Which one it is ---- */

static bool unconditional(struct vcpu *v, uint32_t word)
{
	if ((word & 0xfff1fe20) == 0xf1000000)
		return cps(v, word);
	if ((word & 0xfe5fffe0) == 0xf84d0500)
		return srs(v, word);
	if ((word & 0xfe50ffff) == 0xf8100a00)
		return rfe(v, word);
	if ((word & 0xfffffdff) == 0xf1010000) {
		v->arch.cpsr = (v->arch.cpsr & ~PSR_E) | (word & PSR_E);
		return true;
	}
	return false;
}

static bool conditional(struct vcpu *v, uint32_t word)
{
	if ((word & 0x0fbf0fff) == 0x010f0000)
		return mrs(v, word);
	if ((word & 0x0fb0fff0) == 0x0120f000 || (word & 0x0fb0f000) == 0x0320f000)
		return msr(v, word);
	if ((word & 0x0e500000) == 0x08500000 && SET(word, 15))
		return return_block(v, word);
	if ((word & 0x0e400000) == 0x08400000)
		return user_block(v, word);
	if ((word & 0x0d200000) == 0x04200000)
		return user_access(v, word);
	if ((word & 0x0c10f000) == 0x0010f000)
		return data_processing(v, word);
	return false;
}

void emulate(struct vcpu *v, uint32_t word)
{
	if (word >= 0xf0000000 ? unconditional(v, word) : conditional(v, word))
		return;
	v->statistics.refused_registers++;
	guest_undefined(v);
}
