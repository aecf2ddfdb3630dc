/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler. */
#include "sched.h"

#include <veil/arch.h>

#include "mux.h"
#include "persona.h"
#include "units.h"

struct cpu cpus[VEIL_MAX_CPUS];
uint32_t cpu_count;

#define SLICE_US 4000 /* how far one may get ahead of another that wants the CPU too */
#define WAKE_CREDIT_US 1000 /* what a woken virtual CPU may be behind, at most: it runs soon, but cannot hoard */
#define FOREGROUND_CREDIT_US 20000 /* the same for the persona in front: it runs at once */
#define WORK_WAIT_US 200
#define GRANULARITY_US 500 /* no preemption for less */

void sched_add(struct cpu *cpu, struct vcpu *v)
{
	v->cpu = cpu;
	cpu->vcpus[cpu->vcpu_count++] = v;
}

uint64_t sched_weighted(const struct vcpu *v, uint64_t ticks)
{
	return ticks * 1024 / v->persona->config->cpu_share;
}

/* ---- Caps ---- */

static bool is_capped(const struct persona *p)
{
	return p->cap_quota != INT64_MAX;
}

/* Starts the next period when one is over. A debt is carried over; what was not used is not. Several CPUs may try at once: the
 * one that moves cap_end adds the quota. */
static void cap_refresh(struct persona *p, uint64_t now)
{
	uint64_t end = __atomic_load_n(&p->cap_end, __ATOMIC_RELAXED);
	uint64_t period = us_to_ticks(SCHED_CAP_PERIOD_US);
	int64_t left;

	if (now < end || !__atomic_compare_exchange_n(&p->cap_end, &end, now - (now - end) % period + period, false, __ATOMIC_ACQ_REL,
						      __ATOMIC_RELAXED))
		return;
	left = __atomic_load_n(&p->cap_left, __ATOMIC_RELAXED);
	for (uint64_t periods = (now - end) / period + 1; periods && left < p->cap_quota; periods--)
		left = left + p->cap_quota < p->cap_quota ? left + p->cap_quota : p->cap_quota;
	__atomic_store_n(&p->cap_left, left, __ATOMIC_RELAXED);
}

static bool is_throttled(struct persona *p, uint64_t now)
{
	if (!is_capped(p))
		return false;
	cap_refresh(p, now);
	return __atomic_load_n(&p->cap_left, __ATOMIC_RELAXED) <= 0;
}

/* ---- Accounting ---- */

void sched_charge(struct cpu *cpu, struct vcpu *to)
{
	uint64_t now = arch_time();
	uint64_t ticks = now - cpu->charged_since;
	struct vcpu *v = cpu->charged;

	cpu->charged_since = now;
	cpu->charged = to;
	if (!v) {
		cpu->idle_time += ticks;
		return;
	}
	v->cpu_time += ticks;
	v->virtual_time += sched_weighted(v, ticks);
	if (is_capped(v->persona))
		__atomic_fetch_sub(&v->persona->cap_left, (int64_t)ticks, __ATOMIC_RELAXED);
}

/* ---- Choice ---- */

/* Work before the start (verifying, clearing) is done as virtual CPU 0, so that it is charged and preempted like a guest. */
static bool wants_work(const struct vcpu *v)
{
	return v->index == 0 && __atomic_load_n(&v->persona->work, __ATOMIC_SEQ_CST) != WORK_NONE;
}

static bool wants_cpu(const struct vcpu *v)
{
	if (wants_work(v))
		return true;
	return v->powered && __atomic_load_n(&v->runnable, __ATOMIC_ACQUIRE) && persona_runs(v->persona);
}

/* A sleeper whose timer is due becomes runnable. */
static void wake_due(struct cpu *cpu, uint64_t now)
{
	for (uint32_t i = 0; i < cpu->vcpu_count; i++) {
		struct vcpu *v = cpu->vcpus[i];

		if (v != cpu->loaded && v->powered && !v->runnable && persona_runs(v->persona) && arch_vcpu_deadline(v) <= now)
			sched_wake(v);
	}
}

/* The one with the least virtual time; the loaded one wins ties and near-ties. */
static struct vcpu *choose(struct cpu *cpu, uint64_t now)
{
	struct vcpu *best = NULL;
	uint64_t best_time = 0;

	for (uint32_t i = 0; i < cpu->vcpu_count; i++) {
		struct vcpu *v = cpu->vcpus[i];
		uint64_t time;

		if (!wants_cpu(v) || is_throttled(v->persona, now))
			continue;
		time = v->virtual_time + (v == cpu->loaded ? 0 : us_to_ticks(GRANULARITY_US));
		if (!best || time < best_time) {
			best = v;
			best_time = time;
		}
	}
	if (best && best->virtual_time > cpu->least_virtual_time)
		cpu->least_virtual_time = best->virtual_time;
	return best;
}

/* When this CPU must look again although nothing happens: the end of the slice or of a budget, a sleeper's timer, buffered output. */
static uint64_t next_deadline(struct cpu *cpu, const struct vcpu *running, uint64_t now)
{
	uint64_t deadline = mux_deadline();

	for (uint32_t i = 0; i < cpu->vcpu_count; i++) {
		struct vcpu *v = cpu->vcpus[i];
		uint64_t at = UINT64_MAX;

		if (v == running) {
			if (is_capped(v->persona))
				at = now + (uint64_t)v->persona->cap_left;
		} else if (wants_cpu(v)) {
			at = is_capped(v->persona) && v->persona->cap_left <= 0 ? v->persona->cap_end : now + us_to_ticks(SLICE_US);
		} else if (v->powered && persona_runs(v->persona) && v != cpu->loaded) {
			at = arch_vcpu_deadline(v);
		}
		if (v == cpu->loaded && arch_vcpu_emulated_deadline(v) < at)
			at = arch_vcpu_emulated_deadline(v);
		if (at < deadline)
			deadline = at;
	}
	return deadline;
}

void sched_again(struct cpu *cpu)
{
	__atomic_store_n(&cpu->need_resched, true, __ATOMIC_RELEASE);
	if (cpu != arch_this_cpu())
		arch_kick(cpu->id);
}

void sched_wake(struct vcpu *v)
{
	struct cpu *cpu = v->cpu;
	bool foreground = v->persona->index == persona_foreground;
	uint64_t credit = sched_weighted(v, us_to_ticks(foreground ? FOREGROUND_CREDIT_US : WAKE_CREDIT_US));
	uint64_t floor = cpu->least_virtual_time > credit ? cpu->least_virtual_time - credit : 0;

	if (!__atomic_exchange_n(&v->runnable, true, __ATOMIC_ACQ_REL) && v->virtual_time < floor)
		v->virtual_time = floor;
	sched_again(cpu);
}

void sched_yield(struct vcpu *v)
{
	struct cpu *cpu = v->cpu;
	uint64_t most = v->virtual_time;

	for (uint32_t i = 0; i < cpu->vcpu_count; i++)
		if (cpu->vcpus[i] != v && wants_cpu(cpu->vcpus[i]) && cpu->vcpus[i]->virtual_time > most)
			most = cpu->vcpus[i]->virtual_time;
	v->virtual_time = most + us_to_ticks(GRANULARITY_US) + 1;
	sched_again(cpu);
}

/* ---- Changing hands ---- */

void sched_unload(struct cpu *cpu)
{
	struct vcpu *v = cpu->loaded;

	if (!v)
		return;
	arch_vcpu_save(v);
	cpu->loaded = NULL;
	if (__atomic_sub_fetch(&v->persona->loaded_count, 1, __ATOMIC_SEQ_CST) == 0 &&
	    __atomic_load_n(&v->persona->action, __ATOMIC_SEQ_CST) != ACTION_NONE)
		persona_complete(v->persona);
}

/* False: something is wanted of the persona meanwhile. Count first, then look: persona_request() does the reverse. */
static bool sched_load(struct cpu *cpu, struct vcpu *v)
{
	if (cpu->loaded == v)
		return true;
	sched_unload(cpu);
	__atomic_add_fetch(&v->persona->loaded_count, 1, __ATOMIC_SEQ_CST);
	cpu->loaded = v;
	v->statistics.switches++;
	arch_vcpu_load(v);
	if (persona_runs(v->persona))
		return true;
	sched_unload(cpu);
	return false;
}

struct vcpu *sched_run(struct cpu *cpu)
{
	for (;;) {
		struct vcpu *v;
		uint64_t now;

		__atomic_store_n(&cpu->need_resched, false, __ATOMIC_SEQ_CST);
		sched_charge(cpu, cpu->charged);
		now = cpu->charged_since;
		if (mux_deadline() <= now)
			mux_flush();
		if (cpu->loaded && !persona_runs(cpu->loaded->persona))
			sched_unload(cpu);
		wake_due(cpu, now);
		v = choose(cpu, now);
		sched_charge(cpu, v);
		if (!v) {
			arch_timer_arm(next_deadline(cpu, NULL, now));
			arch_idle();
			arch_interrupt_poll();
			continue;
		}
		if (wants_work(v)) {
			sched_unload(cpu);
			if (!persona_work(v->persona)) {
				arch_timer_arm(now + us_to_ticks(WORK_WAIT_US));
				arch_idle();
			}
			if (arch_interrupt_pending())
				arch_interrupt_poll();
			continue;
		}
		if (!sched_load(cpu, v))
			continue;
		arch_timer_arm(next_deadline(cpu, v, now));
		if (!__atomic_load_n(&cpu->need_resched, __ATOMIC_ACQUIRE))
			return v;
	}
}
