/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a source of randomness. */
#include <veil/random_source.h>

bool random_source_read(uint8_t *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	return false;
}
