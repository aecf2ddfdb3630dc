/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519: is [S]B - [h]A = R, with h the hash of R, A and the message? (RFC 8032, 5.1.7; the equation without the cofactor.)
 *
 * Small before fast. There is one operation of the field, a * b + c, on numbered registers. Points are added by a table of it, with the formulas
 * "add-2008-hwcd-3" of the Explicit-Formulas Database for twisted Edwards curves with a = -1, which are complete here: they double as well, and know
 * the neutral point. Both multiplications go together, from the highest bits down: double, then add 0, B, -A or B - A. R is compared as it is
 * encoded, so no square root is taken: keys come with their x coordinate, and the composer has checked that they are of the order of the
 * base point.
 *
 * Nothing here is secret; even so, no branch and no address depends on a key, a signature or a message, but for its length. */
#include "ed25519.h"

#include <product.h>

#include "core/lib.h"

#define LIMBS ED25519_LIMBS
#define LIMB_BITS (8 * sizeof(address_t))
#define NUMBER_BYTES sizeof(ed25519_number)
#define POINT_BYTES (4 * NUMBER_BYTES)
#define OPERATIONS_AT_ONCE (LIMBS == 4 ? 8 : 4) /* of some 450 and 900 instructions */

#define BITS 253 /* of the scalars: both are less than the order, which is less than 2^253 */

/* D2, PRIME = 2^255 - 19, ORDER = 2^252 + 27742317777372353535851937790883648493, and the base point, as keys are given. */
static const uint8_t constants[5 * 32] = {
	0x59, 0xf1, 0xb2, 0x26, 0x94, 0x9b, 0xd6, 0xeb, 0x56, 0xb1, 0x83, 0x82, 0x9a, 0x14, 0xe0, 0x00, 0x30, 0xd1, 0xf3, 0xee,
	0xf2, 0x80, 0x8e, 0x19, 0xe7, 0xfc, 0xdf, 0x56, 0xdc, 0xd9, 0x06, 0x24, 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0x7f, 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x58, 0x66, 0x66, 0x66,
	0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x1a, 0xd5, 0x25, 0x8f, 0x60, 0x2d, 0x56, 0xc9, 0xb2, 0xa7, 0x25, 0x95,
	0x60, 0xc7, 0x2c, 0x69, 0x5c, 0xdc, 0xd6, 0xfd, 0x31, 0xe2, 0xa4, 0xc0, 0xfe, 0x53, 0x6e, 0xcd, 0xd3, 0x36, 0x69, 0x21};

/* to = a * b + c */
struct operation {
	uint8_t to, a, b, c;
};

#define ADD 10
#define INVERT 26
#define DIVIDE 28
#define END 30

static const struct operation program[END] = {
	/* What is made of 1, -1, the base point's coordinates and the key's, once */
	{TWO, ONE, ONE, ONE},
	{MINUS_TWO, MINUS_ONE, TWO, ZERO},
	{INVERSE, ONE, ONE, ZERO},
	{ONE_Z, ONE, ONE, ZERO},
	{BZ, ONE, ONE, ZERO},
	{AZ, ONE, ONE, ZERO},
	{AX, AX, MINUS_ONE, ZERO},
	{AT, AX, AY, ZERO},
	{BT, BX, BY, ZERO},
	{MINUS_D2, D2, MINUS_ONE, ZERO},
	/* ADD: (Y X Z T) += (QY QX QZ QT) */
	{A, X, MINUS_ONE, Y},
	{B, QX, MINUS_ONE, QY},
	{A, A, B, ZERO}, /* the A of the formulas; */
	{B, X, ONE, Y},
	{E, QX, ONE, QY},
	{H, B, E, A}, /* H = B + A, */
	{E, A, MINUS_TWO, H}, /* E = B - A */
	{A, T, QT, ZERO}, /* C without its factor 2d */
	{B, Z, QZ, ZERO},
	{B, B, TWO, ZERO}, /* D */
	{G, A, D2, B}, /* G = D + C, */
	{A, A, MINUS_D2, B}, /* F = D - C */
	{X, E, A, ZERO},
	{Y, G, H, ZERO},
	{T, E, H, ZERO},
	{Z, A, G, ZERO},
	/* INVERT: for a bit of the exponent; the second for one that is set */
	{INVERSE, INVERSE, INVERSE, ZERO},
	{INVERSE, INVERSE, Z, ZERO},
	/* DIVIDE */
	{X, X, INVERSE, ZERO},
	{Y, Y, INVERSE, ZERO},
};

/* Modulo the prime, but not less than it: any number of 256 bits is good. 2^256 is 38 there. */
static HOT NOINLINE void multiply_add(ed25519_number to, const ed25519_number a, const ed25519_number b, const ed25519_number c)
{
	address_t product[2 * LIMBS];

	memcpy(product, c, NUMBER_BYTES);
	for (size_t i = 0; i < LIMBS; i++) {
		address_t carry = 0;

		for (size_t j = 0; j < LIMBS; j++)
			carry = product_add(a[i], b[j], &product[i + j], carry);
		product[i + LIMBS] = carry;
	}
	/* Of the high half, then of what overflows, at most 38, and again, at most 1. */
	for (size_t times = 0; times < 3; times++) {
		address_t carry = 0;

		for (size_t i = 0; i < LIMBS; i++) {
			carry = product_add(product[LIMBS + i], 38, &product[i], carry);
			product[LIMBS + i] = 0;
		}
		product[LIMBS] = carry;
	}
	memcpy(to, product, NUMBER_BYTES);
}

/* Takes `modulus` away, if that does not go below zero. Whether it did: all bits or none. */
static address_t subtract(ed25519_number from, const ed25519_number modulus)
{
	ed25519_number less;
	address_t borrow = 0, taken;

	for (size_t i = 0; i < LIMBS; i++) {
		address_pair_t difference = (address_pair_t)from[i] - modulus[i] - borrow;

		less[i] = (address_t)difference;
		borrow = (address_t)(difference >> LIMB_BITS) & 1;
	}
	taken = borrow - 1;
	for (size_t i = 0; i < LIMBS; i++)
		from[i] ^= (from[i] ^ less[i]) & taken;
	return taken;
}

void ed25519_begin(struct ed25519 *check, uint8_t *text, size_t size, const uint8_t key[VEIL_KEY_BYTES],
		   const uint8_t signature[VEIL_SIGNATURE_BYTES])
{
	ed25519_number *r = check->registers;

	memset(check, 0, sizeof(*check));
	memcpy(text, signature, 32);
	memcpy(text + 32, key, VEIL_PUBLIC_KEY_BYTES);
	check->text = text;
	sha512_init(&check->hash, text, ED25519_TEXT_ROOM + size);
	r[ONE][0] = 1;
	memset(r[MINUS_ONE], 0xff, NUMBER_BYTES);
	r[MINUS_ONE][0] -= 38;
	memcpy(r[D2], constants, sizeof(constants));
	memcpy(r[SCALAR], signature + 32, 32);
	memcpy(r[AY], key, VEIL_KEY_BYTES);
	r[AY][LIMBS - 1] &= ~(address_t)0 >> 1; /* the sign of x */
	check->end = ADD;
}

/* One byte more of the hash, which is a little-endian number: its last one first. */
static void reduce(struct ed25519 *check)
{
	address_t *number = check->registers[HASH];
	uint32_t at = 63 - check->reduced++;
	uint32_t byte = (uint32_t)(check->hash.state[at / 8] >> (56 - 8 * (at % 8)));

	for (uint32_t bit = 8; bit--;) {
		address_t carry = byte >> bit & 1;

		for (size_t i = 0; i < LIMBS; i++) {
			address_t high = number[i] >> (LIMB_BITS - 1);

			number[i] = number[i] << 1 | carry;
			carry = high;
		}
		subtract(number, check->registers[ORDER]);
	}
}

static address_t bit_of(const ed25519_number number, uint32_t bit)
{
	return number[bit / LIMB_BITS] >> bit % LIMB_BITS & 1;
}

/* What is to be added for a bit of both scalars, without an address that tells which. */
static void choose(ed25519_number *r, uint32_t bit)
{
	address_t wanted = (bit_of(r[SCALAR], bit) ^ 1) + 2 * bit_of(r[HASH], bit), *to = r[QY];
	const address_t *points = r[BY]; /* B, the neutral point, B - A, -A */

	for (size_t i = 0; i < 4 * LIMBS; i++) {
		address_t limb = 0;

		for (address_t n = 0; n < 4; n++)
			limb |= points[n * 4 * LIMBS + i] & -(((n ^ wanted) - 1) >> (LIMB_BITS - 1));
		to[i] = limb;
	}
}

static enum ed25519_result verdict(struct ed25519 *check)
{
	ed25519_number *r = check->registers;

	for (uint32_t n = Y; n <= X; n++) {
		subtract(r[n], r[PRIME]); /* 2^256 is less than three of it */
		subtract(r[n], r[PRIME]);
	}
	r[Y][LIMBS - 1] |= r[X][0] << (LIMB_BITS - 1);
	return subtract(r[SCALAR], r[ORDER]) | (address_t)memcmp(r[Y], check->text, 32) ? ED25519_BAD : ED25519_GOOD;
}

/* What comes after the operations that have been done. */
static enum ed25519_result round_begin(struct ed25519 *check)
{
	ed25519_number *r = check->registers;
	uint32_t round = check->round++;

	check->next = ADD;
	check->end = INVERT;
	if (round == 0) { /* B - A */
		memcpy(r[Y], r[BY], POINT_BYTES);
		memcpy(r[QY], r[AY], POINT_BYTES);
	} else if (round <= 2 * BITS) {
		if (round == 1) {
			memcpy(r[SY], r[Y], POINT_BYTES);
			memcpy(r[Y], r[ONE], POINT_BYTES);
		}
		if (round % 2)
			memcpy(r[QY], r[Y], POINT_BYTES);
		else
			choose(r, BITS - round / 2);
	} else if (round <= 2 * BITS + 255) { /* Z to the power of 2^255 - 21, whose bits but 2 and 4 are set */
		uint32_t bit = 2 * BITS + 255 - round;

		check->next = INVERT;
		check->end = bit == 2 || bit == 4 ? DIVIDE - 1 : DIVIDE;
	} else if (round == 2 * BITS + 256) {
		check->next = DIVIDE;
		check->end = END;
	} else {
		return verdict(check);
	}
	return ED25519_GOES_ON;
}

enum ed25519_result ed25519_step(struct ed25519 *check)
{
	ed25519_number *r = check->registers;

	if (!check->is_hashed) {
		check->is_hashed = sha512_step(&check->hash);
		return ED25519_GOES_ON;
	}
	if (check->reduced < 64) {
		reduce(check);
		return ED25519_GOES_ON;
	}
	if (check->next == check->end)
		return round_begin(check);
	for (uint32_t i = 0; i < OPERATIONS_AT_ONCE && check->next < check->end; i++) {
		const struct operation *o = &program[check->next++];

		multiply_add(r[o->to], r[o->a], r[o->b], r[o->c]);
	}
	return ED25519_GOES_ON;
}
