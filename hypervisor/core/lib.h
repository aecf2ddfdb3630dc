/* SPDX-License-Identifier: Apache-2.0 */
/* The little of a C library that Veil needs. */
#ifndef VEIL_LIB_H
#define VEIL_LIB_H

#include <veil/abi.h>
#include <veil/types.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

/* Of a few bytes known to the compiler it makes a few instructions: freestanding code has to ask for that. The tests have names of their own. */
#ifndef memcpy
#define memcpy(to, from, size) __builtin_memcpy(to, from, size)
#define memset(to, value, size) __builtin_memset(to, value, size)
#endif

wide_bool bytes_are_zero(const void *bytes, size_t size);

/* Printable ASCII, 1 to VEIL_NAME_BYTES-1 characters, then NULs only. */
wide_bool name_is_valid(const uint8_t name[VEIL_NAME_BYTES]);

#endif
