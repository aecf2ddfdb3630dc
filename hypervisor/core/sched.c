/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler. */
#include "sched.h"

#include <veil/arch.h>

#include "chores.h"
#include "mux.h"
#include "persona.h"
#include "units.h"

struct cpu cpus[VEIL_MAX_CPUS];
uint32_t cpu_count;

#define SLICE_US 4000 /* how far one may get ahead of another that wants the CPU too */
#define STRETCH_US 1000000 /* longer than anybody has a CPU that another wants; in ticks 32 bits, as the counter's frequency is */
#define WAKE_CREDIT_US 1000 /* what a woken virtual CPU may be behind in virtual time, at most: it runs soon, but cannot hoard */
#define FOREGROUND_CREDIT_US 20000 /* the same for the persona in front: it runs at once */
#define WORK_WAIT_US 200
#define PACE 1024 /* virtual ticks a tick of a persona of weight 1 that has one virtual CPU on a CPU */
#define RATE_SHIFT 16 /* rates are fractions of 2^16: times are multiplied by them at each change of hands */
#define GRANULARITY_US 500 /* no preemption for less */

/* The same in ticks: numbers where the counter's frequency is one, elsewhere kept, as working them out takes divisions. */
static struct {
	uint64_t slice, stretch, wake_credit, foreground_credit, granularity, cap_period, work_wait;
} kept;
#define TICKS(us, as) (ARCH_FIXED_FREQUENCY ? us_to_ticks(us) : (as))
#define SLICE TICKS(SLICE_US, kept.slice)
#define STRETCH TICKS(STRETCH_US, kept.stretch)
#define WAKE_CREDIT TICKS(WAKE_CREDIT_US, kept.wake_credit)
#define FOREGROUND_CREDIT TICKS(FOREGROUND_CREDIT_US, kept.foreground_credit)
#define GRANULARITY TICKS(GRANULARITY_US, kept.granularity)
#define CAP_PERIOD TICKS(SCHED_CAP_PERIOD_US, kept.cap_period)
#define WORK_WAIT TICKS(WORK_WAIT_US, kept.work_wait)

void sched_init(void)
{
	if (ARCH_FIXED_FREQUENCY)
		return;
	kept.slice = us_to_ticks(SLICE_US);
	kept.stretch = us_to_ticks(STRETCH_US);
	kept.wake_credit = us_to_ticks(WAKE_CREDIT_US);
	kept.foreground_credit = us_to_ticks(FOREGROUND_CREDIT_US);
	kept.granularity = us_to_ticks(GRANULARITY_US);
	kept.cap_period = us_to_ticks(SCHED_CAP_PERIOD_US);
	kept.work_wait = us_to_ticks(WORK_WAIT_US);
}

/* The persona's share is for all its virtual CPUs that want this CPU, so each pays for as many as there are. */
static void rate_set(struct vcpu *v, uint32_t crowd)
{
	v->rate = crowd * (PACE << RATE_SHIFT) / v->persona->config->cpu_share;
}

void sched_add(struct cpu *cpu, struct vcpu *v)
{
	v->cpu = cpu;
	rate_set(v, 1);
	v->has_siblings = persona_cpu_count(v->persona) > 1;
	v->next = cpu->vcpus;
	cpu->vcpus = v;
}

/* What of a time is paid for. Where it is longer the machine itself stood still, since nobody has a CPU for so long while others wait: an emulated
 * handset's host slept, or a debugger held it. */
static inline uint32_t payable(uint64_t time)
{
	return time >> 32 || (uint32_t)time > (uint32_t)STRETCH ? (uint32_t)STRETCH : (uint32_t)time;
}

/* Weighted time, used for shares: equal for personas that got what they were declared. */
static inline uint64_t weighted(const struct vcpu *v, uint64_t time)
{
	return (uint64_t)payable(time) * v->rate >> RATE_SHIFT;
}

/* ---- Caps ---- */

static bool is_capped(const struct persona *p)
{
	return p->cap_quota != 0;
}

/* Starts the next period when one is over. A debt is carried over; what was not used is not. Several CPUs may try at once: the
 * one that moves cap_end adds the quota. */
static void cap_refresh(struct persona *p, uint64_t now)
{
	uint64_t end = __atomic_load_n(&p->cap_end, __ATOMIC_RELAXED), periods;
	int64_t left;

	if (now < end)
		return;
	periods = (now - end) / CAP_PERIOD + 1;
	if (!__atomic_compare_exchange_n(&p->cap_end, &end, end + periods * CAP_PERIOD, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	/* Below 2^63: the quota has at most 31 bits, and 2^32 periods are more than two years. */
	left = __atomic_load_n(&p->cap_left, __ATOMIC_RELAXED) + (uint32_t)periods * p->cap_quota;
	__atomic_store_n(&p->cap_left, left < p->cap_quota ? left : p->cap_quota, __ATOMIC_RELAXED);
}

static COLD bool is_throttled(struct persona *p, uint64_t now)
{
	cap_refresh(p, now);
	return __atomic_load_n(&p->cap_left, __ATOMIC_RELAXED) <= 0;
}

/* ---- Accounting ---- */

static HOT WIDE_INLINE void charge(struct cpu *cpu, struct vcpu *to, uint64_t now)
{
	uint64_t spent = now - cpu->charged_since;
	struct vcpu *v = cpu->charged;

	cpu->charged_since = now;
	cpu->charged = to;
	if (!v) {
		cpu->idle_time += spent;
		return;
	}
	v->cpu_time += spent;
	v->virtual_time += weighted(v, spent);
	if (is_capped(v->persona))
		__atomic_fetch_sub(&v->persona->cap_left, (int64_t)payable(spent), __ATOMIC_RELAXED);
}

void sched_charge(struct cpu *cpu, struct vcpu *to)
{
	charge(cpu, to, arch_time());
}

void sched_charge_from_here(struct cpu *cpu, struct vcpu *to)
{
	if (cpu->charged != to)
		sched_charge(cpu, to);
}

/* ---- Choice ---- */

/* Work before the start (verifying, clearing) is done as virtual CPU 0, so that it is charged and preempted like a guest. */
static inline bool wants_work(const struct vcpu *v)
{
	return v->index == 0 && (__atomic_load_n(&v->persona->gate, __ATOMIC_SEQ_CST) & GATE_WORK);
}

static inline bool wants_cpu(const struct vcpu *v)
{
	if (unlikely(!persona_runs(v->persona)))
		return wants_work(v);
	return __atomic_load_n(&v->runnable, __ATOMIC_ACQUIRE);
}

/* Waits for an interrupt or its timer, and nobody holds its registers. */
static inline bool sleeps(const struct cpu *cpu, const struct vcpu *v)
{
	return v != cpu->loaded && v->powered && persona_runs(v->persona);
}

/* The least virtual time of those that want this CPU now; what the one running has used since it was last charged counts too, or
 * whoever comes after a long quiet time would be taken for one that had waited all along. */
static uint64_t least_wanting(struct cpu *cpu, const struct vcpu *but, uint64_t now)
{
	uint64_t least = UINT64_MAX;

	if (ARCH_SINGLE_CPU) /* elsewhere it may be another CPU's, that charges for itself */
		sched_charge(cpu, cpu->charged);
	for (const struct vcpu *v = cpu->vcpus; v; v = v->next) {
		uint64_t time = v->virtual_time;

		if (v == but || !wants_cpu(v))
			continue;
		if (!ARCH_SINGLE_CPU && v == cpu->charged && now > cpu->charged_since) /* it may charge at this moment */
			time += weighted(v, now - cpu->charged_since);
		if (time < least)
			least = time;
	}
	return least == UINT64_MAX || least < cpu->least_virtual_time ? cpu->least_virtual_time : least;
}

/* Runs soon, but cannot have hoarded. */
static HOT inline void catch_up_with(struct vcpu *v, uint64_t least)
{
	uint64_t credit = v->persona->index == persona_foreground ? FOREGROUND_CREDIT : WAKE_CREDIT;

	if (v->virtual_time + credit < least)
		v->virtual_time = least - credit;
}

static NOINLINE void catch_up(struct cpu *cpu, struct vcpu *v, uint64_t now)
{
	catch_up_with(v, least_wanting(cpu, v, now));
}

static void give_credit(struct cpu *cpu, struct vcpu *v, uint64_t now)
{
	if (!__atomic_exchange_n(&v->runnable, true, __ATOMIC_ACQ_REL))
		catch_up(cpu, v, now);
}

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct choice {
	struct vcpu *vcpu; /* NULL: nobody wants this CPU */
	uint64_t deadline; /* when to look again although nothing happens, and no sleeper's timer has come */
	struct vcpu *sleeper; /* whose timer comes first */
	uint64_t wake; /* and when */
	bool is_alone; /* nobody else wants this CPU */
};

static WIDE_INLINE void look_by(struct choice *choice, uint64_t at)
{
	choice->deadline = earlier(choice->deadline, at);
}

/* One that sleeps; false: its timer has come by now. */
static WIDE_INLINE bool sleeps_on(struct choice *choice, struct vcpu *v, uint64_t now)
{
	uint64_t at = arch_vcpu_deadline(v);

	if (at <= now)
		return false;
	if (ARCH_ALARMS && at < choice->wake) {
		uint64_t later = choice->wake;

		choice->wake = at;
		choice->sleeper = v;
		at = later;
	}
	look_by(choice, at);
	return true;
}

static NOINLINE void crowd_count(const struct cpu *cpu, struct vcpu *v)
{
	uint32_t siblings = 0;

	for (const struct vcpu *other = cpu->vcpus; other; other = other->next)
		siblings += other->persona == v->persona && wants_cpu(other);
	rate_set(v, siblings);
}

/* The one with the least virtual time; the loaded one wins ties and near-ties. */
static void choose(struct cpu *cpu, uint64_t now, struct choice *choice)
{
	struct vcpu *best = NULL, *loaded = NULL;
	uint32_t waiting = 0;

	choice->deadline = mux_deadline();
	choice->wake = UINT64_MAX;
	for (struct vcpu *v = cpu->vcpus; v; v = v->next) {
		if (!wants_cpu(v)) {
			if (!sleeps(cpu, v) || sleeps_on(choice, v, now))
				continue;
			give_credit(cpu, v, now);
		}
		if (unlikely(is_capped(v->persona)) && is_throttled(v->persona, now)) {
			look_by(choice, v->persona->cap_end);
			continue;
		}
		waiting++;
		if (v == cpu->loaded)
			loaded = v;
		if (!best || v->virtual_time < best->virtual_time)
			best = v;
	}
	choice->vcpu = best;
	choice->is_alone = waiting == 1;
	if (!best)
		return;
	if (loaded && loaded->virtual_time <= best->virtual_time + GRANULARITY)
		choice->vcpu = best = loaded;
	if (best->virtual_time > cpu->least_virtual_time)
		cpu->least_virtual_time = best->virtual_time;
	if (waiting > 1) {
		look_by(choice, now + SLICE);
		if (!ARCH_SINGLE_CPU && best->has_siblings)
			crowd_count(cpu, best);
	}
	if (unlikely(is_capped(best->persona)))
		look_by(choice, now + (uint64_t)best->persona->cap_left);
}

void sched_interrupt(const struct cpu *cpu)
{
	struct cpu *here;

	if (ARCH_SINGLE_CPU)
		return;
	here = arch_this_cpu();
	if (cpu == here)
		return;
	here->kicks |= 1U << cpu->id;
	__atomic_or_fetch(&here->need_resched, CPU_KICK, __ATOMIC_RELAXED);
}

void sched_again(struct cpu *cpu)
{
	__atomic_store_n(&cpu->need_resched, CPU_RESCHEDULE, __ATOMIC_RELEASE);
	sched_interrupt(cpu);
}

NOINLINE void sched_kick(struct cpu *cpu)
{
	uint32_t kicks = cpu->kicks;

	__atomic_and_fetch(&cpu->need_resched, (uint8_t)~CPU_KICK, __ATOMIC_RELAXED);
	cpu->kicks = 0;
	for (; kicks; kicks &= kicks - 1)
		arch_kick((uint32_t)__builtin_ctz(kicks));
}

void sched_wake(struct vcpu *v)
{
	if (v->powered)
		give_credit(v->cpu, v, arch_time());
	sched_again(v->cpu);
}

COLD void sched_join(struct vcpu *v)
{
	catch_up(v->cpu, v, arch_time());
	sched_again(v->cpu);
}

void sched_yield(struct vcpu *v)
{
	struct cpu *cpu = v->cpu;
	uint64_t most = v->virtual_time;

	for (const struct vcpu *other = cpu->vcpus; other; other = other->next)
		if (other != v && wants_cpu(other) && other->virtual_time > most)
			most = other->virtual_time;
	v->virtual_time = most + GRANULARITY + 1;
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
	persona_release(v->persona);
}

/* False: something is wanted of the persona meanwhile. Count first, then look: persona_request() does the reverse. */
static bool sched_load(struct cpu *cpu, struct vcpu *v)
{
	if (cpu->loaded == v)
		return true;
	sched_unload(cpu);
	__atomic_add_fetch(&v->persona->loaded_count, 1, __ATOMIC_SEQ_CST);
	cpu->loaded = v;
	count_up(&v->statistics.switches);
	arch_vcpu_load(v);
	if (ARCH_SINGLE_CPU || persona_runs(v->persona))
		return true;
	sched_unload(cpu);
	return false;
}

/* ---- The short way to a sleeper whose timer comes ---- */

static void alarm_set(struct cpu *cpu, const struct choice *choice)
{
	cpu->alarm_at = choice->wake;
	cpu->after_alarm = choice->deadline;
	cpu->alarm = choice->is_alone && choice->wake < choice->deadline && !is_capped(choice->sleeper->persona) ? choice->sleeper : NULL;
}

/* A guest that has itself woken all the time gains nothing by this way: both pay and get credit as in sched_run(), which sees to everybody
 * before there is another alarm. */
HOT bool sched_alarm(struct cpu *cpu, uint64_t now)
{
	struct vcpu *from = cpu->loaded, *to = cpu->alarm;
	uint64_t deadline = earlier(cpu->after_alarm, mux_deadline());

	if (now < cpu->alarm_at || deadline <= now || __atomic_load_n(&to->persona->gate, __ATOMIC_SEQ_CST))
		return false;
	charge(cpu, from, now);
	catch_up_with(to, from->virtual_time > cpu->least_virtual_time ? from->virtual_time : cpu->least_virtual_time);
	if (from->virtual_time <= to->virtual_time + GRANULARITY)
		return false;
	/* No gate was closed since the guest went on, or sched_run() would have come first: nobody waits for this one to be let go of. */
	from->persona->loaded_count--;
	to->persona->loaded_count++;
	to->runnable = true;
	to->statistics.switches++;
	cpu->loaded = cpu->charged = to;
	cpu->alarm = NULL;
	cpu->armed = earlier(deadline, now + SLICE);
	return true;
}

/* A step of what is to be done before it can run. */
static COLD void work(struct cpu *cpu, struct vcpu *v, uint64_t deadline)
{
	sched_unload(cpu);
	if (!persona_work(v->persona)) {
		arch_timer_arm(earlier(deadline, cpu->charged_since + WORK_WAIT));
		arch_idle();
	}
	if (arch_interrupt_pending())
		arch_interrupt_poll();
}

NOINLINE struct vcpu *sched_run(struct cpu *cpu)
{
	for (;;) {
		struct choice choice;
		struct vcpu *before;
		uint64_t now;

		__atomic_store_n(&cpu->need_resched, 0, __ATOMIC_SEQ_CST);
		if (!ARCH_SINGLE_CPU && unlikely(cpu->kicks))
			sched_kick(cpu);
		sched_charge(cpu, cpu->charged);
		now = cpu->charged_since;
		if (unlikely(mux_deadline() <= now))
			chores_step(now);
		if (cpu->loaded && (!persona_runs(cpu->loaded->persona) || !cpu->loaded->powered))
			sched_unload(cpu);
		before = cpu->loaded;
		choose(cpu, now, &choice);
		cpu->charged = choice.vcpu;
		if (choice.vcpu && unlikely(!persona_runs(choice.vcpu->persona))) { /* it has work to do, see wants_cpu() */
			work(cpu, choice.vcpu, earlier(choice.deadline, choice.wake));
			continue;
		}
		if (choice.vcpu && !sched_load(cpu, choice.vcpu))
			continue;
		/* Timers of who held the registers till now are known only since they have been saved; those that do not
		 * interrupt by themselves need ours even while they are loaded. */
		if (before && !before->runnable && sleeps(cpu, before))
			sleeps_on(&choice, before, 0);
		if (cpu->loaded)
			look_by(&choice, arch_vcpu_emulated_deadline(cpu->loaded));
		if (ARCH_ALARMS)
			alarm_set(cpu, &choice);
		arch_timer_arm(ARCH_ALARMS ? earlier(choice.deadline, choice.wake) : choice.deadline);
		if (!choice.vcpu) {
			if (!ARCH_SINGLE_CPU && unlikely(cpu->kicks))
				sched_kick(cpu);
			arch_idle();
			arch_interrupt_poll();
		} else if (!__atomic_load_n(&cpu->need_resched, __ATOMIC_ACQUIRE)) {
			return choice.vcpu;
		}
	}
}
