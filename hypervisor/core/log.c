/* SPDX-License-Identifier: Apache-2.0 */
/* Veil's log ring and its last words. */
#include "log.h"

#include <veil/arch.h>
#include <veil/console.h>
#include <veil/last_run.h>
#include <veil/lock.h>

#include "lib.h"
#include "units.h"

static struct {
	struct lock lock;
	uint32_t next;
	struct log_record records[LOG_RECORD_COUNT];
} log;

uint32_t log_append(char to[LOG_TEXT_BYTES], uint32_t length, const char *text)
{
	while (*text && length < LOG_TEXT_BYTES)
		to[length++] = *text++;
	return length;
}

static uint32_t append_hex(char *to, uint32_t length, uint64_t number)
{
	unsigned shift = 60;

	length = log_append(to, length, " 0x");
	while (shift && !(number >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		if (length < LOG_TEXT_BYTES)
			to[length++] = "0123456789abcdef"[number >> shift & 15];
		if (!shift)
			return length;
	}
}

static void log_add(uint32_t persona, const char *text, const uint64_t *number)
{
	struct log_record *record;

	lock_take(&log.lock);
	record = &log.records[log.next % LOG_RECORD_COUNT];
	record->header = (struct veil_log_header){.sequence = log.next, .persona = persona, .time_ns = ticks_to_ns(arch_time())};
	record->length = log_append(record->text, 0, text);
	if (number)
		record->length = append_hex(record->text, record->length, *number);
	log.next++;
	lock_release(&log.lock);
}

void log_text(uint32_t persona, const char *text)
{
	log_add(persona, text, NULL);
}

NOINLINE void log_number(uint32_t persona, const char *text, uint64_t number)
{
	log_add(persona, text, &number);
}

bool log_read(uint32_t from, struct log_record *record)
{
	bool found;

	lock_take(&log.lock);
	found = from < log.next;
	if (found && log.next - from > LOG_RECORD_COUNT) /* overwritten meanwhile */
		from = log.next - LOG_RECORD_COUNT;
	if (found)
		*record = log.records[from % LOG_RECORD_COUNT];
	lock_release(&log.lock);
	return found;
}

uint32_t log_next(void)
{
	return __atomic_load_n(&log.next, __ATOMIC_RELAXED);
}

void log_last_words(const char *what, const char *text, uint64_t number)
{
	char line[LOG_TEXT_BYTES + 1];

	line[append_hex(line, log_append(line, 0, text), number)] = 0;
	console_puts(what);
	console_puts(line);
	console_puts("\r\n");
	last_run_panic(line);
}

_Noreturn void panic(const char *text, uint64_t number)
{
	log_last_words("\r\nVeil stopped: ", text, number);
	arch_power_off();
}
