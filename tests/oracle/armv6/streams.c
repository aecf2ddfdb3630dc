/* SPDX-License-Identifier: Apache-2.0 */
/* Random instructions. r1, r4, r7, r10 and r13 are addresses at the start, and often still later. Left out is what the architecture calls
 * unpredictable, what takes away the program's own memory, and exclusives, whose stores may fail for no reason (docs/reference/oracle.md). */
#include "oracle.h"

#define ALWAYS 0xe0000000

static volatile uint32_t *const code = (volatile uint32_t *)CODE_PLACE;
static volatile uint16_t *const thumb_code = (volatile uint16_t *)CODE_PLACE;

/* One that may be written: not pc. */
static uint32_t any_reg(void)
{
	return random_below(15);
}

static uint32_t data_reg(void)
{
	static const uint8_t regs[] = {0, 2, 3, 5, 6, 8, 9, 11, 12, 14};

	return regs[random_below(sizeof(regs))];
}

/* Not r14: it may hold the stream's own address, and streams that change themselves do so at no time that is said. */
static uint32_t address_reg(void)
{
	return one_in(16) ? random_below(14) : 1 + 3 * random_below(5);
}

/* Where a new address is written to the address register, it is none of those that are loaded or stored: that is unpredictable (LDR, LDRD: A4.1). */
static uint32_t apart(uint32_t word, uint32_t first, uint32_t count)
{
	bool writes_back = !(word & 0x01000000) || (word & 0x00200000);

	return writes_back && (word >> 16 & 15) - first < count ? (word & ~0xf0000U) | 1 << 16 : word;
}

static uint32_t condition(void)
{
	return one_in(4) ? random_below(14) << 28 : ALWAYS;
}

static uint32_t arithmetic(void)
{
	uint32_t word = random_word() & 0x01f00000; /* operation and S */

	if ((word & 0x01900000) == 0x01000000)
		word |= 0x00100000; /* comparisons always set flags: without, they are other instructions */
	word |= any_reg() << 16 | data_reg() << 12;
	if (one_in(2))
		return word | 0x02000000 | (random_word() & 0xfff);
	word |= any_reg() | random_below(4) << 5;
	return one_in(3) ? word | 0x10 | data_reg() << 8 : word | random_below(32) << 7;
}

static uint32_t multiplication(void)
{
	static const uint32_t kinds[] = {0x00000090, 0x00200090, 0x01000080, 0x01200080, 0x01600080, 0x07000010, 0x07500010, 0x0750f010};
	uint32_t high = random_below(7), low = 8 + random_below(5);

	if (one_in(2)) /* UMULL, UMLAL, SMULL, SMLAL, UMAAL, SMLALD */
		return (one_in(6)   ? 0x00400090
			: one_in(4) ? 0x07400010
				    : 0x00800090 | random_below(8) << 20) |
		       high << 16 | low << 12 | 7 << 8 | random_below(7);
	return kinds[random_below(8)] | high << 16 | random_below(12) << 12 | low << 8 | random_below(7);
}

/* Media and saturating instructions */
static uint32_t media(void)
{
	static const uint32_t kinds[] = {
		0x01000050, 0x01200050, 0x01400050, 0x01600050, /* qadd qsub qdadd qdsub */
		0x016f0f10, 0x06bf0f30, 0x06bf0fb0, 0x06ff0fb0, /* clz rev rev16 revsh */
		0x06100f10, 0x06100f30, 0x06100f90, 0x06200ff0, 0x06300f50, 0x06500f10, 0x06600f30, 0x06700ff0, /* parallel ones */
		0x06800fb0, 0x06800010, 0x06800050, /* sel pkhbt pkhtb */
		0x06a00070, 0x06af0070, 0x06b00070, 0x06e00070, 0x06ff0070, 0x06800070, /* extensions */
		0x06a00010, 0x06e00050, 0x06a00f30, 0x06e00f30, /* saturations */
		0x0780f010, 0x07800010, /* usad8 usada8 */
	};
	uint32_t i = random_below(sizeof(kinds) / sizeof(kinds[0])), word = kinds[i];

	if (i >= 29) /* bits 15..12 are an operand there, or ones */
		return word | data_reg() << 16 | (i == 30 ? random_below(12) << 12 : 0) | data_reg() << 8 | data_reg();
	word |= data_reg() << 12 | data_reg();
	if (i < 4 || (i >= 8 && i < 19) || (i >= 19 && i < 25))
		word |= (word & 0xf0000) ? 0 : data_reg() << 16;
	if (i >= 19 && i < 25)
		word |= random_below(4) << 10;
	if (i >= 25 && i < 29)
		word |= random_below(16) << 16;
	return word;
}

static uint32_t single(bool may_store)
{
	uint32_t target = data_reg(), word = 0x04000000 | address_reg() << 16 | target << 12 | (random_word() & 0x00c00000);
	bool is_before = !one_in(3);

	word |= may_store && one_in(2) ? 0 : 0x00100000;
	word |= is_before ? 0x01000000 | (random_word() & 0x00200000) : 0; /* after, with bit 21, it is LDRT */
	word = apart(word, target, 1);
	if (one_in(3))
		return word | 0x02000000 | (random_word() & 0xfe0) % 0x100 * 16 | data_reg();
	return word | (one_in(3) ? random_below(4096) : random_below(16) * 4);
}

static uint32_t half_or_double(bool may_store)
{
	static const uint8_t loads[] = {0xb0, 0xd0, 0xf0};
	uint32_t word = address_reg() << 16 | (random_word() & 0x00c00000) | (one_in(3) ? 0 : 0x01000000 | (random_word() & 0x00200000));
	uint32_t offset = word & 0x00400000 ? random_below(256) : data_reg(), target;

	word |= (offset & 0xf0) << 4 | (offset & 15);
	if (one_in(3)) { /* doubles, of an even register that is no address */
		uint32_t pair = one_in(2) ? 2 : 8;

		if (!(word & 0x00400000)) /* the offset's register is none of them */
			word = (word & ~15U) | 5;
		return apart(word, pair, 2) | pair << 12 | (may_store && one_in(2) ? 0xf0 : 0xd0);
	}
	target = data_reg();
	word = apart(word, target, 1) | target << 12;
	if (may_store && one_in(3))
		return word | 0xb0;
	return word | 0x00100000 | loads[random_below(3)];
}

static uint32_t multiple(bool may_store)
{
	uint32_t base = address_reg(), list = random_word() & random_word() & 0x5fff & ~(1U << base);

	return 0x08000000 | (random_word() & 0x01a00000) | (may_store && one_in(2) ? 0 : 0x00100000) | base << 16 |
	       (list ? list : 1U << (base ? 0 : 2));
}

static uint32_t swap(void)
{
	return 0x01000090 | (random_word() & 0x00400000) | (1 + 3 * random_below(4)) << 16 | 2 << 12 | data_reg();
}

/* CP15 as far as it may be written without an end of all, and all that can be read */
static uint32_t system_register(void)
{
	static const uint32_t writes[] = {
		0x0e050f10, 0x0e050f30, 0x0e060f10, /* fault status and address */
		0x0e080f15, 0x0e080f35, 0x0e080f55, 0x0e080f16, 0x0e080f36, 0x0e080f56, 0x0e080f17, 0x0e080f37, 0x0e080f57, /* TLB */
		0x0e070f15, 0x0e070f35, 0x0e070f95, 0x0e070fd5, 0x0e070f3a, 0x0e070f9a, 0x0e070fba, 0x0e070f3e, 0x0e070f17, /* caches */
		0x0e0d0f30, /* ASID */
	};
	static const uint32_t reads[] = {
		0x0e100f10, 0x0e100f30, 0x0e110f10, 0x0e120f10, 0x0e120f30, 0x0e120f50, 0x0e130f10, 0x0e150f10,
		0x0e150f30, 0x0e1d0f10, 0x0e1d0f30, 0x0e100f11, 0x0e100f31, 0x0e100f91, 0x0e100fb1, 0x0e100fd1,
		0x0e100ff1, 0x0e100f12, 0x0e100f32, 0x0e100f52, 0x0e100f72, 0x0e100f92,
	};

	if (one_in(2))
		return writes[random_below(sizeof(writes) / sizeof(writes[0]))] | data_reg() << 12;
	return reads[random_below(sizeof(reads) / sizeof(reads[0]))] | data_reg() << 12;
}

static uint32_t undefined(void)
{
	static const uint32_t kinds[] = {0x07f000f0, 0x0e000010, 0x0c100000, 0x0e1d0f70, 0x0e1d0f50, 0x0e100e10};

	return kinds[random_below(sizeof(kinds) / sizeof(kinds[0]))] | (random_below(10) << 8 & 0xf00);
}

static uint32_t privileged(const struct kind *kind)
{
	const uint32_t *end = kind->has_spsr ? palette_end : palette_spsr;
	uint32_t i;

	if (!kind->is_mapped || !kind->may_store) {
		i = random_below((uint32_t)(palette_memory - palette) + (kind->has_spsr ? (uint32_t)(palette_end - palette_spsr_only) : 0));
		return i < (uint32_t)(palette_memory - palette) ? palette[i] : palette_spsr_only[i - (uint32_t)(palette_memory - palette)];
	}
	return palette[random_below((uint32_t)(end - palette))];
}

static uint32_t arm_instruction(uint32_t place, const struct kind *kind)
{
	bool may_store = kind->may_store;

	switch (random_below(kind->is_mapped ? 20 : 8)) {
	case 0:
	case 1:
		return condition() | arithmetic();
	case 2:
		return condition() | multiplication();
	case 3:
		return condition() | media();
	case 4:
		if (kind->is_privileged)
			return privileged(kind);
		return one_in(2) ? 0xf1010000 | random_below(2) << 9 : condition() | system_register();
	case 5:
		return condition() | system_register();
	case 6:
		if (one_in(3))
			return condition() | undefined();
		if (one_in(3))
			return condition() | 0x0f000000 | random_below(0xf00000);
		return place + 3 < STREAM_LENGTH && !kind->returns
			       ? condition() | 0x0a000000 | (random_word() & 0x01000000) | random_below(2)
			       : 0xe1a00000;
	case 7:
		return one_in(2) ? 0xf1010000 | random_below(2) << 9 : condition() | arithmetic();
	case 8:
	case 9:
	case 10:
		return condition() | half_or_double(may_store);
	case 11:
	case 12:
	case 13:
		return condition() | multiple(may_store);
	case 14:
		return may_store ? condition() | swap() : condition() | single(false);
	default:
		return condition() | single(may_store);
	}
}

static uint16_t thumb_instruction(uint32_t place, bool is_mapped, bool may_store)
{
	for (;;) {
		uint16_t half = (uint16_t)random_word();
		uint32_t top = half >> 11;

		if (top >= 0x1c || top == 8 || half >> 8 == 0xbd || (half & 0xffe0) == 0xb660 || (half & 0xff00) == 0xbe00)
			continue; /* branches far away, registers above r7, POP of pc, CPS, BKPT */
		if (half >> 12 == 0xd) { /* conditional branches: ahead, by a little; and SVC */
			if (half >> 8 >= 0xde && half >> 8 != 0xdf)
				continue;
			if (half >> 8 != 0xdf)
				half = (uint16_t)((half & 0xff00) | (place + 4 < STREAM_LENGTH ? random_below(2) : 0));
			if (half >> 8 != 0xdf && place + 4 >= STREAM_LENGTH)
				continue;
		}
		if (half >> 12 == 0xb && (half & 0x0f00) != 0x0000 && (half & 0x0600) != 0x0400 && (half & 0x0f00) != 0x0200 &&
		    (half & 0x0f00) != 0x0a00)
			continue; /* what is not there yet */
		if ((half & 0xf600) == 0xb400 && !(half & 0x1ff))
			continue;
		if (top >= 0x18 && top <= 0x19 && !(half & 0xff))
			continue;
		if (top == 0x18 && (half & 0xff & ((1U << (half >> 8 & 7)) - 1)) && (half >> (half >> 8 & 7) & 1))
			continue; /* STMIA of its base that is not the lowest */
		if (top >= 9 && top <= 0x13 && !is_mapped)
			continue;
		if ((top >= 0x16 && top <= 0x19) && !is_mapped)
			continue;
		if (!may_store && ((top == 0x0a && (half & 0x0600) != 0x0600) || top == 0xc || top == 0xe || top == 0x10 || top == 0x12 ||
				   top == 0x16 || top == 0x18))
			continue;
		return half;
	}
}

uint32_t stream_end(bool is_thumb)
{
	return (STREAM_LENGTH + 1) * (is_thumb ? 2 : 4);
}

void stream_make(const struct kind *kind)
{
	uint32_t returns = kind->returns ? random_below(STREAM_LENGTH - 1) : STREAM_LENGTH;
	uint32_t which = random_below(2);
	/* In user mode or in Thumb state, where what has been replaced is something else. */
	const struct kind after = {.is_mapped = kind->is_mapped, .may_store = kind->may_store, .returns = true};

	for (uint32_t i = 0; i < STREAM_LENGTH; i++) {
		if (kind->is_thumb)
			thumb_code[i] = thumb_instruction(i, kind->is_mapped, kind->may_store);
		else
			code[i] = arm_instruction(i, i > returns ? &after : kind);
	}
	if (kind->is_thumb) {
		thumb_code[STREAM_LENGTH] = 0xdf7e;
		return;
	}
	if (returns < STREAM_LENGTH) { /* to the instruction that follows, with whatever SPSR there is */
		code[returns] = 0xe28fe000 | which << 2; /* add r14, pc, #0 or #4 */
		code[returns + 1] = palette_returns[which]; /* movs pc, r14 or subs pc, r14, #4 */
	}
	code[STREAM_LENGTH] = 0xef007e57;
}
