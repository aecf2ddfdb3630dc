/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to the first guest: nothing the manifest says is acted on before all of it has been checked. */
#include "boot.h"

#include <veil/arch.h>
#include <veil/board.h>
#include <veil/console.h>
#include <veil/cpu.h>
#include <veil/last_run.h>
#include <veil/random_source.h>

#include "control.h"
#include "entropy.h"
#include "input.h"
#include "log.h"
#include "manifest.h"
#include "memory.h"
#include "mux.h"
#include "owner.h"
#include "payload.h"
#include "persona.h"
#include "platforms/virtio_blk.h"
#include "platforms/virtio_net.h"
#include "policy.h"
#include "sched.h"
#include "surface.h"
#include "verify/verify.h"
#include "view.h"

extern const struct veil_image_header image_header;

static struct manifest manifest;

static address_t payload_memory(void)
{
	address_t size = 0;

	for (uint32_t i = 0; i < manifest.payload_count; i++)
		size += align_up((address_t)manifest.payloads[i].size, VEIL_PAGE_SIZE);
	return size;
}

static void manifest_load(void)
{
	/* The header lies in memory the composer patched: read like any other input. */
	const volatile struct veil_image_header *header = &image_header;
	address_t offset = address_wide(header->manifest_offset), size = address_wide(header->manifest_size), kept;
	struct image_place image = {.base = arch_physical(&image_header), .size = address_wide(header->image_size)};
	enum manifest_error error;
	const void *bytes;

	if (image.size > BOARD_RAM_MAX_SIZE || offset > image.size || size > image.size - offset || offset % VEIL_PAGE_SIZE ||
	    offset < header->veil_size)
		panic("image: bad place of the manifest", offset);
	image.veil_size = offset + align_up(size, VEIL_PAGE_SIZE);
	bytes = arch_keep(paddr(image.base.value + offset), size, &kept);
	if (kept < size)
		panic("manifest: too large to have in view", size);
	verify_manifest(bytes, size);
	error = manifest_read(&manifest, bytes, size, BOARD_NAME, image);
	if (error != MANIFEST_OK)
		panic("manifest refused: error", error);
	if ((address_t)manifest.header->ram_base != BOARD_RAM_BASE || (address_t)manifest.header->ram_size > BOARD_RAM_MAX_SIZE ||
	    manifest.header->cpu_count > BOARD_CPU_MAX_COUNT)
		panic("manifest refused: not this board's RAM or CPUs", manifest.header->ram_size);
	arch_protect(paddr(image.base.value + offset), align_up(image.size, 4096) - offset);
	owner_init(manifest.regions, manifest.region_count);
	payload_init(&manifest, image.base);
	policy_init(&manifest);
	memory_init(paddr((address_t)manifest.header->work_base), (address_t)manifest.header->work_size);
}

static uint64_t entropy_init(void)
{
	uint8_t seed[64];
	uint64_t epoch = 0;

	if (random_source_read(seed, sizeof(seed)))
		entropy_add(seed, sizeof(seed));
	else
		log_text(VEIL_NO_PERSONA, "no entropy source on this board");
	if (!entropy_get((uint8_t *)&epoch, sizeof(epoch)))
		epoch = arch_time();
	return epoch;
}

void boot_init(void)
{
	uint64_t epoch;

	console_init();
	sched_init();
	last_run_begin();
	manifest_load();
	cpu_count = manifest.header->cpu_count;
	virtio_blk_init(&manifest);
	verify_image(&manifest);
	epoch = entropy_init();
	mux_init(manifest.persona_count, epoch);
	if (!virtio_net_init(&manifest) || !persona_init_all(&manifest))
		panic("manifest refused: too little work memory", manifest.header->work_size);
	surface_init(&manifest);
	input_init(&manifest);
	view_init(&manifest);
	surface_show(persona_foreground);
	control_init(epoch,
		     (address_t)image_header.manifest_offset + align_up((address_t)manifest.header->size, VEIL_PAGE_SIZE) + memory_taken() +
			     surface_memory(),
		     payload_memory());
	log_number(VEIL_NO_PERSONA, "Veil is up; personas:", persona_count);
	if (!arch_start_cpus(cpu_count))
		panic("a CPU did not start; wanted", cpu_count);
}
