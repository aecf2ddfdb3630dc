/* SPDX-License-Identifier: Apache-2.0 */
/* Where the number of the newest image that was accepted is kept: nobody but Veil writes there. Devices/ has a place for each kind of board. */
#ifndef VEIL_VERSION_PLACE_H
#define VEIL_VERSION_PLACE_H

#include <veil/abi.h>
#include <veil/types.h>

/* On what block_source_init() begins. */
bool version_place_is_on_disk(void);

/* At boot; 0: none was accepted yet. False: there is no such place. */
bool version_place_read(uint64_t *version);

/* A step of keeping another number: AGAIN until it is OK or NOT_KEPT. If it is cut off, the one before is still there. */
enum veil_result version_place_write(uint64_t version);

#endif
