/* SPDX-License-Identifier: Apache-2.0 */
/* The mux: consoles and the control channel over the board's one serial line. Format and credits: abi.h, "Mux". */
#ifndef VEIL_MUX_H
#define VEIL_MUX_H

#include <veil/abi.h>
#include <veil/types.h>

void mux_init(uint32_t persona_count, uint64_t boot_epoch);

/* A byte of a persona's console. Kept back for up to 2 ms until there is a line or MUX_BATCH bytes; dropped and counted when the
 * bridge takes nothing and the ring is full. */
void mux_console_put(uint32_t persona, uint8_t byte);

/* A byte typed at a persona's console; false if there is none. */
bool mux_console_get(uint32_t persona, uint8_t *byte);
bool mux_console_has_input(uint32_t persona);

/* A frame on the control channel; dropped and counted without credit. */
void mux_control_send(const void *payload, size_t size);

/* Bytes waiting on the line: takes them, calls control_receive() and platform_console_input() for what they carry. */
void mux_receive(void);

uint64_t mux_deadline(void); /* when mux_flush() is due; UINT64_MAX: never */
void mux_flush(void);

uint32_t mux_garbage(void);
uint64_t mux_dropped(void);

#endif
