/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes: what the board's source gave, drawn out by hashing. */
#ifndef VEIL_ENTROPY_H
#define VEIL_ENTROPY_H

#include <veil/types.h>

/* Stirs bytes into the pool. Both functions hash: no guest may be loaded on this CPU. */
void entropy_add(const void *bytes, size_t size);

/* False, and nothing written, as long as the pool never got 32 bytes from outside. */
bool entropy_get(uint8_t *bytes, size_t size);

#endif
