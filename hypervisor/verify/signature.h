/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest or a policy and its signature by one of Veil's keys, one at a time. */
#ifndef VEIL_SIGNATURE_H
#define VEIL_SIGNATURE_H

#include "crypto/ed25519.h"

enum signature_kind {
	SIGNATURE_OF_MANIFEST,
	SIGNATURE_OF_POLICY
};

/* Of `bytes`, which must stay as they are until there is a result, at least the header is there. False: it is by no key of ours.
 * Hashes, as a step may: no guest may be loaded on this CPU. */
bool signature_begin(enum signature_kind kind, const void *bytes, size_t size);
enum ed25519_result signature_step(void);

#endif
