/* SPDX-License-Identifier: Apache-2.0 */
/* The board's source of randomness; devices/ holds a driver for each kind. */
#ifndef VEIL_RANDOM_SOURCE_H
#define VEIL_RANDOM_SOURCE_H

#include <veil/types.h>

/* Fills `bytes` at boot; false if there is no source or it gives nothing within a bounded wait. */
bool random_source_read(uint8_t *bytes, size_t size);

#endif
