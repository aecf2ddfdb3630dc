/* SPDX-License-Identifier: Apache-2.0 */
/* What the virtual CPU's instructions need of the machine, as a fake that each test of them includes: 64 KiB of a guest's memory, shadow
 * tables and caches that only count. */
#ifndef CPU_FAKE_H
#define CPU_FAKE_H

#include <string.h>

#include <veil/arch.h>

#include "arch/armv6/emulate.h"
#include "arch/armv6/guest.h"
#include "arch/armv6/guest_cache.h"
#include "arch/armv6/p15.h"
#include "arch/armv6/psr.h"
#include "arch/armv6/sctlr.h"
#include "arch/armv6/shadow_tables.h"
#include "arch/armv6/vfp.h"
#include "core/persona.h"
#include "tests/test.h"

#define FAKE_MEMORY 0x10000U /* where it begins */
#define FAKE_PRIVILEGED 0x18000U /* from here on user mode has no access */
#define FAKE_READ_ONLY 0x1c000U /* and from here on nobody may write */
#define FAKE_END 0x20000U
#define FAKE_CODE 0x8000U /* where the instruction is taken to lie */

static struct persona fake_persona;
static struct shadow fake_shadow;
#define FAKE_VIEW 77U /* nobody has chosen one since the reset */
static struct vcpu fake;
static uint8_t fake_memory[FAKE_END - FAKE_MEMORY];
static struct {
	uint32_t contexts, controls, vfp_controls, waits;
	uint32_t forgot_all, forgot_asid, forgot_page, asid, mva;
	uint32_t data_lines, instruction_lines, set_ways, data, instructions, line;
	bool again; /* an interrupt comes before any access is done */
} fakes;

void shadow_context(struct vcpu *v)
{
	fakes.contexts += v == &fake;
}

void shadow_forget_all(struct persona *p)
{
	fakes.forgot_all += p == &fake_persona;
}

void shadow_forget_asid(struct vcpu *v, uint32_t asid)
{
	fakes.forgot_asid += v == &fake;
	fakes.asid = asid;
}

void shadow_forget_page(struct vcpu *v, uint32_t mva)
{
	fakes.forgot_page += v == &fake;
	fakes.mva = mva;
}

void guest_control(struct vcpu *v)
{
	fakes.controls += v == &fake;
}

void vfp_control(struct vcpu *v)
{
	fakes.vfp_controls += v == &fake;
}

void arch_vcpu_wait(struct vcpu *v)
{
	fakes.waits += v == &fake;
}

void guest_cache_data_line(struct vcpu *v, uint32_t address)
{
	fakes.data_lines += v == &fake;
	fakes.line = address;
}

void guest_cache_instruction_line(struct vcpu *v, uint32_t address)
{
	fakes.instruction_lines += v == &fake;
	fakes.line = address;
}

void guest_cache_data_set_way(uint32_t set_way)
{
	fakes.set_ways++;
	fakes.line = set_way;
}

void guest_cache_data(void)
{
	fakes.data++;
}

void guest_cache_instructions(void)
{
	fakes.instructions++;
}

enum guest_result guest_access(struct vcpu *v, struct guest_access *a, struct guest_fault *fault)
{
	bool is_user = a->as_user || !guest_is_privileged(v);
	uint8_t *at;

	if (fakes.again)
		return GUEST_AGAIN;
	if (!report(a->size == 1 || (a->size == 4 && a->address % 4 == 0), "accesses are aligned"))
		abort();
	if (a->address < FAKE_MEMORY || a->address >= FAKE_END || (is_user && a->address >= FAKE_PRIVILEGED) ||
	    (a->is_write && a->address >= FAKE_READ_ONLY)) {
		bool is_mapped = a->address - FAKE_MEMORY < FAKE_END - FAKE_MEMORY;

		fault->address = a->address;
		fault->fsr = (uint32_t)(is_mapped ? FSR_PERMISSION_PAGE : FSR_TRANSLATION_PAGE) | (a->is_write ? FSR_WRITE : 0);
		return GUEST_FAULT;
	}
	at = fake_memory + (a->address - FAKE_MEMORY);
	if (a->is_write) {
		memcpy(at, &a->value, a->size);
	} else {
		a->value = 0;
		memcpy(&a->value, at, a->size);
	}
	return GUEST_DONE;
}

uint32_t walk_modified(const struct vcpu *v, uint32_t address)
{
	(void)v;
	return address;
}

static inline uint32_t fake_word(uint32_t address)
{
	uint32_t value;

	memcpy(&value, fake_memory + (address - FAKE_MEMORY), 4);
	return value;
}

static inline void fake_set_word(uint32_t address, uint32_t value)
{
	memcpy(fake_memory + (address - FAKE_MEMORY), &value, 4);
}

/* A virtual CPU as after a reset, in a mode, with a number of its own in each register: r0 is 0x100, r1 0x101 ... */
static void fake_reset(uint32_t mode)
{
	fake_persona.arch.shadow = &fake_shadow;
	fake = (struct vcpu){.persona = &fake_persona};
	fake.arch.p15.sctlr = SCTLR_FIXED | SCTLR_U | SCTLR_XP;
	fake.arch.cpsr = PSR_REAL_MODE;
	fake.arch.mode = MODE_SUPERVISOR | PSR_MASKS;
	guest_set_cpsr(&fake, mode | PSR_MASKS);
	for (uint32_t i = 0; i < 15; i++)
		fake.arch.r[i] = 0x100 + i;
	fake.arch.r[15] = FAKE_CODE + 4;
	memset(&fakes, 0, sizeof(fakes));
	fake_shadow.view = FAKE_VIEW;
}

static inline bool fake_was_undefined(void)
{
	return (fake.arch.mode & PSR_MODE) == MODE_UNDEFINED && fake.arch.r[15] == 4 && fake.arch.r[14] == FAKE_CODE + 4;
}

#endif
