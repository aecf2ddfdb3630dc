/* SPDX-License-Identifier: Apache-2.0 */
/* Text and bytes. */
#include "text.h"

size_t text_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

void text_copy(void *to, const void *from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (size--)
		*t++ = *f++;
}

void text_clear(void *bytes, size_t size)
{
	volatile uint8_t *b = bytes;

	while (size--)
		*b++ = 0;
}

void text_add(struct text *text, const char *more)
{
	for (; *more; more++) {
		if (text->length + 1 >= sizeof(text->bytes)) {
			text->is_too_long = true;
			return;
		}
		text->bytes[text->length++] = *more;
		text->bytes[text->length] = 0;
	}
}

void text_add_number(struct text *text, uint32_t number)
{
	char digits[11];
	size_t at = sizeof(digits) - 1;

	digits[at] = 0;
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	text_add(text, digits + at);
}

struct text text_join(const char *a, const char *b, const char *c)
{
	struct text text;

	text.length = 0;
	text.is_too_long = false;
	text.bytes[0] = 0;
	text_add(&text, a);
	text_add(&text, b);
	text_add(&text, c);
	return text;
}

bool text_is_name(const char *name, size_t most)
{
	size_t length = 0;

	for (; name[length]; length++) {
		char c = name[length];
		bool is_good =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';

		if (!is_good || length >= most)
			return false;
	}
	return length > 0 && name[0] != '.';
}
