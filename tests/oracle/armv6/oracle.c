/* SPDX-License-Identifier: Apache-2.0 */
/* Cases one after the other: what makes one up, what is noted of its end, and the number that stands for it. */
#include "oracle.h"

#define UART_DATA (*(volatile uint32_t *)0x16000000)
#define UART_FLAGS (*(volatile uint32_t *)0x16000018)
#define UART_FULL 0x20

/* One of the timers, and the primary interrupt controller: a stream that runs in circles ends by its interrupt. */
#define TIMER_LOAD (*(volatile uint32_t *)0x13000100)
#define TIMER_CONTROL (*(volatile uint32_t *)0x13000108)
#define TIMER_CLEAR (*(volatile uint32_t *)0x1300010c)
#define TIMER_ONCE 0x23 /* interrupts, 32 bits, once */
#define TIMER_ENABLE 0x80
#define TIMER_TICKS 3000000 /* three seconds */
#define PIC_ENABLE (*(volatile uint32_t *)0x14000008)
#define PIC_FIQ_ENABLE (*(volatile uint32_t *)0x14000028)
#define PIC_TIMER 0x40
#define IN_CIRCLES 0x18

#define STOPS 12 /* times a stream is sent on behind an instruction that stopped it */

extern const struct {
	uint32_t magic, seed, first, count, in_full;
} parameters;

static uint32_t state, hash;

/* ---- Words out ---- */

static void put(char c)
{
	while (UART_FLAGS & UART_FULL)
		;
	UART_DATA = (uint8_t)c;
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static void put_hex(uint32_t value)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 15]);
}

/* Part of the case's number; by name if all is to be told. */
static void note(const char *name, uint32_t value)
{
	hash = (hash ^ value) * 0x01000193;
	hash ^= hash >> 15;
	if (!parameters.in_full)
		return;
	put_text(name);
	put('=');
	put_hex(value);
	put(' ');
}

/* ---- Random numbers ---- */

uint32_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state * 0x9e3779b1;
}

uint32_t random_below(uint32_t count)
{
	return (uint32_t)((uint64_t)random_word() * count >> 32);
}

static void random_start(uint32_t number)
{
	state = parameters.seed * 0x85ebca6b + number * 0xc2b2ae35 + 0x27d4eb2f;
	state += state == 0;
	for (uint32_t i = 0; i < 4; i++)
		random_word();
}

/* ---- A case ---- */

static void memory_make(void)
{
	uint32_t word = random_word();

	for (volatile uint32_t *at = (volatile uint32_t *)MEMORY; at < (volatile uint32_t *)(MEMORY + MEMORY_BYTES); at++) {
		*at = word;
		word = word * 0x19660d + 0x3c6ef35f;
	}
}

static uint32_t memory_number(void)
{
	uint32_t number = 0;

	for (const volatile uint32_t *at = (volatile uint32_t *)MEMORY; at < (volatile uint32_t *)(MEMORY + MEMORY_BYTES); at++)
		number = (number << 5 | number >> 27) ^ *at;
	return number;
}

/* QEMU's ARM1136 shows addresses as they are before FCSE, the real one (ARM1136 TRM, 3.3.12) and Veil's after it. */
static uint32_t modified(uint32_t address)
{
	return address < 0x02000000 ? address | saved->fcse : address;
}

/* Registers that a load was to fill are unpredictable after an abort (Arm DDI 0100I, A2.6.6). */
static void forget_loaded(bool is_mapped)
{
	uint32_t offset = saved->link - 8 - (is_mapped ? CODE_ADDRESS : CODE_PLACE), list = 0, base = 16;
	uint32_t word = *(volatile uint32_t *)(CODE_PLACE + (offset & ~3U));

	if (offset >= 4 * STREAM_LENGTH)
		return;
	if (saved->cpsr & PSR_T) {
		word = offset & 2 ? word >> 16 : word & 0xffff;
		if ((word & 0xf800) == 0xc800 || (word & 0xfe00) == 0xbc00) {
			list = word & 0xff;
			base = word >> 12 == 12 ? word >> 8 & 7 : 13;
		}
	} else if (word == palette_spsr[0]) {
		list = 0x600c;
	} else if (word == palette_spsr[1]) {
		list = 0x4300;
	} else if (word == palette_spsr[3]) {
		list = 0x0004;
	} else if ((word & 0x0e500000) == 0x08100000 && word >> 28 != 15) {
		list = word & 0x7fff;
		base = word >> 16 & 15;
	} else if ((word & 0x0e1000f0) == 0x000000d0) {
		list = 3U << (word >> 12 & 15);
		base = word >> 16 & 15;
	}
	for (uint32_t i = 0; i < 15; i++)
		if ((list >> i & 1) && i != base)
			saved->r[i] = 0;
}

static void note_stop(bool is_told)
{
	static const char *const names[16] = {"r0", "r1", "r2",	 "r3",	"r4",  "r5",  "r6",  "r7",
					      "r8", "r9", "r10", "r11", "r12", "r13", "r14", "pc"};

	note("kind", saved->kind);
	note("link", saved->link);
	saved->cpsr &= PSR_KNOWN; /* others an emulated CPU keeps as they were loaded, J included; a real one and Veil do not */
	note("cpsr", saved->cpsr);
	for (uint32_t i = 0; i < 15; i++)
		note(names[i], saved->r[i]);
	if (saved->kind == 0x0c)
		note("ifsr", saved->ifsr);
	if (saved->kind == 0x10) {
		note("dfsr", saved->dfsr);
		note("far", modified(saved->far));
	}
	if (is_told)
		put('\n');
}

/* Behind the instruction that stopped it. False: there is no such thing. */
static bool go_on(void)
{
	uint32_t length = saved->cpsr & PSR_T ? 2 : 4;

	switch (saved->kind) {
	case 0x04:
	case 0x08:
		saved->r[15] = saved->link;
		return true;
	case 0x10:
		saved->r[15] = saved->link - 8 + length;
		return true;
	default:
		return false;
	}
}

static uint32_t some_mode(void)
{
	static const uint8_t modes[] = {0x10, 0x10, 0x10, 0x13, 0x13, 0x12, 0x17, 0x1b};

	return modes[random_below(sizeof(modes))];
}

static void registers_make(void)
{
	static const uint8_t banks[] = {0xd2, 0xd3, 0xd7, 0xdb};

	for (uint32_t i = 0; i < 4; i++)
		bank_set(banks[i], tables_address(), random_word(), some_mode() | (random_word() & 0xf8000000));
	for (uint32_t i = 0; i < 15; i++)
		saved->r[i] = one_in(3) ? random_below(64) : random_word();
	for (uint32_t i = 1; i <= 13; i += 3) /* 1, 4, 7, 10, 13: what loads and stores go by */
		saved->r[i] = tables_address();
}

/* Branches: so there are no addresses of the program that streams could find. Where none are, is nothing that could be executed. */
static void vectors_make(bool are_high)
{
	volatile uint32_t *at = (volatile uint32_t *)(are_high ? VECTORS_COPY : 0);
	uint32_t address = are_high ? VECTORS_HIGH : 0;

	for (uint32_t i = 0; i < 8; i++) {
		*(volatile uint32_t *)(4 * i) = UNDEFINED;
		at[i] = 0xea000000 | ((handlers[i] - (address + 4 * i) - 8) >> 2 & 0x00ffffff);
	}
}

/* It goes in circles; or Arm instructions run as Thumb ones, which are others where some are replaced; or it has jumped to the page at 0,
 * which a persona cannot execute where its vectors are high. */
static bool is_lost(bool is_thumb)
{
	return saved->kind == IN_CIRCLES || (!is_thumb && (saved->cpsr & PSR_T)) || saved->link < 0x1010;
}

static void faults_forget(void)
{
	__asm__ volatile("mcr p15, 0, %0, c5, c0, 0\n\tmcr p15, 0, %0, c5, c0, 1\n\tmcr p15, 0, %0, c6, c0, 0" : : "r"(0));
}

static void case_run(uint32_t number)
{
	static const uint32_t processes[] = {0, 0, 0, 0x22000000, 0x8a000000};
	struct kind kind;
	uint32_t end, mode;
	bool has_xp, lost = false;

	random_start(number);
	hash = 0x811c9dc5;
	faults_forget();
	kind.is_mapped = !one_in(10);
	kind.is_thumb = one_in(4);
	has_xp = !one_in(4);
	mode = one_in(8) ? MODE_SYSTEM : some_mode();
	kind.is_privileged = mode != MODE_USER;
	kind.has_spsr = kind.is_privileged && mode != MODE_SYSTEM;
	kind.returns = kind.is_mapped && kind.has_spsr && one_in(2);
	kind.may_store = has_xp || !kind.is_privileged; /* without XP the program would not be safe */
	saved->cpsr = mode | (random_word() & 0xf80f0000) | (kind.is_thumb ? PSR_T : 0);
	saved->fcse = kind.is_mapped ? processes[random_below(5)] : 0;
	saved->sctlr = SCTLR_FIXED | (kind.is_mapped ? SCTLR_M | (random_word() & SCTLR_V) : 0) | (has_xp ? SCTLR_XP : 0) |
		       (random_word() & (SCTLR_S | SCTLR_R)) | (one_in(4) ? SCTLR_A : 0) | SCTLR_U;
	vectors_make(saved->sctlr & SCTLR_V);
	memory_make();
	tables_make(has_xp, saved->fcse);
	registers_make();
	stream_make(&kind);
	saved->r[15] = kind.is_mapped ? CODE_ADDRESS : CODE_PLACE;
	end = saved->r[15] + stream_end(kind.is_thumb);
	if (parameters.in_full) {
		put_text("sctlr=");
		put_hex(saved->sctlr);
		put_text(" fcse=");
		put_hex(saved->fcse);
		put_text(" cpsr=");
		put_hex(saved->cpsr);
		for (uint32_t i = 0; i <= STREAM_LENGTH; i++) {
			put(' ');
			put_hex(((volatile uint32_t *)CODE_PLACE)[i]);
		}
		put('\n');
	}
	for (uint32_t i = 0; i < STOPS; i++) {
		TIMER_LOAD = TIMER_TICKS;
		TIMER_CONTROL = TIMER_ONCE | TIMER_ENABLE;
		stream_run();
		TIMER_CONTROL = TIMER_ONCE;
		lost = is_lost(kind.is_thumb);
		if (lost)
			break;
		if (saved->kind == 0x10)
			forget_loaded(kind.is_mapped);
		note_stop(parameters.in_full);
		if ((saved->kind == 0x08 && saved->link == end) || !go_on())
			break;
	}
	TIMER_CLEAR = 0;
	if (!lost)
		note("memory", memory_number());
}

void main(void)
{
	put_text("oracle\n");
	TIMER_CONTROL = TIMER_ONCE; /* before the first load: a timer of 16 bits would take no more */
	PIC_ENABLE = PIC_TIMER;
	PIC_FIQ_ENABLE = PIC_TIMER;
	for (uint32_t i = 0; i < parameters.count; i++) {
		case_run(parameters.first + i);
		if (parameters.in_full)
			put('\n');
		put_hex(hash);
		put('\n');
	}
	put_text("done\n");
}
