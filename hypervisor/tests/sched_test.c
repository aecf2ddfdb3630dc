/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: who gets how much of a CPU, and how soon. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "core/sched.h"
#include "image.h"
#include "test.h"

#define PSCI_CPU_ON 0xc4000003
#define PSCI_CPU_OFF 0x84000002

static struct image image;
static bool no_alarms; /* as on a port that has none */

static void declare(uint32_t personas_wanted, uint32_t cpus_wanted)
{
	machine_init();
	machine.no_alarms = no_alarms;
	image_declare(&image, personas_wanted, cpus_wanted);
}

static void boot_declared(void)
{
	image_layout(&image);
	image_boot(&image);
	machine_run_ms(50);
}

static struct vcpu *vcpu(uint32_t persona, uint32_t index)
{
	return personas[persona].vcpus[index];
}

static uint64_t used_by(uint32_t persona)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < VEIL_MAX_CPUS; i++)
		if (cpus[i].charged)
			sched_charge(&cpus[i], cpus[i].charged);
	for (uint32_t i = 0; i < personas[persona].config->cpu_count; i++)
		sum += vcpu(persona, i)->cpu_time;
	return sum;
}

/* Percent of one CPU a persona gets while `ms` pass; times 100. */
static void measure(uint64_t ms, uint64_t shares[VEIL_MAX_PERSONAS])
{
	uint64_t before[VEIL_MAX_PERSONAS];

	for (uint32_t i = 0; i < persona_count; i++)
		before[i] = used_by(i);
	machine_run_ms(ms);
	for (uint32_t i = 0; i < persona_count; i++)
		shares[i] = (used_by(i) - before[i]) * 10000 / (ms * MACHINE_MS);
}

static bool is_near(uint64_t found, uint64_t wanted, uint64_t percent_of_a_cpu)
{
	uint64_t off = found > wanted ? found - wanted : wanted - found;

	if (off > percent_of_a_cpu * 100)
		printf("     got %llu.%02llu %%, wanted %llu.%02llu %%\n", (unsigned long long)found / 100, (unsigned long long)found % 100,
		       (unsigned long long)wanted / 100, (unsigned long long)wanted % 100);
	return off <= percent_of_a_cpu * 100;
}

/* ---- Shares ---- */

static void share(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t weights[] = {a, b, c};
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(3, 1);
	for (uint32_t i = 0; i < 3; i++)
		image.personas[i].cpu_share = weights[i];
	boot_declared();
	measure(1000, shares);
	for (uint32_t i = 0; i < 3; i++)
		report(is_near(shares[i], UINT64_C(10000) * weights[i] / (a + b + c), 2), "a share within 2 % over a second");
}

static void given_equal_weights_then_spinning_guests_share_equally(void)
{
	share(100, 100, 100);
}

static void given_weights_10_50_100_then_spinning_guests_share_by_them(void)
{
	share(10, 50, 100);
}

static void given_one_great_weight_then_it_gets_nearly_all(void)
{
	share(1000, 100, 100);
}

static void given_the_extreme_weights_then_shares_hold(void)
{
	share(1, 1, 1000);
}

static void given_two_cpus_then_each_is_shared(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(4, 2);
	boot_declared();
	measure(1000, shares);
	for (uint32_t i = 0; i < 4; i++)
		report(is_near(shares[i], 5000, 2), "half a CPU each");
}

/* Exits all the time: each costs Veil 20 us of work, which must be on that guest's account. */
static uint64_t exits_every_50_us(struct vcpu *v)
{
	return v->persona->index == 0 ? machine.time + MACHINE_MS / 20 : UINT64_MAX;
}

static void spends_veils_time(struct vcpu *v)
{
	machine.time += MACHINE_MS / 50;
	guest_call(v, 0xdeadbeef, 0, 0, 0);
}

static void given_a_guest_that_floods_exits_then_it_pays_for_them(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	boot_declared();
	machine.guest_next = exits_every_50_us;
	machine.guest_exit = spends_veils_time;
	measure(1000, shares);
	report(is_near(shares[0], 5000, 2), "no more than half");
	report(is_near(shares[1], 5000, 2), "the other has its half");
}

static void yields(struct vcpu *v)
{
	guest_call(v, VEIL_HVC_YIELD, 0, 0, 0);
}

static void given_a_guest_that_yields_then_the_other_gets_the_cpu(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	boot_declared();
	machine.guest_next = exits_every_50_us;
	machine.guest_exit = yields;
	measure(1000, shares);
	report(shares[1] > 8000, "nearly all of it");
	report(shares[0] > 0, "but the one that yields runs now and then");
}

/* ---- Caps ---- */

static void given_a_cap_then_it_holds_alone_and_in_company(void)
{
	static const uint32_t caps[] = {5, 30, 60};
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	image.personas[1].flags = 0;
	image.personas[0].cpu_cap_percent = 30;
	boot_declared();
	for (size_t i = 0; i < ARRAY_COUNT(caps); i++) {
		personas[0].cap_quota = (int64_t)(SCHED_CAP_PERIOD_US * MACHINE_MS / 1000 * caps[i] / 100);
		measure(1000, shares);
		report(is_near(shares[0], caps[i] * UINT64_C(100), 2), "alone");
	}
	personas[0].cap_quota = (int64_t)(SCHED_CAP_PERIOD_US * MACHINE_MS / 1000 * 30 / 100);
	persona_start(&personas[1]);
	machine_run_ms(50);
	measure(1000, shares);
	report(is_near(shares[0], 3000, 2), "in company");
	report(is_near(shares[1], 7000, 2), "which gets the rest");
}

static void given_a_cap_over_several_virtual_cpus_then_their_sum_holds(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(1, 4);
	image.personas[0].cpu_count = 4;
	image.personas[0].cpu_cap_percent = 150;
	boot_declared();
	for (uint32_t i = 1; i < 4; i++)
		report_equal(guest_call(vcpu(0, 0), PSCI_CPU_ON, i, IMAGE_ENTRY, 0), 0, "on");
	measure(1000, shares);
	report(is_near(shares[0], 15000, 2), "one and a half CPUs");
}

/* A persona of many virtual CPUs has no more of a CPU than its share says, and no less when some of them sleep. */
static void given_many_virtual_cpus_on_one_cpu_then_the_share_is_for_them_all(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];
	uint64_t first, second;

	declare(2, 1);
	image.personas[0].cpu_count = 4;
	image.personas[0].cpu_cap_percent = 400;
	boot_declared();
	for (uint32_t i = 0; i < 200 && !guest_is_in(vcpu(0, 0)); i++)
		machine_run_ms(1);
	for (uint32_t i = 1; i < 4; i++)
		report_equal(guest_call(vcpu(0, 0), PSCI_CPU_ON, i, IMAGE_ENTRY, 0), 0, "on");
	machine_run_ms(100);
	first = vcpu(0, 1)->cpu_time;
	second = vcpu(0, 2)->cpu_time;
	measure(1000, shares);
	report(is_near(shares[0], 5000, 2), "half for the one of four");
	report(is_near(shares[1], 5000, 2), "half for the one of one");
	report(is_near((vcpu(0, 1)->cpu_time - first) * 10000 / (1000 * MACHINE_MS), 1250, 2), "the four share evenly");
	report(is_near((vcpu(0, 2)->cpu_time - second) * 10000 / (1000 * MACHINE_MS), 1250, 2), "all of them");
	for (uint32_t i = 1; i < 4; i++) {
		while (!guest_is_in(vcpu(0, i)))
			machine_run_ms(1);
		guest_wait(vcpu(0, i));
	}
	machine_run_ms(100);
	measure(1000, shares);
	report(is_near(shares[0], 5000, 2), "the one left of the four has half by itself");
}

static void given_two_virtual_cpus_on_two_cpus_then_each_competes_with_its_persona_s_whole_weight(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(3, 2);
	image.personas[0].cpu_count = 2;
	image.personas[0].cpu_cap_percent = 200;
	image.personas[1].cpu_affinity = 1;
	image.personas[2].cpu_affinity = 2;
	boot_declared();
	for (uint32_t i = 0; i < 200 && !guest_is_in(vcpu(0, 0)); i++)
		machine_run_ms(1);
	guest_call(vcpu(0, 0), PSCI_CPU_ON, 1, IMAGE_ENTRY, 0);
	machine_run_ms(100);
	measure(1000, shares);
	report(is_near(shares[0], 10000, 2), "half of each CPU");
	report(is_near(shares[1], 5000, 2), "half of the first");
	report(is_near(shares[2], 5000, 2), "half of the second");
}

/* A guest that does not come back for a whole period, as when Veil works long for it: the debt is paid. */
static void takes_30_ms(struct vcpu *v)
{
	machine.time += 30 * MACHINE_MS;
	guest_call(v, 0xdeadbeef, 0, 0, 0);
}

static uint64_t exits_at_once(struct vcpu *v)
{
	return v->persona->index == 0 ? machine.time : UINT64_MAX;
}

static void given_a_debt_then_it_is_carried_over(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(1, 1);
	image.personas[0].cpu_cap_percent = 20;
	boot_declared();
	machine.guest_next = exits_at_once;
	machine.guest_exit = takes_30_ms;
	measure(3000, shares);
	report(is_near(shares[0], 2000, 2), "20 % although every turn took 30 ms");
}

/* ---- Nobody hoards ---- */

static void given_an_hour_of_pause_then_nobody_is_starved_by_what_follows(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	boot_declared();
	persona_pause(&personas[1]);
	machine_run_ms(3600000);
	persona_resume(&personas[1]);
	measure(1000, shares);
	report(is_near(shares[0], 5000, 3), "the one that went on keeps its share");
}

static void given_an_hour_stopped_then_nobody_is_starved_by_what_follows(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	boot_declared();
	persona_stop(&personas[1]);
	machine_run_ms(3600000);
	persona_start(&personas[1]);
	measure(1000, shares);
	report(is_near(shares[0], 5000, 3), "the one that went on keeps its share");
}

static void given_a_virtual_cpu_switched_on_late_then_nobody_is_starved(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	image.personas[1].cpu_count = 2;
	image.personas[1].cpu_cap_percent = 200;
	boot_declared();
	machine_run_ms(600000);
	while (!guest_is_in(vcpu(1, 0)))
		machine_run_ms(1);
	report_equal(guest_call(vcpu(1, 0), PSCI_CPU_ON, 1, IMAGE_ENTRY, 0), 0, "on");
	measure(1000, shares);
	report(shares[0] > 3000, "the other keeps at least a third");
}

static void given_a_long_sleep_then_nobody_is_starved_by_what_follows(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	boot_declared();
	while (!guest_is_in(vcpu(1, 0)))
		machine_run_ms(1);
	guest_timer(vcpu(1, 0), 1, guest_count(vcpu(1, 0)) + 60000 * MACHINE_MS);
	guest_wait(vcpu(1, 0));
	machine_run_ms(60000);
	measure(1000, shares);
	report(is_near(shares[0], 5000, 3), "the one that computed all the time keeps its share");
}

static void given_a_guest_alone_for_hours_then_who_comes_shares_with_it(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	image.personas[0].cpu_share = image.personas[1].cpu_share = 1;
	boot_declared();
	persona_stop(&personas[1]);
	machine_run_ms(5000000);
	persona_start(&personas[1]);
	machine_run_ms(100);
	measure(1000, shares);
	for (uint32_t i = 0; i < 2; i++)
		report(is_near(shares[i], 5000, 2), "half a CPU each");
}

/* The host of an emulated handset sleeps, or a debugger holds it. */
static void given_a_machine_that_stood_still_then_nobody_pays_for_it(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	image.personas[0].cpu_cap_percent = image.personas[1].cpu_cap_percent = 50;
	boot_declared();
	for (uint32_t times = 0; times < 4; times++) {
		machine.time += UINT64_C(600000) * MACHINE_MS;
		machine_run_ms(7);
	}
	machine_run_ms(8000);
	measure(1000, shares);
	for (uint32_t i = 0; i < 2; i++)
		report(is_near(shares[i], 5000, 2), "half a CPU each again");
}

static bool sleeping;

static uint64_t naps(struct vcpu *v)
{
	return v->persona->index == 0 ? machine.time + MACHINE_MS / 10 : UINT64_MAX;
}

static void sleeps_a_ms(struct vcpu *v)
{
	guest_timer(v, 1, guest_count(v) + MACHINE_MS);
	if (sleeping)
		guest_wait(v);
}

static void given_a_sleeper_then_it_is_woken_in_time(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	boot_declared();
	sleeping = true;
	machine.guest_next = naps;
	machine.guest_exit = sleeps_a_ms;
	measure(1000, shares);
	report(is_near(shares[0], 900, 2), "0.1 ms of work in 1.1 ms");
	report(is_near(shares[0] + shares[1], 10000, 1), "nothing is lost");
}

static void given_all_asleep_then_the_cpu_is_idle_and_time_is_nobodys(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS], idle;

	declare(1, 1);
	boot_declared();
	guest_wait(vcpu(0, 0));
	machine_run_ms(1);
	report(!guest_is_in(vcpu(0, 0)), "asleep");
	idle = cpus[0].idle_time;
	measure(1000, shares);
	report_equal(shares[0], 0, "sleep costs nothing");
	machine_receive("x", 1); /* makes it look at the clock */
	machine_run_ms(0);
	report(cpus[0].idle_time - idle >= 999 * MACHINE_MS, "idle time is counted");
}

/* ---- Latency ---- */

static uint64_t woken_at;

static uint64_t notes_when(struct vcpu *v)
{
	if (v->persona->index == 0 && !woken_at)
		woken_at = machine.time;
	return UINT64_MAX;
}

static uint64_t latency_of_a_sleeper(uint32_t foreground)
{
	uint64_t due;

	declare(4, 1);
	image.header.initial_foreground = foreground;
	boot_declared();
	for (uint32_t i = 0; i < 1000 && !guest_is_in(vcpu(0, 0)); i++)
		machine_run(machine.time + MACHINE_MS / 10);
	due = machine.time + 500 * MACHINE_MS;
	/* The emulated timer: one that interrupts although the guest never set up its interrupt controller. */
	guest_timer(vcpu(0, 0), 1, guest_count(vcpu(0, 0)) + 500 * MACHINE_MS);
	vcpu(0, 0)->runnable = false;
	vcpu(0, 0)->cpu->need_resched = CPU_RESCHEDULE;
	machine_run_ms(499);
	machine.guest_next = notes_when;
	machine_run_ms(200);
	return woken_at ? woken_at - due : UINT64_MAX;
}

static void given_a_sleeper_in_front_then_it_runs_within_a_millisecond(void)
{
	report(latency_of_a_sleeper(0) <= MACHINE_MS, "at once");
}

static void given_a_sleeper_in_the_background_then_it_runs_within_a_few_slices(void)
{
	report(latency_of_a_sleeper(1) <= 20 * MACHINE_MS, "soon");
}

/* A sleeper in front that wakes 1000 times a second must not get more than its share. */
static uint64_t works_900_us(struct vcpu *v)
{
	return v->persona->index == 0 ? machine.time + 9 * MACHINE_MS / 10 : UINT64_MAX;
}

static void sleeps_50_us(struct vcpu *v)
{
	guest_timer(v, 1, guest_count(v) + MACHINE_MS / 20);
	guest_wait(v);
}

static void given_a_guest_in_front_that_naps_then_it_gets_no_more_than_its_share(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	boot_declared();
	machine.guest_next = works_900_us;
	machine.guest_exit = sleeps_50_us;
	measure(2000, shares);
	report(shares[0] <= 5300, "not more than half and a little");
}

/* ---- The short way of a timer's interrupt to who slept ---- */

static uint64_t works_95_us(struct vcpu *v)
{
	return v->persona->index == 0 ? machine.time + 95 * MACHINE_MS / 1000 : UINT64_MAX;
}

static void sleeps_5_us(struct vcpu *v)
{
	guest_timer(v, 1, guest_count(v) + 5 * MACHINE_MS / 1000);
	guest_wait(v);
}

static void wakes_every_few_us(uint32_t foreground, uint64_t exit_cost)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	image.header.initial_foreground = foreground;
	boot_declared();
	machine.exit_cost = exit_cost;
	machine.guest_next = works_95_us;
	machine.guest_exit = sleeps_5_us;
	measure(2000, shares);
	report(shares[0] <= 5300, "not more than half and a little");
	report(shares[1] >= 4700, "the other keeps its half");
	report(machine.no_alarms || machine.alarms > 100, "it came by the short way");
}

static void given_a_guest_that_has_itself_woken_every_few_microseconds_then_it_gets_no_more_than_its_share(void)
{
	wakes_every_few_us(0, 0);
}

static void given_such_a_guest_in_the_background_where_exits_cost_time_then_it_gets_no_more_either(void)
{
	wakes_every_few_us(1, 2 * MACHINE_MS / 1000);
}

static void sleep_until(struct vcpu *v, uint64_t time)
{
	for (uint32_t i = 0; i < 1000 && !guest_is_in(v); i++)
		machine_run(machine.time + MACHINE_MS / 10);
	guest_timer(v, 1, guest_count(v) + (time - machine.time));
	guest_wait(v);
	machine_run(machine.time);
}

static void given_a_second_sleeper_then_its_time_is_not_forgotten(void)
{
	uint64_t time;

	declare(3, 1);
	image.header.initial_foreground = 1;
	boot_declared();
	time = machine.time + 500 * MACHINE_MS;
	sleep_until(vcpu(0, 0), time);
	sleep_until(vcpu(1, 0), time + 3 * MACHINE_MS / 10);
	machine_run(time + MACHINE_MS / 10);
	report(guest_is_in(vcpu(0, 0)), "the first one runs");
	report_equal(machine.alarms, !machine.no_alarms, "by the short way");
	machine_run(time + 4 * MACHINE_MS / 10);
	report(guest_is_in(vcpu(1, 0)), "then the second one");
}

static void given_a_sleeper_that_is_paused_then_its_timer_wakes_nobody(void)
{
	uint64_t time;

	declare(2, 1);
	boot_declared();
	time = machine.time + 500 * MACHINE_MS;
	sleep_until(vcpu(0, 0), time);
	persona_pause(&personas[0]);
	machine_run(time + 100 * MACHINE_MS);
	report(guest_is_in(vcpu(1, 0)), "the other one runs on");
	report_equal(machine.alarms, 0, "no short way to a paused one");
	report_equal(personas[0].loaded_count, 0, "which is loaded nowhere");
}

static void given_a_sleeper_with_a_cap_then_it_is_looked_at(void)
{
	uint64_t shares[VEIL_MAX_PERSONAS];

	declare(2, 1);
	image.personas[0].cpu_cap_percent = 30;
	boot_declared();
	machine.guest_next = works_95_us;
	machine.guest_exit = sleeps_5_us;
	measure(2000, shares);
	report(is_near(shares[0], 3000, 2), "its cap");
	report_equal(machine.alarms, 0, "never by the short way");
}

/* ---- Virtual CPUs on and off ---- */

static void given_a_virtual_cpu_switched_off_then_it_can_be_switched_on_again(void)
{
	declare(1, 2);
	image.personas[0].cpu_count = 2;
	image.personas[0].cpu_cap_percent = 200;
	boot_declared();
	for (uint32_t i = 0; i < 3; i++) {
		report_equal(guest_call(vcpu(0, 0), PSCI_CPU_ON, 1, IMAGE_ENTRY + 4 * i, 77 + i), 0, "on");
		machine_run_ms(5);
		report(guest_is_in(vcpu(0, 1)), "it runs");
		report_equal(vcpu(0, 1)->arch.pc, IMAGE_ENTRY + 4 * i, "at the address given");
		report_equal(vcpu(0, 1)->arch.x[0], 77 + i, "with the context given");
		report_equal(guest_call(vcpu(0, 0), 0xc4000004, 1, 0, 0), 0, "AFFINITY_INFO: on");
		guest_call(vcpu(0, 1), PSCI_CPU_OFF, 0, 0, 0);
		machine_run_ms(5);
		report(!guest_is_in(vcpu(0, 1)), "off");
		report_equal(guest_call(vcpu(0, 0), 0xc4000004, 1, 0, 0), 1, "AFFINITY_INFO: off");
	}
}

static void given_a_cpu_that_is_idle_then_a_wake_from_another_reaches_it(void)
{
	declare(1, 2);
	image.personas[0].cpu_count = 2;
	image.personas[0].cpu_cap_percent = 200;
	boot_declared();
	guest_call(vcpu(0, 0), PSCI_CPU_ON, 1, IMAGE_ENTRY, 0);
	machine_run_ms(5);
	vcpu(0, 1)->runnable = false;
	vcpu(0, 1)->cpu->need_resched = CPU_RESCHEDULE;
	machine.this_cpu = 1;
	machine_run_ms(5);
	report(!guest_is_in(vcpu(0, 1)), "asleep");
	sched_wake(vcpu(0, 1));
	machine_run_ms(1);
	report(guest_is_in(vcpu(0, 1)), "awake");
}

static void given_a_port_without_alarms_then_the_same_holds(void);

static const struct test tests[] = {
	{"equal", given_equal_weights_then_spinning_guests_share_equally},
	{"weights", given_weights_10_50_100_then_spinning_guests_share_by_them},
	{"great", given_one_great_weight_then_it_gets_nearly_all},
	{"extreme", given_the_extreme_weights_then_shares_hold},
	{"two-cpus", given_two_cpus_then_each_is_shared},
	{"flood", given_a_guest_that_floods_exits_then_it_pays_for_them},
	{"yield", given_a_guest_that_yields_then_the_other_gets_the_cpu},
	{"cap", given_a_cap_then_it_holds_alone_and_in_company},
	{"cap-sum", given_a_cap_over_several_virtual_cpus_then_their_sum_holds},
	{"crowd", given_many_virtual_cpus_on_one_cpu_then_the_share_is_for_them_all},
	{"crowd-spread", given_two_virtual_cpus_on_two_cpus_then_each_competes_with_its_persona_s_whole_weight},
	{"debt", given_a_debt_then_it_is_carried_over},
	{"after-pause", given_an_hour_of_pause_then_nobody_is_starved_by_what_follows},
	{"after-stop", given_an_hour_stopped_then_nobody_is_starved_by_what_follows},
	{"late-on", given_a_virtual_cpu_switched_on_late_then_nobody_is_starved},
	{"after-sleep", given_a_long_sleep_then_nobody_is_starved_by_what_follows},
	{"sleeper", given_a_sleeper_then_it_is_woken_in_time},
	{"idle", given_all_asleep_then_the_cpu_is_idle_and_time_is_nobodys},
	{"latency-front", given_a_sleeper_in_front_then_it_runs_within_a_millisecond},
	{"latency-back", given_a_sleeper_in_the_background_then_it_runs_within_a_few_slices},
	{"naps", given_a_guest_in_front_that_naps_then_it_gets_no_more_than_its_share},
	{"wakes-front", given_a_guest_that_has_itself_woken_every_few_microseconds_then_it_gets_no_more_than_its_share},
	{"wakes-back", given_such_a_guest_in_the_background_where_exits_cost_time_then_it_gets_no_more_either},
	{"second-sleeper", given_a_second_sleeper_then_its_time_is_not_forgotten},
	{"paused-sleeper", given_a_sleeper_that_is_paused_then_its_timer_wakes_nobody},
	{"capped-sleeper", given_a_sleeper_with_a_cap_then_it_is_looked_at},
	{"off-on", given_a_virtual_cpu_switched_off_then_it_can_be_switched_on_again},
	{"hours-alone", given_a_guest_alone_for_hours_then_who_comes_shares_with_it},
	{"stood-still", given_a_machine_that_stood_still_then_nobody_pays_for_it},
	{"cross-wake", given_a_cpu_that_is_idle_then_a_wake_from_another_reaches_it},
	{"no-alarms", given_a_port_without_alarms_then_the_same_holds},
};

static void given_a_port_without_alarms_then_the_same_holds(void)
{
	no_alarms = true;
	for (size_t i = 0; i < ARRAY_COUNT(tests) - 1; i++)
		test_run(&tests[i]);
}

TEST_MAIN(tests)
