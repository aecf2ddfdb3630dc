/* SPDX-License-Identifier: Apache-2.0 */
/* Shadow tables: what the real MMU walks while a guest runs. They hold what the guest's own tables allow, as far as the guest has used
 * it, like a big TLB: filled on faults, forgotten by the guest's own TLB maintenance, never written by anything a guest can do.
 *
 * For each of a guest's address spaces (an ASID and FCSE PID, or MMU off) there are two first-level tables, its views: what privileged modes
 * may do and what user mode may do. Each view has a real ASID of its own, and no entry is global. */
#ifndef VEIL_SHADOW_H
#define VEIL_SHADOW_H

#include <veil/cpu.h>

#include "walk.h"

#define SHADOW_SPACES 8 /* address spaces of a persona that are remembered at a time */
#define SHADOW_TABLES 255 /* second-level tables of a persona */

/* Bytes of memory outside the window that each persona's tables take: two first-level tables a space, with two second-level tables each
 * that are never given to another MiB; and the others. */
#define SHADOW_POOL_BYTES (SHADOW_SPACES * 2 * (16384 + 2048) + SHADOW_TABLES * 1024)

/* At boot. False: too little memory. */
bool shadow_init(struct persona *persona);
/* For a virtual CPU that begins anew. */
void shadow_reset(struct vcpu *v);

/* The guest's SCTLR, TTBR, TTBCR, DACR, CONTEXTIDR or FCSE, or its privilege, is another one: what the shadows hold of the old ones goes
 * where an ARM1136 would not use it any more, and the view to run on is chosen. Loads nothing. */
void shadow_context(struct vcpu *v);
/* Puts the view of the guest's mode, or user mode's whatever its mode is, in force. */
void shadow_load(struct vcpu *v, bool as_user);

/* The guest's TLB operations; more may be forgotten than is asked for. `mva` as the guest's register has it: bits 7..0 are an ASID. */
void shadow_forget_all(struct persona *persona);
void shadow_forget_asid(struct vcpu *v, uint32_t asid);
void shadow_forget_page(struct vcpu *v, uint32_t mva);

enum shadow_result {
	SHADOW_FILLED, /* the access can be made again */
	SHADOW_GUEST, /* the guest's own tables forbid it, or there is nothing to fetch: `fsr`, `address` for its fault registers */
	SHADOW_DEVICE, /* allowed, but guest-physical `physical` is not RAM: a device's register, if one is there. Never for fetches */
	SHADOW_UNSURE, /* only of shadow_quick(): nothing was done */
	SHADOW_EMULATE /* allowed, and `physical` is RAM, but no entry can say so: a hidden page, or subpages that differ. Never for fetches */
};

struct shadow_fault {
	uint32_t address; /* modified virtual address */
	uint32_t physical;
	uint32_t fsr; /* FSR_WRITE included */
};

/* The real MMU refused the loaded guest an access at `address`: fills what may be filled. May return before memory is built, when an
 * interrupt waits: the access then faults again. */
enum shadow_result shadow_fault(struct vcpu *v, uint32_t address, enum access access, bool privileged, struct shadow_fault *out);

/* The same for the most common faults of the loaded guest in the mode it has: SHADOW_FILLED, SHADOW_GUEST, or else SHADOW_UNSURE. */
enum shadow_result shadow_quick(struct vcpu *v, uint32_t address, enum access access, struct shadow_fault *out);

/* Counted since boot. */
struct shadow_counts {
	uint32_t fills, reclaims; /* entries made; times that tables ran out and all were forgotten */
	uint32_t spaces; /* times another address space took the place of one */
};
const struct shadow_counts *shadow_counts(const struct persona *persona);

#endif
