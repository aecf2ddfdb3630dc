/* SPDX-License-Identifier: Apache-2.0 */
/* Reads cases, a line each: key (VEIL_KEY_BYTES), signature and message in hexadecimal, the message with a dot in front, as it may be empty. Says of
 * each what Veil does: "good" or "bad". tests/image/ed25519.test.ts compares it with another implementation. */
#include <stdio.h>

#include "core/lib.h"
#include "crypto/ed25519.h"

#define MESSAGE_MAX 4096

static uint8_t key[VEIL_KEY_BYTES], signature[VEIL_SIGNATURE_BYTES], text[ED25519_TEXT_ROOM + MESSAGE_MAX];

static size_t from_hex(uint8_t *to, size_t room, const char *hex)
{
	size_t size = 0;

	for (unsigned byte; size < room && sscanf(hex + 2 * size, "%2x", &byte) == 1; size++)
		to[size] = (uint8_t)byte;
	return size;
}

int main(void)
{
	static char key_hex[2 * VEIL_KEY_BYTES + 1], signature_hex[2 * VEIL_SIGNATURE_BYTES + 1], message_hex[2 * MESSAGE_MAX + 2];
	static struct ed25519 check;

	while (scanf("%128s %128s .%8192[0-9a-f]", key_hex, signature_hex, message_hex + 1) >= 2) {
		enum ed25519_result result;
		size_t size;

		if (from_hex(key, sizeof(key), key_hex) != sizeof(key) ||
		    from_hex(signature, sizeof(signature), signature_hex) != sizeof(signature))
			return 1;
		size = from_hex(text + ED25519_TEXT_ROOM, MESSAGE_MAX, message_hex + 1);
		message_hex[1] = 0;
		ed25519_begin(&check, text, size, key, signature);
		do
			result = ed25519_step(&check);
		while (result == ED25519_GOES_ON);
		puts(result == ED25519_GOOD ? "good" : "bad");
	}
	return 0;
}
