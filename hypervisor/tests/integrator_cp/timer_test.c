/* SPDX-License-Identifier: Apache-2.0 */
/* The timers of an Integrator/CP, and the core module's counter: what a guest reads, and when it is interrupted. */
#include "arch/host/machine.h"
#include "core/lib.h"
#include "guest_machine.h"
#include "tests/image.h"
#include "tests/test.h"

#define LOAD 0x00
#define VALUE 0x04
#define CONTROL 0x08
#define CLEAR 0x0c
#define RAW 0x10
#define MASKED 0x14
#define LOAD_LATER 0x18
#define ONE_SHOT 0x01U
#define WIDE 0x02U
#define BY_16 0x04U
#define BY_256 0x08U
#define INTERRUPT 0x20U
#define PERIODIC 0x40U
#define ENABLE 0x80U
#define PIC UINT64_C(0x14000000)
#define TIMER(n) (UINT32_C(0x13000000) + 0x100 * (n))
#define COUNTER UINT64_C(0x10000028)
#define US(n) ((n)*MACHINE_HZ / 1000000)

static struct vcpu *vcpu(void)
{
	return personas[0].vcpus[0];
}

/* More than one persona share the CPU: each runs some of the time. */
static void boot_many(uint32_t count)
{
	image_boot_default(count, 1);
	machine_run_ms(20);
	while (!guest_is_in(vcpu()))
		machine_run_ms(1);
	guest_write(vcpu(), PIC + 0x08, 4, 0xe0); /* the timers' lines */
}

static void boot(void)
{
	boot_many(1);
}

static uint32_t get(uint32_t timer, uint32_t reg)
{
	return (uint32_t)guest_read(vcpu(), TIMER(timer) + reg, 4);
}

static void set(uint32_t timer, uint32_t reg, uint32_t value)
{
	guest_write(vcpu(), TIMER(timer) + reg, 4, value);
}

static bool is_close(uint32_t value, uint32_t wanted, uint32_t by)
{
	return value - (wanted - by) <= 2 * by;
}

static void run_us(uint64_t us)
{
	machine_run(machine.time + US(us));
}

static void given_a_reset_then_it_stands_still_at_all_ones(void)
{
	boot();
	for (uint32_t i = 0; i < 3; i++) {
		report_equal(get(i, LOAD), 0, "LOAD");
		report_equal(get(i, VALUE), UINT32_MAX, "VALUE");
		report_equal(get(i, CONTROL), INTERRUPT, "CONTROL");
		report_equal(get(i, RAW), 0, "raw status");
		report_equal(get(i, MASKED), 0, "masked status");
	}
	run_us(1000);
	report_equal(get(1, VALUE), UINT32_MAX, "and it does not move");
}

static void given_rates_then_it_counts_down_by_them(void)
{
	static const struct {
		uint32_t timer, control, per_ms;
	} cases[] = {
		{0, WIDE, 25000},      {1, WIDE, 1000},	       {2, WIDE, 1000},
		{1, WIDE | BY_16, 62}, {0, WIDE | BY_256, 97}, {0, WIDE | BY_256 | BY_16, 97},
	};

	boot();
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		uint32_t before;

		set(cases[i].timer, CONTROL, cases[i].control | ENABLE);
		set(cases[i].timer, LOAD, 1000000);
		before = get(cases[i].timer, VALUE);
		run_us(1000);
		report(is_close(before - get(cases[i].timer, VALUE), cases[i].per_ms, 1), "ticks in a millisecond");
		set(cases[i].timer, CONTROL, 0);
	}
}

static void given_one_shot_then_it_interrupts_once(void)
{
	boot();
	set(1, LOAD, 5000);
	set(1, CONTROL, ONE_SHOT | WIDE | INTERRUPT | ENABLE);
	run_us(4900);
	report(!guest_is_interrupted(vcpu()), "not before");
	report(is_close(get(1, VALUE), 100, 2), "what is left");
	run_us(110);
	report(guest_is_interrupted(vcpu()), "then it is");
	report_equal(guest_read(vcpu(), PIC, 4), 1U << 6, "by line 6");
	report_equal(get(1, RAW), 1, "raw status");
	report_equal(get(1, MASKED), 1, "masked status");
	report_equal(get(1, VALUE), 0, "it stands still at zero");
	set(1, CLEAR, 1);
	report(!guest_is_interrupted(vcpu()), "until it says that it knows");
	run_us(20000);
	report(!guest_is_interrupted(vcpu()), "and not again");
	report_equal(get(1, VALUE), 0, "zero still");
	set(1, LOAD, 100);
	run_us(110);
	report(guest_is_interrupted(vcpu()), "but when it is loaded again");
}

static void given_periodic_then_no_time_is_lost(void)
{
	uint32_t count = 0;

	boot();
	set(2, LOAD, 1000);
	set(2, CONTROL, PERIODIC | WIDE | INTERRUPT | ENABLE);
	for (uint32_t i = 0; i < 100000 / 50; i++) {
		run_us(50);
		if (guest_is_interrupted(vcpu())) {
			count++;
			set(2, CLEAR, 0);
		}
	}
	report(count == 100 || count == 99, "100 interrupts in 100 ms");
	report(get(2, VALUE) <= 1000, "VALUE stays below LOAD");
	set(2, CONTROL, 0);
	run_us(10000);
	report(!guest_is_interrupted(vcpu()), "none when it is switched off");
}

static void given_many_periods_missed_then_there_is_one_interrupt_and_the_phase_holds(void)
{
	uint32_t before;

	boot();
	set(1, LOAD, 10);
	set(1, CONTROL, PERIODIC | WIDE | ENABLE);
	before = get(1, VALUE);
	run_us(1000000);
	report(is_close(get(1, VALUE) + 10, before + 10, 2), "the phase, 100,000 periods later");
	report_equal(get(1, RAW), 1, "it is known that some were");
	set(1, CONTROL, PERIODIC | WIDE | ENABLE | INTERRUPT);
	report(guest_is_interrupted(vcpu()), "interrupts as soon as it may");
}

static void given_a_later_load_then_it_holds_from_the_next_period_on(void)
{
	boot();
	set(1, LOAD, 1000);
	set(1, CONTROL, PERIODIC | WIDE | ENABLE);
	run_us(500);
	set(1, LOAD_LATER, 100000);
	report(is_close(get(1, VALUE), 500, 3), "this one goes on");
	run_us(510);
	report(is_close(get(1, VALUE), 99990, 15), "the next is longer");
	report_equal(get(1, LOAD), 100000, "LOAD tells it");
}

static void given_16_bits_then_it_wraps_there(void)
{
	boot();
	set(1, LOAD, 0x12340010);
	set(1, CONTROL, ENABLE);
	report(get(1, VALUE) <= 0x10, "the upper half is not there");
	run_us(32);
	report(get(1, VALUE) > 0xff00 && get(1, VALUE) <= 0xffff, "free-running from all ones");
}

static void given_nothing_to_count_then_it_interrupts_at_once_and_work_is_bounded(void)
{
	boot();
	set(1, CONTROL, PERIODIC | WIDE | INTERRUPT | ENABLE);
	set(1, LOAD, 0);
	report(guest_is_interrupted(vcpu()), "at once");
	set(1, CLEAR, 0);
	run_us(5000); /* the machine's livelock check would end this */
	report(guest_is_interrupted(vcpu()), "and again");
	set(1, CONTROL, ONE_SHOT | WIDE | INTERRUPT | ENABLE);
	set(1, LOAD, 0);
	report(guest_is_interrupted(vcpu()), "a one-shot too");
	set(1, CLEAR, 0);
	run_us(5000);
	report(!guest_is_interrupted(vcpu()), "but not again");
}

static void given_a_guest_that_waits_then_it_is_woken_in_time(void)
{
	uint64_t start;

	boot();
	set(1, LOAD, 3000);
	set(1, CONTROL, ONE_SHOT | WIDE | INTERRUPT | ENABLE);
	start = machine.time;
	guest_wait(vcpu());
	machine_run(start + US(2900));
	report(!vcpu()->runnable, "it sleeps");
	machine_run(start + US(3100));
	report(vcpu()->runnable, "it is awake");
	report(guest_is_in(vcpu()), "and runs");
	report(guest_is_interrupted(vcpu()), "with the interrupt");
}

static void given_a_masked_timer_then_a_guest_that_waits_sleeps_on(void)
{
	boot();
	guest_write(vcpu(), PIC + 0x0c, 4, UINT32_MAX);
	set(1, LOAD, 1000);
	set(1, CONTROL, PERIODIC | WIDE | INTERRUPT | ENABLE);
	for (uint32_t i = 0; i < 2 && guest_is_in(vcpu()); i++) { /* the first time it may be woken for nothing */
		guest_wait(vcpu());
		machine_run_ms(100);
	}
	report(!vcpu()->runnable, "nothing wakes it");
}

static void given_a_pause_then_its_time_stands_still(void)
{
	uint32_t timer, counter;

	boot();
	set(1, CONTROL, WIDE | ENABLE);
	timer = get(1, VALUE);
	counter = (uint32_t)guest_read(vcpu(), COUNTER, 4);
	persona_pause(&personas[0]);
	machine_run_ms(500);
	persona_resume(&personas[0]);
	machine_run_ms(1);
	report(timer - get(1, VALUE) < 2000, "the timer's");
	report((uint32_t)guest_read(vcpu(), COUNTER, 4) - counter < 2000 * 24, "and the counter's");
}

static void given_the_counter_then_it_counts_24_in_a_microsecond_for_hours(void)
{
	uint32_t before, after;

	boot();
	before = (uint32_t)guest_read(vcpu(), COUNTER, 4);
	run_us(1000);
	after = (uint32_t)guest_read(vcpu(), COUNTER, 4);
	report(is_close(after - before, 24000, 2), "a millisecond");
	machine_run(machine.time + 20000 * MACHINE_HZ);
	after = (uint32_t)guest_read(vcpu(), COUNTER, 4);
	report(is_close(after - before, (uint32_t)(UINT64_C(20000) * 24000000 + 24000), 2), "five and a half hours");
	set(0, CONTROL, PERIODIC | WIDE | ENABLE);
	set(0, LOAD, UINT32_MAX);
	before = get(0, VALUE);
	run_us(1000);
	report(is_close(before - get(0, VALUE), 25000, 2), "and timers go on alike");
}

static void given_another_persona_then_its_timers_are_its_own(void)
{
	boot_many(2);
	set(1, LOAD, 10);
	set(1, CONTROL, PERIODIC | WIDE | INTERRUPT | ENABLE);
	machine_run_ms(50);
	report_equal(personas[1].platform.timers[1].load, 0, "the other's load");
	report_equal(personas[1].platform.pic.level, 0, "the other's lines");
}

static void given_a_restart_then_timers_are_as_new(void)
{
	boot();
	set(1, LOAD, 10);
	set(1, CONTROL, PERIODIC | WIDE | INTERRUPT | ENABLE);
	machine_run_ms(1);
	persona_restart(&personas[0]);
	machine_run_ms(20);
	while (!guest_is_in(vcpu()))
		machine_run_ms(1);
	report_equal(get(1, VALUE), UINT32_MAX, "VALUE");
	report_equal(get(1, CONTROL), INTERRUPT, "CONTROL");
	report(!guest_is_interrupted(vcpu()), "no interrupt is left");
}

static void given_accesses_no_timer_serves_then_they_are_refused(void)
{
	uint64_t value = 1;

	boot();
	report(!guest_mmio(vcpu(), TIMER(3), 4, false, &value), "beyond the third");
	report(!guest_mmio(vcpu(), TIMER(0) + 2, 4, true, &value), "an odd offset");
	report_equal(get(0, 0x40), 0, "reserved registers read as zero");
	set(0, 0x40, UINT32_MAX);
}

static void given_a_nearer_timer_of_who_runs_then_who_sleeps_is_woken_by_its_own(void)
{
	struct vcpu *other;
	uint64_t start;

	boot_many(2);
	other = personas[1].vcpus[0];
	set(1, LOAD, 3000);
	set(1, CONTROL, ONE_SHOT | WIDE | INTERRUPT | ENABLE);
	start = machine.time;
	guest_wait(vcpu());
	machine_run(start + US(100));
	report(guest_is_in(other), "the other one runs");
	guest_write(other, PIC + 0x08, 4, 0xe0);
	guest_write(other, TIMER(1) + LOAD, 4, 1000);
	guest_write(other, TIMER(1) + CONTROL, 4, ONE_SHOT | WIDE | INTERRUPT | ENABLE);
	machine_run(start + US(1200));
	report(guest_is_in(other) && guest_is_interrupted(other), "its own timer has come");
	report(!vcpu()->runnable, "and nobody else's");
	machine_run(start + US(3010));
	report(guest_is_in(vcpu()) && guest_is_interrupted(vcpu()), "then the sleeper's");
	report_equal(get(1, VALUE), 0, "which stands at zero");
	report_equal(get(1, RAW), 1, "and says so");
}

static void given_a_sleeper_s_periodic_timer_then_no_time_is_lost(void)
{
	uint32_t count = 0;

	boot_many(2);
	set(2, LOAD, 1000);
	set(2, CONTROL, PERIODIC | WIDE | INTERRUPT | ENABLE);
	for (uint32_t i = 0; i < 100000 / 50; i++) {
		if (guest_is_in(vcpu()) && !guest_is_interrupted(vcpu()))
			guest_wait(vcpu());
		run_us(50);
		if (guest_is_in(vcpu()) && guest_is_interrupted(vcpu())) {
			count++;
			set(2, CLEAR, 0);
			report(get(2, VALUE) <= 1000, "VALUE stays below LOAD");
		}
	}
	report(count == 100 || count == 99, "100 interrupts in 100 ms");
	report(machine.alarms > 50, "by the short way");
}

/* Further than a deadline is worked out at once. */
static void given_a_sleeper_s_timer_that_is_far_then_it_is_woken_no_earlier(void)
{
	uint64_t start;

	boot_many(2);
	set(1, CONTROL, ONE_SHOT | WIDE | INTERRUPT | ENABLE);
	set(1, LOAD, 60000000);
	start = machine.time;
	guest_wait(vcpu());
	machine_run(start + US(UINT64_C(59990000)));
	report(!vcpu()->arch.lines, "not before");
	machine_run(start + US(UINT64_C(60010000)));
	report(vcpu()->arch.lines, "then it is");
}

static const struct test tests[] = {
	{"reset", given_a_reset_then_it_stands_still_at_all_ones},
	{"rates", given_rates_then_it_counts_down_by_them},
	{"one_shot", given_one_shot_then_it_interrupts_once},
	{"periodic", given_periodic_then_no_time_is_lost},
	{"missed", given_many_periods_missed_then_there_is_one_interrupt_and_the_phase_holds},
	{"load_later", given_a_later_load_then_it_holds_from_the_next_period_on},
	{"narrow", given_16_bits_then_it_wraps_there},
	{"zero", given_nothing_to_count_then_it_interrupts_at_once_and_work_is_bounded},
	{"wait", given_a_guest_that_waits_then_it_is_woken_in_time},
	{"nearer", given_a_nearer_timer_of_who_runs_then_who_sleeps_is_woken_by_its_own},
	{"far", given_a_sleeper_s_timer_that_is_far_then_it_is_woken_no_earlier},
	{"sleeper", given_a_sleeper_s_periodic_timer_then_no_time_is_lost},
	{"masked", given_a_masked_timer_then_a_guest_that_waits_sleeps_on},
	{"pause", given_a_pause_then_its_time_stands_still},
	{"counter", given_the_counter_then_it_counts_24_in_a_microsecond_for_hours},
	{"others", given_another_persona_then_its_timers_are_its_own},
	{"restart", given_a_restart_then_timers_are_as_new},
	{"refused", given_accesses_no_timer_serves_then_they_are_refused},
};

TEST_MAIN(tests)
