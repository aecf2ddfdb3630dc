/* SPDX-License-Identifier: Apache-2.0 */
/* Verification of Ed25519 signatures (RFC 8032, 5.1), a step at a time. */
#ifndef VEIL_ED25519_H
#define VEIL_ED25519_H

#include <veil/abi.h>
#include <veil/types.h>

#include "sha512.h"

#define ED25519_TEXT_ROOM 64 /* bytes in front of a message: what is hashed with it is put there */

/* A number of 256 bits, the lowest limb first. */
#define ED25519_LIMBS (32 / sizeof(address_t))
typedef address_t ed25519_number[ED25519_LIMBS];

enum ed25519_register {
	/* Points are (Y : X : Z : T) with x = X/Z, y = Y/Z, xy = T/Z; y first, as keys have it. */
	Y,
	X,
	Z,
	T,
	QY, /* what is added next */
	QX,
	QZ,
	QT,
	D2, /* 2d */
	PRIME,
	ORDER, /* of the base point */
	BY, /* the base point */
	BX,
	BZ,
	BT,
	ONE, /* the neutral point, whose coordinates serve as numbers as well */
	ZERO,
	ONE_Z,
	ZERO_T,
	SY, /* the sum of B and A */
	SX,
	SZ,
	ST,
	AY, /* minus the public key */
	AX,
	AZ,
	AT,
	A, /* of an addition */
	B,
	E,
	G,
	H,
	INVERSE,
	TWO,
	MINUS_ONE,
	MINUS_TWO,
	MINUS_D2,
	SCALAR, /* S of the signature */
	HASH, /* modulo the order */
	REGISTERS
};

struct ed25519 {
	ed25519_number registers[REGISTERS];
	const uint8_t *text;
	struct sha512 hash;
	bool is_hashed;
	uint32_t reduced; /* bytes of the hash */
	uint32_t next, end; /* operations to be done */
	uint32_t round;
};

enum ed25519_result {
	ED25519_GOES_ON,
	ED25519_GOOD,
	ED25519_BAD
};

/* `text`: ED25519_TEXT_ROOM bytes, and `size` bytes of message behind them; it must stay as it is until there is a result. */
void ed25519_begin(struct ed25519 *check, uint8_t *text, size_t size, const uint8_t key[VEIL_KEY_BYTES],
		   const uint8_t signature[VEIL_SIGNATURE_BYTES]);

/* The next step: less than 5,000 instructions. */
enum ed25519_result ed25519_step(struct ed25519 *check);

#endif
