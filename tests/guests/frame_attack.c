/* SPDX-License-Identifier: Apache-2.0 */
/* Sends frames that are not its to send: other senders, other addresses, a gateway's and a DHCP server's words, fragments, runts, giants, random
 * bytes; and listens for ever: what another persona sends must never arrive. Every frame carries a mark. Run two on one network.
 * Boot arguments: seed=1, count=10000. */
#include "virtio.h"

#define SLOT 2u
#define DEVICE_NETWORK 1u
#define HEADER 12u
#define FRAME_MOST 4096u

static struct ring in_ring, out_ring;
static uint8_t in[RING_SIZE][2048], out[HEADER + FRAME_MOST] __attribute__((aligned(64)));
static uint8_t mac[6];
static uint64_t base, heard, marked, lost;
static uint16_t seen;
static const uint8_t mark[8] = "VEILMARK";

static void queue(uint32_t number, struct ring *ring)
{
	mmio_write(base + VIRTIO_QUEUE_SELECT, number);
	mmio_write(base + VIRTIO_QUEUE_SIZE, RING_SIZE);
	virtio_place(base, VIRTIO_DESCRIPTORS, (uint64_t)ring->descriptors);
	virtio_place(base, VIRTIO_DRIVER, (uint64_t)&ring->available);
	virtio_place(base, VIRTIO_DEVICE, (uint64_t)&ring->used);
	mmio_write(base + VIRTIO_QUEUE_READY, 1);
}

static void start(void)
{
	virtio_start(base, 0, &in_ring, 1u << 5);
	memset(&out_ring, 0, sizeof(out_ring));
	queue(1, &out_ring);
	seen = 0;
	for (uint16_t i = 0; i < RING_SIZE; i++) {
		in_ring.descriptors[i] = (struct descriptor){(uint64_t)in[i], sizeof(in[i]), DESCRIPTOR_WRITE, 0};
		virtio_offer(base, 0, &in_ring, i);
	}
}

static bool has_mark(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t at = 0; at + sizeof(mark) <= size; at++) {
		uint32_t same = 0;

		while (same < sizeof(mark) && bytes[at + same] == mark[same])
			same++;
		if (same == sizeof(mark))
			return true;
	}
	return false;
}

static void listen(void)
{
	for (; seen != virtio_used(&in_ring); seen++) {
		uint32_t head = in_ring.used.ring[seen % RING_SIZE].id % RING_SIZE;

		heard++;
		marked += has_mark(in[head], sizeof(in[head]));
		memset(in[head], 0, sizeof(in[head]));
		virtio_offer(base, 0, &in_ring, (uint16_t)head);
	}
}

/* `size` bytes of `out` behind the header, the mark at their end. */
static void say(uint32_t size)
{
	uint16_t before = virtio_used(&out_ring);
	uint64_t limit = ticks() + 5 * ticks_per_second();

	memset(out, 0, HEADER);
	if (size >= 14 + sizeof(mark) && size <= FRAME_MOST)
		memcpy(out + HEADER + size - sizeof(mark), mark, sizeof(mark));
	out_ring.descriptors[0] = (struct descriptor){(uint64_t)out, HEADER + size, 0, 0};
	virtio_offer(base, 1, &out_ring, 0);
	while (virtio_used(&out_ring) == before) {
		listen();
		if (mmio_read(base + VIRTIO_STATUS) & VIRTIO_NEEDS_RESET) {
			start();
			return;
		}
		if (ticks() > limit) {
			lost++;
			start();
			return;
		}
	}
	listen();
}

static uint8_t *ethernet(const uint8_t *to, const uint8_t *from, uint16_t type)
{
	uint8_t *frame = out + HEADER;

	memset(frame, 0, 256);
	for (int i = 0; i < 6; i++) {
		frame[i] = to ? to[i] : 0xff;
		frame[6 + i] = from[i];
	}
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	return frame + 14;
}

/* A packet of IPv4 with UDP. */
static void datagram(const uint8_t *from_mac, uint32_t source, uint32_t destination, uint16_t fragment, uint16_t port, uint8_t head)
{
	uint8_t *ip = ethernet(NULL, from_mac, 0x0800);

	ip[0] = head;
	ip[3] = 60;
	ip[6] = (uint8_t)(fragment >> 8);
	ip[7] = (uint8_t)fragment;
	ip[8] = 64;
	ip[9] = 17;
	for (int i = 0; i < 4; i++) {
		ip[12 + i] = (uint8_t)(source >> (24 - 8 * i));
		ip[16 + i] = (uint8_t)(destination >> (24 - 8 * i));
	}
	ip[20] = (uint8_t)(port >> 8);
	ip[21] = ip[23] = (uint8_t)port;
	ip[25] = 40;
	say(14 + 60);
}

static void arp(const uint8_t *from_mac, uint8_t operation, const uint8_t *sender, uint32_t address)
{
	static const uint8_t head[6] = {0, 1, 8, 0, 6, 4};
	uint8_t *p = ethernet(NULL, from_mac, 0x0806);

	memcpy(p, head, 6);
	p[7] = operation;
	memcpy(p + 8, sender, 6);
	for (int i = 0; i < 4; i++)
		p[14 + i] = (uint8_t)(address >> (24 - 8 * i));
	p[24] = 10;
	p[26] = 2;
	p[27] = 2;
	say(14 + 60);
}

static void forge(void)
{
	static const uint8_t gateway[6] = {0x52, 0x55, 10, 0, 2, 2}, router[6] = {0x33, 0x33, 0, 0, 0, 1}, bridges[6] = {1, 0x80, 0xc2};
	uint8_t *p;

	arp(gateway, 1, gateway, 0x0a000202);
	arp(mac, 2, mac, 0x0a000202); /* "the gateway is me" */
	arp(mac, 1, gateway, 0x0a00020f);
	datagram(mac, 0x0a000263, 0xffffffff, 0, 5353, 0x45);
	datagram(mac, 0x0a000202, 0x0a00020f, 0, 53, 0x45); /* as the gateway, to the first guest's usual address */
	datagram(gateway, 0x0a000202, 0xffffffff, 0, 67, 0x45); /* a DHCP server's */
	datagram(mac, 0, 0xffffffff, 0x2000, 67, 0x45); /* fragments */
	datagram(mac, 0, 0xffffffff, 0x00ff, 67, 0x45);
	datagram(mac, 0, 0xffffffff, 0, 67, 0x4f); /* options */
	p = ethernet(router, mac, 0x86dd); /* a router advertisement */
	p[0] = 0x60;
	p[5] = 40;
	p[6] = 58;
	p[7] = 255;
	p[8] = 0xfe;
	p[9] = 0x80;
	p[24] = 0xff;
	p[40] = 134;
	say(14 + 80);
	ethernet(bridges, mac, 0x0026);
	say(60);
	ethernet(NULL, mac, 0x8100); /* a tag of another network */
	say(64);
	ethernet(NULL, mac, 0x88cc);
	say(64);
	for (uint32_t size = 0; size < 64; size++) {
		ethernet(NULL, mac, 0x0800);
		say(size);
	}
	for (uint32_t size = 1510; size < FRAME_MOST; size += 97) {
		ethernet(NULL, mac, 0x0800);
		say(size);
	}
	say(0x7fffffff - HEADER);
	say(0xffffffff - HEADER);
}

void test(void)
{
	uint64_t state = argument("seed", 1), count = argument("count", 10000);

	base = virtio_slot(SLOT);
	if (virtio_kind(SLOT) != DEVICE_NETWORK) {
		report(false, "there is no network");
		return;
	}
	for (uint32_t i = 0; i < 6; i++)
		mac[i] = (uint8_t)(mmio_read(base + VIRTIO_CONFIG + (i & 4)) >> 8 * (i & 3));
	start();
	ready();
	forge();
	for (uint64_t i = 0; i < count; i++) {
		static const uint16_t types[] = {0x0800, 0x0806, 0x86dd, 0x0800, 0x8100, 0x88a8, 0x0000};
		uint64_t r = random_next(&state);
		uint8_t *p = ethernet(NULL, mac, types[r % 7]);

		for (uint32_t at = 0; at < 96; at += 8) {
			uint64_t word = random_next(&state);

			memcpy(p + at, &word, 8);
		}
		if (r >> 8 & 3)
			p[0] = types[r % 7] == 0x86dd ? 0x60 : 0x45;
		if (r >> 10 & 1)
			p[9] = 17;
		if (r >> 11 & 1)
			out[HEADER + 6 + (r >> 12) % 6] ^= (uint8_t)(r >> 16); /* another sender */
		say((uint32_t)(r >> 24) % 200);
	}
	wait_ms(200);
	listen();
	report(lost == 0, "%u frames went nowhere", lost);
	report(marked == 0, "%u frames heard, %u of another persona's", heard, marked);
}
