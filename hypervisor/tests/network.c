/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, and a phone they are for. */
#include "network.h"

#include <arpa/inet.h>

#include "core/lib.h"
#include "core/switch.h"

static const uint8_t router[6] = {0x52, 0x55, 10, 0, 2, 2};

void network_declare(struct image *image)
{
	image_declare(image, NETWORK_PERSONAS, 1);
	for (uint32_t i = 0; i < NETWORK_PERSONAS; i++)
		image->personas[i].devices |= VEIL_DEVICE_NETWORK;
	image->policy.networks.count = 2;
	image->networks[0] = (struct veil_network){.name = "home", .personas = 4, .rule_count = 2};
	image->networks[1] = (struct veil_network){.name = "office", .personas = 3, .first_rule = 2, .rule_count = 3};
	image->policy.egress_rules.count = 5;
	image->rules[0] = (struct veil_egress_rule){.family = 4, .last_port = UINT16_MAX};
	image->rules[1] = (struct veil_egress_rule){.family = 6, .protocol = VEIL_PROTOCOL_ICMP, .last_port = UINT16_MAX};
	image->rules[2] = (struct veil_egress_rule){
		.address = {10, 0, 2, 2}, .family = 4, .prefix = 32, .protocol = VEIL_PROTOCOL_TCP, .first_port = 80, .last_port = 81};
	image->rules[3] = (struct veil_egress_rule){
		.address = {10, 0, 2, 3}, .family = 4, .prefix = 32, .protocol = VEIL_PROTOCOL_UDP, .first_port = 53, .last_port = 53};
	image->rules[4] = (struct veil_egress_rule){.address = {0x20, 1, 0x0d, 0xb8},
						    .family = 6,
						    .prefix = 32,
						    .protocol = VEIL_PROTOCOL_TCP,
						    .first_port = 443,
						    .last_port = 443};
	image_layout(image);
}

void network_mac(uint32_t persona, uint8_t mac[6])
{
	switch_mac(&personas[persona], mac);
}

void network_identifier(uint32_t persona, uint8_t address[16])
{
	uint8_t mac[6];

	network_mac(persona, mac);
	memset(address, 0, 16);
	memcpy(address, (uint8_t[]){0xfe, 0x80}, 2);
	memcpy(address + 8, (uint8_t[]){mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}, 8);
}

static void be16_set(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

uint32_t network_frame(const struct test_frame *what, uint8_t frame[1514])
{
	bool is_6 = what->family == 6;
	uint32_t head = is_6 ? 40 : 20, size = 8 + what->payload_size;
	uint8_t *ip = frame + 14;

	memset(frame, 0, 1514);
	memcpy(frame, what->to, 6);
	memcpy(frame + 6, what->from, 6);
	be16_set(frame + 12, is_6 ? 0x86dd : 0x0800);
	if (is_6) {
		ip[0] = 0x60;
		be16_set(ip + 4, size);
		ip[6] = what->protocol;
		ip[7] = 255;
		memcpy(ip + 8, what->source, 16);
		memcpy(ip + 24, what->destination, 16);
	} else {
		ip[0] = 0x45;
		be16_set(ip + 2, 20 + size);
		ip[8] = 64;
		ip[9] = what->protocol;
		memcpy(ip + 12, what->source, 4);
		memcpy(ip + 16, what->destination, 4);
	}
	be16_set(ip + head, what->source_port);
	be16_set(ip + head + 2, what->destination_port);
	if (what->protocol == 17)
		be16_set(ip + head + 4, size);
	if (what->payload_size)
		memcpy(ip + head + 8, what->payload, what->payload_size);
	return 14 + head + size;
}

struct test_frame network_out(uint32_t persona, uint8_t protocol, const char *destination, uint16_t source_port, uint16_t destination_port)
{
	struct test_frame f = {.protocol = protocol, .source_port = source_port, .destination_port = destination_port};

	memcpy(f.to, router, 6);
	network_mac(persona, f.from);
	if (inet_pton(AF_INET, destination, f.destination) == 1) {
		memcpy(f.source, (uint8_t[]){10, 0, 2, (uint8_t)(15 + persona)}, 4);
	} else {
		f.family = 6;
		inet_pton(AF_INET6, destination, f.destination);
		network_identifier(persona, f.source);
		f.source[0] = 0x20;
		f.source[1] = 0x01;
	}
	return f;
}

struct test_frame network_back(const struct test_frame *out)
{
	struct test_frame f = *out;

	memcpy(f.to, out->from, 6);
	memcpy(f.from, router, 6);
	memcpy(f.source, out->destination, 16);
	memcpy(f.destination, out->source, 16);
	f.source_port = out->destination_port;
	f.destination_port = out->source_port;
	return f;
}

uint32_t network_dhcp(uint32_t persona, bool from_server, uint32_t transaction, uint8_t type, const uint8_t address[4], uint8_t frame[1514])
{
	uint8_t d[244] = {from_server ? 2 : 1, 1, 6, 0};
	struct test_frame f = {.protocol = 17,
			       .source_port = from_server ? 67 : 68,
			       .destination_port = from_server ? 68 : 67,
			       .destination = {255, 255, 255, 255},
			       .payload = d,
			       .payload_size = sizeof(d)};

	be16_set(d + 4, transaction >> 16);
	be16_set(d + 6, transaction);
	memcpy(d + 16, address, 4);
	network_mac(persona, d + 28);
	memcpy(d + 236, (uint8_t[]){0x63, 0x82, 0x53, 0x63, 53, 1, type, 255}, 8);
	memset(f.to, 0xff, 6);
	if (from_server) {
		memcpy(f.from, router, 6);
		memcpy(f.source, (uint8_t[]){10, 0, 2, 2}, 4);
		network_mac(persona, f.to);
	} else {
		network_mac(persona, f.from);
	}
	return network_frame(&f, frame);
}

void network_lease(uint32_t persona)
{
	const uint8_t address[4] = {10, 0, 2, (uint8_t)(15 + persona)};
	uint8_t frame[1514];
	uint32_t size = network_dhcp(persona, false, 100 + persona, 3, (uint8_t[]){0, 0, 0, 0}, frame);

	switch_outgoing(&personas[persona], frame, &size);
	switch_incoming(&personas[persona], frame, network_dhcp(persona, true, 100 + persona, 5, address, frame));
}
