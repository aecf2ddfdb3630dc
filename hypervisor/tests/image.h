/* SPDX-License-Identifier: Apache-2.0 */
/* A device image for the fake machine: what the composer would write, with everything open to a test's changes before it is written. */
#ifndef VEIL_TEST_IMAGE_H
#define VEIL_TEST_IMAGE_H

#include "core/manifest.h"
#include "core/persona.h"

#define IMAGE_VEIL_SIZE 0x20000
#define IMAGE_RAM_BASE ((uint64_t)GUEST_RAM_START) /* of a guest */
#define IMAGE_ENTRY (IMAGE_RAM_BASE + 0x80000)
#define IMAGE_KERNEL_SIZE 150001 /* shared by all personas; not a multiple of anything */
#define IMAGE_FILES_SIZE 70003 /* each persona's own */
#define IMAGE_FILES_ADDRESS (IMAGE_RAM_BASE + 0xb1000)
#define IMAGE_PERSONA_RAM 0x200000
#define IMAGE_MANIFEST_MAX 32768

struct image {
	struct veil_manifest header;
	struct veil_region regions[VEIL_MAX_REGIONS + 1];
	struct veil_payload payloads[VEIL_MAX_PAYLOADS + 1];
	struct veil_segment segments[VEIL_MAX_SEGMENTS + 1];
	struct veil_persona personas[VEIL_MAX_PERSONAS + 1];
	struct veil_surface surfaces[VEIL_MAX_PERSONAS + 1];
	struct veil_storage_range storage_ranges[VEIL_MAX_STORAGE_RANGES + 1];
	struct veil_network networks[VEIL_MAX_NETWORKS + 1];
	struct veil_egress_rule rules[VEIL_MAX_EGRESS_RULES + 1];
	struct veil_channel channels[VEIL_MAX_CHANNELS + 1];
	struct veil_policy policy; /* the counts of its tables are what a test sets */
	struct image_place place;
};

/* Fills in `image`: personas with a kernel they share and files of their own, one virtual CPU each that may run on every CPU,
 * weight 100, no cap, started at boot, 2 MiB of RAM where the guest machine has it. */
void image_declare(struct image *image, uint32_t personas, uint32_t cpus);

/* Gives every persona a surface of 1024 by 20 pixels, 4 rows of them strip, keyboard and tablet; and the phone a hotkey of two keys. */
#define IMAGE_STRIP_ROWS 4
#define IMAGE_BODY_ROWS 16
#define IMAGE_STRIDE 4096
#define IMAGE_HOTKEY 116 /* KEY_POWER, twice */
void image_declare_screen(struct image *image);

/* Gives a persona one more volume; call in the order of personas. */
void image_declare_volume(struct image *image, uint32_t persona, uint64_t first_sector, uint64_t sector_count);

/* Gives persona 0 flash: 3 pages read-only with a payload and its entry in them, and two blocks of variable flash, erased by nobody. */
#define IMAGE_FLASH_CODE_PAGES 3
#define IMAGE_FLASH_VARIABLE_PAGES 8
void image_declare_flash(struct image *image);

/* Gives a persona a table of so many patches. */
void image_declare_patches(struct image *image, uint32_t persona, uint32_t count);

/* Lays it out in RAM: regions, payload offsets and digests. Call after changing sizes; idempotent. */
void image_layout(struct image *image);

/* The manifest as bytes. */
size_t image_manifest(const struct image *image, uint8_t bytes[IMAGE_MANIFEST_MAX]);

/* The policy's section as bytes. */
void image_policy(const struct image *image, uint8_t bytes[VEIL_POLICY_BYTES]);

/* Writes payloads, header and manifest into the fake RAM. */
void image_write(const struct image *image);

/* Flips a bit of a payload in RAM, as no code of Veil could. */
void image_spoil(const struct image *image, uint32_t payload, uint64_t at);

/* What a byte of a payload is. */
uint8_t image_byte(uint32_t payload, uint64_t at);

/* What a persona must find at a guest-physical address after its start, seeds apart. */
uint8_t image_expected(const struct image *image, uint32_t persona, uint64_t address);

/* All of it, and Veil booted with it. */
void image_boot(const struct image *image);
void image_boot_default(uint32_t personas, uint32_t cpus);

#endif
