/* SPDX-License-Identifier: Apache-2.0 */
/* What of a virtual CPU and of a persona is the ARM1136's: an r0p2, without thread-ID registers. */
#ifndef VEIL_ARCH_VCPU_H
#define VEIL_ARCH_VCPU_H

#include <veil/types.h>

#define ARCH_ALARMS true /* sched_alarm() is called */
#define ARCH_SINGLE_CPU true /* there is one CPU, and a guest has one */
#define ARCH_HASH_BYTES 64 /* of SHA-256 at once while guests run */
#define ARCH_FIXED_FREQUENCY true /* arch_time_frequency() is a number when Veil is compiled */

struct shadow;

/* Banks of r13, r14 and SPSR (Arm DDI 0100I, A2.4), in the order of arch/armv6/psr.h. */
enum bank {
	BANK_USER = 0, /* user and system mode; it has no SPSR */
	BANK_FIQ = 1,
	BANK_IRQ = 2,
	BANK_SUPERVISOR = 3,
	BANK_ABORT = 4,
	BANK_UNDEFINED = 5,
	BANK_COUNT = 6
};

struct banked_registers {
	uint32_t r13, r14, spsr;
};

/* CP15 as the guest wrote it: unchecked. What reads as fixed is not kept (p15.c). */
struct p15_registers {
	uint32_t sctlr; /* c1 control: B (big-endian words) is always 0 */
	uint32_t cpacr;
	uint32_t ttbr[2];
	uint32_t ttbcr;
	uint32_t dacr;
	uint32_t dfsr, ifsr, far, ifar;
	uint32_t fcse; /* c13, process ID: bits 31..25 */
	uint32_t contextidr; /* bits 7..0: ASID */
};

struct vfp_registers {
	uint64_t d[16];
	uint32_t fpscr, fpinst, fpinst2;
	uint32_t fpexc; /* EN as the guest has it; EX is the unit's while that holds these */
};

struct arch_vcpu {
	/* entry.S relies on these being first, in this order. r[13], r[14] are those of the virtual mode; r[15] is the address of the next
	 * instruction; cpsr holds the real CPSR's bits, which are the guest's but for mode and masks: virtual_cpsr() has them all. */
	uint32_t r[16];
	uint32_t cpsr;
	uint32_t scratch; /* of the abort vector */
	/* The guest's mode and its A, I and F bits, where a CPSR has them (PSR_VIRTUAL). */
	uint32_t mode;
	/* Inputs of the virtual CPU: PSR_I, the interrupt controller's IRQ is high; PSR_F, its FIQ. Set by guest_lines(). */
	uint32_t lines;
	struct p15_registers p15; /* near, where Thumb code reaches it by one instruction */
	bool tables_stale; /* the tables in force are not those of its mode: shadow_load() before it goes on */
	bool access_again; /* a device had no time to answer: load_store() gives up, and the instruction is made again */
	bool exclusive; /* an emulated load-exclusive was the last one; no exception of the guest's since (load_store.c) */
};

/* Behind all else of a virtual CPU, where it is out of the way of what is used more often. */
struct arch_vcpu_rest {
	struct banked_registers banks[BANK_COUNT]; /* the one of the virtual mode: its SPSR only, r13 and r14 are in r[] */
	uint32_t fiq_r8[5]; /* r8..r12 of FIQ mode; while that is the mode, of all the others */
	struct vfp_registers vfp;
};

struct arch_persona {
	struct shadow *shadow;
	uint8_t *pages; /* enum page_state of each */
	const uint32_t *patches; /* the words that were replaced by `svc` in the guest's image; Veil's own, checked memory */
	uint32_t patch_count;
};

#endif
