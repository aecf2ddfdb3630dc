/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 and SHA-512 against the vectors of RFC 8032 and FIPS 180-4, and what must not pass; with limbs as wide as the guest machine's addresses.
 * Many random cases are compared with another implementation by tests/image/ed25519.test.ts. */
#ifndef VEIL_TEST_ED25519_CASES_H
#define VEIL_TEST_ED25519_CASES_H

#include "core/lib.h"
#include "crypto/ed25519.h"
#include "crypto/sha512.h"
#include "tests/ed25519_vectors.h"
#include "tests/test.h"

#define MESSAGE_MAX 1024

/* A case as it is checked. */
static struct {
	uint8_t key[VEIL_KEY_BYTES];
	uint8_t signature[VEIL_SIGNATURE_BYTES];
	uint8_t text[ED25519_TEXT_ROOM + MESSAGE_MAX];
	size_t size;
} given;

static struct ed25519 check;

static size_t from_hex(uint8_t *to, const char *hex)
{
	size_t size = 0;

	for (unsigned byte; sscanf(hex + 2 * size, "%2x", &byte) == 1; size++)
		to[size] = (uint8_t)byte;
	return size;
}

static void give(const struct ed25519_vector *v)
{
	report_equal(from_hex(given.key, v->key), VEIL_KEY_BYTES, v->name);
	report_equal(from_hex(given.signature, v->signature), VEIL_SIGNATURE_BYTES, v->name);
	given.size = from_hex(given.text + ED25519_TEXT_ROOM, v->message);
}

static bool passes(void)
{
	enum ed25519_result result;

	ed25519_begin(&check, given.text, given.size, given.key, given.signature);
	do
		result = ed25519_step(&check);
	while (result == ED25519_GOES_ON);
	return result == ED25519_GOOD;
}

static void given_the_vectors_then_they_pass(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(ed25519_vectors); i++) {
		give(&ed25519_vectors[i]);
		report(passes(), ed25519_vectors[i].name);
	}
}

static void given_a_wrong_bit_then_it_fails(void)
{
	give(&ed25519_vectors[2]);
	for (size_t bit = 0; bit < 8 * VEIL_SIGNATURE_BYTES; bit++) {
		given.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		report(!passes(), "of the signature");
		given.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * given.size; bit++) {
		given.text[ED25519_TEXT_ROOM + bit / 8] ^= (uint8_t)(1 << bit % 8);
		report(!passes(), "of the message");
		given.text[ED25519_TEXT_ROOM + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * VEIL_PUBLIC_KEY_BYTES; bit++) {
		given.key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		report(!passes(), "of the key");
		given.key[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	report(passes(), "and as it was it passes");
}

static void given_another_ones_key_then_it_fails(void)
{
	give(&ed25519_vectors[2]);
	from_hex(given.key, ed25519_vectors[1].key);
	report(!passes(), "another key");
	give(&ed25519_vectors[2]);
	given.size--;
	report(!passes(), "a shorter message");
}

/* To S the order of the base point is added: the equation holds as before. */
static void given_a_scalar_that_is_not_reduced_then_it_fails(void)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,	0xd6,
					  0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

	for (size_t i = 0; i < ARRAY_COUNT(ed25519_vectors); i++) {
		unsigned carry = 0;

		give(&ed25519_vectors[i]);
		for (size_t at = 0; at < sizeof(order); at++) {
			carry += given.signature[32 + at] + order[at];
			given.signature[32 + at] = (uint8_t)carry;
			carry >>= 8;
		}
		report(!passes(), ed25519_vectors[i].name);
	}
	memcpy(given.signature + 32, order, sizeof(order));
	report(!passes(), "the order itself");
}

/* The neutral point as R, and 0 as S, would sign anything for a key of small order; for ours nothing. */
static void given_a_signature_of_nothing_then_it_fails(void)
{
	give(&ed25519_vectors[1]);
	memset(given.signature, 0, sizeof(given.signature));
	report(!passes(), "all zero");
	given.signature[0] = 1;
	report(!passes(), "the neutral point");
	memset(given.signature, 0xff, sizeof(given.signature));
	report(!passes(), "all ones");
}

static void digest_is(const void *data, size_t size, const char *digest)
{
	uint8_t wanted[64];
	struct sha512 hash;
	bool same = true;

	from_hex(wanted, digest);
	sha512_init(&hash, data, size);
	while (!sha512_step(&hash))
		;
	for (size_t i = 0; i < sizeof(wanted); i++)
		same = same && wanted[i] == (uint8_t)(hash.state[i / 8] >> (56 - 8 * (i % 8)));
	report(same, digest);
}

static void given_fips_examples_then_the_digests_are_theirs(void)
{
	digest_is(
		"abc", 3,
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	digest_is(
		"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 112,
		"8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
	digest_is(
		"", 0,
		"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
}

static const struct test tests[] = {
	{"vectors", given_the_vectors_then_they_pass},		 {"bits", given_a_wrong_bit_then_it_fails},
	{"others", given_another_ones_key_then_it_fails},	 {"scalar", given_a_scalar_that_is_not_reduced_then_it_fails},
	{"nothing", given_a_signature_of_nothing_then_it_fails}, {"sha512", given_fips_examples_then_the_digests_are_theirs},
};

#endif
