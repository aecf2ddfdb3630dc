/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle: random cases of what a guest of an Integrator/CP can do, whose outcome is a number each. The same program runs on a bare
 * one and as a persona; where the numbers differ, Veil's ARM1136 is not one.
 *
 *   0x00000000  the program; vectors at 0, or at VECTORS_COPY for those at 0xffff0000
 *   0x00100000  what is saved when a stream of instructions stops
 *   0x00200000  translation tables
 *   0x00300000  memory that streams work in; CODE_PLACE in it: the stream itself
 *
 * It works in FIQ mode with the MMU off, so that all other modes' registers belong to the streams. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#define SAVED 0x00100000
#define TABLES 0x00200000
#define MEMORY 0x00300000
#define MEMORY_BYTES 0x8000 /* made anew for each case */
#define CODE_PLACE 0x0030e000
#define CODE_ADDRESS 0x1000e000 /* while the MMU is on */
#define VECTORS_COPY 0x8000
#define VECTORS_HIGH 0xffff0000
#define UNDEFINED 0xe7fddef1 /* in Arm and in Thumb state */
#define STREAM_LENGTH 14

#define MODE_USER 0x10
#define MODE_FIQ 0x11
#define MODE_SUPERVISOR 0x13
#define MODE_SYSTEM 0x1f
#define PSR_T 0x20
#define PSR_KNOWN 0xf80f03ffU
#define PSR_MASKS 0x1c0

#define SCTLR_FIXED 0x00050078
#define SCTLR_M 1
#define SCTLR_A 2
#define SCTLR_S 0x100
#define SCTLR_R 0x200
#define SCTLR_V 0x2000
#define SCTLR_U 0x400000
#define SCTLR_XP 0x800000

/* boot.S relies on this order. */
struct saved {
	uint32_t r[16]; /* 13 and 14 of the stream's mode; 15: where it goes on */
	uint32_t cpsr;
	uint32_t sctlr, fcse;
	uint32_t sp; /* of the program */
	/* Why the stream stopped */
	uint32_t kind; /* its vector */
	uint32_t link;
	uint32_t dfsr, ifsr, far;
};

#define saved ((volatile struct saved *)SAVED)

/* Lets the stream run until an exception. */
void stream_run(void);

extern const uint32_t handlers[8];

/* A mode's r13, r14 and SPSR; `mode` with interrupts off. */
void bank_set(uint32_t mode, uint32_t r13, uint32_t r14, uint32_t spsr);

/* Words of instructions that only privileged modes have and that do not trap in user mode: in a persona, what replaces them. */
extern const uint32_t palette[], palette_memory[], palette_spsr[], palette_spsr_only[], palette_end[], palette_returns[2];

/* ---- Random numbers, of each case its own ---- */
uint32_t random_word(void);
uint32_t random_below(uint32_t count);
static inline bool one_in(uint32_t count)
{
	return random_below(count) == 0;
}

/* ---- tables.c ---- */
void tables_make(bool has_xp, uint32_t fcse); /* and puts TTBR, TTBCR, DACR and the ASID where they belong */
uint32_t tables_address(void); /* one that may be mapped */

/* ---- streams.c ---- */
struct kind {
	bool is_mapped; /* the MMU is on: loads and stores go to memory or fault */
	bool is_privileged, has_spsr;
	bool may_store, is_thumb;
	bool returns; /* as from an exception, to the instruction that follows; nothing jumps then */
};
void stream_make(const struct kind *kind);
uint32_t stream_end(bool is_thumb); /* bytes of it */

#endif
