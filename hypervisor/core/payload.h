/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads: kernels, initial filesystems and device trees as they lie in the image, believed only after their digest was checked. */
#ifndef VEIL_PAYLOAD_H
#define VEIL_PAYLOAD_H

#include "manifest.h"

enum payload_state {
	PAYLOAD_UNVERIFIED = 0,
	PAYLOAD_GOOD = 1,
	PAYLOAD_BAD = 2,
	PAYLOAD_BUSY = 3 /* another CPU is at it */
};

void payload_init(const struct manifest *manifest, paddr_t image_base);

/* Hashes the next part of a payload (ARCH_HASH_BYTES, less than 5,000 instructions) and says what is known now. Personas that share a payload share
 * the hash too, so each is hashed once. No guest may be loaded on this CPU: hashing uses the FP/SIMD registers. */
enum payload_state payload_verify_step(uint32_t payload);

/* Forgets a verdict, so that the payload is read and hashed again. */
void payload_distrust(uint32_t payload);

const uint8_t *payload_bytes(uint32_t payload);

#endif
