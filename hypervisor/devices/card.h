/* SPDX-License-Identifier: Apache-2.0 */
/* A memory card, a sector at a time. */
#ifndef VEIL_CARD_H
#define VEIL_CARD_H

#include <veil/types.h>

enum card_result {
	CARD_DONE, /* what was written is on the medium */
	CARD_WAITS, /* for the card: to be called again with the same */
	CARD_FAILED
};

/* How many sectors of 512 bytes it has; 0: there is none that serves. */
uint64_t card_init(void);

/* Moves a sector from or to the card; one at a time. Never waits for data, or for the card to have written them. */
enum card_result card_move(uint32_t sector, bool is_write, uint32_t *data);

#endif
