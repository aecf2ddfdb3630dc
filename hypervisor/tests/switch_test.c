/* SPDX-License-Identifier: Apache-2.0 */
/* The switch: what passes, what is refused and why, and that a forged frame never passes. */
#include "core/switch.h"

#include "arch/host/machine.h"
#include "core/lib.h"
#include "network.h"
#include "test.h"

static struct image image;
static uint8_t frame[1514];

static void boot(void)
{
	machine_init();
	network_declare(&image);
	image_boot(&image);
	machine_run_ms(50);
}

static void boot_leased(void)
{
	boot();
	for (uint32_t i = 0; i < 3; i++)
		network_lease(i);
}

static enum veil_refusal send(uint32_t persona, const struct test_frame *f)
{
	uint32_t size = network_frame(f, frame);

	switch_begin();
	return switch_outgoing(&personas[persona], frame, &size);
}

static enum veil_refusal receive(uint32_t persona, const struct test_frame *f)
{
	uint32_t size = network_frame(f, frame);

	if (!(switch_receivers(frame, size) >> persona & 1))
		return VEIL_REFUSED_ROOM; /* never given to it */
	switch_begin();
	return switch_incoming(&personas[persona], frame, size);
}

#define TCP 6
#define UDP 17
#define ICMP 1
#define ICMPV6 58

static void given_rules_then_what_they_list_leaves_and_nothing_else(void)
{
	static const struct {
		uint32_t persona;
		uint8_t protocol;
		const char *destination;
		uint16_t port;
		enum veil_refusal refusal;
	} table[] = {
		{0, TCP, "10.0.2.2", 80, VEIL_REFUSED_NOT},	    {0, TCP, "10.0.2.2", 81, VEIL_REFUSED_NOT},
		{0, TCP, "10.0.2.2", 79, VEIL_REFUSED_RULE},	    {0, TCP, "10.0.2.2", 82, VEIL_REFUSED_RULE},
		{0, TCP, "10.0.2.3", 80, VEIL_REFUSED_RULE},	    {0, UDP, "10.0.2.2", 80, VEIL_REFUSED_RULE},
		{0, UDP, "10.0.2.3", 53, VEIL_REFUSED_NOT},	    {1, UDP, "10.0.2.3", 53, VEIL_REFUSED_NOT},
		{0, 47, "10.0.2.2", 80, VEIL_REFUSED_RULE},	    {2, 47, "10.0.2.2", 80, VEIL_REFUSED_NOT},
		{2, TCP, "192.0.2.7", 9999, VEIL_REFUSED_NOT},	    {2, UDP, "255.255.255.255", 9, VEIL_REFUSED_NOT},
		{0, TCP, "2001:db8::5", 443, VEIL_REFUSED_NOT},	    {0, TCP, "2001:db9::5", 443, VEIL_REFUSED_RULE},
		{0, TCP, "2001:db8::5", 80, VEIL_REFUSED_RULE},	    {2, TCP, "2001:db8::5", 443, VEIL_REFUSED_RULE},
		{0, TCP, "::ffff:10.0.2.2", 80, VEIL_REFUSED_RULE}, {2, 50, "2001:db8::5", 443, VEIL_REFUSED_KIND},
		{3, TCP, "10.0.2.2", 80, VEIL_REFUSED_RULE},
	};

	boot_leased();
	for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
		struct test_frame out =
			network_out(table[i].persona, table[i].protocol, table[i].destination, (uint16_t)(4000 + i), table[i].port);
		struct test_frame back = network_back(&out);

		if (table[i].refusal == VEIL_REFUSED_KIND) {
			report_equal(send(table[i].persona, &out), VEIL_REFUSED_KIND, "a kind that is not passed on");
			continue;
		}
		report_equal(receive(table[i].persona, &back), VEIL_REFUSED_UNASKED, "nothing comes in unasked");
		report_equal(send(table[i].persona, &out), table[i].refusal, table[i].destination);
		report_equal(receive(table[i].persona, &back),
			     table[i].refusal == VEIL_REFUSED_NOT ? VEIL_REFUSED_NOT : VEIL_REFUSED_UNASKED, "the answer");
		back.source_port++;
		if (table[i].protocol == TCP || table[i].protocol == UDP)
			report_equal(receive(table[i].persona, &back), VEIL_REFUSED_UNASKED, "from another port");
	}
}

static void given_echoes_then_only_replies_come_in(void)
{
	struct test_frame out, back;

	boot_leased();
	out = network_out(2, ICMP, "192.0.2.1", 0x0800, 0);
	out.payload = (const uint8_t *)"";
	report_equal(send(2, &out), VEIL_REFUSED_NOT, "a request");
	back = network_back(&out);
	back.source_port = 0; /* type 0 */
	back.destination_port = 0;
	report_equal(receive(2, &back), VEIL_REFUSED_NOT, "its reply");
	back.source_port = 0x0800;
	report_equal(receive(2, &back), VEIL_REFUSED_UNASKED, "a request from outside");
	out.source_port = 0x0500;
	report_equal(send(2, &out), VEIL_REFUSED_KIND, "a redirect");
	out = network_out(0, ICMP, "10.0.2.2", 0x0800, 0);
	report_equal(send(0, &out), VEIL_REFUSED_RULE, "a request no rule allows");
	out = network_out(2, ICMPV6, "2001:db8::1", 0x8000, 0);
	report_equal(send(2, &out), VEIL_REFUSED_NOT, "of IPv6");
	out.source_port = 0x8600;
	report_equal(send(2, &out), VEIL_REFUSED_KIND, "a router's advertisement");
}

static void given_errors_then_they_come_in_for_what_was_sent(void)
{
	struct test_frame out, error;
	uint8_t sent[1514];

	boot_leased();
	out = network_out(0, TCP, "10.0.2.2", 4000, 80);
	send(0, &out);
	network_frame(&out, sent);
	error = network_back(&out);
	error.protocol = ICMP;
	error.source_port = 0x0304;
	error.destination_port = 0;
	memcpy(error.source, (uint8_t[]){192, 0, 2, 99}, 4); /* whoever is on the way */
	error.payload = sent + 14;
	error.payload_size = 28;
	report_equal(receive(0, &error), VEIL_REFUSED_NOT, "about a flow");
	report_equal(receive(1, &error), VEIL_REFUSED_ROOM, "for it alone");
	error.payload_size = 27;
	report_equal(receive(0, &error), VEIL_REFUSED_UNASKED, "one that quotes too little");
	error.payload_size = 28;
	sent[14 + 20 + 3]++;
	report_equal(receive(0, &error), VEIL_REFUSED_UNASKED, "about nothing it sent");
}

static void given_another_sender_then_it_is_refused(void)
{
	struct test_frame f;

	boot_leased();
	f = network_out(0, TCP, "10.0.2.2", 4000, 80);
	network_mac(1, f.from);
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "the neighbour's card");
	f = network_out(0, TCP, "10.0.2.2", 4000, 80);
	f.source[3]++;
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "the neighbour's address");
	memset(f.source, 0, 4);
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "no address");
	f = network_out(0, TCP, "2001:db8::5", 4000, 443);
	f.source[15]++;
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "another identifier");
	f = network_out(0, TCP, "2001:db8::5", 4000, 443);
	f.source[0] = 0xff;
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "a multicast address as source");
	f = network_out(0, TCP, "10.0.2.2", 4000, 80);
	network_mac(1, f.to);
	report_equal(send(0, &f), VEIL_REFUSED_NEIGHBOUR, "to the neighbour");
	network_mac(0, f.to);
	report_equal(send(0, &f), VEIL_REFUSED_NEIGHBOUR, "to itself");
	f = network_back(&f);
	network_mac(1, f.from);
	network_frame(&f, frame);
	report_equal(switch_receivers(frame, 60), 0, "what claims to come from a persona is for nobody");
	persona_restart(&personas[0]);
	machine_run_ms(50);
	f = network_out(0, TCP, "10.0.2.2", 4000, 80);
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "its address of an earlier life");
}

/* Changes one byte of a frame that passes. */
static enum veil_refusal changed(uint32_t at, uint8_t value)
{
	struct test_frame f = network_out(2, TCP, "192.0.2.1", 4000, 80);
	uint32_t size = network_frame(&f, frame);

	frame[at] = value;
	return switch_outgoing(&personas[2], frame, &size);
}

static void given_kinds_that_hide_something_then_they_are_refused(void)
{
	struct test_frame f;

	boot_leased();
	report_equal(changed(14, 0x45), VEIL_REFUSED_NOT, "a plain packet");
	report_equal(changed(14, 0x46), VEIL_REFUSED_KIND, "with options");
	report_equal(changed(14, 0x44), VEIL_REFUSED_KIND, "with too short a header");
	report_equal(changed(14, 0x65), VEIL_REFUSED_KIND, "of another version");
	report_equal(changed(20, 0x20), VEIL_REFUSED_KIND, "a first fragment");
	report_equal(changed(21, 0x01), VEIL_REFUSED_KIND, "another fragment");
	report_equal(changed(20, 0x40), VEIL_REFUSED_NOT, "that must not be one");
	report_equal(changed(16, 0xff), VEIL_REFUSED_KIND, "longer than the frame");
	report_equal(changed(17, 20), VEIL_REFUSED_KIND, "with nothing in it");
	report_equal(changed(12, 0x81), VEIL_REFUSED_KIND, "of an unknown type");
	f = network_out(2, ICMPV6, "2001:db8::1", 0x8000, 0);
	for (uint32_t size = 0; size < 70; size++) {
		uint32_t part = size;

		network_frame(&f, frame);
		report(size >= 62 || switch_outgoing(&personas[2], frame, &part) != VEIL_REFUSED_NOT, "cut off");
	}
	f = network_out(2, 0, "2001:db8::1", 0x3a00, 0);
	report_equal(send(2, &f), VEIL_REFUSED_KIND, "an extension header");
	f = network_out(2, TCP, "192.0.2.1", 4000, 80);
	{
		uint32_t size = network_frame(&f, frame) + 100;

		report_equal(switch_outgoing(&personas[2], frame, &size), VEIL_REFUSED_NOT, "with something behind it");
		report_equal(size, 14 + 28, "which is cut off");
	}
}

static uint32_t arp(uint32_t persona, uint8_t op, const uint8_t sender[6], const uint8_t from[4], const uint8_t target[4])
{
	static const uint8_t head[8] = {8, 6, 0, 1, 8, 0, 6, 4};

	memset(frame, 0, sizeof(frame));
	memset(frame, 0xff, 6);
	network_mac(persona, frame + 6);
	memcpy(frame + 12, head, sizeof(head));
	frame[21] = op;
	memcpy(frame + 22, sender, 6);
	memcpy(frame + 28, from, 4);
	memcpy(frame + 38, target, 4);
	return 60;
}

static void given_arp_then_it_speaks_of_itself_only(void)
{
	static const uint8_t own[4] = {10, 0, 2, 15}, other[4] = {10, 0, 2, 16}, none[4];
	uint8_t mac[6], neighbour[6];
	uint32_t size;

	boot_leased();
	network_mac(0, mac);
	network_mac(1, neighbour);
	size = arp(0, 1, mac, own, other);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_NOT, "it asks");
	report_equal(size, 42, "and no more");
	size = arp(0, 2, mac, own, other);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_NOT, "it answers");
	size = arp(0, 1, mac, none, own);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_NOT, "it asks who has an address");
	size = arp(0, 2, mac, other, own);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_SOURCE, "it claims the neighbour's address");
	size = arp(0, 2, neighbour, own, other);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_SOURCE, "or card");
	size = arp(0, 3, mac, own, other);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_KIND, "reverse ARP");
	size = arp(0, 1, neighbour, none, other);
	memset(frame + 6, 0x66, 6);
	report_equal(switch_receivers(frame, size), 15, "a question of the network's may be for all");
	report_equal(switch_incoming(&personas[1], frame, size), VEIL_REFUSED_NOT, "and is given to whom it asks for");
	report_equal(switch_incoming(&personas[0], frame, size), VEIL_REFUSED_KIND, "and to nobody else");
}

static void given_neighbour_discovery_then_it_speaks_of_itself_only(void)
{
	uint8_t own[16], other[16], body[28] = {0};
	struct test_frame f;

	boot_leased();
	network_identifier(0, own);
	network_identifier(1, other);
	body[16] = 2; /* option: target link-layer address */
	body[17] = 1;
	network_mac(0, body + 18);
	f = network_out(0, ICMPV6, "ff02::1", 0x8800, 0);
	f.payload = body;
	f.payload_size = 24;
	memcpy(body, own, 16);
	report_equal(send(0, &f), VEIL_REFUSED_NOT, "its own advertisement");
	memcpy(body, other, 16);
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "one of another's address");
	memcpy(body, own, 16);
	network_mac(1, body + 18);
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "one with another's card");
	network_mac(0, body + 18);
	f.source_port = 0x8700;
	memcpy(body, other, 16);
	report_equal(send(0, &f), VEIL_REFUSED_NOT, "a question");
	body[17] = 0;
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "an option without length");
	body[17] = 200;
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "an option that is too long");
	f = network_back(&f);
	f.source_port = 0x8700;
	f.destination_port = 0;
	memcpy(f.to, (uint8_t[]){0x33, 0x33, 0xff, 0, 0, 1}, 6);
	report_equal(receive(1, &f), VEIL_REFUSED_NOT, "the network's question is given to whom it asks for");
	report_equal(receive(0, &f), VEIL_REFUSED_KIND, "and to nobody else");
}

static void given_dhcp_then_the_address_is_the_networks(void)
{
	static const uint8_t none[4], first[4] = {10, 0, 2, 15}, second[4] = {10, 0, 2, 77};
	struct test_frame f;
	uint32_t size;

	boot();
	f = network_out(0, TCP, "10.0.2.2", 4000, 80);
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "no address yet");
	size = network_dhcp(0, true, 100, 5, first, frame);
	report_equal(switch_incoming(&personas[0], frame, size), VEIL_REFUSED_KIND, "nobody asked");
	size = network_dhcp(0, false, 100, 1, none, frame);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_NOT, "it asks");
	size = network_dhcp(0, true, 101, 5, first, frame);
	report_equal(switch_incoming(&personas[0], frame, size), VEIL_REFUSED_KIND, "an answer to another question");
	size = network_dhcp(0, true, 100, 2, second, frame);
	report_equal(switch_incoming(&personas[0], frame, size), VEIL_REFUSED_NOT, "an offer");
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "is not an address yet");
	size = network_dhcp(0, true, 100, 5, first, frame);
	report_equal(switch_incoming(&personas[0], frame, size), VEIL_REFUSED_NOT, "an acknowledgement");
	report_equal(send(0, &f), VEIL_REFUSED_NOT, "is one");
	size = network_dhcp(1, false, 200, 3, none, frame);
	switch_outgoing(&personas[1], frame, &size);
	size = network_dhcp(1, true, 200, 5, first, frame);
	report_equal(switch_incoming(&personas[1], frame, size), VEIL_REFUSED_KIND, "an address somebody has is not given to another");
	size = network_dhcp(0, true, 100, 6, none, frame);
	switch_incoming(&personas[0], frame, size);
	report_equal(send(0, &f), VEIL_REFUSED_SOURCE, "an address taken back");
	size = network_dhcp(0, false, 300, 3, none, frame);
	network_mac(1, frame + 14 + 28 + 28);
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_SOURCE, "asked for the neighbour's card");
	size = network_dhcp(0, false, 300, 3, none, frame);
	frame[14 + 28 + 24] = 1;
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_SOURCE, "as if it were a relay");
	size = network_dhcp(0, false, 300, 3, none, frame);
	frame[30] = 8;
	report_equal(switch_outgoing(&personas[0], frame, &size), VEIL_REFUSED_RULE, "to whom it likes");
	size = network_dhcp(3, false, 300, 3, none, frame);
	report_equal(switch_outgoing(&personas[3], frame, &size), VEIL_REFUSED_RULE, "without a network");
}

static void given_time_then_flows_end(void)
{
	struct test_frame out, back;

	boot_leased();
	out = network_out(0, UDP, "10.0.2.3", 4000, 53);
	back = network_back(&out);
	send(0, &out);
	machine.time += 179 * (uint64_t)MACHINE_HZ;
	report_equal(receive(0, &back), VEIL_REFUSED_NOT, "within three minutes");
	machine.time += 181 * (uint64_t)MACHINE_HZ;
	report_equal(receive(0, &back), VEIL_REFUSED_UNASKED, "and no longer");
	out = network_out(0, TCP, "10.0.2.2", 4000, 80);
	back = network_back(&out);
	send(0, &out);
	machine.time += 7200 * (uint64_t)MACHINE_HZ;
	report_equal(receive(0, &back), VEIL_REFUSED_NOT, "TCP within two hours");
}

static void given_many_flows_then_the_latest_are_kept(void)
{
	struct test_frame out, back, neighbour;
	uint32_t kept = 0;

	boot_leased();
	neighbour = network_out(1, UDP, "10.0.2.3", 1, 53);
	send(1, &neighbour);
	for (uint32_t i = 0; i < 20000; i++) {
		out = network_out(2, UDP, "192.0.2.1", (uint16_t)i, 53);
		machine.time++;
		send(2, &out);
	}
	back = network_back(&out);
	report_equal(receive(2, &back), VEIL_REFUSED_NOT, "the last one");
	for (uint32_t i = 19000; i < 20000; i++) {
		back.destination_port = (uint16_t)i;
		kept += receive(2, &back) == VEIL_REFUSED_NOT;
	}
	report(kept > 200 && kept <= 256, "about as many as there is room for");
	neighbour = network_back(&neighbour);
	report_equal(receive(1, &neighbour), VEIL_REFUSED_NOT, "at nobody else's cost");
}

static const struct test tests[] = {
	{"rules", given_rules_then_what_they_list_leaves_and_nothing_else},
	{"echoes", given_echoes_then_only_replies_come_in},
	{"errors", given_errors_then_they_come_in_for_what_was_sent},
	{"sender", given_another_sender_then_it_is_refused},
	{"kinds", given_kinds_that_hide_something_then_they_are_refused},
	{"arp", given_arp_then_it_speaks_of_itself_only},
	{"nd", given_neighbour_discovery_then_it_speaks_of_itself_only},
	{"dhcp", given_dhcp_then_the_address_is_the_networks},
	{"time", given_time_then_flows_end},
	{"many", given_many_flows_then_the_latest_are_kept},
};

TEST_MAIN(tests)
