/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual PL011 (as QEMU's hw/char/pl011.c answers), PL031 and pvpanic. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "image.h"
#include "test.h"

#define UART UINT64_C(0x09000000)
#define RTC UINT64_C(0x09010000)
#define PANIC UINT64_C(0x09f00000)
#define DR 0x00
#define FR 0x18
#define IMSC 0x38
#define RIS 0x3c
#define MIS 0x40
#define ICR 0x44
#define INT_RX 0x10
#define INT_TX 0x20
#define UART_IRQ 33

static struct image image;

static struct vcpu *vcpu(void)
{
	return personas[0].vcpus[0];
}

static void boot(void)
{
	image_boot_default(1, 1);
	machine_run_ms(20);
	bridge_connect();
}

static uint64_t uart_read(uint32_t reg)
{
	return guest_read(vcpu(), UART + reg, 4);
}

static void uart_write(uint32_t reg, uint32_t value)
{
	guest_write(vcpu(), UART + reg, 4, value);
}

static void type(const char *text, size_t size)
{
	bridge_send(1, text, size);
	machine_run(machine.time);
}

static void interrupts_on(void)
{
	guest_write(vcpu(), 0x08000000, 4, 0x12);
	guest_write(vcpu(), 0x08000084, 4, 1U << (UART_IRQ % 32));
	guest_write(vcpu(), 0x08000104, 4, 1U << (UART_IRQ % 32));
}

/* ---- PL011 ---- */

static void given_a_reset_then_the_uart_looks_like_qemus(void)
{
	static const struct {
		uint32_t reg, value;
	} wanted[] = {
		{0x04, 0},  {FR, 0x90},	   {0x24, 0},	  {0x28, 0},	 {0x2c, 0},	{0x30, 0x300}, {0x34, 0x12},
		{IMSC, 0},  {RIS, 0},	   {MIS, 0},	  {0x48, 0},	 {0xfe0, 0x11}, {0xfe4, 0x10}, {0xfe8, 0x14},
		{0xfec, 0}, {0xff0, 0x0d}, {0xff4, 0xf0}, {0xff8, 0x05}, {0xffc, 0xb1},
	};

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		report_equal(uart_read(wanted[i].reg), wanted[i].value, "a register's reset value");
}

static void given_writes_then_registers_keep_what_they_have_bits_for(void)
{
	static const struct {
		uint32_t reg, kept;
	} wanted[] = {{0x24, 0xffff}, {0x28, 0x3f}, {0x2c, 0xff}, {0x30, 0xffff}, {0x34, 0x3f},
		      {IMSC, 0x7ff},  {0x48, 7},    {FR, 0x90},	  {0xfe0, 0x11}};

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		uart_write(wanted[i].reg, UINT32_MAX);
		report_equal(uart_read(wanted[i].reg), wanted[i].kept, "what is kept");
	}
}

static void given_output_then_it_reaches_the_console_and_says_so(void)
{
	boot();
	for (const char *c = "hi\n"; *c; c++)
		uart_write(DR, (uint8_t)*c);
	machine_run_ms(5);
	bridge_read();
	report(bridge_text_is(0, "hi\n"), "the text");
	report_equal(uart_read(RIS) & INT_TX, INT_TX, "transmit interrupt, raw");
	report_equal(uart_read(MIS), 0, "masked");
	uart_write(IMSC, INT_TX);
	report_equal(uart_read(MIS), INT_TX, "unmasked");
	uart_write(ICR, INT_TX);
	report_equal(uart_read(RIS) & INT_TX, 0, "cleared");
	guest_write(vcpu(), UART + DR, 1, 'x');
	report_equal(uart_read(RIS) & INT_TX, INT_TX, "a byte access will do");
}

static void given_input_then_it_interrupts_until_it_is_read(void)
{
	boot();
	interrupts_on();
	uart_write(IMSC, INT_RX);
	type("ab", 2);
	report_equal(uart_read(FR) & 0x10, 0, "not empty");
	report_equal(uart_read(MIS), INT_RX, "receive interrupt");
	report_equal(guest_acknowledge(vcpu()), UART_IRQ, "delivered");
	report_equal(uart_read(DR), 'a', "the first byte");
	report_equal(uart_read(MIS), INT_RX, "there is more");
	report_equal(uart_read(DR), 'b', "the second");
	report_equal(uart_read(MIS), 0, "no more");
	report_equal(uart_read(FR) & 0x10, 0x10, "empty");
	report_equal(uart_read(DR), 0, "reading on gives zero");
	guest_end(vcpu(), UART_IRQ);
	report(!guest_is_interrupted(vcpu()), "quiet");
}

static void given_a_sleeping_guest_then_input_wakes_it(void)
{
	boot();
	interrupts_on();
	uart_write(IMSC, INT_RX);
	guest_wait(vcpu());
	machine_run_ms(5);
	report(!guest_is_in(vcpu()), "asleep");
	type("x", 1);
	report(guest_is_in(vcpu()), "awake");
	report_equal(guest_acknowledge(vcpu()), UART_IRQ, "by the UART");
}

static void given_input_before_the_guest_listens_then_it_is_not_lost(void)
{
	boot();
	type("early", 5);
	interrupts_on();
	uart_write(IMSC, INT_RX);
	report(guest_is_interrupted(vcpu()), "signalled when unmasked");
	report_equal(uart_read(DR), 'e', "and there");
}

static void given_no_device_declared_then_there_is_none(void)
{
	machine_init();
	image_declare(&image, 1, 1);
	image.personas[0].devices = 0;
	image_boot(&image);
	machine_run_ms(20);
	report_equal(guest_read(vcpu(), UART + FR, 4), UINT64_MAX, "no PL011");
	report_equal(guest_read(vcpu(), RTC, 4), UINT64_MAX, "no PL031");
	report_equal(guest_read(vcpu(), PANIC, 1), UINT64_MAX, "no pvpanic");
}

static void given_odd_accesses_then_they_are_refused(void)
{
	boot();
	report_equal(guest_read(vcpu(), UART + 1, 1), UINT64_MAX, "between registers");
	report_equal(guest_read(vcpu(), UART + 0x1000, 4), UINT64_MAX, "behind the device");
	report_equal(guest_read(vcpu(), 0x0a000000, 4), UINT64_MAX, "where no device is");
	report_equal(guest_read(vcpu(), 0, 4), UINT64_MAX, "at 0");
	report_equal(guest_read(vcpu(), UINT64_MAX, 1), UINT64_MAX, "at the end");
}

/* ---- PL031 ---- */

static void given_the_clock_then_it_is_the_boards_until_set(void)
{
	boot();
	machine.rtc = 1700000000;
	report_equal(guest_read(vcpu(), RTC, 4), 1700000000, "the board's time");
	report_equal(guest_read(vcpu(), RTC + 0xfe0, 4), 0x31, "its identification");
	report_equal(guest_read(vcpu(), RTC + 0x0c, 4), 1, "it runs");
	guest_write(vcpu(), RTC + 8, 4, 1000);
	report_equal(guest_read(vcpu(), RTC, 4), 1000, "set");
	machine.rtc += 7;
	report_equal(guest_read(vcpu(), RTC, 4), 1007, "and going on");
	guest_write(vcpu(), RTC + 4, 4, 5555);
	report_equal(guest_read(vcpu(), RTC + 4, 4), 5555, "the match register");
	guest_write(vcpu(), RTC + 0x10, 4, UINT32_MAX);
	report_equal(guest_read(vcpu(), RTC + 0x10, 4), 1, "one mask bit");
}

static void given_a_pause_then_the_clock_goes_on_although_guest_time_does_not(void)
{
	uint32_t before;

	boot();
	before = (uint32_t)guest_read(vcpu(), RTC, 4);
	persona_pause(&personas[0]);
	machine_run_ms(10);
	machine.rtc += 3600;
	persona_resume(&personas[0]);
	machine_run_ms(10);
	report_equal(guest_read(vcpu(), RTC, 4), before + 3600, "the time of day");
}

/* ---- pvpanic ---- */

static void given_a_guest_that_panics_then_it_has_crashed(void)
{
	boot();
	report_equal(guest_read(vcpu(), PANIC, 1), 3, "the events there are");
	guest_write(vcpu(), PANIC, 1, 2);
	machine_run_ms(20);
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "one that goes on to write a dump");
	guest_write(vcpu(), PANIC, 1, 1);
	machine_run_ms(50);
	report_equal(bridge_status(0).state, VEIL_STATE_CRASHED, "one that does not");
	report_equal(bridge_status(0).reason, VEIL_REASON_GUEST_CRASHED, "and why");
}

static const struct test tests[] = {
	{"uart-reset", given_a_reset_then_the_uart_looks_like_qemus},
	{"uart-registers", given_writes_then_registers_keep_what_they_have_bits_for},
	{"uart-output", given_output_then_it_reaches_the_console_and_says_so},
	{"uart-input", given_input_then_it_interrupts_until_it_is_read},
	{"uart-wakes", given_a_sleeping_guest_then_input_wakes_it},
	{"uart-early", given_input_before_the_guest_listens_then_it_is_not_lost},
	{"none", given_no_device_declared_then_there_is_none},
	{"odd", given_odd_accesses_then_they_are_refused},
	{"rtc", given_the_clock_then_it_is_the_boards_until_set},
	{"rtc-pause", given_a_pause_then_the_clock_goes_on_although_guest_time_does_not},
	{"pvpanic", given_a_guest_that_panics_then_it_has_crashed},
};

TEST_MAIN(tests)
