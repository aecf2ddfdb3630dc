/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a policy section, read at once and by the way of the control channel. What is accepted names rules and personas there
 * are, and no persona twice. */
#include <stdlib.h>

#include "arch/host/machine.h"
#include "core/lib.h"
#include "core/policy.h"
#include "core/sha256.h"
#include "tests/image.h"

#define PERSONAS 2

static void check(const struct policy *policy, const uint8_t *bytes)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < policy->header->networks.count; i++) {
		const struct veil_network *network = &policy->networks[i];

		if ((const uint8_t *)(network + 1) > bytes + VEIL_POLICY_BYTES || (network->personas & seen) ||
		    network->personas >> PERSONAS || network->name[VEIL_NAME_BYTES - 1])
			abort();
		seen |= network->personas;
		for (uint32_t rule = network->first_rule; rule < (uint32_t)network->first_rule + network->rule_count; rule++)
			if ((const uint8_t *)(&policy->rules[rule] + 1) > bytes + VEIL_POLICY_BYTES ||
			    policy->rules[rule].prefix > (policy->rules[rule].family == 4 ? 32 : 128))
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_up;
	uint8_t digest[VEIL_SHA256_BYTES], *bytes = malloc(VEIL_POLICY_BYTES); /* ends where a section may */
	struct policy policy;
	struct sha256 hash;
	enum veil_result result;
	bool is_good, is_taken = false;

	if (!is_up)
		image_boot_default(PERSONAS, 1);
	is_up = true;
	if (size > VEIL_POLICY_BYTES)
		size = VEIL_POLICY_BYTES;
	memset(bytes, 0, VEIL_POLICY_BYTES);
	memcpy(bytes, data, size);
	is_good = policy_read(&policy, bytes, PERSONAS);
	if (is_good)
		check(&policy, bytes);
	sha256_init(&hash);
	sha256_update(&hash, bytes, size);
	sha256_final(&hash, digest);
	machine.this_cpu = 0;
	if (policy_begin((uint32_t)size, digest, sizeof(digest)) == VEIL_RESULT_OK) {
		for (uint32_t at = 0; at < size; at += VEIL_POLICY_CHUNK) {
			size_t part = size - at < VEIL_POLICY_CHUNK ? size - at : VEIL_POLICY_CHUNK;

			if (policy_data(at, bytes + at, part) != VEIL_RESULT_OK)
				abort();
		}
		do
			result = policy_commit();
		while (result == VEIL_RESULT_AGAIN);
		is_taken = result == VEIL_RESULT_OK;
	}
	/* What stands behind the section's own size is no part of it. */
	if (is_taken != (is_good && policy.header->size == size))
		abort();
	if (is_taken)
		check(policy_current(), (const uint8_t *)policy_current()->header);
	free(bytes);
	machine.output_size = 0;
	return 0;
}
