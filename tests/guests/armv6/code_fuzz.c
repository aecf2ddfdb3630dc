/* SPDX-License-Identifier: Apache-2.0 */
/* Random instructions, Arm and Thumb, in the kernel and in user mode, with registers that point to its own memory, its devices, Veil, the
 * board's devices, and nothing. What would end the guest itself is left out: CP15's control, tables, domains, FCSE and sleep, the devices that
 * switch it off. Boot arguments: seed=1, count=10000. */
#include "runtime.h"

#define CODE (SCRATCH + 0x100000) /* instructions, in memory that the guest can lose */
#define LIMIT_US 30000 /* longer than others have the CPU in between */

enum outcome {
	THROUGH, /* it was executed, and the next instruction was too */
	UNDEFINED,
	CALLED,
	NOT_FETCHED,
	NOT_ACCESSED,
	ELSEWHERE, /* it ran until the timer's interrupt, or another one */
	OUTCOMES
};

static uint64_t state;

static uint32_t some_address(void)
{
	static const uint32_t bases[] = {UART_BASE, PIC_BASE, TIMER_BASE, 0x10000000, 0x15000000, 0xca000000, 0xcb000000};

	switch (random_word(&state) % 12) {
	case 0:
		return random_word(&state);
	case 1:
		return bases[random_word(&state) % 7] + (random_word(&state) & 0xffc);
	case 2:
		return 0x80000000 + random_word(&state) % 0x08000000;
	case 3:
		return 0xfff00000 + random_word(&state) % 0x100000;
	case 4:
		return 0x48000000 + random_word(&state) % 0x100000;
	case 5:
		return (uint32_t)ram_size - 16 + random_word(&state) % 32;
	case 6:
		return random_word(&state) % 256;
	default:
		return SCRATCH + 0x8000 + (random_word(&state) & 0x3fffc);
	}
}

static uint32_t arm_word(void)
{
	static const uint32_t shapes[][2] = {
		/* fixed bits, free bits */
		{0xee000010, 0x00ffffef}, /* MCR, MRC of any coprocessor */
		{0xee000f10, 0x00fff0ef}, /* of CP15 */
		{0xec000000, 0x03ffffff}, /* coprocessors: loads, stores, double transfers */
		{0xed000a00, 0x00ffffff}, /* VFP */
		{0xee000a00, 0x00ffffff}, {0xe4000000, 0x03ffffff}, /* single loads and stores */
		{0xe8000000, 0x01ffffff}, /* multiple */
		{0xe0000090, 0x01ffff6f}, /* multiplications, halfwords, doubles, exclusives */
		{0xe1000000, 0x00ffffff}, /* status registers, and everything around them */
		{0xe6000010, 0x01ffffef}, /* media */
		{0xf0000000, 0x0fffffff}, /* unconditional */
		{0x00000000, 0xffffffff},
	};
	const uint32_t *shape = shapes[random_word(&state) % 12];

	return shape[0] | (random_word(&state) & shape[1]);
}

static bool is_left_out(uint32_t word)
{
	uint32_t crn = word >> 16 & 15;

	if (word == VEIL_UDF)
		return true;
	if ((word & 0x0f000f10) != 0x0e000f10 || (word & 0x00100000))
		return false;
	return crn == 1 || crn == 2 || crn == 3 || crn == 13 || (word & 0x00ef00ef) == 0x00070080;
}

static enum outcome outcome_of(const struct fault *fault, uint32_t next)
{
	switch (fault->kind) {
	case FAULT_UNDEFINED:
		return UNDEFINED;
	case FAULT_CALL:
		return fault->link == next ? THROUGH : CALLED;
	case FAULT_PREFETCH:
		return NOT_FETCHED;
	case FAULT_DATA:
		return NOT_ACCESSED;
	default:
		return ELSEWHERE;
	}
}

/* One instruction; then `svc` in either state. */
static enum outcome step(uint32_t word, bool is_thumb, uint32_t mode)
{
	struct context context = {.pc = CODE, .cpsr = mode | PSR_A | PSR_I | (is_thumb ? PSR_T : 0)};
	struct fault fault;

	for (uint32_t i = 0; i < 15; i++)
		context.r[i] = some_address();
	context.cpsr |= random_word(&state) & 0xf80f0000;
	mmio_write(CODE, is_thumb ? (word & 0xffff) | (uint32_t)SVC_DONE_THUMB << 16 : word);
	mmio_write(CODE + 4, is_thumb ? SVC_DONE_THUMB | (uint32_t)SVC_DONE_THUMB << 16 : SVC_DONE);
	mmio_write(CODE + 8, SVC_DONE);
	synchronize_code();
	fault = attempt(&context, LIMIT_US);
	return outcome_of(&fault, CODE + (is_thumb ? 4 : 8));
}

static void tell(const char *what, const uint64_t counts[OUTCOMES])
{
	report(true, "%s: %u went through, %u undefined, %u system calls, %u prefetch aborts, %u data aborts, %u elsewhere", what,
	       counts[THROUGH], counts[UNDEFINED], counts[CALLED], counts[NOT_FETCHED], counts[NOT_ACCESSED], counts[ELSEWHERE]);
}

static void fuzz(const char *what, bool is_thumb, uint32_t mode, uint64_t count)
{
	uint64_t counts[OUTCOMES] = {0};

	for (uint64_t i = 0; i < count;) {
		uint32_t word = is_thumb ? random_word(&state) : arm_word();

		if (!is_thumb && is_left_out(word))
			continue;
		counts[step(word, is_thumb, mode)]++;
		i++;
	}
	tell(what, counts);
}

void test(void)
{
	uint64_t count = argument("count", 10000);

	state = argument("seed", 1);
	ready();
	identity_map();
	map(POWER_BASE >> 20, 0); /* as is what switches it off */
	P15_WRITE(1, 0, 2, 0x00f00000);
	__asm__ volatile("mcr p10, 7, %0, cr8, cr0, 0" : : "r"(0x40000000));
	fuzz("Arm in the kernel", false, MODE_SYSTEM, count * 4 / 10);
	fuzz("Arm in user mode", false, MODE_USER, count * 3 / 10);
	fuzz("Thumb in the kernel", true, MODE_SYSTEM, count * 2 / 10);
	fuzz("Thumb in user mode", true, MODE_USER, count / 10);
	mmu_off();
	report(P15_READ(0, 0, 0) == 0x4107b362, "the CPU works after all that");
}
