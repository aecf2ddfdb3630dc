/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's memory by its own addresses. The real MMU checks each access against the tables the guest runs on, in user mode's name: what
 * Veil has mapped for itself is out of reach, whatever the address. */
#include "exception.h"
#include "guest.h"
#include "guest_cache.h"
#include "mmu.h"
#include "psr.h"

#include <veil/arch.h>

#define SET_WAY 0xc0001fe0U /* a line's way and set: up to four of each 256 */

/* An access may need an entry for itself, and pages that its tables lie in; more than these tries, and something else goes on. */
#define TRIES 4

/* Those of its mode, or user mode's whatever the mode: then they are stale for the guest itself. */
static void tables_in_force(struct vcpu *v, bool as_user)
{
	bool are_others = as_user && guest_is_privileged(v);

	if (likely(!are_others && !v->arch.tables_stale && !mmu_is_full))
		return;
	v->arch.tables_stale = are_others;
	shadow_load(v, as_user);
}

/* Halfwords cannot be accessed in user mode's name. They are seldom: the guest's own instruction does it, once there is an entry. */
static bool attempt(struct guest_access *a)
{
	uint64_t result;

	if (a->size == 2)
		return false;
	if (a->is_write)
		return a->size == 1 ? entry_store_byte(a->address, a->value) : entry_store_word(a->address, a->value);
	result = a->size == 1 ? entry_load_byte(a->address) : entry_load_word(a->address);
	if (is_loaded(result))
		a->value = (uint32_t)result;
	return is_loaded(result);
}

static COLD enum guest_result access_slowly(struct vcpu *v, struct guest_access *a, struct guest_fault *fault)
{
	struct shadow_fault refused;

	for (uint32_t i = 0; i < TRIES; i++) {
		switch (shadow_fault(v, a->address, a->is_write ? ACCESS_WRITE : ACCESS_READ, guest_is_privileged(v) && !a->as_user,
				     &refused)) {
		case SHADOW_FILLED:
			break;
		case SHADOW_GUEST:
			*fault = (struct guest_fault){.address = refused.address, .fsr = refused.fsr};
			return GUEST_FAULT;
		default:
			return guest_access_by_hand(v, a, fault);
		}
		tables_in_force(v, a->as_user);
		if (attempt(a))
			return GUEST_DONE;
	}
	return GUEST_AGAIN;
}

enum guest_result guest_access(struct vcpu *v, struct guest_access *a, struct guest_fault *fault)
{
	tables_in_force(v, a->as_user);
	return likely(attempt(a)) ? GUEST_DONE : access_slowly(v, a, fault);
}

COLD bool guest_instruction(struct vcpu *v, uint32_t address, uint32_t *instruction)
{
	struct guest_access a = {.address = address & ~3U, .value = 0, .size = 4, .is_write = false, .as_user = false};
	struct guest_fault fault;

	if (guest_access(v, &a, &fault) != GUEST_DONE)
		return false;
	*instruction = v->arch.cpsr & PSR_T ? (address & 2 ? a.value >> 16 : a.value & 0xffff) : a.value;
	return true;
}

/* ---- Cache maintenance (Arm DDI 0211, 3.3.17) ---- */

static COLD bool line_is_filled(struct vcpu *v, uint32_t address)
{
	struct shadow_fault fault;
	bool is_filled = shadow_fault(v, address, ACCESS_READ, guest_is_privileged(v), &fault) == SHADOW_FILLED;

	tables_in_force(v, false);
	return is_filled;
}

/* By address it goes through the tables: an entry may have to be made for it first. entry.S has a short way for most of them. */
static COLD void line(struct vcpu *v, uint32_t address, bool (*operation)(uint32_t address))
{
	tables_in_force(v, false);
	if (unlikely(!operation(address)) && line_is_filled(v, address))
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

/* Not in line, here and below: Thumb code has no such instruction. */
NOINLINE void guest_cache_data_set_way(uint32_t set_way)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c14, 2" : : "r"(set_way & SET_WAY) : "memory");
}

NOINLINE void guest_cache_data(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c14, 0" : : "r"(0) : "memory");
}
