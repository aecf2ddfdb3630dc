/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a test guest needs from the flattened device tree: memory, framebuffer, processors, boot arguments, initial file system. */
#include "report.h"

uint64_t ram_size, device_tree, device_tree_size, initrd_start, initrd_end, framebuffer, framebuffer_size;
uint32_t cpu_count;

static char boot_arguments[1024];

static uint32_t big32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t big64(const uint8_t *p)
{
	return (uint64_t)big32(p) << 32 | big32(p + 4);
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static bool begins(const char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return false;
	return true;
}

void device_tree_read(uint64_t address)
{
	const uint8_t *tree = (const uint8_t *)(uintptr_t)address;
	ram_size = 64 << 20;
	cpu_count = 1;
	if (!tree || big32(tree) != 0xd00dfeed)
		return;
	device_tree = address;
	device_tree_size = big32(tree + 4);
	const uint8_t *p = tree + big32(tree + 8);
	const char *strings = (const char *)tree + big32(tree + 12);
	const char *node = "";
	uint32_t cpus = 0;
	for (;;) {
		uint32_t token = big32(p);
		p += 4;
		if (token == 1) { /* FDT_BEGIN_NODE */
			node = (const char *)p;
			if (begins(node, "cpu@"))
				cpus++;
			while (*p)
				p++;
			p += 4 - (uintptr_t)p % 4;
		} else if (token == 3) { /* FDT_PROP */
			uint32_t length = big32(p);
			const char *name = strings + big32(p + 4);
			const uint8_t *value = p + 8;
			if (begins(node, "memory") && same(name, "reg") && length >= 16)
				ram_size = big64(value + 8);
			if (begins(node, "framebuffer@") && same(name, "reg") && length >= 16) {
				framebuffer = big64(value);
				framebuffer_size = big64(value + 8);
			}
			if (same(name, "linux,initrd-start"))
				initrd_start = length == 8 ? big64(value) : big32(value);
			if (same(name, "linux,initrd-end"))
				initrd_end = length == 8 ? big64(value) : big32(value);
			if (same(name, "bootargs"))
				for (uint32_t i = 0; i < length && i < sizeof boot_arguments - 1; i++)
					boot_arguments[i] = (char)value[i];
			p = value + (length + 3) / 4 * 4;
		} else if (token == 9) { /* FDT_END */
			break;
		}
	}
	if (cpus)
		cpu_count = cpus;
}

uint64_t argument(const char *name, uint64_t otherwise)
{
	size_t length = 0;
	while (name[length])
		length++;
	for (const char *word = boot_arguments; *word; word++) {
		if ((word != boot_arguments && word[-1] != ' ') || !begins(word, name) || word[length] != '=')
			continue;
		const char *digits = word + length + 1;
		unsigned base = 10;
		if (digits[0] == '0' && digits[1] == 'x') {
			digits += 2;
			base = 16;
		}
		uint64_t value = 0;
		for (;; digits++) {
			char c = *digits;
			unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 99u;
			if (digit >= base)
				return value;
			value = value * base + digit;
		}
	}
	return otherwise;
}
