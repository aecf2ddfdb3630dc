/* SPDX-License-Identifier: Apache-2.0 */
/* Listens on its keyboard and tablet for ever and prints every event it gets: in the background it must get none. */
#include "virtio.h"

#define DEVICE_INPUT 18u

struct event {
	uint16_t type, code;
	uint32_t value;
};

static struct ring rings[2];
static struct event events[2][RING_SIZE];

void test(void)
{
	uint16_t seen[2] = {0, 0};

	for (unsigned slot = 0; slot < 2; slot++) {
		if (virtio_kind(slot) != DEVICE_INPUT) {
			report(false, "slot %u holds no input device", (uint64_t)slot);
			finish();
		}
		virtio_start(virtio_slot(slot), 0, &rings[slot], 0);
		for (uint16_t i = 0; i < RING_SIZE; i++) {
			rings[slot].descriptors[i] =
				(struct descriptor){(uint64_t)&events[slot][i], sizeof(struct event), DESCRIPTOR_WRITE, 0};
			virtio_offer(virtio_slot(slot), 0, &rings[slot], i);
		}
	}
	gic_init();
	interrupts_on();
	print("listening\n");
	ready();
	for (;;) {
		for (unsigned slot = 0; slot < 2; slot++)
			for (; seen[slot] != virtio_used(&rings[slot]); seen[slot]++) {
				uint16_t head = (uint16_t)rings[slot].used.ring[seen[slot] % RING_SIZE].id;
				const struct event *event = &events[slot][head % RING_SIZE];

				print("event %u %u %u\n", (uint64_t)event->type, (uint64_t)event->code, (uint64_t)event->value);
				virtio_offer(virtio_slot(slot), 0, &rings[slot], head);
			}
		sleep_ms(5);
	}
}
