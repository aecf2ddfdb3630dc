/* SPDX-License-Identifier: Apache-2.0 */
/* Input: events of the board's keyboard and tablet go to the persona in front, and to nobody else. */
#ifndef VEIL_INPUT_H
#define VEIL_INPUT_H

#include <veil/abi.h>
#include <veil/types.h>

struct manifest;
struct persona;

/* As virtio-input carries it (OASIS virtio 1.2, 5.8.6): Linux input event types and codes. */
struct input_event {
	uint16_t type;
	uint16_t code;
	uint32_t value;
};

#define INPUT_SOURCES 2 /* keyboard, tablet */

/* Event types of Linux's input-event-codes.h */
#define EV_SYN 0
#define EV_KEY 1
#define EV_ABS 3

void input_init(const struct manifest *manifest);

/* An event of the board. The hotkey's keys end here. */
void input_event(uint32_t source, struct input_event event);

/* Which of the keys 64 * word to 64 * word + 63 are pressed, and for this persona? From any CPU. */
uint64_t input_pressed(const struct persona *persona, uint32_t source, uint32_t word);

/* Another persona is in front now: keys that are still pressed are nobody's. */
void input_switched(void);

/* A persona is not in front, or does not show any more: keys it holds for pressed are released, so that none sticks. If it does not show, its
 * system is locked where the manifest says so. */
void input_leave(struct persona *persona, bool is_hidden);

#endif
