/* SPDX-License-Identifier: Apache-2.0 */
/* What privileged instructions do (Arm DDI 0100I, A4.1), on the virtual CPU. The instruction comes from Veil's table of the guest's
 * patches, but could be any word: only the guest's own registers and memory are within reach, whatever it is. */
#include "emulate.h"

#include "guest.h"
#include "load_store.h"
#include "psr.h"
#include "shift.h"

#define FIELD(word, low, bits) ((word) >> (low) & ((1U << (bits)) - 1))
#define SET(word, bit) ((word) >> (bit)&1)

/* As the instruction reads it: r15 is its own address + 8. */
static uint32_t reg(const struct vcpu *v, uint32_t n)
{
	return v->arch.r[n] + (n == 15 ? 4 : 0);
}

/* ---- MRS, MSR, CPS, SETEND (A4.1.38, 39, 16, 88) ---- */

static bool mrs(struct vcpu *v, uint32_t word)
{
	uint32_t target = FIELD(word, 12, 4);
	const uint32_t *spsr;

	if (target == 15)
		return false;
	if (!SET(word, 22)) {
		v->arch.r[target] = virtual_cpsr(v);
		return true;
	}
	spsr = guest_spsr(v);
	if (!spsr)
		return false;
	v->arch.r[target] = *spsr;
	return true;
}

/* The bytes of a PSR that the field mask (bits 19..16) names. */
static const uint32_t psr_bytes[16] = {
	0x00000000, 0x000000ff, 0x0000ff00, 0x0000ffff, 0x00ff0000, 0x00ff00ff, 0x00ffff00, 0x00ffffff,
	0xff000000, 0xff0000ff, 0xff00ff00, 0xff00ffff, 0xffff0000, 0xffff00ff, 0xffffff00, 0xffffffff,
};

static bool msr(struct vcpu *v, uint32_t word)
{
	uint32_t mask = psr_bytes[FIELD(word, 16, 4)];
	uint32_t value = SET(word, 25) ? rotate(word & 0xff, 2 * FIELD(word, 8, 4)) : reg(v, word & 15);
	uint32_t *spsr;

	if (!SET(word, 22)) {
		mask &= PSR_USER_MASK | PSR_PRIVILEGED_MASK;
		guest_set_cpsr(v, (virtual_cpsr(v) & ~mask) | (value & mask));
		return true;
	}
	spsr = guest_spsr(v);
	if (!spsr)
		return false;
	mask &= PSR_USER_MASK | PSR_PRIVILEGED_MASK | PSR_STATE_MASK;
	*spsr = (*spsr & ~mask) | (value & mask);
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

static COLD bool data_processing(struct vcpu *v, uint32_t word)
{
	uint32_t a = reg(v, FIELD(word, 16, 4));
	uint32_t b = shifted(v, word);
	uint32_t carry = SET(v->arch.cpsr, 29);
	const uint32_t *spsr = guest_spsr(v);
	uint32_t result;

	if (!spsr || (!SET(word, 25) && SET(word, 7) && SET(word, 4))) /* the latter are multiplications and other loads and stores */
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
	guest_return(v, result, *spsr);
	return true;
}

/* ---- Loads and stores that are others in user mode: LDM and STM with a caret, SRS, RFE, LDRT and its like ---- */

static bool transfer(struct vcpu *v, uint32_t word)
{
	struct guest_fault fault;

	v->arch.r[15] -= 4;
	switch (load_store(v, word, true, &fault)) {
	case LOAD_STORE_FAULT:
		guest_data_abort(v, fault.address, fault.fsr);
		return true;
	case LOAD_STORE_UNKNOWN:
		v->arch.r[15] += 4;
		return false;
	default:
		return true;
	}
}

/* ---- Which one it is ---- */

static bool unconditional(struct vcpu *v, uint32_t word)
{
	if ((word & 0xfff1fe20) == 0xf1000000)
		return cps(v, word);
	if ((word & 0xfffffdff) == 0xf1010000) {
		v->arch.cpsr = (v->arch.cpsr & ~PSR_E) | (word & PSR_E);
		return true;
	}
	return transfer(v, word);
}

static bool conditional(struct vcpu *v, uint32_t word)
{
	if ((word & 0x0fbf0fff) == 0x010f0000)
		return mrs(v, word);
	if ((word & 0x0fb0fff0) == 0x0120f000 || (word & 0x0fb0f000) == 0x0320f000)
		return msr(v, word);
	if ((word & 0x0e400000) == 0x08400000 || (word & 0x0d200000) == 0x04200000)
		return transfer(v, word);
	if ((word & 0x0c10f000) == 0x0010f000)
		return data_processing(v, word);
	return false;
}

NOINLINE void emulate(struct vcpu *v, uint32_t word)
{
	if (!(word >= 0xf0000000 ? unconditional(v, word) : conditional(v, word)))
		guest_refuse(v);
}
