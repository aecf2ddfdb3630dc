/* SPDX-License-Identifier: Apache-2.0 */
/* What libgcc's divisions call when they divide by zero. */
#include <veil/types.h>

#include "core/log.h"

_Noreturn void divided_by_zero(void) __asm__("__aeabi_ldiv0");
_Noreturn void divided_word_by_zero(void) __asm__("__aeabi_idiv0");

void divided_by_zero(void)
{
	panic("division by zero; called near", (uintptr_t)__builtin_return_address(0));
}

void divided_word_by_zero(void)
{
	panic("division by zero; called near", (uintptr_t)__builtin_return_address(0));
}
