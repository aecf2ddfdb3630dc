/* SPDX-License-Identifier: Apache-2.0 */
/* Veil without keys: for development. It takes images that say so, and no others. */
#include "verify.h"

uint32_t verify_kind(void)
{
	return VEIL_SIGNATURE_DEVELOPMENT;
}

bool verify_needs_disk(void)
{
	return false;
}

void verify_manifest(const void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
}

void verify_image(const struct manifest *manifest)
{
	(void)manifest;
}

enum veil_result verify_accept(void)
{
	return VEIL_RESULT_UNKNOWN_OP;
}

enum veil_result verify_policy(const uint8_t *bytes, uint32_t size)
{
	(void)bytes;
	(void)size;
	return VEIL_RESULT_OK;
}

void verify_policy_forget(void)
{
}

void verify_step(uint64_t now)
{
	(void)now;
}
