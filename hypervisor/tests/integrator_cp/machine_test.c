/* SPDX-License-Identifier: Apache-2.0 */
/* An Integrator/CP as its guests find it: interrupt controllers, registers of the core module and the baseboard, which device is where,
 * and how a guest ends. */
#include "arch/host/machine.h"
#include "core/lib.h"
#include "core/manifest.h"
#include "guest_machine.h"
#include "platforms/integrator_cp/pic.h"
#include "tests/bridge.h"
#include "tests/image.h"
#include "tests/test.h"

#define CORE UINT32_C(0x10000000)
#define PIC UINT32_C(0x14000000)
#define RTC UINT32_C(0x15000000)
#define UART UINT32_C(0x16000000)
#define VIRTIO(n) (UINT32_C(0x1b000000) + 0x200 * (n))
#define PVPANIC UINT32_C(0x1b010000)
#define POWER UINT32_C(0x1b020000)
#define SIC UINT32_C(0xca000000)
#define CIC (CORE + 0x40)
#define CONTROL UINT32_C(0xcb000000)

#define STATUS 0x00
#define RAW 0x04
#define ENABLE 0x08
#define DISABLE 0x0c
#define SOFT_SET 0x10
#define SOFT_CLEAR 0x14
#define FIQ_STATUS 0x20
#define FIQ_RAW 0x24
#define FIQ_ENABLE 0x28
#define FIQ_DISABLE 0x2c

#define SYSTEM_OFF 0x84000008
#define SYSTEM_RESET 0x84000009
#define NOT_SUPPORTED UINT32_MAX

static struct image image;

static struct vcpu *vcpu(void)
{
	for (uint32_t i = 0; i < 200 && !guest_is_in(personas[0].vcpus[0]); i++)
		machine_run_ms(1);
	return personas[0].vcpus[0];
}

static void boot_with(uint32_t devices)
{
	machine_init();
	machine_disk.sector_count = MACHINE_DISK_SECTORS;
	machine_disk.tags = 64;
	image_declare(&image, 2, 1);
	image.personas[0].devices |= devices;
	if (devices)
		image_declare_volume(&image, 0, 2048, 1000);
	image_layout(&image);
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
}

static void boot(void)
{
	boot_with(0);
}

static uint32_t get(address_t address)
{
	return (uint32_t)guest_read(vcpu(), address, 4);
}

static void set(address_t address, uint32_t value)
{
	guest_write(vcpu(), address, 4, value);
}

static void line(uint32_t irq, bool high)
{
	struct vcpu *v = vcpu();

	lock_take(&personas[0].lock);
	irq_line(v, irq, high);
	lock_release(&personas[0].lock);
}

/* ---- Interrupt controllers ---- */

static void given_the_primary_controller_then_lines_show_through_masks(void)
{
	boot();
	line(9, true);
	report_equal(get(PIC + RAW), 1U << 9, "raw");
	report_equal(get(PIC + STATUS), 0, "masked");
	report(!guest_is_interrupted(vcpu()), "so no interrupt");
	set(PIC + ENABLE, 0x300);
	set(PIC + ENABLE, 0x001);
	report_equal(get(PIC + ENABLE), 0x301, "the mask grows");
	report_equal(get(PIC + STATUS), 0x200, "status");
	report_equal(vcpu()->arch.lines, PIC_IRQ, "IRQ");
	set(PIC + FIQ_ENABLE, 0x200);
	report_equal(get(PIC + FIQ_STATUS), 0x200, "FIQ status");
	report_equal(get(PIC + FIQ_RAW), 0x200, "FIQ raw");
	report_equal(vcpu()->arch.lines, PIC_IRQ | PIC_FIQ, "both");
	set(PIC + DISABLE, 0x200);
	report_equal(get(PIC + ENABLE), 0x101, "the mask shrinks");
	report_equal(vcpu()->arch.lines, PIC_FIQ, "FIQ alone");
	set(PIC + FIQ_DISABLE, UINT32_MAX);
	report_equal(get(PIC + FIQ_ENABLE), 0, "no FIQ enabled");
	report_equal(vcpu()->arch.lines, 0, "neither");
	set(PIC + ENABLE, UINT32_MAX);
	line(9, false);
	report(!guest_is_interrupted(vcpu()), "the line is low");
}

static void given_software_interrupts_then_there_is_one_a_controller(void)
{
	static const struct {
		uint64_t base;
		uint32_t parent; /* line of the primary one */
	} controllers[] = {{PIC, 0}, {SIC, 26}, {CIC, 0}};

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(controllers); i++) {
		address_t base = (address_t)controllers[i].base;

		if (controllers[i].parent)
			set(PIC + ENABLE, 1U << controllers[i].parent);
		set(base + ENABLE, UINT32_MAX);
		set(base + SOFT_SET, UINT32_MAX);
		report_equal(get(base + SOFT_SET), 1, "line 0 and no other");
		report_equal(get(base + STATUS) & 1, 1, "status");
		report(guest_is_interrupted(vcpu()), "interrupts");
		if (controllers[i].parent)
			report_equal(get(PIC + STATUS), 1U << controllers[i].parent, "through the primary");
		set(base + SOFT_CLEAR, 1);
		report(!guest_is_interrupted(vcpu()), "until it is taken back");
		set(base + DISABLE, UINT32_MAX);
		set(PIC + DISABLE, UINT32_MAX);
	}
	report_equal(get(PIC + RAW), 0, "nothing is left");
}

static void given_a_line_then_a_guest_that_waits_wakes(void)
{
	boot();
	set(PIC + ENABLE, 2);
	guest_wait(vcpu());
	machine_run_ms(1);
	report(!personas[0].vcpus[0]->runnable, "it sleeps");
	machine.this_cpu = 0;
	lock_take(&personas[0].lock);
	irq_line(personas[0].vcpus[0], 2, true);
	report(!personas[0].vcpus[0]->runnable, "a masked line does not wake it");
	irq_line(personas[0].vcpus[0], 1, true);
	lock_release(&personas[0].lock);
	report(personas[0].vcpus[0]->runnable, "another does");
	guest_wait(vcpu());
	report(personas[0].vcpus[0]->runnable, "while it is high there is no sleep");
}

static void given_typing_then_the_uart_interrupts(void)
{
	boot();
	set(PIC + ENABLE, 1U << GUEST_IRQ_UART);
	set(UART + 0x38, 0x10);
	bridge_send(1, "x", 1);
	machine_run(machine.time);
	report_equal(get(PIC + STATUS), 2, "line 1");
	report_equal(get(UART), 'x', "the byte");
	report_equal(get(PIC + STATUS), 0, "read");
	set(UART, 'y');
	machine_run_ms(5);
	bridge_read();
	report(bridge_text_is(0, "y"), "and output");
}

/* ---- Registers ---- */

static void given_the_core_module_then_it_answers_like_qemus(void)
{
	static const struct {
		uint32_t reg, value;
	} wanted[] = {
		{0x00, 0x411a3001}, {0x04, 0},	   {0x08, 0x01000048}, {0x0c, 0}, {0x10, 0x00100000}, {0x14, 0},  {0x1c, 0x0007feff},
		{0x20, 0x00011122}, {0x24, 0x112}, {0x30, 0},	       {0x38, 0}, {0x80, 0},	      {0x1fc, 0},
	};

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		report_equal(get(CORE + wanted[i].reg), wanted[i].value, "a register's reset value");
	report_equal(get(CONTROL), 0x41034003, "the baseboard");
	report_equal(get(CONTROL + 0x0c), 0x11, "and what it has");
	set(CONTROL + 4, UINT32_MAX);
	report_equal(get(CONTROL + 4), 0, "switches with nothing behind them");
}

static void given_writes_then_registers_keep_what_is_theirs(void)
{
	boot();
	set(CORE + 0x08, 5);
	report_equal(get(CORE + 0x08), 0x01000048, "clocks are locked");
	set(CORE + 0x14, 0x1a05f);
	report_equal(get(CORE + 0x14), 0x1a05f, "unlocked");
	set(CORE + 0x08, 5);
	set(CORE + 0x1c, 6);
	report_equal(get(CORE + 0x08), 5, "oscillator");
	report_equal(get(CORE + 0x1c), 6, "auxiliary oscillator");
	set(CORE + 0x0c, 0xfffffff7);
	report_equal(get(CORE + 0x0c), 5, "control, without the reset bit");
	for (uint32_t reg = 0x30; reg <= 0x38; reg += 8) {
		set(CORE + reg, 0xf0);
		set(CORE + reg, 0x0f);
		set(CORE + reg + 4, 0x11);
		report_equal(get(CORE + reg), 0xee, "flags are set and cleared");
	}
	set(CORE, 1);
	report_equal(get(CORE), 0x411a3001, "what it is does not change");
}

static void given_sizes_of_memory_then_the_core_module_tells_them(void)
{
	static const struct {
		uint64_t mib;
		uint32_t code;
	} cases[] = {{2, 0}, {16, 0}, {32, 1}};

	machine_init();
	image_declare(&image, ARRAY_COUNT(cases), 1);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		image.personas[i].ram_size = cases[i].mib << 20;
	image_layout(&image);
	image_boot(&image);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		report_equal(personas[i].platform.core.sdram >> 2 & 7, cases[i].code, "size of SDRAM");
}

static void given_an_identification_then_drivers_find_the_primecells(void)
{
	static const uint8_t uart[8] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	static const uint8_t rtc[8] = {0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	boot();
	for (uint32_t i = 0; i < 8; i++) {
		report_equal(get(UART + 0xfe0 + 4 * i), uart[i], "PL011");
		report_equal(get(RTC + 0xfe0 + 4 * i), rtc[i], "PL031");
	}
	report_equal(get(RTC), 1000000, "the time of day");
}

static void given_virtio_then_each_device_is_in_its_slot_with_its_line(void)
{
	static const struct {
		uint32_t slot, id;
	} wanted[] = {{0, 18}, {1, 18}, {2, 1}, {3, 3}, {4, 2}};

	boot_with(VEIL_DEVICE_INPUT | VEIL_DEVICE_NETWORK | VEIL_DEVICE_AGENT);
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		report_equal(get(VIRTIO(wanted[i].slot)), 0x74726976, "magic");
		report_equal(get(VIRTIO(wanted[i].slot) + 8), wanted[i].id, "kind");
	}
	for (uint32_t i = 0; i < 2; i++)
		report_equal(personas[0].platform.input[i].virtio.irq, 10 + i, "lines of input");
	report_equal(personas[0].platform.network.virtio.irq, 12, "of the network");
	report_equal(personas[0].platform.console.virtio.irq, 13, "of the agent");
	report_equal(get(VIRTIO(5) + 8), UINT32_MAX, "a second volume is not there");
}

static void given_addresses_of_nothing_then_they_are_refused(void)
{
	static const address_t nothing[] = {
		0x10000200, 0x10000006, 0x10800000, 0x11000000, 0x13000300, 0x14000100, 0x14000002, 0x15001000, 0x16001000,
		0x16000002, 0x17000000, 0x18000000, 0x19000000, 0x1a000000, 0x1c000000, 0x1d000000, 0x20000000, 0x24000000,
		0x80000000, 0xc0000000, 0xc8000000, 0xca000100, 0xcb000100, 0xcb000002, 0xffffffff, 0x1b000000, 0x1b000200,
		0x1b000400, 0x1b000600, 0x1b000800, 0x1b001800, 0x1b010001, 0x1b011000, 0x1b020004, 0x1b021000, 0x1bffffff,
	};

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(nothing); i++) {
		uint64_t value = 1;

		report(!guest_mmio(vcpu(), nothing[i], 4, false, &value), "a read");
		report(!guest_mmio(vcpu(), nothing[i], 4, true, &value), "a write");
	}
	report_equal(personas[0].state, VEIL_STATE_RUNNING, "and nothing else happens");
}

/* ---- Ends ---- */

static void starts_anew(void)
{
	machine_run_ms(50);
	report_equal(personas[0].starts, 2, "a second start");
	report_equal(personas[0].reason, VEIL_REASON_GUEST_RESET, "for that reason");
	report_equal(personas[0].state, VEIL_STATE_RUNNING, "it runs");
	report_equal(personas[1].starts, 1, "the other does not notice");
}

static void given_the_core_modules_reset_bit_then_it_starts_anew(void)
{
	boot();
	set(CORE + 0x0c, 8);
	starts_anew();
}

static void given_the_power_register_then_it_starts_anew_or_is_off(void)
{
	boot();
	set(POWER, 0);
	set(POWER, 3);
	report_equal(get(POWER), 0, "other values mean nothing");
	report_equal(personas[0].state, VEIL_STATE_RUNNING, "it runs");
	set(POWER, 2);
	starts_anew();
	set(POWER, 1);
	machine_run_ms(50);
	report_equal(personas[0].state, VEIL_STATE_OFF, "it is off");
	report_equal(personas[0].reason, VEIL_REASON_GUEST_OFF, "because it wanted to");
	report_equal(personas[1].state, VEIL_STATE_RUNNING, "the other runs");
}

static void given_calls_that_end_a_life_then_they_do(void)
{
	boot();
	guest_call(vcpu(), SYSTEM_RESET, 0, 0, 0);
	starts_anew();
	guest_call(vcpu(), SYSTEM_OFF, 0, 0, 0);
	machine_run_ms(50);
	report_equal(personas[0].state, VEIL_STATE_OFF, "it is off");
	persona_start(&personas[0]);
	machine_run_ms(50);
	guest_call(vcpu(), VEIL_HVC_CRASHED, 42, 0, 0);
	machine_run_ms(50);
	report_equal(personas[0].state, VEIL_STATE_CRASHED, "it has crashed");
	report_equal(personas[0].reason, VEIL_REASON_GUEST_CRASHED, "by its own account");
	report_equal(personas[0].fault.address, 42, "with the code it gave");
	report_equal(personas[1].starts, 1, "the other does not notice");
}

static void given_a_panic_then_it_is_known(void)
{
	boot();
	guest_write(vcpu(), PVPANIC, 1, 1);
	machine_run_ms(50);
	report_equal(personas[0].state, VEIL_STATE_CRASHED, "it has crashed");
	report_equal(personas[0].reason, VEIL_REASON_GUEST_CRASHED, "by its own account");
}

static void given_calls_then_they_are_answered(void)
{
	boot();
	report_equal(guest_call(vcpu(), VEIL_HVC_READY, 0, 0, 0), 0, "READY");
	report_equal(personas[0].ready, 1, "it is");
	report_equal(guest_call(vcpu(), VEIL_HVC_YIELD, 0, 0, 0), 0, "YIELD");
	report_equal(guest_call(vcpu(), 0x84000003, 0, 0, 0), NOT_SUPPORTED, "there is one CPU");
	report_equal(guest_call(vcpu(), 0, 0, 0, 0), NOT_SUPPORTED, "an unknown call");
	report_equal(vcpu()->statistics.refused_calls, 2, "counted");
}

/* ---- The manifest: what this machine has no place for ---- */

static enum manifest_error verdict(void)
{
	static uint8_t bytes[IMAGE_MANIFEST_MAX];
	static struct manifest manifest;

	return manifest_read(&manifest, bytes, (address_t)image_manifest(&image, bytes), BOARD_NAME, image.place);
}

static void given_a_manifest_then_only_what_this_machine_has_is_accepted(void)
{
	machine_init();
	image_declare(&image, 1, 1);
	image_layout(&image);
	report_equal(verdict(), MANIFEST_OK, "as it is");
	image.personas[0].devices |= VEIL_DEVICE_WATCHDOG;
	report_equal(verdict(), MANIFEST_BAD_PERSONA, "a watchdog");
	image.personas[0].devices &= ~(uint32_t)VEIL_DEVICE_WATCHDOG;
	image.personas[0].ram_guest_base = UINT64_C(1) << 30;
	report_equal(verdict(), MANIFEST_BAD_PERSONA, "RAM where devices are");
	machine_init();
	image_declare(&image, 1, 1);
	image_declare_flash(&image);
	image_layout(&image);
	report_equal(verdict(), MANIFEST_BAD_PERSONA, "flash");
}

static void given_a_picture_then_it_lies_behind_ram(void)
{
	machine_init();
	image_declare(&image, 1, 1);
	image_declare_screen(&image);
	image_layout(&image);
	report_equal(verdict(), MANIFEST_OK, "as it is");
	image_boot(&image);
	report(guest_memory(vcpu(), IMAGE_PERSONA_RAM) != NULL, "its first page");
	report(guest_memory(vcpu(), IMAGE_PERSONA_RAM + IMAGE_BODY_ROWS * IMAGE_STRIDE) == NULL, "nothing behind it");
}

static const struct test tests[] = {
	{"pic", given_the_primary_controller_then_lines_show_through_masks},
	{"soft", given_software_interrupts_then_there_is_one_a_controller},
	{"wake", given_a_line_then_a_guest_that_waits_wakes},
	{"uart", given_typing_then_the_uart_interrupts},
	{"core_module", given_the_core_module_then_it_answers_like_qemus},
	{"kept", given_writes_then_registers_keep_what_is_theirs},
	{"sdram", given_sizes_of_memory_then_the_core_module_tells_them},
	{"primecells", given_an_identification_then_drivers_find_the_primecells},
	{"virtio", given_virtio_then_each_device_is_in_its_slot_with_its_line},
	{"nothing", given_addresses_of_nothing_then_they_are_refused},
	{"core_reset", given_the_core_modules_reset_bit_then_it_starts_anew},
	{"power", given_the_power_register_then_it_starts_anew_or_is_off},
	{"ends", given_calls_that_end_a_life_then_they_do},
	{"panic", given_a_panic_then_it_is_known},
	{"calls", given_calls_then_they_are_answered},
	{"manifest", given_a_manifest_then_only_what_this_machine_has_is_accepted},
	{"picture", given_a_picture_then_it_lies_behind_ram},
};

TEST_MAIN(tests)
