/* SPDX-License-Identifier: Apache-2.0 */
/* Text and bytes, with bounds. */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_BYTES 512

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
void text_copy(void *to, const void *from, size_t size);
void text_clear(void *bytes, size_t size); /* also where nobody looks at them any more */

/* Text put together piece by piece; what does not fit marks it as too long. */
struct text {
	size_t length;
	bool is_too_long;
	char bytes[PATH_BYTES];
};

void text_add(struct text *text, const char *more);
void text_add_number(struct text *text, uint32_t number);
struct text text_join(const char *a, const char *b, const char *c);

/* A name that is one part of a path and nothing special there: 1 to `most` letters, digits and `._-`, the first no dot. */
bool text_is_name(const char *name, size_t most);

#endif
