/* SPDX-License-Identifier: Apache-2.0 */
/* The switch between the personas' virtual network cards and the board's: what may pass, and what is refused.
 *
 * Each persona has a card with a MAC address of its own and gets its IPv4 address from the network by DHCP, which the switch follows; its
 * IPv6 addresses end in the identifier that follows from its MAC address (RFC 4291, 2.5.1). Frames pass between a persona and
 * the board's card only, never between personas. Out goes what the policy allows; in comes what answers it. */
#ifndef VEIL_SWITCH_H
#define VEIL_SWITCH_H

#include <veil/abi.h>
#include <veil/types.h>

struct manifest;
struct persona;

#define FRAME_MIN 14 /* an Ethernet header */
#define FRAME_MAX 1514

/* Makes a port for each persona that has a network. False: too little work memory. */
bool switch_init(const struct manifest *manifest);

/* Before a bunch of frames, in whichever direction: flows live for minutes, so one look at the clock does for all. Needs no lock. */
void switch_begin(void);

/* A persona starts anew: it has no address and no flows. Its lock is held, as for all that follows. */
void switch_reset(struct persona *persona);

/* A frame of the persona, in memory no guest can change. May cut off what follows the packet in it. */
enum veil_refusal switch_outgoing(struct persona *persona, const uint8_t *frame, uint32_t *size);

/* A frame of the board for the persona. Of frames for many, those that are not for it are refused as KIND and not counted. */
enum veil_refusal switch_incoming(struct persona *persona, const uint8_t *frame, uint32_t size);

/* Whom a frame of the board may be for, before a look into it; bit n: persona n. Needs no lock. */
uint32_t switch_receivers(const uint8_t *frame, uint32_t size);

/* Counts what became of a frame of `size` bytes. */
void switch_count(struct persona *persona, bool outgoing, enum veil_refusal refusal, uint32_t size);

void switch_mac(const struct persona *persona, uint8_t mac[6]);

/* False: it has no network. */
bool switch_status(const struct persona *persona, struct veil_network_status *status);

#endif
