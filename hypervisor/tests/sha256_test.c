/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 against FIPS 180-4's examples, and data given in pieces of all sizes. */
#include "core/lib.h"
#include "core/sha256.h"
#include "test.h"

static bool digest_is(const uint8_t digest[VEIL_SHA256_BYTES], const char *hex)
{
	char text[2 * VEIL_SHA256_BYTES + 1];

	for (size_t i = 0; i < VEIL_SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return memcmp(text, hex, sizeof(text)) == 0;
}

static void given_fips_examples_then_the_digests_are_theirs(void)
{
	static const struct {
		const char *text, *digest;
		uint32_t repeat;
	} vectors[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 1},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", 1},
		{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1", 1},
		{"a", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", 1000000},
	};

	for (size_t i = 0; i < ARRAY_COUNT(vectors); i++) {
		struct sha256 hash;
		uint8_t digest[VEIL_SHA256_BYTES];
		size_t size = 0;

		while (vectors[i].text[size])
			size++;
		sha256_init(&hash);
		for (uint32_t j = 0; j < vectors[i].repeat; j++)
			sha256_update(&hash, vectors[i].text, size);
		sha256_final(&hash, digest);
		report(digest_is(digest, vectors[i].digest), vectors[i].digest);
	}
}

static void given_data_in_two_pieces_then_the_digest_is_that_of_the_whole(void)
{
	static uint8_t data[300];
	bool all = true;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31);
	for (size_t size = 0; size <= sizeof(data); size += 13)
		for (size_t cut = 0; cut <= size; cut++) {
			struct sha256 whole, parts;
			uint8_t a[VEIL_SHA256_BYTES], b[VEIL_SHA256_BYTES];

			sha256_init(&whole);
			sha256_update(&whole, data, size);
			sha256_final(&whole, a);
			sha256_init(&parts);
			sha256_update(&parts, data, cut);
			sha256_update(&parts, data + cut, size - cut);
			sha256_final(&parts, b);
			all = all && memcmp(a, b, sizeof(a)) == 0;
		}
	report(all, "every cut of every size gives the same digest");
}

static const struct test tests[] = {
	{"fips", given_fips_examples_then_the_digests_are_theirs},
	{"pieces", given_data_in_two_pieces_then_the_digest_is_that_of_the_whole},
};

TEST_MAIN(tests)
