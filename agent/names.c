/* SPDX-License-Identifier: Apache-2.0 */
/* Clean names of files. */
#include "names.h"

struct range {
	uint32_t first, last;
};

/* Beyond ASCII: what is not seen, changes the direction of what is, or is no character. */
static const struct range unseen[] = {
	{0x80, 0xbf},	  {0x34f, 0x34f},   {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
	{0x180b, 0x180f}, {0x2000, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
	{0xd800, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0x10ffff},
};

/* The character that begins there, and in how many bytes; 0: none does. (RFC 3629) */
static size_t character(const uint8_t *bytes, size_t size, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800};
	size_t length = bytes[0] < 0x80 ? 1 : (bytes[0] & 0xe0) == 0xc0 ? 2 : (bytes[0] & 0xf0) == 0xe0 ? 3 : 0;

	if (!length || length > size)
		return 0;
	*code = length == 1 ? bytes[0] : length == 2 ? bytes[0] & 0x1f : bytes[0] & 0xf;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (bytes[i] & 0x3f);
	}
	return *code >= least[length] ? length : 0;
}

static bool is_plain(uint32_t code)
{
	static const char marks[] = " ._-+,=@()";

	if (code >= 0x80) {
		for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
			if (code >= unseen[i].first && code <= unseen[i].last)
				return false;
		return true;
	}
	for (size_t i = 0; marks[i]; i++)
		if (code == (uint8_t)marks[i])
			return true;
	return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9');
}

void name_clean(char clean[CLEAN_BYTES], const uint8_t *bytes, size_t size)
{
	size_t length = 0, step;

	for (size_t at = 0; at < size; at += step) {
		uint32_t code = 0;
		bool is_good;

		step = character(bytes + at, size - at, &code);
		is_good = step && is_plain(code);
		if (!step)
			step = 1;
		if (length + (is_good ? step : 1) >= CLEAN_BYTES)
			break;
		if (is_good)
			text_copy(clean + length, bytes + at, step);
		else
			clean[length] = '_';
		length += is_good ? step : 1;
	}
	if (!length)
		clean[length++] = '_';
	if (clean[0] == '.' || clean[0] == '-' || clean[0] == ' ')
		clean[0] = '_';
	if (clean[length - 1] == '.' || clean[length - 1] == ' ')
		clean[length - 1] = '_';
	clean[length] = 0;
}

struct text name_numbered(const char *name, uint32_t number)
{
	size_t end = text_length(name), dot = end;
	struct text text = text_join("", "", "");

	for (size_t i = 1; i < end; i++)
		if (name[i] == '.')
			dot = i;
	for (size_t i = 0; i < dot; i++)
		text_add(&text, (const char[]){name[i], 0});
	text_add(&text, "-");
	text_add_number(&text, number);
	text_add(&text, name + dot);
	return text;
}
