/* SPDX-License-Identifier: Apache-2.0 */
/* Input: events of the board's keyboard and tablet go to the persona in front, and to nobody else. */
#ifndef VEIL_INPUT_H
#define VEIL_INPUT_H

#include <veil/abi.h>
#include <veil/types.h>

struct persona;

/* As virtio-input carries it (OASIS virtio 1.2, 5.8.6): Linux input event types and codes. */
struct input_event {
	uint16_t type;
	uint16_t code;
	uint32_t value;
};

#define INPUT_SOURCES 2 /* keyboard, tablet */

void input_init(const struct veil_manifest *manifest);

/* An event of the board. The hotkey's keys end here. */
void input_event(uint32_t source, struct input_event event);

/* A persona is no longer in front: its pressed keys are released, so that none sticks. */
void input_leave(struct persona *persona);

#endif
