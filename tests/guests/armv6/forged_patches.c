/* SPDX-License-Identifier: Apache-2.0 */
/* `svc` with the numbers that stand for replaced instructions, and with all others: in the kernel it does what the table of this guest's image
 * says or is an ordinary system call, in user mode it is always the latter. It is written into code that runs, over and over. And calls of
 * Veil's with random numbers. Boot arguments: seed=1, count=10000. */
#include "runtime.h"

#define CODE SCRATCH
#define LIMIT_US 100000
#define PATCH_FIRST 0xf00000u

static uint64_t state;

static uint32_t some_number(void)
{
	switch (random_word(&state) % 4) {
	case 0:
		return PATCH_FIRST + random_word(&state) % 64;
	case 1:
		return PATCH_FIRST + random_word(&state) % 0x10000;
	case 2:
		return PATCH_FIRST - 1 - random_word(&state) % 0x100;
	default:
		return random_word(&state) & 0xffffff;
	}
}

/* A word of code, replaced while its cache lines are warm, and executed. Others have the CPU in between, and a busy host: one that took too long is
 * given more. */
static struct fault execute(uint32_t word, uint32_t mode)
{
	struct context context = {.pc = CODE, .cpsr = mode | PSR_A | PSR_I};
	struct fault fault;

	for (uint32_t i = 0; i < 13; i++)
		context.r[i] = random_word(&state) % 4 ? SCRATCH + 0x8000 + random_word(&state) % 0x4000 : random_word(&state);
	context.r[13] = SCRATCH + 0x9000;
	context.r[14] = SCRATCH + 0x40;
	mmio_write(CODE, word);
	mmio_write(CODE + 4, SVC_DONE);
	synchronize_code();
	fault = attempt(&context, LIMIT_US);
	return fault.kind == FAULT_TIME ? attempt(&context, 10 * LIMIT_US) : fault;
}

static void forge(uint64_t count)
{
	uint64_t taken = 0, emulated = 0, wrong = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t mode = i % 2 ? MODE_USER : MODE_SYSTEM, number = some_number();
		struct fault fault = execute(0xef000000 | number, mode);
		bool is_call = fault.kind == FAULT_CALL && fault.link == CODE + 4;

		taken += is_call;
		emulated += !is_call;
		if (mode == MODE_USER && !(is_call && (fault.status & 0x1f) == MODE_USER)) {
			wrong++;
			print("in user mode svc %x: vector %x, link %x, status %x\n", (uint64_t)number, (uint64_t)fault.kind,
			      (uint64_t)fault.link, (uint64_t)fault.status);
		}
		if (mode == MODE_SYSTEM && !is_call && number - PATCH_FIRST >= VEIL_MAX_PATCHES) {
			wrong++;
			print("in the kernel svc %x: vector %x, link %x\n", (uint64_t)number, (uint64_t)fault.kind, (uint64_t)fault.link);
		}
	}
	report_on_veil(!wrong, "%u forged numbers: %u were system calls, %u one of its own replaced instructions", count, taken, emulated);
	report_on_veil(emulated > 0, "its own numbers do what they stand for");
}

/* Code that changes the instruction in front of it, in a loop: what is executed is what is there, or was. */
static void change_itself(void)
{
	static const uint32_t loop[] = {
		0xe3a02000, /* 0: mov r2, #0 */
		0xe1500001, /* 4: cmp r0, r1 */
		0x0f007e57, /* 8: svceq DONE */
		0xe5830000, /* c: str r0, [r3]: the next number, over the instruction at 20 */
		0xee07cf15, /* 10: mcr p15, 0, r12, c7, c5, 0 */
		0xee07cf9a, /* 14: mcr p15, 0, r12, c7, c10, 4 */
		0xee07cf95, /* 18: mcr p15, 0, r12, c7, c5, 4 */
		0xe2800001, /* 1c: add r0, r0, #1 */
		0xe3a02000, /* 20: changed: mov r2, #number */
		0xe0844002, /* 24: add r4, r4, r2 */
		0xeafffff5, /* 28: b 4 */
	};
	struct context context = {.r = {0xe3a02000, 0xe3a02080, 0, CODE + 0x20}, .pc = CODE, .cpsr = MODE_SYSTEM | PSR_A | PSR_I};
	struct fault fault;

	for (uint32_t i = 0; i < sizeof(loop) / 4; i++)
		mmio_write(CODE + 4 * i, loop[i]);
	synchronize_code();
	fault = attempt(&context, 1000000);
	report(fault.kind == FAULT_CALL && fault.r[4] == 127 * 128 / 2, "code that changes itself: sum %u", (uint64_t)fault.r[4]);
}

static void call(uint64_t count)
{
	uint64_t refused = 0, tried = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t function = random_word(&state) % 2 ? random_word(&state) : 0x84000000 | (random_word(&state) & 0xff);

		if (function == SYSTEM_OFF || function == SYSTEM_RESET || function == VEIL_HVC_READY || function == VEIL_HVC_CRASHED ||
		    function == VEIL_HVC_YIELD)
			continue;
		tried++;
		refused += veil_call(function, random_word(&state)) == UINT32_MAX;
	}
	report_on_veil(refused == tried, "%u calls of no meaning are refused", tried);
}

/* In user mode Veil's calls and CP15 are undefined. */
static void from_user_mode(void)
{
	static const uint32_t words[] = {VEIL_UDF, 0xee100f10, 0xee011f10, 0xee021f10, 0xee030f10, 0xee080f17, 0xee070f90, 0xee0d0f10};
	uint32_t refused = 0;

	for (uint32_t i = 0; i < sizeof(words) / 4; i++)
		refused += execute(words[i], MODE_USER).kind == FAULT_UNDEFINED;
	report(refused == sizeof(words) / 4, "calls and CP15 from its user mode are undefined");
}

void test(void)
{
	uint64_t count = argument("count", 10000);

	state = argument("seed", 1);
	ready();
	if (on_veil) {
		forge(count);
		call(count / 4);
		from_user_mode();
	}
	change_itself();
}
