/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest as Veil believes it: read with bounds checks, then checked for contradictions, before anything acts on it. */
#ifndef VEIL_MANIFEST_H
#define VEIL_MANIFEST_H

#include <veil/abi.h>
#include <veil/types.h>

#include "policy.h"

/* Where the device image lies in RAM. */
struct image_place {
	paddr_t base;
	address_t size;
	address_t veil_size; /* the first bytes of it: Veil and the manifest */
};

struct manifest {
	const struct veil_manifest *header;
	const struct veil_region *regions;
	const struct veil_payload *payloads;
	const struct veil_segment *segments;
	const struct veil_persona *personas;
	const struct veil_surface *surfaces;
	const struct veil_storage_range *storage_ranges;
	uint32_t region_count, payload_count, segment_count, persona_count, surface_count, storage_range_count;
	struct image_place image;
	struct policy policy;
};

enum manifest_error {
	MANIFEST_OK = 0,
	MANIFEST_TRUNCATED = 1,
	MANIFEST_BAD_MAGIC = 2,
	MANIFEST_BAD_VERSION = 3,
	MANIFEST_UNKNOWN_FLAG = 4,
	MANIFEST_OTHER_BOARD = 5,
	MANIFEST_BAD_SIGNATURE_KIND = 6,
	MANIFEST_BAD_TABLE = 7, /* out of bounds, out of order, too many, or not supported by this version */
	MANIFEST_BAD_RAM = 8, /* the regions do not cover RAM once, or the work memory is not Veil's */
	MANIFEST_BAD_PAYLOAD = 9, /* outside the payload regions */
	MANIFEST_BAD_PERSONA = 10,
	MANIFEST_BAD_SEGMENT = 11,
	MANIFEST_BAD_RESERVED = 12, /* a reserved field is not zero */
	MANIFEST_BAD_SURFACE = 13,
	MANIFEST_BAD_POLICY = 14,
	MANIFEST_BAD_STORAGE = 15,
	MANIFEST_TOO_WIDE = 16 /* an address or a size that this machine's addresses have no bits for */
};

/* `bytes`, `size`: the manifest. Nothing is copied: `manifest` points into it. */
enum manifest_error manifest_read(struct manifest *manifest, const void *bytes, address_t size, const char *board,
				  struct image_place image);

#endif
