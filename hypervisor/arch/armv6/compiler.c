/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler calls by name because this CPU has no instructions for it: atomic operations on 64 bits, and the end of divisions by
 * zero. There is one CPU, and nothing interrupts Veil on it, so the atomic ones are plain. */
#include <veil/types.h>

#include "core/log.h"

uint64_t atomic_load_8(const uint64_t *from, int order) __asm__("__atomic_load_8");
void atomic_store_8(uint64_t *to, uint64_t value, int order) __asm__("__atomic_store_8");
uint64_t atomic_fetch_sub_8(uint64_t *from, uint64_t value, int order) __asm__("__atomic_fetch_sub_8");
uint64_t atomic_fetch_or_8(uint64_t *from, uint64_t value, int order) __asm__("__atomic_fetch_or_8");
bool atomic_compare_exchange_8(uint64_t *at, uint64_t *expected, uint64_t wanted, int success,
			       int failure) __asm__("__atomic_compare_exchange_8");
_Noreturn void divided_by_zero(void) __asm__("__aeabi_ldiv0");
_Noreturn void divided_word_by_zero(void) __asm__("__aeabi_idiv0");

uint64_t atomic_load_8(const uint64_t *from, int order)
{
	(void)order;
	return *(const volatile uint64_t *)from;
}

void atomic_store_8(uint64_t *to, uint64_t value, int order)
{
	(void)order;
	*(volatile uint64_t *)to = value;
}

uint64_t atomic_fetch_sub_8(uint64_t *from, uint64_t value, int order)
{
	uint64_t before = *from;

	(void)order;
	*from = before - value;
	return before;
}

uint64_t atomic_fetch_or_8(uint64_t *from, uint64_t value, int order)
{
	uint64_t before = *from;

	(void)order;
	*from = before | value;
	return before;
}

bool atomic_compare_exchange_8(uint64_t *at, uint64_t *expected, uint64_t wanted, int success, int failure)
{
	bool same = *at == *expected;

	(void)success;
	(void)failure;
	*(same ? at : expected) = same ? wanted : *at;
	return same;
}

void divided_by_zero(void)
{
	panic("division by zero; called near", (uintptr_t)__builtin_return_address(0));
}

void divided_word_by_zero(void)
{
	divided_by_zero();
}
