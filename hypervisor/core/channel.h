/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: what one persona's agent sends to another's, as far as the policy lists it. Each frame is copied by Veil from the
 * sender's memory into the receiver's; nothing is kept in between. */
#ifndef VEIL_CHANNEL_H
#define VEIL_CHANNEL_H

#include <veil/abi.h>
#include <veil/types.h>

struct persona;

/* Handles the next frame the persona's agent has given, if there is one: at most VEIL_FRAME_MAX bytes are copied. The persona must be
 * loaded or held, and no lock taken. */
void channel_go_on(struct persona *persona);

/* Frames for this persona may be taken now: goes on with a sender that waited for that. */
void channel_has_room(struct persona *persona);

/* A persona begins anew: what was under way to it and from it is over. */
void channel_reset(struct persona *persona);

#endif
