/* SPDX-License-Identifier: Apache-2.0 */
/* Flash for firmware: read-only code, and variables behind the commands of a CFI flash. */
#include "arch/host/machine.h"
#include "core/lib.h"
#include "image.h"
#include "platforms/virt/cfi_flash.h"
#include "test.h"

#define VARIABLES UINT64_C(0x04000000)
#define SIZE (IMAGE_FLASH_VARIABLE_PAGES * (uint64_t)VEIL_PAGE_SIZE)
#define READY 0x00800080
#define ARRAY 0x00ff00ff

static struct image image;

static struct vcpu *vcpu(void)
{
	return personas[0].vcpus[0];
}

static void boot(void)
{
	machine_init();
	image_declare(&image, 2, 2);
	image_declare_flash(&image);
	image_boot(&image);
	machine_run_ms(40);
}

static void command(uint64_t offset, uint32_t value)
{
	guest_write(vcpu(), VARIABLES + offset, 4, value);
}

static uint32_t status(uint64_t offset)
{
	return (uint32_t)guest_read(vcpu(), VARIABLES + offset, 4);
}

/* As memory: what a load gives that the device does not answer. */
static uint32_t array(uint64_t offset)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < 4; i++)
		value |= (uint32_t)*guest_memory(vcpu(), VARIABLES + offset + i) << 8 * i;
	return value;
}

static void program(uint64_t offset, uint32_t value)
{
	command(offset, 0x00400040);
	command(offset, value);
	report_equal(status(offset), READY, "programmed");
	command(offset, ARRAY);
}

static void erase(uint64_t offset)
{
	uint32_t looks = 0;

	command(offset, 0x00200020);
	command(offset, 0x00d000d0);
	while (status(offset) != READY && looks < 1000)
		looks++;
	report(looks > 10, "erasing takes a while");
	report_equal(status(offset), READY, "and ends");
	command(offset, ARRAY);
}

static void given_firmware_then_it_is_found_at_0_and_cannot_be_changed(void)
{
	uint64_t value = 0;

	boot();
	for (uint64_t at = 0; at < IMAGE_FLASH_CODE_PAGES * VEIL_PAGE_SIZE; at += 997)
		report_equal(*guest_memory(vcpu(), at), image_expected(&image, 0, at), "the payload, then zeros");
	report(!guest_mmio(vcpu(), 0, 4, false, &value), "no device reads there");
	value = 1;
	report(guest_mmio(vcpu(), 0x100, 4, true, &value), "a write is ignored");
	report_equal(*guest_memory(vcpu(), 0x100), image_expected(&image, 0, 0x100), "and nothing changed");
	report(!guest_memory(vcpu(), IMAGE_FLASH_CODE_PAGES * VEIL_PAGE_SIZE), "nothing behind it");
	report(!guest_memory(vcpu(), VARIABLES + SIZE), "nothing behind the variables");
	report_equal(guest_read(vcpu(), VARIABLES + SIZE, 4), UINT64_MAX, "not as a device either");
	report(!guest_memory(personas[1].vcpus[0], 0), "the other persona has none");
}

static void given_commands_then_it_works_as_a_flash(void)
{
	boot();
	report_equal(array(0x40), 0, "nothing is in it at first");
	erase(CFI_FLASH_BLOCK + 8);
	report_equal(array(CFI_FLASH_BLOCK), UINT32_MAX, "an erased block, its start");
	report_equal(array(SIZE - 4), UINT32_MAX, "its end");
	report_equal(array(CFI_FLASH_BLOCK - 4), 0, "the block before it is as it was");
	program(CFI_FLASH_BLOCK + 0x100, 0x12345678);
	report_equal(array(CFI_FLASH_BLOCK + 0x100), 0x12345678, "a word");
	program(CFI_FLASH_BLOCK + 0x100, 0xffff0000);
	report_equal(array(CFI_FLASH_BLOCK + 0x100), 0x12340000, "programming only clears bits");
	command(CFI_FLASH_BLOCK, 0x00e800e8);
	report_equal(status(CFI_FLASH_BLOCK), READY, "ready for a buffer");
	command(CFI_FLASH_BLOCK, 0x00030003);
	for (uint32_t i = 0; i < 4; i++)
		command(CFI_FLASH_BLOCK + 0x200 + 4 * i, i);
	command(CFI_FLASH_BLOCK, 0x00d000d0);
	command(CFI_FLASH_BLOCK, ARRAY);
	report_equal(array(CFI_FLASH_BLOCK + 0x20c), 3, "a buffer of words");
	report_equal(array(CFI_FLASH_BLOCK + 0x210), UINT32_MAX, "and none more");
	command(0, 0x00900090);
	report_equal(status(8), 0, "blocks are unlocked");
	command(0, ARRAY);
	report_equal(*guest_memory(vcpu(), IMAGE_RAM_BASE + IMAGE_PERSONA_RAM - 1), 0, "RAM before the flash is as it was");
}

static void given_a_command_then_the_array_does_not_answer_until_it_is_wanted(void)
{
	boot();
	array(0);
	command(0, 0x00700070);
	report(!guest_touch(vcpu(), VARIABLES), "hidden: faults");
	command(0, 0x00400040);
	command(0, 0x0);
	report_equal(machine.stale_translations, 0, "and no translation is left");
	command(0, ARRAY);
	report_equal(array(0), 0, "as an array again");
}

static void given_a_restart_then_the_contents_are_as_declared(void)
{
	boot();
	erase(0);
	command(0, 0x00700070);
	persona_restart(&personas[0]);
	machine_run_ms(60);
	report(guest_is_in(vcpu()), "it runs again");
	report_equal(array(0), 0, "pristine, and an array");
	report_equal(machine.mapped_dirty, 0, "clean to the point of coherency");
}

/* Whatever the sequence, its own flash is all that changes. */
static void given_any_commands_then_only_the_flash_changes(void)
{
	uint64_t state = test_seed(), value;
	uint32_t kept = 0;

	boot();
	for (uint32_t i = 0; i < 20000; i++) {
		static const uint8_t commands[] = {0x10, 0x20, 0x40, 0x60, 0x70, 0x90, 0x98, 0xd0, 0xe8, 0xff};
		uint64_t r = test_random(&state), offset = r % (SIZE + 16);

		value = r >> 32 & 1 ? commands[(r >> 33) % ARRAY_COUNT(commands)] : test_random(&state);
		if (!guest_is_in(vcpu()))
			machine_run_ms(5);
		guest_mmio(vcpu(), VARIABLES + offset, 1U << (r >> 60 & 3), r >> 59 & 1, &value);
		if (r >> 40 & 1)
			guest_touch(vcpu(), VARIABLES + offset);
	}
	for (uint64_t at = 0; at < IMAGE_PERSONA_RAM; at += 4099)
		kept += *guest_memory(vcpu(), IMAGE_RAM_BASE + at) == image_expected(&image, 0, IMAGE_RAM_BASE + at) || at < 0x20000;
	report_equal(kept, (IMAGE_PERSONA_RAM + 4098) / 4099, "its RAM is as it was");
	for (uint64_t at = 0; at < IMAGE_FLASH_CODE_PAGES * VEIL_PAGE_SIZE; at += 997)
		report_equal(*guest_memory(vcpu(), at), image_expected(&image, 0, at), "its code is as it was");
}

static const struct test tests[] = {
	{"code", given_firmware_then_it_is_found_at_0_and_cannot_be_changed},
	{"commands", given_commands_then_it_works_as_a_flash},
	{"hidden", given_a_command_then_the_array_does_not_answer_until_it_is_wanted},
	{"restart", given_a_restart_then_the_contents_are_as_declared},
	{"any", given_any_commands_then_only_the_flash_changes},
};

TEST_MAIN(tests)
