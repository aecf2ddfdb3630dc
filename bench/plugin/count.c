/* SPDX-License-Identifier: Apache-2.0 */
/* A QEMU TCG plugin that counts executed instructions by physical address window and logs every marker instruction.
 *
 *   -plugin libcount.so,out=FILE,window=START:SIZE,…,stop=MARK:TIMES
 *
 * A marker is `movz xzr, #0xB0nn`, on 32-bit ARM `bic rH, rH, #0` whose rotation is L, for marker HL below e0 (no effect; in any guest, at any
 * exception level or in any mode, and no compiler makes one). FILE gets a line for each one executed:
 *
 *   mark NN PHYSICAL-ADDRESS TOTAL WINDOW1 WINDOW2 …
 *
 * with the numbers of instructions executed so far in all, and in each window; and a last line `end …` or `stop …`. Windows are physical
 * address ranges (hexadecimal); the code a hypervisor runs is where its image was loaded, whatever its virtual addresses. With stop= QEMU
 * ends at once when marker MARK (hexadecimal) was executed TIMES times. Instructions are counted one by one, hence exactly, also where
 * an exception leaves a block in its middle. */
#include "qemu_plugin_api.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
enum {
	MAX_WINDOWS = 8
};

EXPORT int qemu_plugin_version = 1;

static FILE *out;
static uint64_t elsewhere, counts[MAX_WINDOWS];
static struct {
	uint64_t start, size;
} windows[MAX_WINDOWS];
static int window_count;
static unsigned long stop_mark = ~0ul, stop_times;
static char *ram; /* host address of guest-physical 0: known from the first instruction, which runs from RAM before there is an MMU */
static bool is_arm; /* 32-bit */

static void print_counts(void)
{
	uint64_t total = elsewhere;
	for (int i = 0; i < window_count; i++)
		total += counts[i];
	fprintf(out, " %llu", (unsigned long long)total);
	for (int i = 0; i < window_count; i++)
		fprintf(out, " %llu", (unsigned long long)counts[i]);
	fputc('\n', out);
}

struct marker {
	unsigned number;
	uint64_t address;
};

static void on_marker(unsigned int cpu, void *data)
{
	struct marker *marker = data;
	(void)cpu;
	fprintf(out, "mark %02x %llx", marker->number, (unsigned long long)marker->address);
	print_counts();
	if (marker->number == stop_mark && --stop_times == 0) {
		fputs("stop 0 0", out);
		print_counts();
		fclose(out);
		_exit(0);
	}
}

/* Whether an instruction is a marker, and which. */
static bool is_marker(uint32_t word, unsigned *number)
{
	if (!is_arm) {
		*number = word >> 5 & 0xff;
		return (word & ~(0xffu << 5)) == 0xd296001f;
	}
	unsigned of = word >> 16 & 15, to = word >> 12 & 15;
	*number = to << 4 | (word >> 8 & 15);
	return (word & 0xfff000ffu) == 0xe3c00000 && of == to && to < 14;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	size_t length = qemu_plugin_tb_n_insns(tb);
	for (size_t n = 0; n < length; n++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, n);
		char *host = qemu_plugin_insn_haddr(insn);
		if (ram == NULL && host != NULL)
			ram = host - qemu_plugin_insn_vaddr(insn);
		uint64_t physical = ram != NULL && host != NULL ? (uint64_t)(host - ram) : 0;
		uint64_t *counter = &elsewhere;
		for (int i = 0; i < window_count; i++)
			if (physical - windows[i].start < windows[i].size)
				counter = &counts[i];
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
		uint32_t word = 0;
		unsigned number;
		if (qemu_plugin_insn_size(insn) == sizeof word)
			memcpy(&word, qemu_plugin_insn_data(insn), sizeof word);
		if (is_marker(word, &number)) {
			struct marker *marker = malloc(sizeof *marker); /* as many as there are marked places, times retranslations */
			*marker = (struct marker){number, physical};
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_PLUGIN_CB_NO_REGS, marker);
		}
	}
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	fputs("end 0 0", out);
	print_counts();
	fclose(out);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	is_arm = strcmp(info->target_name, "arm") == 0;
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL)
			return -1;
		value++;
		if (strncmp(argv[i], "out=", 4) == 0) {
			out = fopen(value, "w");
		} else if (strncmp(argv[i], "window=", 7) == 0 && window_count < MAX_WINDOWS) {
			windows[window_count].start = strtoull(value, &value, 16);
			windows[window_count++].size = *value == ':' ? strtoull(value + 1, NULL, 16) : 0;
		} else if (strncmp(argv[i], "stop=", 5) == 0) {
			stop_mark = strtoul(value, &value, 16);
			stop_times = *value == ':' ? strtoul(value + 1, NULL, 10) : 1;
		} else {
			fprintf(stderr, "count plugin: unknown argument %s\n", argv[i]);
			return -1;
		}
	}
	if (out == NULL) {
		fprintf(stderr, "count plugin: no output file\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
