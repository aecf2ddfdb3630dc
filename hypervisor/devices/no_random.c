/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a source of randomness: Veil has none to give. */
#include <veil/random_source.h>

#include "core/entropy.h"

// NOLINTNEXTLINE(readability-non-const-parameter): other boards fill it
bool random_source_read(uint8_t *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	return false;
}

void entropy_add(const void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
}

// NOLINTNEXTLINE(readability-non-const-parameter): other boards fill it
bool entropy_get(uint8_t *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	return false;
}
