/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes on the serial line. The first byte of each chunk of the input says how the rest of it comes: raw, or as
 * the payload of a sound frame; so that both the parser and what lies behind it are reached. Veil never sends more than granted. */
#include <stdlib.h>

#include "arch/host/machine.h"
#include "core/lib.h"
#include "core/mux.h"
#include "tests/bridge.h"
#include "tests/image.h"

#define CHUNK_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_up;

	if (!is_up)
		image_boot_default(2, 1);
	is_up = true;
	machine.output_size = bridge.read = 0;
	mux_init(2, 1);
	while (size > 1) {
		uint8_t kind = data[0];
		size_t part = 1 + kind % CHUNK_MAX;

		data++;
		size--;
		if (part > size)
			part = size;
		if (kind & 0x80)
			machine_receive(data, part);
		else if (data[0] != VEIL_OP_POWER_OFF)
			bridge_send(kind & 0x40 ? VEIL_MUX_LINK : (uint8_t)(part % 4), data, part);
		data += part;
		size -= part;
		mux_console_put(kind & 1, kind);
		if (!machine_run(machine.time + MACHINE_MS * (kind & 3)))
			machine.cpus[0].guest = NULL; /* raw bytes may hold a request to power off: boot goes on here */
	}
	machine_run_ms(10);
	bridge_read();
	if (bridge.garbage)
		abort(); /* Veil itself sends frames only */
	return 0;
}
