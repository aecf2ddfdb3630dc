/* SPDX-License-Identifier: Apache-2.0 */
/* A signature by one of Veil's keys, one at a time. */
#ifndef VEIL_SIGNATURE_H
#define VEIL_SIGNATURE_H

#include "crypto/ed25519.h"

/* What is signed: a manifest or a policy. */
enum signature_context {
	SIGNATURE_OF_MANIFEST,
	SIGNATURE_OF_POLICY
};

/* The key with that id; NULL: it is none of ours. Hashes: no guest may be loaded on this CPU. */
const uint8_t *signature_key(const uint8_t id[VEIL_SHA256_BYTES]);

/* `sha256` of what is signed, with zeros where its signature is. */
void signature_begin(const uint8_t *key, const uint8_t signature[VEIL_SIGNATURE_BYTES], enum signature_context context,
		     const uint8_t sha256[VEIL_SHA256_BYTES]);
enum ed25519_result signature_step(void);

#endif
