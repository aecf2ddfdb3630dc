/* SPDX-License-Identifier: Apache-2.0 */
/* A phone of three personas on networks, and frames for it. */
#ifndef VEIL_TEST_NETWORK_H
#define VEIL_TEST_NETWORK_H

#include "image.h"

/* Personas 0 and 1 are on the network `office` (tcp 10.0.2.2 port 80 to 81, udp 10.0.2.3 port 53, tcp 2001:db8::/32 port 443), persona 2 is
 * on `home` (everything of IPv4, ICMPv6), persona 3 has a card and is on no network. */
#define NETWORK_PERSONAS 4
void network_declare(struct image *image);

/* A persona's address, of the persona's card: by 10.0.2.(15 + n). */
void network_mac(uint32_t persona, uint8_t mac[6]);
void network_identifier(uint32_t persona, uint8_t address[16]); /* fe80::, with its own identifier */

/* What a frame says; `family` 0: IPv4. Addresses are 4 or 16 bytes. */
struct test_frame {
	uint8_t to[6], from[6];
	uint8_t source[16], destination[16];
	uint8_t family, protocol;
	uint16_t source_port, destination_port;
	const uint8_t *payload; /* after the ports */
	uint32_t payload_size;
};

/* As bytes; returns their number. */
uint32_t network_frame(const struct test_frame *what, uint8_t frame[1514]);

/* From a persona's card and address to the router at 10.0.2.2, and the way back. */
struct test_frame network_out(uint32_t persona, uint8_t protocol, const char *destination, uint16_t source_port, uint16_t destination_port);
struct test_frame network_back(const struct test_frame *out);

/* A DHCP message for the persona's card: type 5 gives it `address`. */
uint32_t network_dhcp(uint32_t persona, bool from_server, uint32_t transaction, uint8_t type, const uint8_t address[4],
		      uint8_t frame[1514]);

/* Lets a persona ask for an address and be given 10.0.2.(15 + n). */
void network_lease(uint32_t persona);

#endif
