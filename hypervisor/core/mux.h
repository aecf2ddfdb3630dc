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

/* ---- Owner ports ---- */
/* Sends bytes of a persona's owner port as far as credit goes; how many. At most VEIL_MUX_MAX_PAYLOAD. */
uint32_t mux_agent_send(uint32_t persona, const uint8_t *bytes, uint32_t size);

/* Takes what has come for it; how much. */
uint32_t mux_agent_take(uint32_t persona, uint8_t *to, uint32_t size);
bool mux_agent_has_input(uint32_t persona);

/* The guest has opened or closed its port: what came before is dropped; a closed one gets no credit. */
void mux_agent_open(uint32_t persona, bool is_open);

/* A frame on the control channel; dropped and counted without credit. */
void mux_control_send(const void *payload, size_t size);

/* Bytes waiting on the line: takes them, calls control_receive() and platform_console_input() for what they carry. */
void mux_receive(void);

void mux_flush_by(uint64_t deadline); /* mux_flush() is to be called by then */
void mux_flush_soon(void);
uint64_t mux_deadline(void); /* when mux_flush() is due; UINT64_MAX: never */
void mux_flush(void);

uint32_t mux_garbage(void);
uint64_t mux_dropped(void);

#endif
