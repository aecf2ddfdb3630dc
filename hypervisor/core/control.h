/* SPDX-License-Identifier: Apache-2.0 */
/* The control protocol: requests from the owner's side, answers and events. Format: abi.h, "Control protocol". */
#ifndef VEIL_CONTROL_H
#define VEIL_CONTROL_H

#include <veil/types.h>

struct persona;

void control_init(uint64_t boot_epoch, address_t memory_veil, address_t memory_payloads);

/* One request frame; anything may be in it. */
void control_receive(const uint8_t *payload, size_t size);

/* Tells that a persona's state, readiness or foreground has changed. */
void control_event_state(const struct persona *persona);

/* Tells that a persona's agent has said that it is there. */
void control_event_agent(const struct persona *persona);

#endif
