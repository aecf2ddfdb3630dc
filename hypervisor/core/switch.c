/* SPDX-License-Identifier: Apache-2.0 */
/* What may pass between a persona and the network. Frames are hostile from both sides: every length is checked before what it covers is
 * read, every loop has an end that no frame can move, and what is kept of a persona has fixed room of its own. */
#include "switch.h"

#include <veil/arch.h>

#include "lib.h"
#include "memory.h"
#include "persona.h"
#include "policy.h"
#include "units.h"

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_IPV6 = 0x86dd
};

enum {
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ICMPV6 = 58
};

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_BAD_PARAMETER = 12,
	ICMPV6_ERROR_LAST = 4, /* 1 to 4 */
	ICMPV6_ECHO = 128,
	ICMPV6_ECHO_REPLY = 129,
	ND_ROUTER_SOLICITATION = 133,
	ND_ROUTER_ADVERTISEMENT = 134,
	ND_NEIGHBOUR_SOLICITATION = 135,
	ND_NEIGHBOUR_ADVERTISEMENT = 136
};

#define ND_OPTIONS_MAX 8
#define DHCP_OPTIONS_MAX 64

/* What is the same in both directions of a flow. Compared as a whole, so all of it is set. */
struct flow_key {
	uint16_t local_port, remote_port; /* of an echo: its identifier, and 0 */
	uint8_t protocol;
	uint8_t family; /* 0: the place is free */
	uint8_t zero[2];
	uint8_t remote[16];
} __attribute__((aligned(8)));

/* Something a rule let out: its answers may come in. */
struct flow {
	struct flow_key key;
	uint32_t generation; /* of the policy that allowed it: under another one it is judged anew */
	uint64_t used; /* tick */
};

#define FLOW_SETS 64 /* a power of two */
#define FLOW_WAYS 4 /* in a full set the flow that was quiet longest gives way: it costs its own persona only */
#define FLOW_TCP_S 7500 /* RFC 5382, REQ-5 */
#define FLOW_OTHER_S 180

struct port {
	struct veil_network_status status; /* its card, address and figures */
	uint8_t server[4]; /* that gave the address */
	uint32_t transaction; /* of DHCP, the last one begun */
	struct flow flows[FLOW_SETS][FLOW_WAYS];
};

_Static_assert(sizeof(struct port) <= VEIL_WORK_NETWORK - 64, "a port fits into the work memory reserved for it");

_Static_assert(offsetof(struct veil_network_status, refused_room) ==
		       offsetof(struct veil_network_status, sent) + 8 * (3 + VEIL_REFUSED_ROOM),
	       "switch_count");

static struct port *ports[VEIL_MAX_PERSONAS];
static uint64_t now; /* as of the last bunch; two CPUs with one each may set it back by what these take */

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

void switch_begin(void)
{
	__atomic_store_n(&now, arch_time(), __ATOMIC_RELAXED);
}

/* ---- Ports ---- */

bool switch_init(const struct manifest *m)
{
	memset(ports, 0, sizeof(ports));
	for (uint32_t i = 0; i < m->persona_count; i++) {
		const struct veil_persona *p = &m->personas[i];
		/* Locally administered, and unlike its neighbours' whatever their identities are. */
		const uint8_t mac[6] = {0x02, p->uuid[12], p->uuid[13], p->uuid[14], p->uuid[15], (uint8_t)i};

		if (!(p->devices & VEIL_DEVICE_NETWORK))
			continue;
		ports[i] = memory_take(sizeof(struct port), 64);
		if (!ports[i])
			return false;
		memcpy(ports[i]->status.mac, mac, sizeof(mac));
	}
	return true;
}

void switch_reset(struct persona *p)
{
	struct port *port = ports[p->index];

	if (!port)
		return;
	port->status.has_address = false;
	port->transaction = 0;
	memset(port->flows, 0, sizeof(port->flows));
}

void switch_mac(const struct persona *p, uint8_t mac[6])
{
	memcpy(mac, ports[p->index]->status.mac, 6);
}

static wide_bool is_same_ipv4(const uint8_t a[4], const uint8_t b[4])
{
	uint32_t x, y;

	memcpy(&x, a, 4);
	memcpy(&y, b, 4);
	return x == y;
}

static wide_bool is_same_mac(const uint8_t a[6], const uint8_t b[6])
{
	uint16_t v, w;

	memcpy(&v, a + 4, 2);
	memcpy(&w, b + 4, 2);
	return is_same_ipv4(a, b) && v == w;
}

/* Whose MAC address it is; VEIL_NO_PERSONA: nobody's here. Each ends with the number of its persona, see switch_init(). */
static uint32_t owner_of(const uint8_t mac[6])
{
	uint32_t i = mac[5];

	return i < persona_count && ports[i] && is_same_mac(ports[i]->status.mac, mac) ? i : VEIL_NO_PERSONA;
}

static bool is_group(const uint8_t mac[6])
{
	return mac[0] & 1;
}

static wide_bool has_address(const struct port *port, const uint8_t address[4])
{
	return port->status.has_address && is_same_ipv4(port->status.address, address);
}

/* Not a multicast address, and with the identifier that belongs to the MAC address; any prefix, as the network gave it. */
static wide_bool has_address6(const struct port *port, const uint8_t address[16])
{
	const uint8_t *mac = port->status.mac;
	const uint8_t identifier[8] = {mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

	return address[0] != 0xff && !bytes_are_zero(address, 8) && memcmp(address + 8, identifier, 8) == 0;
}

/* ---- Packets ---- */

struct packet {
	uint32_t family;
	uint32_t protocol;
	uint32_t hops;
	const uint8_t *source, *destination;
	const uint8_t *data; /* what it carries: at least 8 bytes, or it is refused */
	uint32_t data_size;
	uint32_t size; /* of all */
};

/* A whole packet, or the begin of one that an error quotes. Fragments, options and extension headers are refused: behind them ports can
 * hide, and options can send a packet elsewhere. */
static wide_bool packet_read(struct packet *k, const uint8_t *ip, uint32_t size, bool is_quoted)
{
	uint32_t head;

	if (size < 20)
		return false;
	if (ip[0] == 0x45) {
		*k = (struct packet){.family = 4, .protocol = ip[9], .source = ip + 12, .destination = ip + 16};
		head = 20;
		k->size = be16(ip + 2);
		if (be16(ip + 6) & 0x3fff)
			return false;
	} else {
		if (ip[0] >> 4 != 6 || size < 40)
			return false;
		*k = (struct packet){.family = 6, .protocol = ip[6], .hops = ip[7], .source = ip + 8, .destination = ip + 24};
		head = 40;
		k->size = 40 + be16(ip + 4);
		if (k->protocol != TCP && k->protocol != UDP && k->protocol != ICMPV6)
			return false;
	}
	if (k->size > size && !is_quoted)
		return false;
	if (k->size > size)
		k->size = size;
	if (k->size < head + 8)
		return false;
	k->data = ip + head;
	k->data_size = k->size - head;
	return true;
}

/* The flow a packet belongs to. False: it is of a kind that has none. */
static wide_bool key_of(struct flow_key *key, const struct packet *k, bool is_outgoing)
{
	uint32_t from = 0, to = 0, protocol = k->protocol;
	const uint8_t *remote;

	if (protocol == TCP || protocol == UDP) {
		from = be16(k->data);
		to = be16(k->data + 2);
	} else if (protocol == (k->family == 4 ? ICMP : ICMPV6)) {
		uint32_t request = k->family == 4 ? ICMP_ECHO : ICMPV6_ECHO;
		uint32_t reply = k->family == 4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY;

		if (k->data[0] != (is_outgoing ? request : reply))
			return false;
		protocol = ICMP;
		*(is_outgoing ? &from : &to) = be16(k->data + 4);
	}
	*key = (struct flow_key){
		.local_port = (uint16_t)(is_outgoing ? from : to),
		.remote_port = (uint16_t)(is_outgoing ? to : from),
		.protocol = (uint8_t)protocol,
		.family = (uint8_t)k->family,
	};
	remote = is_outgoing ? k->destination : k->source;
	if (k->family == 4)
		memcpy(key->remote, remote, 4);
	else
		memcpy(key->remote, remote, 16);
	return true;
}

/* ---- Rules and flows ---- */

static bool prefix_matches(const uint8_t a[16], const uint8_t b[16], uint32_t bits)
{
	uint64_t x[2], y[2];

	memcpy(x, a, 16);
	memcpy(y, b, 16);
	x[0] = __builtin_bswap64(x[0] ^ y[0]);
	x[1] = __builtin_bswap64(x[1] ^ y[1]);
	if (bits < 64)
		return bits == 0 || x[0] >> (64 - bits) == 0;
	return x[0] == 0 && (bits == 64 || x[1] >> (128 - bits) == 0);
}

/* Does a rule of the persona's network allow it? There are at most VEIL_MAX_EGRESS_RULES. */
static bool rule_allows(const struct persona *p, const struct flow_key *key)
{
	const struct policy *policy = policy_current();
	const struct veil_network *network = policy_network(policy, p->index);

	if (!network)
		return false;
	for (uint32_t i = network->first_rule; i < (uint32_t)network->first_rule + network->rule_count; i++) {
		const struct veil_egress_rule *r = &policy->rules[i];

		if (r->family == key->family && (r->protocol == VEIL_PROTOCOL_ANY || r->protocol == key->protocol) &&
		    key->remote_port >= r->first_port && key->remote_port <= r->last_port &&
		    prefix_matches(key->remote, r->address, r->prefix))
			return true;
	}
	return false;
}

/* A key as three words: one is looked up for every packet. */
struct key_words {
	uint64_t word[3];
};

_Static_assert(FLOW_SETS == 64 && sizeof(struct flow_key) == sizeof(struct key_words), "flow_set");

static struct key_words words_of(const struct flow_key *key)
{
	struct key_words w;

	memcpy(&w, key, sizeof(w));
	return w;
}

static struct flow *flow_set(struct port *port, const struct flow_key *key)
{
	struct key_words w = words_of(key);

	return port->flows[(w.word[0] ^ w.word[1] ^ w.word[2]) * UINT64_C(0x9e3779b97f4a7c15) >> 58];
}

static struct flow *flow_find(struct flow *set, const struct flow_key *key)
{
	struct key_words w = words_of(key);

	for (uint32_t i = 0; i < FLOW_WAYS; i++) {
		struct key_words other = words_of(&set[i].key);

		if (((w.word[0] ^ other.word[0]) | (w.word[1] ^ other.word[1]) | (w.word[2] ^ other.word[2])) == 0)
			return &set[i];
	}
	return NULL;
}

/* Lets a packet out, with the answers to it, if a rule allows it. */
static enum veil_refusal flow_out(const struct persona *p, struct port *port, const struct flow_key *key)
{
	struct flow *set = flow_set(port, key);
	struct flow *flow = flow_find(set, key);
	uint32_t generation = policy_generation();

	if (!flow || flow->generation != generation) {
		if (!rule_allows(p, key)) {
			if (flow)
				flow->key.family = 0;
			port->status.last_family = key->family;
			port->status.last_protocol = key->protocol;
			port->status.last_port = key->remote_port;
			memcpy(port->status.last_address, key->remote, sizeof(key->remote));
			return VEIL_REFUSED_RULE;
		}
		if (!flow) {
			flow = set;
			for (uint32_t i = 1; i < FLOW_WAYS; i++)
				if (set[i].used < flow->used)
					flow = &set[i];
			flow->key = *key;
		}
		flow->generation = generation;
	}
	flow->used = __atomic_load_n(&now, __ATOMIC_RELAXED);
	return VEIL_REFUSED_NOT;
}

/* Does a packet answer something? */
static bool flow_in(const struct persona *p, struct port *port, const struct flow_key *key)
{
	struct flow *flow = flow_find(flow_set(port, key), key);
	uint32_t generation = policy_generation();
	uint64_t time = __atomic_load_n(&now, __ATOMIC_RELAXED);

	if (!flow || (int64_t)(time - flow->used) > (int64_t)((key->protocol == TCP ? FLOW_TCP_S : FLOW_OTHER_S) * arch_time_frequency()))
		return false;
	if (flow->generation != generation && !rule_allows(p, key))
		return false;
	flow->generation = generation;
	flow->used = time;
	return true;
}

/* ---- Addresses: ARP, DHCP, ND ---- */

#define ARP_SIZE 28
#define ARP_REQUEST 1
#define ARP_REPLY 2

static bool arp_is_sound(const uint8_t *arp, uint32_t size)
{
	static const uint8_t ethernet_ipv4[6] IN_GAP(11) = {0, 1, 8, 0, 6, 4};

	return size >= ARP_SIZE && memcmp(arp, ethernet_ipv4, 6) == 0 && arp[6] == 0 && (arp[7] == ARP_REQUEST || arp[7] == ARP_REPLY);
}

/* The sender speaks of itself only; before it has an address it may ask whether somebody else has it. */
static enum veil_refusal arp_out(const struct port *port, const uint8_t *arp, uint32_t size)
{
	if (!arp_is_sound(arp, size))
		return VEIL_REFUSED_KIND;
	if (!is_same_mac(arp + 8, port->status.mac) ||
	    !(has_address(port, arp + 14) || (arp[7] == ARP_REQUEST && bytes_are_zero(arp + 14, 4))))
		return VEIL_REFUSED_SOURCE;
	return VEIL_REFUSED_NOT;
}

/* RFC 2131, figure 1; offsets from the start of UDP's data */
#define DHCP_FROM_SERVER 67
#define DHCP_FROM_CLIENT 68
#define DHCP_XID 4
#define DHCP_YIADDR 16
#define DHCP_GIADDR 24
#define DHCP_CHADDR 28
#define DHCP_COOKIE 236
#define DHCP_OPTIONS 240
#define DHCP_COOKIE_VALUE 0x63825363
#define OPTION_PAD 0
#define OPTION_TYPE 53
#define OPTION_END 255
#define TYPE_ACK 5
#define TYPE_NAK 6

static bool is_udp(const struct packet *k, uint32_t from, uint32_t to)
{
	return k->family == 4 && k->protocol == UDP && be16(k->data) == from && be16(k->data + 2) == to;
}

/* To ask for an address needs no rule; but it is asked for the persona's own card. */
static enum veil_refusal dhcp_out(struct port *port, const struct packet *k)
{
	const uint8_t *d = k->data + 8;
	bool is_broadcast = be32(k->destination) == UINT32_MAX;

	if (k->data_size < 8 + DHCP_OPTIONS || d[0] != 1 || d[1] != 1 || d[2] != 6 || be32(d + DHCP_COOKIE) != DHCP_COOKIE_VALUE)
		return VEIL_REFUSED_KIND;
	if (!is_same_mac(d + DHCP_CHADDR, port->status.mac) || !bytes_are_zero(d + DHCP_GIADDR, 4))
		return VEIL_REFUSED_SOURCE;
	if (!has_address(port, k->source) && !bytes_are_zero(k->source, 4))
		return VEIL_REFUSED_SOURCE;
	if (!is_broadcast && !(port->status.has_address && is_same_ipv4(k->destination, port->server)))
		return VEIL_REFUSED_RULE;
	port->transaction = be32(d + DHCP_XID);
	return VEIL_REFUSED_NOT;
}

static uint32_t dhcp_type(const uint8_t *options, uint32_t size)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < DHCP_OPTIONS_MAX && at + 2 <= size && options[at] != OPTION_END; i++) {
		if (options[at] == OPTION_TYPE && options[at + 1] == 1 && at + 3 <= size)
			return options[at + 2];
		at += options[at] == OPTION_PAD ? 1 : 2U + options[at + 1];
	}
	return 0;
}

static bool somebody_else_has(const struct port *port, const uint8_t address[4])
{
	for (uint32_t i = 0; i < persona_count; i++)
		if (ports[i] && ports[i] != port && has_address(ports[i], address))
			return true;
	return false;
}

/* The network's word on which address the persona has. One that another persona has is not believed. */
static enum veil_refusal dhcp_in(struct port *port, const struct packet *k)
{
	const uint8_t *d = k->data + 8;
	const uint8_t *address = d + DHCP_YIADDR;
	uint32_t type;

	if (k->data_size < 8 + DHCP_OPTIONS || d[0] != 2 || !is_same_mac(d + DHCP_CHADDR, port->status.mac) ||
	    be32(d + DHCP_COOKIE) != DHCP_COOKIE_VALUE || be32(d + DHCP_XID) != port->transaction)
		return VEIL_REFUSED_KIND;
	type = dhcp_type(d + DHCP_OPTIONS, k->data_size - 8 - DHCP_OPTIONS);
	if (type == TYPE_NAK)
		port->status.has_address = false;
	if (type != TYPE_ACK || bytes_are_zero(address, 4))
		return VEIL_REFUSED_NOT;
	if (address[0] >= 224 || address[0] == 127 || somebody_else_has(port, address))
		return VEIL_REFUSED_KIND;
	memcpy(port->status.address, address, 4);
	memcpy(port->server, k->source, 4);
	port->status.has_address = true;
	return VEIL_REFUSED_NOT;
}

/* Every link-layer address among the options is the persona's own (RFC 4861, 4.6.1). */
static bool nd_options_are_own(const struct port *port, const uint8_t *options, uint32_t size)
{
	for (uint32_t i = 0; i < ND_OPTIONS_MAX && size >= 8; i++) {
		uint32_t length = 8U * options[1];

		if (length == 0 || length > size || ((options[0] == 1 || options[0] == 2) && !is_same_mac(options + 2, port->status.mac)))
			return false;
		options += length;
		size -= length;
	}
	return size == 0;
}

/* As with ARP: it asks whom it likes, and speaks of itself only. */
static enum veil_refusal nd_out(const struct port *port, const struct packet *k)
{
	uint32_t type = k->data[0];
	uint32_t head = type == ND_ROUTER_SOLICITATION ? 8 : 24;
	bool is_unspecified = bytes_are_zero(k->source, 16) && type != ND_NEIGHBOUR_ADVERTISEMENT;

	if (k->hops != 255 || k->data_size < head)
		return VEIL_REFUSED_KIND;
	if ((!is_unspecified && !has_address6(port, k->source)) || !nd_options_are_own(port, k->data + head, k->data_size - head) ||
	    (type == ND_NEIGHBOUR_ADVERTISEMENT && !has_address6(port, k->data + 8)))
		return VEIL_REFUSED_SOURCE;
	return VEIL_REFUSED_NOT;
}

/* ---- Out ---- */

static enum veil_refusal packet_out(const struct persona *p, struct port *port, const struct packet *k)
{
	struct flow_key key;

	if (is_udp(k, DHCP_FROM_CLIENT, DHCP_FROM_SERVER))
		return dhcp_out(port, k);
	if (k->family == 6 && k->protocol == ICMPV6 &&
	    (k->data[0] == ND_ROUTER_SOLICITATION || k->data[0] == ND_NEIGHBOUR_SOLICITATION || k->data[0] == ND_NEIGHBOUR_ADVERTISEMENT))
		return nd_out(port, k);
	if (k->family == 4 ? !has_address(port, k->source) : !has_address6(port, k->source))
		return VEIL_REFUSED_SOURCE;
	return key_of(&key, k, true) ? flow_out(p, port, &key) : VEIL_REFUSED_KIND;
}

enum veil_refusal switch_outgoing(struct persona *p, const uint8_t *frame, uint32_t *size)
{
	struct port *port = ports[p->index];
	struct packet packet;
	uint32_t type;

	if (*size < FRAME_MIN || *size > FRAME_MAX)
		return VEIL_REFUSED_KIND;
	if (!is_same_mac(frame + 6, port->status.mac))
		return VEIL_REFUSED_SOURCE;
	if (owner_of(frame) != VEIL_NO_PERSONA)
		return VEIL_REFUSED_NEIGHBOUR;
	if (!policy_network(policy_current(), p->index))
		return VEIL_REFUSED_RULE;
	type = be16(frame + 12);
	if (type == TYPE_ARP) {
		enum veil_refusal refusal = arp_out(port, frame + FRAME_MIN, *size - FRAME_MIN);

		*size = FRAME_MIN + ARP_SIZE;
		return refusal;
	}
	if ((type != TYPE_IPV4 && type != TYPE_IPV6) || !packet_read(&packet, frame + FRAME_MIN, *size - FRAME_MIN, false) ||
	    packet.family != (type == TYPE_IPV4 ? 4U : 6U))
		return VEIL_REFUSED_KIND;
	*size = FRAME_MIN + packet.size; /* nothing rides along behind it */
	return packet_out(p, port, &packet);
}

/* ---- In ---- */

uint32_t switch_receivers(const uint8_t *frame, uint32_t size)
{
	uint32_t all = 0, owner;

	if (size < FRAME_MIN || size > FRAME_MAX || owner_of(frame + 6) != VEIL_NO_PERSONA)
		return 0; /* what a persona sent itself comes back to nobody */
	if (!is_group(frame)) {
		owner = owner_of(frame);
		return owner == VEIL_NO_PERSONA ? 0 : 1U << owner;
	}
	for (uint32_t i = 0; i < persona_count; i++)
		if (ports[i])
			all |= 1U << i;
	return all;
}

/* An error about something the persona sent: it quotes the packet. */
static bool error_in(const struct persona *p, struct port *port, const struct packet *k)
{
	struct packet quoted;
	struct flow_key key;

	return packet_read(&quoted, k->data + 8, k->data_size - 8, true) && quoted.family == k->family &&
	       (k->family == 4 ? has_address(port, quoted.source) : has_address6(port, quoted.source)) && key_of(&key, &quoted, true) &&
	       flow_in(p, port, &key);
}

static bool icmp_is_error(const struct packet *k)
{
	uint32_t type = k->data[0];

	if (k->family == 6)
		return k->protocol == ICMPV6 && type - 1 < ICMPV6_ERROR_LAST;
	return k->protocol == ICMP && (type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == ICMP_BAD_PARAMETER);
}

static bool is_nd_in(const struct packet *k)
{
	return k->protocol == ICMPV6 && k->hops == 255 && k->data[0] >= ND_ROUTER_ADVERTISEMENT && k->data[0] <= ND_NEIGHBOUR_ADVERTISEMENT;
}

static enum veil_refusal packet_in(const struct persona *p, struct port *port, const struct packet *k)
{
	struct flow_key key;

	if (is_udp(k, DHCP_FROM_SERVER, DHCP_FROM_CLIENT))
		return dhcp_in(port, k);
	if (k->family == 6 && is_nd_in(k)) {
		/* Who asks for a neighbour asks one of the personas at most. */
		if (k->data[0] == ND_NEIGHBOUR_SOLICITATION && (k->data_size < 24 || !has_address6(port, k->data + 8)))
			return VEIL_REFUSED_KIND;
		return VEIL_REFUSED_NOT;
	}
	if (k->family == 4 ? !has_address(port, k->destination) : !has_address6(port, k->destination))
		return VEIL_REFUSED_UNASKED;
	if (icmp_is_error(k))
		return error_in(p, port, k) ? VEIL_REFUSED_NOT : VEIL_REFUSED_UNASKED;
	return key_of(&key, k, false) && flow_in(p, port, &key) ? VEIL_REFUSED_NOT : VEIL_REFUSED_UNASKED;
}

enum veil_refusal switch_incoming(struct persona *p, const uint8_t *frame, uint32_t size)
{
	struct port *port = ports[p->index];
	enum veil_refusal refusal = VEIL_REFUSED_KIND;
	uint32_t type = be16(frame + 12);
	struct packet packet;

	if (!policy_network(policy_current(), p->index))
		return VEIL_REFUSED_UNASKED;
	if (type == TYPE_ARP) {
		const uint8_t *arp = frame + FRAME_MIN;

		if (arp_is_sound(arp, size - FRAME_MIN) && (!is_group(frame) || has_address(port, arp + 24)))
			refusal = VEIL_REFUSED_NOT;
	} else if ((type == TYPE_IPV4 || type == TYPE_IPV6) && packet_read(&packet, frame + FRAME_MIN, size - FRAME_MIN, false) &&
		   packet.family == (type == TYPE_IPV4 ? 4U : 6U)) {
		refusal = packet_in(p, port, &packet);
	}
	/* What is for many is hardly ever for this one, and tells nothing. */
	return refusal != VEIL_REFUSED_NOT && is_group(frame) ? VEIL_REFUSED_KIND : refusal;
}

/* ---- Figures ---- */

void switch_count(struct persona *p, bool outgoing, enum veil_refusal refusal, uint32_t size)
{
	struct veil_network_status *status = &ports[p->index]->status;
	uint64_t *counters = (uint64_t *)((uint8_t *)status + offsetof(struct veil_network_status, sent)); /* all that follow are such */

	if (refusal != VEIL_REFUSED_NOT) {
		counters[3 + refusal]++;
	} else {
		counters[outgoing ? 0 : 2]++;
		counters[outgoing ? 1 : 3] += size;
	}
}

bool switch_status(const struct persona *p, struct veil_network_status *status)
{
	if (ports[p->index])
		*status = ports[p->index]->status;
	return ports[p->index] != NULL;
}
