/* SPDX-License-Identifier: Apache-2.0 */
/* The board's network card; devices/ holds a driver for each kind. */
#ifndef VEIL_NETWORK_SOURCE_H
#define VEIL_NETWORK_SOURCE_H

#include <veil/types.h>

#define NETWORK_HEADER 12 /* bytes before a frame that belong to the driver */
#define NETWORK_FRAME 1514

/* A buffer for a frame to send. */
struct network_buffer {
	uint8_t header[NETWORK_HEADER];
	uint8_t frame[NETWORK_FRAME];
	uint8_t unused[10];
};

/* False: too little work memory. A board without a card has a network nothing comes from. */
bool network_source_init(void);

/* A buffer to fill; NULL: all are under way, and network_room() will be called. Any CPU may send. */
struct network_buffer *network_source_take(void);
void network_source_give_back(struct network_buffer *buffer); /* unused */
void network_source_send(struct network_buffer *buffer, uint32_t size); /* bytes of the frame */
void network_source_start(void); /* after the last of several */

/* An interrupt of the board: true if it was the card's. */
bool network_source_interrupt(uint32_t irq);

/* Called by the driver, on the CPU that takes the board's interrupts, without a lock: */
void network_begin(void); /* before the first of several frames */
void network_received(const uint8_t *frame, uint32_t size);
void network_room(void);

#endif
