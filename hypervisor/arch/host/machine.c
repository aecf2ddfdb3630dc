/* SPDX-License-Identifier: Apache-2.0 */
/* The fake machine: CPUs that take turns, time that jumps from one event to the next, and guests that are functions. */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/boot.h"
#include "core/lib.h"
#include "core/mux.h"
#include "core/persona.h"
#include "core/sched.h"
#include "fake_memory.h"
#include "guest_side.h"

#define LIVELOCK 10000000 /* events without time moving on */
#define PATIENCE 1000 /* accesses made again in vain before the disk is done */

struct machine machine;

void machine_init(void)
{
	memset(&machine, 0, sizeof(machine));
	memset(&machine_disk, 0, sizeof(machine_disk));
	machine.time = MACHINE_HZ; /* a second after power-on */
	machine.window_size = UINT64_MAX;
	machine.has_random = true;
	machine.random = 0x5a;
	machine.rtc = 1000000;
	fake_memory_init();
}

/* ---- This CPU ---- */

static struct machine_cpu *this_cpu(void)
{
	return &machine.cpus[machine.this_cpu];
}

struct cpu *arch_this_cpu(void)
{
	return &cpus[machine.this_cpu];
}

uint64_t arch_time(void)
{
	return machine.time;
}

uint64_t arch_time_frequency(void)
{
	return MACHINE_HZ;
}

void arch_timer_arm(uint64_t deadline)
{
	arch_this_cpu()->armed = deadline;
}

void arch_interrupt_again(uint32_t irq)
{
	(void)irq;
}

void arch_interrupt_enable(uint32_t irq)
{
	(void)irq;
}

void arch_access_again(void)
{
	machine.access_again = true;
	machine.accesses_again++;
}

void arch_device_barrier(void)
{
}

void arch_kick(uint32_t cpu)
{
	machine.cpus[cpu].kicked = true;
	machine.cpus[cpu].kicks++;
}

void arch_idle(void)
{
	if (!machine.idle)
		abort();
	longjmp(*machine.idle, 1);
}

_Noreturn void arch_power_off(void)
{
	if (!machine.off) {
		fwrite(machine.output, 1, machine.output_size, stderr);
		abort();
	}
	longjmp(*machine.off, 1);
}

bool arch_start_cpus(uint32_t count)
{
	for (uint32_t i = 1; i < count && !machine.cpu_refuses; i++) {
		machine.cpus[i].started = machine.cpus[i].look = true;
		cpus[i].id = i;
		cpus[i].armed = UINT64_MAX;
		cpus[i].charged_since = machine.time;
	}
	return !machine.cpu_refuses;
}

/* ---- Interrupts ---- */

static bool line_is_ready(void)
{
	return machine.this_cpu == 0 && machine.input_taken != machine.input_size;
}

static bool hardware_pending(uint32_t cpu)
{
	const struct machine_cpu *m = &machine.cpus[cpu];

	return m->kicked || cpus[cpu].armed <= machine.time || guest_side_pending(m) ||
	       (cpu == 0 && machine.input_taken != machine.input_size);
}

bool arch_interrupt_pending(void)
{
	return machine.interrupting || hardware_pending(machine.this_cpu);
}

/* As arch/arm64/cpu.c: one interrupt a call. */
void arch_interrupt_poll(void)
{
	struct cpu *cpu = arch_this_cpu();
	struct machine_cpu *m = this_cpu();

	if (guest_side_pending(m)) {
		guest_side_poll(m, cpu->loaded);
	} else if (cpu->armed <= machine.time) {
		arch_timer_arm(UINT64_MAX);
		guest_side_deadline(cpu->loaded);
		cpu->need_resched = CPU_RESCHEDULE;
	} else if (m->kicked) {
		m->kicked = false;
		guest_side_kicked(cpu->loaded);
	} else if (line_is_ready()) {
		mux_receive();
	}
}

void machine_receive(const void *bytes, size_t size)
{
	if (machine.input_size + size > MACHINE_SERIAL_BYTES)
		abort();
	memcpy(machine.input + machine.input_size, bytes, size);
	machine.input_size += size;
}

/* ---- Running ---- */

bool machine_has_said(const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	for (size_t i = 0; i + size <= machine.output_size; i++)
		if (memcmp(machine.output + i, text, size) == 0)
			return true;
	return false;
}

bool machine_try(void (*body)(void))
{
	jmp_buf *before = machine.off;
	jmp_buf off;
	bool done;

	machine.off = &off;
	machine.this_cpu = 0;
	done = setjmp(off) == 0;
	if (done) {
		if (!machine.cpus[0].started) {
			machine.cpus[0].started = machine.cpus[0].look = true;
			cpus[0].id = 0;
			cpus[0].armed = UINT64_MAX;
			cpus[0].charged_since = machine.time;
		}
		body();
	}
	machine.off = before;
	return done;
}

/* When the CPU has something to do; UINT64_MAX: never. */
static uint64_t next_event(uint32_t cpu)
{
	const struct machine_cpu *m = &machine.cpus[cpu];
	uint64_t at = cpus[cpu].armed;

	if (!m->started)
		return UINT64_MAX;
	if (m->look || hardware_pending(cpu))
		return machine.time;
	if (m->guest && m->exit_at < at)
		at = m->exit_at;
	if (guest_side_next(m) < at)
		at = guest_side_next(m);
	return at > machine.time ? at : machine.time;
}

static void guest_enter(struct machine_cpu *m, struct vcpu *v)
{
	m->guest = v;
	m->exit_at = machine.guest_next ? machine.guest_next(v) : UINT64_MAX;
}

/* The deadline timer came while a guest ran, and who slept till then runs now: as arch/armv6/exception.c. */
static bool alarm_took_over(struct machine_cpu *m)
{
	struct cpu *cpu = arch_this_cpu();
	struct vcpu *before = cpu->loaded;
	uint64_t deadline;

	if (machine.no_alarms || !cpu->alarm || cpu->armed > machine.time || guest_side_pending(m) || !sched_alarm(cpu, machine.time))
		return false;
	machine.alarms++;
	arch_vcpu_save(before);
	arch_vcpu_load(cpu->loaded);
	deadline = arch_vcpu_emulated_deadline(cpu->loaded);
	if (deadline < cpu->armed)
		arch_timer_arm(deadline);
	return true;
}

/* One turn of a CPU at an event: its guest's exit, an interrupt, and what sched_run() makes of it. */
static void turn(struct machine_cpu *m)
{
	struct cpu *cpu = arch_this_cpu();
	jmp_buf idle;

	m->look = false;
	machine.idle = &idle;
	if (setjmp(idle)) {
		m->guest = NULL;
		machine.idle = NULL;
		return;
	}
	machine.time += machine.exit_cost;
	if (alarm_took_over(m)) {
		guest_enter(m, cpu->loaded);
		machine.idle = NULL;
		return;
	}
	if (hardware_pending(machine.this_cpu)) { /* taken before the guest's next instruction */
		arch_interrupt_poll();
	} else if (m->guest && m->exit_at <= machine.time) {
		m->exit_at = UINT64_MAX;
		machine.guest_exit(m->guest);
	}
	if (cpu->need_resched == CPU_KICK)
		sched_kick(cpu);
	if (m->guest && !__atomic_load_n(&cpu->need_resched, __ATOMIC_RELAXED))
		guest_enter(m, m->guest);
	else
		guest_enter(m, sched_run(cpu));
	machine.idle = NULL;
}

/* A guest stays inside, whatever a test did to it meanwhile, until an exit or an interrupt; other work was done at an exit. */
static void run(uint64_t until)
{
	uint32_t events = 0;

	machine.cpus[machine.this_cpu].look = true;
	for (uint32_t i = 0; i < VEIL_MAX_CPUS; i++)
		sched_kick(&cpus[i]); /* what tests did as this CPU was an exit that ends now */
	for (;;) {
		uint64_t first = UINT64_MAX;
		uint32_t cpu = 0;

		for (uint32_t i = 0; i < VEIL_MAX_CPUS; i++)
			if (next_event(i) < first) {
				first = next_event(i);
				cpu = i;
			}
		if (first == UINT64_MAX || first > until)
			break;
		events = first > machine.time ? 0 : events + 1;
		if (events > LIVELOCK) {
			fprintf(stderr, "livelock on CPU %u\n", cpu);
			abort();
		}
		machine.time = first;
		machine.this_cpu = cpu;
		turn(&machine.cpus[cpu]);
	}
	if (until > machine.time)
		machine.time = until;
	machine.this_cpu = 0;
}

bool machine_run(uint64_t until)
{
	jmp_buf *before = machine.off;
	jmp_buf off;
	bool done;

	machine.off = &off;
	done = setjmp(off) == 0;
	if (done)
		run(until);
	machine.off = before;
	return done;
}

bool machine_run_ms(uint64_t milliseconds)
{
	return machine_run(machine.time + milliseconds * MACHINE_MS);
}

/* ---- Guests ---- */

bool guest_is_in(const struct vcpu *v)
{
	return machine.cpus[v->cpu->id].guest == v;
}

/* From here on its CPU is the one that acts. */
struct machine_cpu *guest_acts(const struct vcpu *v)
{
	if (!guest_is_in(v)) {
		fprintf(stderr, "virtual CPU %u of persona %u is not running\n", v->index, v->persona->index);
		abort();
	}
	machine.this_cpu = v->cpu->id;
	return this_cpu();
}

bool guest_touch(struct vcpu *v, address_t address)
{
	struct persona *p = v->persona;
	uint64_t page = persona_page_at(p, address);

	guest_acts(v);
	if (page < p->page_count && stage2_is_mapped(p, page) && !p->arch.pages[page].is_hidden) {
		p->arch.pages[page].cached = p->arch.pages[page].host;
		return true;
	}
	if (!persona_populate(v, ipaddr(address)))
		v->statistics.refused_memory++;
	return false;
}

uint8_t *guest_memory(struct vcpu *v, address_t address)
{
	struct persona *p = v->persona;

	for (uint32_t i = 0; i < 16; i++)
		if (guest_touch(v, address))
			return arch_pointer(paddr((address_t)p->arch.pages[persona_page_at(p, address)].host + address % VEIL_PAGE_SIZE));
	return NULL;
}

void guest_wait(struct vcpu *v)
{
	guest_acts(v);
	v->statistics.wfi++;
	arch_vcpu_wait(v);
}

bool guest_mmio(struct vcpu *v, address_t address, uint32_t size, bool is_write, uint64_t *value)
{
	struct mmio_result result;

	guest_acts(v);
	/* The guest makes the access again, after what interrupted it; a disk that is waited for is done in the end. */
	for (uint32_t tries = 0; tries == 0 || machine.access_again; tries++) {
		if (tries >= PATIENCE)
			machine_disk_finish();
		machine.access_again = false;
		v->statistics.mmio++;
		result = platform_mmio(v, ipaddr(address), size, is_write, *value);
	}
	if (!is_write)
		*value = result.value;
	return result.found;
}

uint64_t guest_read(struct vcpu *v, address_t address, uint32_t size)
{
	uint64_t value = 0;

	return guest_mmio(v, address, size, false, &value) ? value & UINT64_MAX >> (64 - 8 * size) : UINT64_MAX;
}

void guest_write(struct vcpu *v, address_t address, uint32_t size, uint64_t value)
{
	if (!guest_mmio(v, address, size, true, &value))
		fprintf(stderr, "refused: write of %u bytes at 0x%llx\n", size, (unsigned long long)address);
}
