/* SPDX-License-Identifier: Apache-2.0 */
/* Veil's log: short records in a ring, read over the control channel. No formatting language: a text and up to two numbers. */
#ifndef VEIL_LOG_H
#define VEIL_LOG_H

#include <veil/abi.h>
#include <veil/types.h>

#define LOG_TEXT_BYTES 80
#define LOG_RECORD_COUNT 64

struct log_record {
	struct veil_log_header header;
	uint32_t length;
	char text[LOG_TEXT_BYTES];
};

/* `persona` is an index or VEIL_NO_PERSONA. */
void log_text(uint32_t persona, const char *text);
void log_number(uint32_t persona, const char *text, uint64_t number); /* "text 0xnumber" */

/* Puts a text behind what is in `to`, LOG_TEXT_BYTES at most; how long it is then. */
uint32_t log_append(char to[LOG_TEXT_BYTES], uint32_t length, const char *text);

/* Copies the first record numbered `from` or later; false if there is none. */
bool log_read(uint32_t from, struct log_record *record);
uint32_t log_next(void); /* the number the next record will have */

/* Unframed, and remembered where a board has a place for that: "what text 0xnumber". */
void log_last_words(const char *what, const char *text, uint64_t number);

/* Stops the handset: isolation can no longer be vouched for. Prints the text unframed, then powers off. */
_Noreturn void panic(const char *text, uint64_t number);

#endif
