/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GIC as a guest sees it: registers (Arm IHI 0069, chapter 12), delivery through list registers, priorities, routing. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "core/sched.h"
#include "image.h"
#include "test.h"

#define GICD UINT64_C(0x08000000)
#define GICR UINT64_C(0x080a0000)
#define SGI_FRAME UINT64_C(0x10000)
#define STRIDE UINT64_C(0x20000)
#define CTLR 0x000
#define TYPER 0x004
#define IGROUPR 0x080
#define ISENABLER 0x100
#define ICENABLER 0x180
#define ISPENDR 0x200
#define ICPENDR 0x280
#define ISACTIVER 0x300
#define ICACTIVER 0x380
#define IPRIORITYR 0x400
#define ICFGR 0xc00
#define IROUTER 0x6000

static struct image image;

static struct vcpu *vcpu(uint32_t index)
{
	return personas[0].vcpus[index];
}

static void boot(uint32_t vcpus, uint32_t cpus_wanted)
{
	machine_init();
	image_declare(&image, 1, cpus_wanted);
	image.personas[0].cpu_count = vcpus;
	image.personas[0].cpu_cap_percent = 100 * vcpus;
	image_layout(&image);
	image_boot(&image);
	machine_run_ms(20);
	for (uint32_t i = 1; i < vcpus; i++)
		guest_call(vcpu(0), 0xc4000003, i, IMAGE_ENTRY, 0);
	machine_run_ms(20);
}

static uint64_t frame_of(uint32_t irq, uint32_t index)
{
	return irq < 32 ? GICR + index * STRIDE + SGI_FRAME : GICD;
}

static void bit_write(uint32_t reg, uint32_t irq)
{
	guest_write(vcpu(0), frame_of(irq, 0) + reg + irq / 32 * 4, 4, 1U << (irq % 32));
}

static bool bit_read(uint32_t reg, uint32_t irq)
{
	return guest_read(vcpu(0), frame_of(irq, 0) + reg + irq / 32 * 4, 4) >> (irq % 32) & 1;
}

static void priority_set(uint32_t irq, uint8_t priority)
{
	guest_write(vcpu(0), frame_of(irq, 0) + IPRIORITYR + irq, 1, priority);
}

/* As an operating system sets an interrupt up. */
static void set_up(uint32_t irq, uint8_t priority)
{
	uint64_t group = frame_of(irq, 0) + IGROUPR + irq / 32 * 4;

	guest_write(vcpu(0), GICD + CTLR, 4, 0x12);
	guest_write(vcpu(0), group, 4, guest_read(vcpu(0), group, 4) | 1U << (irq % 32));
	priority_set(irq, priority);
	bit_write(ISENABLER, irq);
}

static void line(uint32_t irq, bool high)
{
	machine.this_cpu = vcpu(0)->cpu->id;
	lock_take(&personas[0].lock);
	irq_line(vcpu(0), irq, high);
	lock_release(&personas[0].lock);
}

/* ---- Registers ---- */

static void given_a_reset_then_registers_have_their_values(void)
{
	boot(2, 2);
	report_equal(guest_read(vcpu(0), GICD + CTLR, 4), 0x50, "GICD_CTLR: ARE, DS, disabled");
	report_equal(guest_read(vcpu(0), GICD + TYPER, 4) & 31, 2, "GICD_TYPER: 96 interrupts");
	report_equal(guest_read(vcpu(0), GICD + 0xffe8, 4) & 0xf0, 0x30, "PIDR2: GICv3");
	report_equal(guest_read(vcpu(0), GICR + 0xffe8, 4) & 0xf0, 0x30, "the same of a redistributor");
	report_equal(guest_read(vcpu(0), GICR + 8, 8), 0, "GICR_TYPER of CPU 0");
	report_equal(guest_read(vcpu(0), GICR + STRIDE + 8, 8), UINT64_C(1) << 32 | 1 << 8 | 0x10, "of CPU 1, the last");
	report_equal(guest_read(vcpu(0), GICR + STRIDE + 12, 4), 1, "its upper half");
	report_equal(guest_read(vcpu(0), GICR + 2 * STRIDE + 8, 8), UINT64_MAX, "there is no third");
	report_equal(guest_read(vcpu(0), GICR + SGI_FRAME + ICFGR, 4), 0xaaaaaaaa, "SGIs are edge-triggered");
	report_equal(guest_read(vcpu(0), GICR + 0x14, 4), 6, "GICR_WAKER: asleep");
	guest_write(vcpu(0), GICR + 0x14, 4, 0);
	report_equal(guest_read(vcpu(0), GICR + 0x14, 4), 0, "awake, children too");
	report_equal(guest_read(vcpu(0), GICD + ISENABLER, 4), 0, "word 0 of the distributor reads as zero");
	report_equal(guest_read(vcpu(0), GICD + ISENABLER + 12, 4), 0, "so does one that does not exist");
}

static void given_set_and_clear_registers_then_each_bit_is_its_own(void)
{
	static const uint32_t irqs[] = {0, 15, 16, 31, 32, 33, 63, 64, 95};
	static const uint32_t pairs[][2] = {{ISENABLER, ICENABLER}, {ISPENDR, ICPENDR}, {ISACTIVER, ICACTIVER}};

	boot(1, 1);
	for (size_t i = 0; i < ARRAY_COUNT(irqs); i++)
		for (size_t p = 0; p < ARRAY_COUNT(pairs); p++) {
			bit_write(pairs[p][0], irqs[i]);
			report(bit_read(pairs[p][0], irqs[i]) && bit_read(pairs[p][1], irqs[i]), "set");
			report(!bit_read(pairs[p][0], irqs[i] ^ 1), "its neighbour is not");
			guest_write(vcpu(0), frame_of(irqs[i], 0) + pairs[p][1] + irqs[i] / 32 * 4, 4, ~(1U << (irqs[i] % 32)));
			report(bit_read(pairs[p][0], irqs[i]), "clearing the others leaves it");
			bit_write(pairs[p][1], irqs[i]);
			report(!bit_read(pairs[p][0], irqs[i]), "cleared");
		}
}

static void given_priorities_then_they_are_kept_to_five_bits(void)
{
	boot(1, 1);
	guest_write(vcpu(0), GICD + IPRIORITYR + 40, 4, 0x12345678);
	report_equal(guest_read(vcpu(0), GICD + IPRIORITYR + 40, 4), 0x10305078, "a word");
	guest_write(vcpu(0), GICD + IPRIORITYR + 41, 1, 0xff);
	report_equal(guest_read(vcpu(0), GICD + IPRIORITYR + 40, 4), 0x1030f878, "a byte");
	report_equal(guest_read(vcpu(0), GICD + IPRIORITYR + 42, 1), 0x30, "read as a byte");
	report_equal(guest_read(vcpu(0), GICD + IPRIORITYR + 8, 4), 0, "private ones are not here");
	report_equal(guest_read(vcpu(0), GICD + IPRIORITYR + 40, 2), UINT64_MAX, "no halfword access");
}

static void given_routes_then_they_name_existing_cpus_only(void)
{
	boot(2, 2);
	guest_write(vcpu(0), GICD + IROUTER + 8 * 40, 8, 1);
	report_equal(guest_read(vcpu(0), GICD + IROUTER + 8 * 40, 8), 1, "CPU 1");
	guest_write(vcpu(0), GICD + IROUTER + 8 * 40, 8, 2);
	report_equal(guest_read(vcpu(0), GICD + IROUTER + 8 * 40, 8), 0, "a CPU that does not exist");
	guest_write(vcpu(0), GICD + IROUTER + 8 * 40, 8, UINT64_C(1) << 32 | 1);
	report_equal(guest_read(vcpu(0), GICD + IROUTER + 8 * 40, 8), 0, "nor with higher affinity");
	report_equal(guest_read(vcpu(0), GICD + IROUTER + 8 * 500, 8), 0, "one beyond reads as zero");
}

/* ---- Delivery ---- */

static void given_a_level_interrupt_then_it_comes_until_its_line_is_low(void)
{
	boot(1, 1);
	set_up(40, 0x80);
	line(40, true);
	report(bit_read(ISPENDR, 40), "pending");
	report(guest_is_interrupted(vcpu(0)), "signalled");
	report_equal(guest_acknowledge(vcpu(0)), 40, "acknowledged");
	report(bit_read(ISACTIVER, 40), "active");
	report(!guest_is_interrupted(vcpu(0)), "not signalled while active");
	guest_end(vcpu(0), 40);
	report_equal(guest_acknowledge(vcpu(0)), 40, "again: the line is still high");
	line(40, false);
	guest_end(vcpu(0), 40);
	report(!guest_is_interrupted(vcpu(0)), "no more");
	report(!bit_read(ISPENDR, 40) && !bit_read(ISACTIVER, 40), "neither pending nor active");
}

static void given_a_level_interrupt_that_goes_away_then_it_is_not_delivered(void)
{
	boot(1, 1);
	set_up(40, 0x80);
	line(40, true);
	line(40, false);
	report(!guest_is_interrupted(vcpu(0)), "gone");
	report_equal(guest_acknowledge(vcpu(0)), MACHINE_NO_INTERRUPT, "spurious");
}

static void given_an_edge_interrupt_then_each_edge_comes_once(void)
{
	boot(1, 1);
	guest_write(vcpu(0), GICD + ICFGR + 8, 4, 2U << 16);
	set_up(40, 0x80);
	line(40, true);
	report_equal(guest_acknowledge(vcpu(0)), 40, "the edge");
	line(40, false);
	line(40, true);
	report(!guest_is_interrupted(vcpu(0)), "not while active");
	guest_end(vcpu(0), 40);
	report_equal(guest_acknowledge(vcpu(0)), 40, "the second edge");
	guest_end(vcpu(0), 40);
	report_equal(guest_acknowledge(vcpu(0)), MACHINE_NO_INTERRUPT, "that is all");
}

static void given_more_interrupts_than_registers_then_they_come_by_priority(void)
{
	static const uint8_t priorities[] = {0xa0, 0x20, 0xe0, 0x60, 0x40, 0xc0, 0x80, 0x00, 0xf0, 0x10};
	uint32_t last = 0;

	boot(1, 1);
	for (uint32_t i = 0; i < ARRAY_COUNT(priorities); i++)
		set_up(40 + i, priorities[i]);
	for (uint32_t i = 0; i < ARRAY_COUNT(priorities); i++)
		line(40 + i, true);
	for (uint32_t i = 0; i < ARRAY_COUNT(priorities); i++) {
		uint32_t irq = guest_acknowledge(vcpu(0));

		if (!report(irq >= 40 && irq < 50, "one of them"))
			return;
		report(priorities[irq - 40] >= last, "in the order of their priorities");
		last = priorities[irq - 40];
		line(irq, false);
		guest_end(vcpu(0), irq);
	}
	report_equal(guest_acknowledge(vcpu(0)), MACHINE_NO_INTERRUPT, "each once");
}

static void given_nested_interrupts_more_than_registers_then_all_end_well(void)
{
	static const uint8_t priorities[] = {0xf0, 0xe0, 0xd0, 0xc0, 0xb0, 0xa0, 0x90};
	uint32_t count = ARRAY_COUNT(priorities);

	boot(1, 1);
	for (uint32_t i = 0; i < count; i++)
		set_up(40 + i, priorities[i]);
	for (uint32_t i = 0; i < count; i++) {
		line(40 + i, true);
		report(guest_is_interrupted(vcpu(0)), "the more urgent one interrupts");
		report_equal(guest_acknowledge(vcpu(0)), 40 + i, "it is that one");
		line(40 + i, false);
	}
	for (uint32_t i = count; i-- > 0;) {
		guest_end(vcpu(0), 40 + i);
		machine_run(machine.time);
	}
	for (uint32_t i = 0; i < count; i++)
		report(!bit_read(ISACTIVER, 40 + i), "none is active any more");
	line(42, true);
	report_equal(guest_acknowledge(vcpu(0)), 42, "and they work as before");
}

static void given_a_disabled_interrupt_then_it_waits_until_enabled(void)
{
	boot(1, 1);
	set_up(40, 0x80);
	bit_write(ICENABLER, 40);
	line(40, true);
	report(!guest_is_interrupted(vcpu(0)), "disabled");
	bit_write(ISENABLER, 40);
	report(guest_is_interrupted(vcpu(0)), "enabled");
	bit_write(ICENABLER, 40);
	report(!guest_is_interrupted(vcpu(0)), "disabled again, before it was taken");
	bit_write(ISENABLER, 40);
	guest_write(vcpu(0), GICD + CTLR, 4, 0x10);
	report(!guest_is_interrupted(vcpu(0)), "all disabled");
	guest_write(vcpu(0), GICD + CTLR, 4, 0x12);
	report_equal(guest_acknowledge(vcpu(0)), 40, "all enabled");
}

static void given_a_pending_bit_cleared_then_a_latched_interrupt_is_gone(void)
{
	boot(1, 1);
	set_up(8, 0x80);
	bit_write(ISPENDR, 8);
	report(guest_is_interrupted(vcpu(0)), "pending by software");
	bit_write(ICPENDR, 8);
	report(!guest_is_interrupted(vcpu(0)), "cleared");
}

/* ---- Software-generated interrupts ---- */

static void given_sgis_then_they_reach_whom_they_name(void)
{
	boot(3, 3);
	for (uint32_t i = 0; i < 3; i++) {
		guest_write(vcpu(i), frame_of(5, i) + IGROUPR, 4, UINT32_MAX);
		guest_write(vcpu(i), frame_of(5, i) + ISENABLER, 4, UINT32_MAX);
	}
	guest_write(vcpu(0), GICD + CTLR, 4, 0x12);
	machine.this_cpu = vcpu(0)->cpu->id;
	vgic_send_sgi(vcpu(0), UINT64_C(5) << 24 | 6);
	machine_run_ms(1);
	report_equal(guest_acknowledge(vcpu(1)), 5, "CPU 1");
	report_equal(guest_acknowledge(vcpu(2)), 5, "CPU 2");
	report_equal(guest_acknowledge(vcpu(0)), MACHINE_NO_INTERRUPT, "not the sender");
	guest_end(vcpu(1), 5);
	guest_end(vcpu(2), 5);
	machine.this_cpu = vcpu(1)->cpu->id;
	vgic_send_sgi(vcpu(1), UINT64_C(1) << 40 | UINT64_C(9) << 24);
	machine_run_ms(1);
	report_equal(guest_acknowledge(vcpu(0)), 9, "all others: CPU 0");
	report_equal(guest_acknowledge(vcpu(2)), 9, "and CPU 2");
	report_equal(guest_acknowledge(vcpu(1)), MACHINE_NO_INTERRUPT, "not the sender");
	guest_end(vcpu(0), 9);
	guest_end(vcpu(2), 9);
	machine.this_cpu = vcpu(0)->cpu->id;
	vgic_send_sgi(vcpu(0), UINT64_C(1) << 16 | UINT64_C(5) << 24 | 7);
	vgic_send_sgi(vcpu(0), UINT64_C(1) << 44 | UINT64_C(5) << 24 | 7);
	vgic_send_sgi(vcpu(0), UINT64_C(5) << 24 | 0xfff8);
	machine_run_ms(1);
	for (uint32_t i = 0; i < 3; i++)
		report_equal(guest_acknowledge(vcpu(i)), MACHINE_NO_INTERRUPT, "CPUs that do not exist");
}

static void given_a_sleeping_cpu_then_an_sgi_wakes_it(void)
{
	boot(2, 2);
	guest_write(vcpu(1), frame_of(5, 1) + IGROUPR, 4, UINT32_MAX);
	guest_write(vcpu(1), frame_of(5, 1) + ISENABLER, 4, UINT32_MAX);
	guest_write(vcpu(0), GICD + CTLR, 4, 0x12);
	guest_wait(vcpu(1));
	machine.this_cpu = 1;
	machine_run_ms(1);
	report(!guest_is_in(vcpu(1)), "asleep");
	machine.this_cpu = vcpu(0)->cpu->id;
	vgic_send_sgi(vcpu(0), UINT64_C(5) << 24 | 2);
	machine_run_ms(1);
	report(guest_is_in(vcpu(1)), "awake");
	report_equal(guest_acknowledge(vcpu(1)), 5, "by that interrupt");
}

static void given_a_pending_interrupt_rerouted_then_its_new_cpu_gets_it(void)
{
	boot(2, 2);
	set_up(40, 0x80);
	guest_write(vcpu(0), GICD + IROUTER + 8 * 40, 8, 1);
	line(40, true);
	machine_run_ms(1);
	report(guest_is_interrupted(vcpu(1)), "CPU 1 is signalled");
	guest_write(vcpu(0), GICD + IROUTER + 8 * 40, 8, 0);
	machine_run_ms(1);
	report(!guest_is_interrupted(vcpu(1)), "then no more");
	report(guest_is_interrupted(vcpu(0)), "but CPU 0 is");
}

/* ---- Timers ---- */

static void given_the_virtual_timer_then_it_comes_each_time_it_is_set(void)
{
	boot(1, 1);
	set_up(27, 0x80);
	for (uint32_t i = 0; i < 5; i++) {
		guest_timer(vcpu(0), 1, guest_count(vcpu(0)) + MACHINE_MS);
		machine_run(machine.time + MACHINE_MS - 1);
		report(!guest_is_interrupted(vcpu(0)), "not before its time");
		machine_run(machine.time + 1);
		report_equal(guest_acknowledge(vcpu(0)), 27, "at its time");
		guest_timer(vcpu(0), 1, guest_count(vcpu(0)) + MACHINE_MS);
		guest_end(vcpu(0), 27);
		report(!guest_is_interrupted(vcpu(0)), "once");
	}
}

/* The guest changes something of its interrupts while it handles its timer's, as Linux does when it masks another one. */
static void given_registers_written_in_the_timers_handler_then_the_timer_goes_on(void)
{
	boot(1, 1);
	set_up(27, 0x80);
	set_up(30, 0x80);
	for (uint32_t i = 0; i < 5; i++) {
		guest_timer(vcpu(0), 1, guest_count(vcpu(0)) + MACHINE_MS);
		machine_run_ms(1);
		report_equal(guest_acknowledge(vcpu(0)), 27, "it comes");
		bit_write(ICENABLER, 30);
		bit_write(ISENABLER, 30);
		guest_timer(vcpu(0), 1, guest_count(vcpu(0)) + MACHINE_MS);
		guest_end(vcpu(0), 27);
	}
}

static void given_a_sleep_until_the_timer_then_it_wakes(void)
{
	boot(1, 1);
	set_up(27, 0x80);
	for (uint32_t i = 0; i < 3; i++) {
		guest_timer(vcpu(0), 1, guest_count(vcpu(0)) + 10 * MACHINE_MS);
		guest_wait(vcpu(0));
		machine_run_ms(9);
		report(!guest_is_in(vcpu(0)), "asleep");
		machine_run_ms(1);
		report(guest_is_in(vcpu(0)), "awake");
		report_equal(guest_acknowledge(vcpu(0)), 27, "by its timer");
		guest_timer(vcpu(0), 0, 0);
		guest_end(vcpu(0), 27);
	}
}

static void given_the_physical_timer_then_it_is_emulated(void)
{
	boot(1, 1);
	set_up(30, 0x80);
	guest_physical_timer(vcpu(0), 1, guest_count(vcpu(0)) + MACHINE_MS);
	machine_run_ms(1);
	report_equal(guest_acknowledge(vcpu(0)), 30, "it comes");
	guest_physical_timer(vcpu(0), 1, guest_count(vcpu(0)) + MACHINE_MS);
	guest_end(vcpu(0), 30);
	guest_wait(vcpu(0));
	machine_run_ms(2);
	report_equal(guest_acknowledge(vcpu(0)), 30, "out of sleep too");
	guest_physical_timer(vcpu(0), 3, 0);
	guest_end(vcpu(0), 30);
	report(!guest_is_interrupted(vcpu(0)), "masked");
}

static void given_a_preempted_guest_then_its_interrupts_survive(void)
{
	machine_init();
	image_declare(&image, 2, 1);
	image_boot(&image);
	machine_run_ms(20);
	for (uint32_t round = 0; round < 5; round++) {
		while (!guest_is_in(vcpu(0)))
			machine_run_ms(1);
		if (round == 0) {
			set_up(27, 0x80);
			set_up(40, 0x40);
		}
		guest_timer(vcpu(0), 1, guest_count(vcpu(0)));
		machine_run(machine.time);
		while (!guest_is_in(vcpu(0)))
			machine_run_ms(1);
		report_equal(guest_acknowledge(vcpu(0)), 27, "the timer's");
		machine_run_ms(50); /* somebody else runs meanwhile */
		while (!guest_is_in(vcpu(0)))
			machine_run_ms(1);
		line(40, true);
		report_equal(guest_acknowledge(vcpu(0)), 40, "a more urgent one, in between");
		line(40, false);
		guest_end(vcpu(0), 40);
		guest_timer(vcpu(0), 0, 0);
		guest_end(vcpu(0), 27);
		report(!guest_is_interrupted(vcpu(0)), "all done");
	}
}

/* ---- Hostile accesses ---- */

static void given_any_access_then_nothing_but_the_guest_itself_is_affected(void)
{
	static const uint64_t bases[] = {GICD, GICR, GICR + SGI_FRAME, GICR + STRIDE, GICR + STRIDE + SGI_FRAME, 0x09000000, 0x09010000};
	static const uint32_t sizes[] = {1, 2, 4, 8};
	uint64_t random = test_seed();

	boot(2, 2);
	for (uint32_t i = 0; i < 200000; i++) {
		uint64_t r = test_random(&random);
		uint64_t address = bases[r % ARRAY_COUNT(bases)] + (r >> 8) % 0x10000;
		uint64_t value = test_random(&random);
		struct vcpu *v = vcpu(r >> 60 & 1);

		if (!guest_is_in(v))
			machine_run_ms(1);
		if (!guest_is_in(v))
			sched_wake(v);
		if (r >> 40 & 1)
			address &= ~UINT64_C(7);
		if (guest_is_in(v))
			guest_mmio(v, address, sizes[r >> 32 & 3], r >> 34 & 1, &value);
		if (guest_is_in(v) && i % 5 == 0)
			guest_end(v, guest_acknowledge(v));
		if (i % 64 == 0)
			machine_run(machine.time + MACHINE_MS / 10);
	}
	machine_run_ms(10);
	report_equal(personas[0].state, VEIL_STATE_RUNNING, "it still runs");
}

/* Every byte of the two devices' space, every size: an answer or an abort, never more. */
static void given_every_offset_then_each_size_is_answered(void)
{
	uint64_t value = 0;
	uint32_t found = 0;

	boot(1, 1);
	for (uint64_t offset = 0; offset < 0x10000; offset++)
		for (uint32_t size = 1; size <= 8; size *= 2) {
			found += guest_mmio(vcpu(0), GICD + offset, size, false, &value);
			found += guest_mmio(vcpu(0), GICR + offset, size, false, &value);
			found += guest_mmio(vcpu(0), GICR + SGI_FRAME + offset, size, false, &value);
			found += guest_mmio(vcpu(0), GICR + STRIDE + offset, size, false, &value);
		}
	report(found > 1000, "registers are found");
}

static const struct test tests[] = {
	{"reset", given_a_reset_then_registers_have_their_values},
	{"bits", given_set_and_clear_registers_then_each_bit_is_its_own},
	{"priorities", given_priorities_then_they_are_kept_to_five_bits},
	{"routes", given_routes_then_they_name_existing_cpus_only},
	{"level", given_a_level_interrupt_then_it_comes_until_its_line_is_low},
	{"level-gone", given_a_level_interrupt_that_goes_away_then_it_is_not_delivered},
	{"edge", given_an_edge_interrupt_then_each_edge_comes_once},
	{"order", given_more_interrupts_than_registers_then_they_come_by_priority},
	{"nested", given_nested_interrupts_more_than_registers_then_all_end_well},
	{"disabled", given_a_disabled_interrupt_then_it_waits_until_enabled},
	{"clear-pending", given_a_pending_bit_cleared_then_a_latched_interrupt_is_gone},
	{"sgi", given_sgis_then_they_reach_whom_they_name},
	{"sgi-wakes", given_a_sleeping_cpu_then_an_sgi_wakes_it},
	{"reroute", given_a_pending_interrupt_rerouted_then_its_new_cpu_gets_it},
	{"timer", given_the_virtual_timer_then_it_comes_each_time_it_is_set},
	{"timer-handler", given_registers_written_in_the_timers_handler_then_the_timer_goes_on},
	{"timer-sleep", given_a_sleep_until_the_timer_then_it_wakes},
	{"physical-timer", given_the_physical_timer_then_it_is_emulated},
	{"preempted", given_a_preempted_guest_then_its_interrupts_survive},
	{"hostile", given_any_access_then_nothing_but_the_guest_itself_is_affected},
	{"every-offset", given_every_offset_then_each_size_is_answered},
};

TEST_MAIN(tests)
