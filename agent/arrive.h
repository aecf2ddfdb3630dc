/* SPDX-License-Identifier: Apache-2.0 */
/* What other personas send: a clipboard, in place of the one before it, or files, beside those there are. */
#ifndef AGENT_ARRIVE_H
#define AGENT_ARRIVE_H

#include "sys.h"

/* Whatever is kept, of all senders and of both kinds, fills at most 1/8 of the guest's memory; and of files, so many a sender. */
#define KEPT_SHARE 8
#define KEPT_FILES 64

void arrive_start(void);

/* The channels are others: what comes on one that is gone is forgotten. */
void arrive_channels(void);

void arrive_begin(uint8_t channel, uint32_t size, const uint8_t *name, size_t name_size);
void arrive_data(uint8_t channel, const uint8_t *bytes, size_t size);
void arrive_abort(uint8_t channel);

/* How many came whole since the agent began, and how many were not kept. */
void arrive_counts(uint8_t channel, uint32_t *kept, uint32_t *lost);

#endif
