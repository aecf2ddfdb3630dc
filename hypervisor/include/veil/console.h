/* SPDX-License-Identifier: Apache-2.0 */
/* The board's one serial line, as the core uses it; devices/ holds a driver for each kind of UART. */
#ifndef VEIL_CONSOLE_H
#define VEIL_CONSOLE_H

#include <veil/types.h>

void console_init(void);
void console_putc(uint8_t byte); /* waits for room */
void console_puts(const char *text);
bool console_getc(uint8_t *byte); /* false: nothing there */

#endif
