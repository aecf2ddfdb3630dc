/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's own translation tables, walked as an ARM1136 r0p2 walks them (Arm DDI 0100I, B4): to what guest-physical address an access
 * goes, what else is allowed there, or how it faults. */
#ifndef VEIL_WALK_H
#define VEIL_WALK_H

#include <veil/cpu.h>

enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_FETCH
};

/* Of an access, by its number. */
enum right {
	RIGHT_READ = 1U << ACCESS_READ,
	RIGHT_WRITE = 1U << ACCESS_WRITE, /* never without RIGHT_READ */
	RIGHT_EXECUTE = 1U << ACCESS_FETCH /* never without RIGHT_READ */
};

#define ALL_RIGHTS (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE)

/* What APX:AP gives (table B4-1) unless SCTLR.S or R is set: enum right for each value, four bits each. Execution needs the right to read. */
static inline uint32_t walk_rights(uint32_t ap, bool privileged)
{
	return (privileged ? 0x05507770U : 0x05007500U) >> (4 * ap) & ALL_RIGHTS;
}

/* Fault status (B4.6.1): 11 the access was a write  10, 3..0 status  7..4 domain. */
enum fault_status {
	FSR_ALIGNMENT = 0x1,
	FSR_TRANSLATION_SECTION = 0x5,
	FSR_TRANSLATION_PAGE = 0x7,
	FSR_EXTERNAL = 0x8, /* no memory and no device is there */
	FSR_DOMAIN_SECTION = 0x9,
	FSR_DOMAIN_PAGE = 0xb,
	FSR_EXTERNAL_SECTION = 0xc, /* the table lies outside the guest's RAM */
	FSR_PERMISSION_SECTION = 0xd,
	FSR_EXTERNAL_PAGE = 0xe,
	FSR_PERMISSION_PAGE = 0xf
};
#define FSR_WRITE 0x800U

enum walk_result {
	WALK_OK,
	WALK_FAULT, /* `fsr` */
	WALK_UNBUILT /* the table at guest-physical `physical` lies in RAM that is not built yet: build it and walk again */
};

struct translation {
	uint32_t physical; /* of the address itself */
	uint32_t fsr;
	uint8_t size; /* log2 of the bytes for which all of this holds */
	uint8_t rights; /* enum right, for the privilege that was asked for */
	uint8_t page_rights; /* what is allowed in all of the 4 KiB page: less than `rights` if its subpages differ */
	bool is_global; /* whatever the ASID is */
};

/* Each descriptor is read once; nothing is changed. `address` is what the instruction uses, before FCSE. */
enum walk_result walk(const struct vcpu *v, uint32_t address, enum access access, bool privileged, struct translation *out);

/* The modified virtual address: what FCSE makes of it (B8.2), and what FAR shows. */
uint32_t walk_modified(const struct vcpu *v, uint32_t address);

#endif
