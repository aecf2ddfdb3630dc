/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a frame out of persona 0 (and, by the first byte, into it). Whatever leaves must be its own, to nobody here. */
#include <stdlib.h>

#include "arch/host/machine.h"
#include "core/lib.h"
#include "core/switch.h"
#include "tests/network.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_sent(const uint8_t *frame, uint32_t size, uint32_t given)
{
	uint8_t mac[6];

	network_mac(0, mac);
	require(size <= given && size >= 14 && memcmp(frame + 6, mac, 6) == 0);
	for (uint32_t i = 0; i < NETWORK_PERSONAS; i++) {
		network_mac(i, mac);
		require(memcmp(frame, mac, 6) != 0);
	}
	if (frame[12] == 8 && frame[13] == 0) {
		static const uint8_t own[4] = {10, 0, 2, 15}, none[4];
		bool is_dhcp = frame[23] == 17 && frame[34] == 0 && frame[35] == 68 && frame[36] == 0 && frame[37] == 67;
		bool is_web = frame[23] == 6 && memcmp(frame + 30, (uint8_t[]){10, 0, 2, 2}, 4) == 0 && frame[36] == 0 &&
			      (frame[37] == 80 || frame[37] == 81);
		bool is_dns = frame[23] == 17 && memcmp(frame + 30, (uint8_t[]){10, 0, 2, 3}, 4) == 0 && frame[36] == 0 && frame[37] == 53;

		require(frame[14] == 0x45 && (is_dhcp || is_web || is_dns));
		require(memcmp(frame + 26, own, 4) == 0 || (is_dhcp && memcmp(frame + 26, none, 4) == 0));
	} else {
		require((frame[12] == 8 && frame[13] == 6 && size == 42) || (frame[12] == 0x86 && frame[13] == 0xdd));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image image;
	uint8_t *frame;
	uint32_t length;

	if (!image.header.magic) {
		machine_init();
		network_declare(&image);
		image_boot(&image);
		machine_run_ms(50);
	}
	if (size < 1 || size > 1600)
		return 0;
	network_lease(0);
	length = (uint32_t)size - 1;
	frame = malloc(length ? length : 1); /* ends where the input does */
	memcpy(frame, data + 1, length);
	if (data[0] & 2 && length >= 12) { /* as its own driver would */
		network_mac(0, frame + 6);
	}
	if (data[0] & 1) {
		if (switch_receivers(frame, length) & 1)
			switch_incoming(&personas[0], frame, length);
	} else if (switch_outgoing(&personas[0], frame, &length) == VEIL_REFUSED_NOT) {
		check_sent(frame, length, (uint32_t)size - 1);
	}
	free(frame);
	return 0;
}
