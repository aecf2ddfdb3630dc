/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's memory by its own addresses. The real MMU checks each access against the tables the guest runs on, in user mode's name: what
 * Veil has mapped for itself is out of reach, whatever the address. */
#include "exception.h"
#include "guest.h"
#include "guest_cache.h"
#include "load_store.h"
#include "mmu.h"
#include "psr.h"

#include <veil/arch.h>

#define SET_WAY 0xc0001fe0U /* a line's way and set: up to four of each 256 */

/* An access may need an entry for itself, and pages that its tables lie in; more than these tries, and something else goes on. */
#define TRIES 4

static void tables_in_force(struct vcpu *v)
{
	if (likely(!v->arch.tables_stale && !mmu_is_full))
		return;
	v->arch.tables_stale = false;
	shadow_load(v);
}

/* As user mode, whatever the mode: on the other view, until tables_in_force(). */
static void tables_of(struct vcpu *v, bool as_user)
{
	if (!as_user || !guest_is_privileged(v)) {
		tables_in_force(v);
		return;
	}
	shadow_load_user(v);
	v->arch.tables_stale = true;
}

struct request {
	uint32_t address;
	uint32_t size;
	bool is_write;
	bool as_user;
};

static bool attempt(const struct request *r, uint32_t *value)
{
	uint64_t result;

	if (r->is_write)
		return r->size == 1 ? entry_store_byte(r->address, *value) : entry_store_word(r->address, *value);
	result = r->size == 1 ? entry_load_byte(r->address) : entry_load_word(r->address);
	if (is_loaded(result))
		*value = (uint32_t)result;
	return is_loaded(result);
}

static COLD enum guest_access access_slowly(struct vcpu *v, const struct request *r, uint32_t *value, struct guest_fault *fault)
{
	bool privileged = guest_is_privileged(v) && !r->as_user, done;
	struct shadow_fault refused;

	for (uint32_t i = 0; i < TRIES; i++) {
		switch (shadow_fault(v, r->address, r->is_write ? ACCESS_WRITE : ACCESS_READ, privileged, &refused)) {
		case SHADOW_FILLED:
			break;
		case SHADOW_GUEST:
			*fault = (struct guest_fault){.address = refused.address, .fsr = refused.fsr};
			return GUEST_FAULT;
		default: /* a device or a page that has to be accessed by hand */
			fault->address = r->address;
			done = r->is_write ? load_store_write(v, r->address, r->size, r->as_user, *value, &fault->fsr)
					   : load_store_read(v, r->address, r->size, r->as_user, value, &fault->fsr);
			return done ? GUEST_DONE : GUEST_FAULT;
		}
		tables_of(v, r->as_user);
		if (attempt(r, value))
			return GUEST_DONE;
	}
	return GUEST_AGAIN;
}

enum guest_access guest_load(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t *value, struct guest_fault *fault)
{
	const struct request r = {.address = address, .size = size, .as_user = as_user};

	tables_of(v, as_user);
	return likely(attempt(&r, value)) ? GUEST_DONE : access_slowly(v, &r, value, fault);
}

enum guest_access guest_store(struct vcpu *v, uint32_t address, uint32_t size, bool as_user, uint32_t value, struct guest_fault *fault)
{
	const struct request r = {.address = address, .size = size, .is_write = true, .as_user = as_user};

	tables_of(v, as_user);
	return likely(attempt(&r, &value)) ? GUEST_DONE : access_slowly(v, &r, &value, fault);
}

bool guest_instruction(struct vcpu *v, uint32_t address, uint32_t *instruction)
{
	struct guest_fault fault;
	uint32_t word;

	if (guest_load(v, address & ~3U, 4, false, &word, &fault) != GUEST_DONE)
		return false;
	*instruction = unlikely(v->arch.cpsr & PSR_T) ? (address & 2 ? word >> 16 : word & 0xffff) : word;
	return true;
}

/* ---- Cache maintenance (Arm DDI 0211, 3.3.17) ---- */

/* By address it goes through the tables: an entry may have to be made for it first. */
static void line(struct vcpu *v, uint32_t address, bool (*operation)(uint32_t address))
{
	struct shadow_fault fault;

	tables_in_force(v);
	if (likely(operation(address)) || shadow_fault(v, address, ACCESS_READ, guest_is_privileged(v), &fault) != SHADOW_FILLED)
		return;
	tables_in_force(v);
	operation(address);
}

void guest_cache_data_line(struct vcpu *v, uint32_t address)
{
	line(v, address, entry_clean_line);
}

void guest_cache_instruction_line(struct vcpu *v, uint32_t address)
{
	line(v, address, entry_forget_instruction_line);
}

void guest_cache_data_set_way(uint32_t set_way)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c14, 2" : : "r"(set_way & SET_WAY) : "memory");
}

/* Not in line: Thumb code has no such instruction. */
NOINLINE void guest_cache_data(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c14, 0" : : "r"(0) : "memory");
}

/* Four times: one may be lost in an ARM1136 r0 (erratum 411920); interrupts are off, as its workaround wants. */
void guest_cache_instructions(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c5, 0\n\t"
			 "mcr p15, 0, %0, c7, c5, 0\n\t"
			 "mcr p15, 0, %0, c7, c5, 0\n\t"
			 "mcr p15, 0, %0, c7, c5, 0\n\t"
			 "nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\t"
			 "mcr p15, 0, %0, c7, c5, 6\n\t"
			 "mcr p15, 0, %0, c7, c10, 4\n\t"
			 "mcr p15, 0, %0, c7, c5, 4"
			 :
			 : "r"(0)
			 : "memory");
}
