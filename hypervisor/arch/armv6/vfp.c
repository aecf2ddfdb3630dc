/* SPDX-License-Identifier: Apache-2.0 */
/* The floating-point unit (Arm DDI 0100I, part C); boot.S has opened its coprocessors for all modes. Whoever did not use it last finds it switched off: FPEXC.EN is Veil's, and guests are
 * in user mode, so each use of another's registers traps before it happens. */
#include "vfp.h"

#include "psr.h"

/* FPEXC */
#define EXCEPTIONAL 0x80000000U
#define ENABLED 0x40000000U
#define FPEXC_WRITABLE (EXCEPTIONAL | ENABLED)

/* System registers, as bits 19..16 of FMRX and FMXR name them */
#define FPSID 0U
#define FPSCR 1U
#define MVFR1 6U
#define MVFR0 7U
#define FPEXC 8U
#define FPINST 9U
#define FPINST2 10U

static struct vcpu *holder; /* whose registers the unit holds; NULL: nobody's */

/* ---- The unit. Coprocessor instructions by number, as Veil is compiled for a CPU without it. ---- */

static uint32_t fpexc_read(void)
{
	uint32_t value;

	__asm__ volatile("mrc p10, 7, %0, cr8, cr0, 0" : "=r"(value));
	return value;
}

static void fpexc_write(uint32_t value)
{
	__asm__ volatile("mcr p10, 7, %0, cr8, cr0, 0" : : "r"(value) : "memory");
}

/* For Thumb code, which cannot access the unit. */
static NOINLINE bool is_exceptional(void)
{
	return fpexc_read() & EXCEPTIONAL;
}

static NOINLINE void fpexc_set(uint32_t value)
{
	fpexc_write(value);
}

/* FPINST and FPINST2 are there while EN is set; with EX set, any other access to the unit would be undefined. */
static NOINLINE void save(struct vfp_registers *to)
{
	uint32_t fpexc = fpexc_read();
	uint64_t *d = to->d;

	fpexc_write(fpexc | ENABLED);
	__asm__ volatile("mrc p10, 7, %0, cr9, cr0, 0\n\tmrc p10, 7, %1, cr10, cr0, 0" : "=r"(to->fpinst), "=r"(to->fpinst2));
	to->fpexc = (to->fpexc & ~EXCEPTIONAL) | (fpexc & EXCEPTIONAL);
	fpexc_write(ENABLED);
	__asm__ volatile("mrc p10, 7, %0, cr1, cr0, 0" : "=r"(to->fpscr));
	__asm__ volatile("stc p11, cr0, [%0], #128" : "+r"(d) : : "memory");
}

static NOINLINE void load(const struct vfp_registers *from)
{
	const uint64_t *d = from->d;

	fpexc_write(ENABLED);
	__asm__ volatile("ldc p11, cr0, [%0], #128" : "+r"(d) : : "memory");
	__asm__ volatile("mcr p10, 7, %0, cr1, cr0, 0" : : "r"(from->fpscr));
	__asm__ volatile("mcr p10, 7, %0, cr9, cr0, 0\n\tmcr p10, 7, %1, cr10, cr0, 0" : : "r"(from->fpinst), "r"(from->fpinst2));
	fpexc_write(ENABLED | (from->fpexc & EXCEPTIONAL));
}

/* ---- Whose it is ---- */

static bool is_accessible(const struct vcpu *v)
{
	uint32_t field = vfp_access(v);

	return field == CPACR_FULL || (field == CPACR_PRIVILEGED && guest_is_privileged(v));
}

NOINLINE void vfp_control(struct vcpu *v)
{
	uint32_t before = fpexc_read(), after = before & ~ENABLED;

	if (holder == v && (v->rest.vfp.fpexc & ENABLED) && is_accessible(v))
		after |= ENABLED;
	if (after != before)
		fpexc_write(after);
}

static COLD void take(struct vcpu *v)
{
	if (holder == v)
		return;
	if (holder)
		save(&holder->rest.vfp);
	load(&v->rest.vfp);
	holder = v;
}

COLD void vfp_reset(struct vcpu *v)
{
	if (holder == v)
		holder = NULL;
}

/* ---- System registers, which user mode may not access ---- */

static NOINLINE uint32_t unit_identification(uint32_t reg)
{
	uint32_t value;

	if (reg == FPSID)
		__asm__ volatile("mrc p10, 7, %0, cr0, cr0, 0" : "=r"(value));
	else if (reg == MVFR0)
		__asm__ volatile("mrc p10, 7, %0, cr7, cr0, 0" : "=r"(value));
	else
		__asm__ volatile("mrc p10, 7, %0, cr6, cr0, 0" : "=r"(value));
	return value;
}

/* What the unit holds of them comes to memory, and goes on from there when it is used again. */
static COLD void let_go(const struct vcpu *v)
{
	if (holder != v)
		return;
	save(&holder->rest.vfp);
	holder = NULL;
}

static COLD bool system_register(struct vcpu *v, uint32_t word)
{
	uint32_t reg = word >> 16 & 15, target = word >> 12 & 15, *kept = &v->rest.vfp.fpexc;
	bool is_read = word & 0x00100000;

	if (!guest_is_privileged(v) || target == 15)
		return false;
	switch (reg) {
	case FPSID:
	case MVFR0:
	case MVFR1:
		if (is_read)
			v->arch.r[target] = unit_identification(reg);
		return true;
	case FPEXC:
		if (is_read && holder == v)
			*kept = (*kept & ~EXCEPTIONAL) | (is_exceptional() ? EXCEPTIONAL : 0);
		break;
	case FPINST:
	case FPINST2:
		let_go(v);
		kept = reg == FPINST ? &v->rest.vfp.fpinst : &v->rest.vfp.fpinst2;
		break;
	default:
		return false;
	}
	if (is_read) {
		v->arch.r[target] = *kept;
	} else {
		*kept = v->arch.r[target] & (reg == FPEXC ? FPEXC_WRITABLE : UINT32_MAX);
		if (reg == FPEXC && holder == v)
			fpexc_set(*kept);
	}
	vfp_control(v);
	return true;
}

/* ---- Decoding ---- */

/* Coprocessors 10 and 11: LDC, STC, MCRR, MRRC (110x), CDP, MRC, MCR (1110); the unconditional ones are none of the unit's. */
static bool is_vfp(uint32_t word)
{
	return word < 0xf0000000 && (word & 0x0e00) == 0x0a00 && (word >> 24 & 15) - 12 < 3;
}

COLD bool vfp(struct vcpu *v, uint32_t word)
{
	if (!is_vfp(word) || !is_accessible(v))
		return false;
	if ((word & 0x0fe00fff) == 0x0ee00a10 && (word >> 16 & 15) != FPSCR)
		return system_register(v, word);
	if (!(v->rest.vfp.fpexc & ENABLED) || holder == v)
		return false; /* switched off by the guest; or the unit itself refuses the instruction */
	take(v);
	vfp_control(v);
	v->arch.r[15] -= 4;
	return true;
}
