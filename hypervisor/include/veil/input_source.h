/* SPDX-License-Identifier: Apache-2.0 */
/* The board's keyboard and tablet; devices/ holds a driver for each kind. Events arrive through input_event(). */
#ifndef VEIL_INPUT_SOURCE_H
#define VEIL_INPUT_SOURCE_H

#include <veil/types.h>

#define INPUT_CONFIG_BYTES 128
#define INPUT_KEYS 768 /* KEY_CNT of input-event-codes.h */

void input_source_init(void); /* a board without them has no input */

/* An interrupt of the board: true if it was a source's, whose events have been passed on. */
bool input_source_interrupt(uint32_t irq);

/* Called now and again: by the time a source has asked for with mux_flush_by(). */
void input_source_step(uint64_t now);

/* What a source says of itself (virtio 1.2, 5.8.5): bytes written to `data`, 0 if there is no such answer. */
uint32_t input_source_config(uint32_t source, uint8_t select, uint8_t subselect, uint8_t data[INPUT_CONFIG_BYTES]);

#endif
