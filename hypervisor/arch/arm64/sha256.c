/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 with the cryptographic extension (Arm DDI 0487, C7.2 SHA256H...): about 1.6 instructions a byte. This file alone is
 * compiled with FP/SIMD. */
#include <arm_neon.h>

#include <veil/arch.h>

#include "core/sha256.h"

void arch_sha256_blocks(uint32_t state[8], const uint8_t *data, size_t block_count)
{
	uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);

	for (; block_count; block_count--, data += 64) {
		uint32x4_t abcd_before = abcd, efgh_before = efgh, w[4];

#pragma GCC unroll 4
		for (unsigned i = 0; i < 4; i++)
			w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * i)));
#pragma GCC unroll 16
		for (unsigned i = 0; i < 16; i++) {
			uint32x4_t sum = vaddq_u32(w[i % 4], vld1q_u32(sha256_constants + 4 * i)), abcd_old = abcd;

			if (i < 12)
				w[i % 4] = vsha256su1q_u32(vsha256su0q_u32(w[i % 4], w[(i + 1) % 4]), w[(i + 2) % 4], w[(i + 3) % 4]);
			abcd = vsha256hq_u32(abcd, efgh, sum);
			efgh = vsha256h2q_u32(efgh, abcd_old, sum);
		}
		abcd = vaddq_u32(abcd, abcd_before);
		efgh = vaddq_u32(efgh, efgh_before);
	}
	vst1q_u32(state, abcd);
	vst1q_u32(state + 4, efgh);
}
