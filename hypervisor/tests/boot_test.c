/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to the first guest. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/boot.h"
#include "core/lib.h"
#include "image.h"
#include "test.h"

static struct image image;

static void given_a_good_image_then_both_personas_run(void)
{
	image_boot_default(2, 1);
	machine_run_ms(20);
	bridge_connect();
	report_equal(bridge.garbage, 0, "only frames on the line");
	report_equal(bridge.hello.personas, 2, "hello tells of two personas");
	report_equal(bridge.hello.cpus, 1, "and one CPU");
	report(bridge.hello.boot_epoch != 0, "the epoch is random");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "the first runs");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the second runs");
	report_equal(bridge_status(1).starts, 1, "started once");
	report(guest_is_in(personas[0].vcpus[0]) || guest_is_in(personas[1].vcpus[0]), "one of them has the CPU");
}

static void given_n_cpus_then_all_of_them_serve(void)
{
	image_boot_default(4, 4);
	machine_run_ms(20);
	for (uint32_t i = 0; i < 4; i++)
		report(guest_is_in(personas[i].vcpus[0]), "each persona runs on a CPU of its own");
}

static void given_no_randomness_then_it_boots_all_the_same(void)
{
	machine_init();
	machine.has_random = false;
	image_declare(&image, 1, 1);
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "it runs");
	report_equal(guest_memory(personas[0].vcpus[0], IMAGE_RAM_BASE + 0x1f0)[0], 0, "the seed's place is left alone");
}

static bool boots(void (*change)(struct veil_image_header *header))
{
	machine_init();
	image_declare(&image, 1, 1);
	image_write(&image);
	change((struct veil_image_header *)BOARD_LOAD_ADDRESS);
	return machine_try(boot_init) && machine_run_ms(20);
}

static void offset_is_not_a_page(struct veil_image_header *h)
{
	h->manifest_offset++;
}

static void manifest_is_inside_veil(struct veil_image_header *h)
{
	h->manifest_offset = 0x10000;
}

static void manifest_is_behind_the_image(struct veil_image_header *h)
{
	h->manifest_offset = h->image_size;
}

static void manifest_ends_at_the_end_of_numbers(struct veil_image_header *h)
{
	h->manifest_size = UINT64_MAX;
}

static void image_is_huge(struct veil_image_header *h)
{
	h->image_size = UINT64_MAX;
	h->manifest_offset = UINT64_MAX - 0xffff;
	h->manifest_size = 0xffff;
}

static void manifest_is_empty(struct veil_image_header *h)
{
	h->manifest_size = 0;
}

static void given_a_bad_header_then_it_stops_with_a_reason(void)
{
	static void (*const changes[])(struct veil_image_header *) = {
		offset_is_not_a_page, manifest_is_inside_veil, manifest_is_behind_the_image, manifest_ends_at_the_end_of_numbers,
		image_is_huge,	      manifest_is_empty,
	};

	for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
		report(!boots(changes[i]), "refused");
		report(machine_has_said("Veil stopped: "), "with last words");
		report_equal(machine.run, MACHINE_RUN_PANIC, "which are remembered");
		report(machine.last_words[0] && machine_has_said(machine.last_words), "as they are");
	}
}

static void given_too_little_work_memory_then_it_stops(void)
{
	machine_init();
	image_declare(&image, 8, 1);
	image.header.work_size = VEIL_PAGE_SIZE;
	image_write(&image);
	report(!machine_try(boot_init), "refused");
	report(machine_has_said("too little work memory"), "with the reason");
}

static void given_the_work_memory_of_the_formula_then_it_is_enough(void)
{
	for (uint32_t count = 1; count <= VEIL_MAX_PERSONAS; count++) {
		machine_init();
		memset(cpus, 0, sizeof(cpus));
		memset(personas, 0, sizeof(personas));
		image_declare(&image, count, 8);
		for (uint32_t i = 0; i < count; i++) {
			image.personas[i].cpu_count = 8;
			image.personas[i].cpu_cap_percent = 800;
		}
		image_layout(&image);
		image_write(&image);
		report(machine_try(boot_init), "eight virtual CPUs each");
	}
}

static void given_a_cpu_that_does_not_start_then_it_stops(void)
{
	machine_init();
	machine.cpu_refuses = true;
	image_declare(&image, 1, 2);
	image_write(&image);
	report(!machine_try(boot_init), "refused");
	report(machine_has_said("a CPU did not start"), "with the reason");
}

static const struct test tests[] = {
	{"good", given_a_good_image_then_both_personas_run},
	{"cpus", given_n_cpus_then_all_of_them_serve},
	{"no-randomness", given_no_randomness_then_it_boots_all_the_same},
	{"bad-header", given_a_bad_header_then_it_stops_with_a_reason},
	{"work-memory", given_too_little_work_memory_then_it_stops},
	{"work-formula", given_the_work_memory_of_the_formula_then_it_is_enough},
	{"cpu-refused", given_a_cpu_that_does_not_start_then_it_stops},
};

TEST_MAIN(tests)
