/* SPDX-License-Identifier: Apache-2.0 */
/* The functions the compiler may call in freestanding code, and two of our own. */
#include "lib.h"

typedef uintptr_t __attribute__((may_alias)) word_t;

void *(memcpy)(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	/* By words where both lie so: descriptors, keys, records. */
	if (((uintptr_t)t | (uintptr_t)f) % sizeof(word_t) == 0)
		for (; size >= sizeof(word_t); size -= sizeof(word_t), t += sizeof(word_t), f += sizeof(word_t))
			*(word_t *)t = *(const word_t *)f;
	while (size--)
		*t++ = *f++;
	return to;
}

/* By words: what a persona's devices and registers hold is cleared in one go, with nobody preempting, when it starts. */
void *(memset)(void *to, int value, size_t size)
{
	word_t word = (uint8_t)value * (~(word_t)0 / 255);
	uint8_t *t = to;

	for (; size && (uintptr_t)t % sizeof(word); size--)
		*t++ = (uint8_t)word;
	for (; size >= sizeof(word); size -= sizeof(word), t += sizeof(word))
		*(word_t *)t = word;
	while (size--)
		*t++ = (uint8_t)word;
	return to;
}

/* A word at any address. port.mk says where that is not one instruction. */
#ifndef LOOSE_WORDS
#define LOOSE_WORDS true
#endif
struct loose_word {
	uintptr_t value;
} __attribute__((packed, may_alias));

/* By words as long as they are equal, as what is compared mostly is: addresses of frames. */
int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	while (LOOSE_WORDS && size >= sizeof(word_t) && ((const struct loose_word *)x)->value == ((const struct loose_word *)y)->value) {
		x += sizeof(word_t);
		y += sizeof(word_t);
		size -= sizeof(word_t);
	}
	for (; size; size--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

wide_bool bytes_are_zero(const void *bytes, size_t size)
{
	const uint8_t *b = bytes;
	uint8_t any = 0;

	while (size--)
		any |= *b++;
	return any == 0;
}

wide_bool name_is_valid(const uint8_t name[VEIL_NAME_BYTES])
{
	size_t length = 0;

	while (length < VEIL_NAME_BYTES && name[length] >= 0x20 && name[length] < 0x7f)
		length++;
	return length > 0 && length < VEIL_NAME_BYTES && bytes_are_zero(name + length, VEIL_NAME_BYTES - length);
}
