/* SPDX-License-Identifier: Apache-2.0 */
/* Console and reports of the test guests, and small things. */
#include "report.h"

#include <stdarg.h>

bool on_veil;

/* ---- Console ---- */

static void print_number(uint64_t value, unsigned base)
{
	char digits[24];
	int n = 0;
	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		print_char(digits[--n]);
}

static void print_list(const char *format, va_list list)
{
	for (; *format; format++) {
		if (*format == '\n')
			print_char('\r');
		if (*format != '%') {
			print_char(*format);
			continue;
		}
		switch (*++format) {
		case 's':
			for (const char *s = va_arg(list, const char *); *s; s++)
				print_char(*s);
			break;
		case 'd': {
			int64_t value = va_arg(list, int64_t);
			if (value < 0)
				print_char('-');
			print_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
			break;
		}
		case 'u':
			print_number(va_arg(list, uint64_t), 10);
			break;
		case 'x':
			print_number(va_arg(list, uint64_t), 16);
			break;
		case 'c':
			print_char((char)va_arg(list, int));
			break;
		default:
			print_char('%');
		}
	}
}

void print(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	print_list(format, list);
	va_end(list);
}

/* ---- Reports ---- */

static uint64_t passed, failed;

static void report_list(bool condition, const char *format, va_list list)
{
	print(condition ? "PASS: " : "FAIL: ");
	print_list(format, list);
	print("\n");
	if (condition)
		passed++;
	else
		failed++;
}

void report(bool condition, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	report_list(condition, format, list);
	va_end(list);
}

void report_on_veil(bool condition, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	if (on_veil) {
		report_list(condition, format, list);
	} else {
		print("VEIL ONLY: ");
		print_list(format, list);
		print("\n");
	}
	va_end(list);
}

void finish(void)
{
	print("SUMMARY: %u passed, %u failed\n", passed, failed);
	switch_off();
}

/* ---- Small things ---- */

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void *memset(void *to, int value, size_t size)
{
	for (volatile uint8_t *p = to; size; size--)
		*p++ = (uint8_t)value;
	return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
	volatile uint8_t *t = to;
	for (const uint8_t *f = from; size; size--)
		*t++ = *f++;
	return to;
}
