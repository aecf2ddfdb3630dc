/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files that another persona chose, made into names that are nothing else. */
#ifndef AGENT_NAMES_H
#define AGENT_NAMES_H

#include "text.h"

#define CLEAN_BYTES 128 /* of a clean name, with its NUL */

/* One part of a path, of 1 to 127 bytes of UTF-8. What is no letter, digit or one of ` ._-+,=@()` becomes `_`: separators, control
 * characters, and what a shell or a terminal would take for more than a character. It begins with no dot, dash or space, and ends with
 * no dot or space. */
void name_clean(char clean[CLEAN_BYTES], const uint8_t *bytes, size_t size);

/* `report.pdf` and 2: `report-2.pdf` */
struct text name_numbered(const char *name, uint32_t number);

#endif
