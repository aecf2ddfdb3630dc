/* SPDX-License-Identifier: Apache-2.0 */
/* Where the program begins, and what the compiler may call: there is no C library. */
#include "sys.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int __aeabi_idiv0(int result);
long long __aeabi_ldiv0(long long result);
_Noreturn void start_main(const uintptr_t *stack);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (size--)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (t <= f)
		return memcpy(to, from, size);
	while (size--)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	uint8_t *t = to;

	while (size--)
		*t++ = (uint8_t)value;
	return to;
}

/* What libgcc's division calls for a division by zero, instead of the C library's raise(): there is none here. */
int __aeabi_idiv0(int result)
{
	return result;
}

long long __aeabi_ldiv0(long long result)
{
	return result;
}

/* The kernel leaves the count of arguments, then their addresses, on the stack. */
__asm__(".globl _start\n_start:\n\tmov fp, #0\n\tmov lr, #0\n\tmov r0, sp\n\tbic sp, sp, #7\n\tb start_main\n");

_Noreturn void start_main(const uintptr_t *stack)
{
	sys_exit(agent_main((int)stack[0], (char **)(uintptr_t)(stack + 1)));
}
