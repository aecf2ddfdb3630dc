/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a manifest. What is accepted must never give one byte of RAM two owners. */
#include <stdlib.h>

#include "arch/host/machine.h"
#include "core/lib.h"
#include "tests/manifest_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image image;
	struct manifest manifest;
	uint8_t *copy = malloc(size); /* aligned, and ends where the input does */

	if (!image.header.magic)
		image_declare(&image, 2, 2);
	memcpy(copy, data, size);
	if (manifest_read(&manifest, copy, size, BOARD_NAME, image.place) == MANIFEST_OK && !manifest_check(&manifest, image.place))
		abort();
	free(copy);
	return 0;
}
