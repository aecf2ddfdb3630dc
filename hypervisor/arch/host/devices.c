/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the fake machine: the serial line, the clock, the source of randomness. */
#include <veil/block_source.h>
#include <veil/console.h>
#include <veil/display.h>
#include <veil/input_source.h>
#include <veil/last_run.h>
#include <veil/network_source.h>
#include <veil/platform.h>
#include <veil/random_source.h>
#include <veil/version_place.h>

#include <stdlib.h>

#include "core/lib.h"
#include "machine.h"

void console_init(void)
{
}

void console_putc(uint8_t byte)
{
	if (machine.output_size < MACHINE_SERIAL_BYTES)
		machine.output[machine.output_size++] = byte;
}

void console_puts(const char *text)
{
	while (*text)
		console_putc((uint8_t)*text++);
}

bool console_getc(uint8_t *byte)
{
	if (machine.input_taken == machine.input_size)
		return false;
	*byte = machine.input[machine.input_taken++];
	if (machine.input_taken == machine.input_size)
		machine.input_taken = machine.input_size = 0;
	return true;
}

uint32_t rtc_seconds(void)
{
	return machine.rtc;
}

bool random_source_read(uint8_t *bytes, size_t size)
{
	if (machine.has_random)
		memset(bytes, machine.random, size);
	return machine.has_random;
}

/* ---- What is remembered of a run ---- */

void last_run_begin(void)
{
	machine.run = MACHINE_RUN_BEGUN;
}

void last_run_off(void)
{
	machine.run = MACHINE_RUN_OFF;
}

void last_run_panic(const char *line)
{
	machine.run = MACHINE_RUN_PANIC;
	memset(machine.last_words, 0, sizeof(machine.last_words));
	for (size_t i = 0; line[i] && i < sizeof(machine.last_words) - 1; i++)
		machine.last_words[i] = line[i];
}

/* ---- Display: remembers what is shown ---- */

struct machine_display machine_display;

bool display_init(void)
{
	return true;
}

void display_show(paddr_t pixels, uint32_t format, uint32_t width, uint32_t height, uint32_t stride)
{
	machine_display = (struct machine_display){.pixels = pixels.value,
						   .format = format,
						   .width = width,
						   .height = height,
						   .stride = stride,
						   .shown = machine_display.shown + 1};
}

void display_picture(paddr_t pixels)
{
	display_show(pixels, BOARD_PIXEL_FORMAT, BOARD_DISPLAY_WIDTH, BOARD_DISPLAY_HEIGHT, BOARD_DISPLAY_WIDTH * BOARD_PIXEL_BYTES);
}

/* ---- The version: kept when asked the third time ---- */

bool version_place_is_on_disk(void)
{
	return false;
}

bool version_place_read(uint64_t *version)
{
	*version = machine.version;
	return !machine.has_no_version_place;
}

enum veil_result version_place_write(uint64_t version)
{
	if (++machine.version_steps % 3)
		return VEIL_RESULT_AGAIN;
	if (machine.version_fails)
		return VEIL_RESULT_NOT_KEPT;
	machine.version = version;
	return VEIL_RESULT_OK;
}

/* ---- Input: a keyboard and a tablet that know their names; tests call input_event() ---- */

void input_source_init(void)
{
}

bool input_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

void input_source_step(uint64_t now)
{
	(void)now;
}

uint32_t input_source_config(uint32_t source, uint8_t select, uint8_t subselect, uint8_t data[INPUT_CONFIG_BYTES])
{
	static const char *const names[] = {"keyboard", "tablet"};

	if (select == 1 && subselect == 0) { /* VIRTIO_INPUT_CFG_ID_NAME */
		memcpy(data, names[source], 6);
		return 6;
	}
	if (select == 0x11 && subselect == 1) { /* VIRTIO_INPUT_CFG_EV_BITS, EV_KEY: the keys up to 31 */
		memset(data, 0xff, 4);
		return 4;
	}
	return 0;
}

/* ---- Disk: does what was submitted when a test says so ---- */

struct machine_disk machine_disk;

static struct {
	enum block_operation operation;
	uint64_t sector;
	uint32_t count;
	struct {
		address_t start;
		uint32_t size;
		bool is_read;
	} segments[BLOCK_SEGMENTS];
} disk_requests[BLOCK_TAGS];

uint32_t block_source_init(uint64_t *sector_count)
{
	*sector_count = machine_disk.sector_count;
	return machine_disk.sector_count ? machine_disk.tags : 0; /* at most BLOCK_TAGS */
}

void block_source_segment(uint32_t tag, uint32_t index, paddr_t start, uint32_t size, enum block_operation operation)
{
	disk_requests[tag].segments[index].start = start.value;
	disk_requests[tag].segments[index].size = size;
	disk_requests[tag].segments[index].is_read = operation == BLOCK_READ;
}

void block_source_submit(uint32_t tag, enum block_operation operation, uint64_t sector, uint32_t segment_count)
{
	for (uint32_t i = 0; i < machine_disk.waiting_count; i++)
		if (machine_disk.waiting[i] == tag)
			abort(); /* it is still under way */
	disk_requests[tag].operation = operation;
	disk_requests[tag].sector = sector;
	disk_requests[tag].count = segment_count;
	machine_disk.waiting[machine_disk.waiting_count++] = tag;
	machine_disk.submitted++;
}

void block_source_start(void)
{
	machine_disk.started++;
}

bool block_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

static void disk_move(uint32_t tag)
{
	uint64_t at = disk_requests[tag].sector * BLOCK_SECTOR;

	machine_disk.flushed += disk_requests[tag].operation == BLOCK_FLUSH;
	for (uint32_t i = 0; i < disk_requests[tag].count; i++) {
		address_t start = disk_requests[tag].segments[i].start;
		uint32_t size = disk_requests[tag].segments[i].size;

		if (at > sizeof(machine_disk.bytes) || size > sizeof(machine_disk.bytes) - at ||
		    !range_within(start, size, BOARD_RAM_BASE, MACHINE_RAM_SIZE) ||
		    disk_requests[tag].segments[i].is_read != (disk_requests[tag].operation == BLOCK_READ)) {
			machine_disk.outside++;
			return;
		}
		if (disk_requests[tag].operation == BLOCK_READ)
			memcpy((void *)(uintptr_t)start, machine_disk.bytes + at, size);
		else
			memcpy(machine_disk.bytes + at, (const void *)(uintptr_t)start, size);
		at += size;
	}
}

enum block_step block_source_step(uint32_t first_tag, uint32_t tag_count)
{
	uint32_t at = 0, tag;

	while (at < machine_disk.waiting_count && machine_disk.waiting[at] - first_tag >= tag_count)
		at++;
	if (!machine_disk.by_steps || at == machine_disk.waiting_count)
		return BLOCK_IDLE;
	if (machine_disk.busy)
		return BLOCK_WAITS;
	tag = machine_disk.waiting[at];
	machine_disk.waiting_count--;
	for (uint32_t i = at; i < machine_disk.waiting_count; i++)
		machine_disk.waiting[i] = machine_disk.waiting[i + 1];
	machine_disk.steps++;
	disk_move(tag);
	block_done(tag, !machine_disk.fails);
	return BLOCK_MOVED;
}

uint32_t machine_disk_finish(void)
{
	uint32_t count = machine_disk.waiting_count;
	uint32_t cpu = machine.this_cpu;

	machine.this_cpu = 0; /* it takes the board's interrupts */
	machine_disk.waiting_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		disk_move(machine_disk.waiting[i]);
		block_done(machine_disk.waiting[i], !machine_disk.fails);
	}
	machine.this_cpu = cpu;
	return count;
}

/* ---- Network: what is sent stays under way until a test says so ---- */

struct machine_network machine_network;
static struct network_buffer network_buffers[MACHINE_NETWORK_BUFFERS];
static uint32_t network_under_way;

bool network_source_init(void)
{
	memset(&machine_network, 0, sizeof(machine_network));
	network_under_way = 0;
	return true;
}

struct network_buffer *network_source_take(void)
{
	for (uint32_t i = 0; i < MACHINE_NETWORK_BUFFERS; i++)
		if (!(machine_network.taken >> i & 1)) {
			machine_network.taken |= 1U << i;
			return &network_buffers[i];
		}
	return NULL;
}

void network_source_give_back(struct network_buffer *buffer)
{
	machine_network.taken &= ~(1U << (buffer - network_buffers));
}

void network_source_send(struct network_buffer *buffer, uint32_t size)
{
	uint32_t place = machine_network.sent_count++ % MACHINE_NETWORK_SENT;

	if (size > NETWORK_FRAME)
		abort();
	network_under_way |= 1U << (buffer - network_buffers);
	machine_network.sent[place].size = size;
	memcpy(machine_network.sent[place].frame, buffer->frame, size);
}

void network_source_start(void)
{
	machine_network.started++;
}

bool network_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

void machine_network_finish(void)
{
	uint32_t cpu = machine.this_cpu;

	machine.this_cpu = 0;
	machine_network.taken &= ~network_under_way;
	network_under_way = 0;
	network_room();
	machine.this_cpu = cpu;
}

void machine_network_receive(const uint8_t *frame, uint32_t size)
{
	uint32_t cpu = machine.this_cpu;

	machine.this_cpu = 0;
	network_begin();
	network_received(frame, size);
	machine.this_cpu = cpu;
}
