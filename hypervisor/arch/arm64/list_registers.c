/* SPDX-License-Identifier: Apache-2.0 */
/* List registers. A refill returns every interrupt that is only pending to memory and then lists the most urgent ones again, so
 * priorities, enables and lines are always those of now; what is active stays. A guest can only end or not end what is listed:
 * both leave the registers in a state that is read back here. */
#include "list_registers.h"

#include <veil/arch.h>
#include <veil/board.h>

#include "core/log.h"
#include "core/persona.h"
#include "core/sched.h"
#include "emulated_timer.h"
#include "sysreg.h"

#define LIST_COUNT BOARD_GIC_LIST_REGISTERS
_Static_assert(LIST_COUNT == 4, "list_read and list_write know four registers");

#define LIST_PENDING BIT(62)
#define LIST_ACTIVE BIT(63)
#define LIST_HARDWARE BIT(61)
#define LIST_GROUP1 BIT(60)
#define LIST_PRIORITY_SHIFT 48
#define LIST_END_NOTICE BIT(41) /* maintenance interrupt at the end of a level-sensitive one: its line may still be high */
#define LIST_PHYSICAL_SHIFT 32

#define TIMER_IRQ BOARD_IRQ_VIRT_TIMER
#define TIMER_ASSERTED 5 /* CNTV_CTL_EL0: ISTATUS and ENABLE, not IMASK */

static uint64_t list_read(uint32_t slot)
{
	switch (slot) {
	case 0:
		return sysreg_read(S3_4_C12_C12_0);
	case 1:
		return sysreg_read(S3_4_C12_C12_1);
	case 2:
		return sysreg_read(S3_4_C12_C12_2);
	default:
		return sysreg_read(S3_4_C12_C12_3);
	}
}

static void list_write(uint32_t slot, uint64_t value)
{
	switch (slot) {
	case 0:
		sysreg_write(S3_4_C12_C12_0, value);
		break;
	case 1:
		sysreg_write(S3_4_C12_C12_1, value);
		break;
	case 2:
		sysreg_write(S3_4_C12_C12_2, value);
		break;
	default:
		sysreg_write(S3_4_C12_C12_3, value);
		break;
	}
}

static bool timer_is_asserted(void)
{
	return sysreg_read(cntv_ctl_el0) == TIMER_ASSERTED;
}

/* The guest's timer is quiet, or dealt with: lets the physical interrupt fire anew. */
static void timer_release(struct vcpu *v)
{
	if (v->arch.vgic.timer_held)
		sysreg_write(ICC_DIR_EL1, TIMER_IRQ);
	v->arch.vgic.timer_held = false;
}

static void list_put(struct vcpu *v, uint32_t slot, uint32_t irq, uint64_t state)
{
	struct vgic_word *word = vgic_word_of(v, irq);
	uint32_t bit = 1U << (irq % 32);
	uint64_t value = state | LIST_GROUP1 | (uint64_t)word->priority[irq % 32] << LIST_PRIORITY_SHIFT | irq;

	if (irq == TIMER_IRQ && v->arch.vgic.timer_held) {
		value |= LIST_HARDWARE | (uint64_t)TIMER_IRQ << LIST_PHYSICAL_SHIFT;
		v->arch.vgic.timer_slot = slot;
		v->arch.vgic.timer_value = (value & ~LIST_ACTIVE) | LIST_PENDING; /* for timer_again(), whatever the state is now */
	} else if (!(word->edge & bit)) {
		value |= LIST_END_NOTICE;
	}
	word->listed |= bit;
	word->listed_latch = (word->listed_latch & ~bit) | (word->latch & bit);
	if (state & LIST_PENDING)
		word->latch &= ~bit;
	v->arch.vgic.list[slot] = irq;
	v->arch.vgic.listed_slots |= 1U << slot;
	list_write(slot, value);
}

/* Takes an interrupt out of its register, state and all. */
static void list_take(struct vcpu *v, uint32_t slot, uint64_t value)
{
	uint32_t irq = v->arch.vgic.list[slot];
	struct vgic_word *word = vgic_word_of(v, irq);
	uint32_t bit = 1U << (irq % 32);

	word->listed &= ~bit;
	word->active &= ~bit;
	if (value & LIST_ACTIVE)
		word->active |= bit;
	/* What is pending by its line alone is found again by its line. */
	if (value & LIST_PENDING)
		word->latch |= word->listed_latch & bit;
	if ((value & LIST_HARDWARE) && !(value & (LIST_ACTIVE | LIST_PENDING)))
		v->arch.vgic.timer_held = false; /* the guest's end deactivated the physical one */
	v->arch.vgic.listed_slots &= ~(1U << slot);
	if (slot == v->arch.vgic.timer_slot)
		v->arch.vgic.timer_slot = VGIC_NONE;
	if ((value & LIST_PENDING) && irq >= 32)
		vgic_returned(v, irq);
}

/* The end of an interrupt that had no list register: of those that are active, the most urgent one. */
static COLD void end_unlisted(struct vcpu *v)
{
	struct vgic_word *best = NULL;
	uint32_t best_bit = 0;

	for (uint32_t w = 0; w <= VGIC_SHARED_WORDS; w++) {
		struct vgic_word *word = vgic_word_of(v, w * 32);

		for (uint32_t left = word->active & ~word->listed; left; left &= left - 1) {
			uint32_t bit = (uint32_t)__builtin_ctz(left);

			if (!best || word->priority[bit] < best->priority[best_bit]) {
				best = word;
				best_bit = bit;
			}
		}
	}
	if (!best)
		return;
	best->active &= ~(1U << best_bit);
	if (best == &v->arch.vgic.word && best_bit == TIMER_IRQ)
		timer_release(v);
}

/* All such ends since it was last asked (12.4.4, EOIcount). */
static void ends_count(struct vcpu *v)
{
	if (likely(!(v->arch.vgic_registers.hcr & ICH_HCR_LRENPIE)))
		return;
	for (uint64_t ends = sysreg_read(ICH_HCR_EL2) >> ICH_HCR_EOICOUNT_SHIFT & 31; ends; ends--)
		end_unlisted(v);
}

/* Forgets list registers the guest is done with. */
static void retire(struct vcpu *v)
{
	uint32_t done = v->arch.vgic.listed_slots;

	if (done)
		done &= (uint32_t)sysreg_read(ICH_ELRSR_EL2);
	for (; done; done &= done - 1) {
		uint32_t slot = (uint32_t)__builtin_ctz(done);

		list_take(v, slot, list_read(slot));
	}
}

bool list_registers_in_flight(const struct vcpu *v)
{
	uint32_t used = v->arch.vgic.listed_slots;

	return used && (used & ~(uint32_t)sysreg_read(ICH_ELRSR_EL2));
}

static void list_return(struct vcpu *v, bool active_too)
{
	for (uint32_t used = v->arch.vgic.listed_slots; used; used &= used - 1) {
		uint32_t slot = (uint32_t)__builtin_ctz(used);
		uint64_t value = list_read(slot);

		if ((value & LIST_ACTIVE) && !active_too)
			continue;
		list_take(v, slot, value);
		list_write(slot, 0);
	}
}

static void evict(struct vcpu *v)
{
	ends_count(v);
	list_return(v, true);
}

void vgic_settle(struct vcpu *v)
{
	if (v == arch_this_cpu()->loaded)
		evict(v);
}

static uint32_t free_slot(const struct vcpu *v)
{
	uint32_t unused = ~v->arch.vgic.listed_slots & ((1U << LIST_COUNT) - 1);

	return unused ? (uint32_t)__builtin_ctz(unused) : VGIC_NONE;
}

/* The register of the least urgent active interrupt, if that is less urgent than `priority`. */
static uint32_t least_urgent(const struct vcpu *v, uint32_t priority)
{
	uint32_t slot = VGIC_NONE;

	for (uint32_t i = 0; i < LIST_COUNT; i++) {
		uint32_t other = (uint32_t)(list_read(i) >> LIST_PRIORITY_SHIFT & 0xff);

		if ((v->arch.vgic.listed_slots >> i & 1) && other > priority) {
			slot = i;
			priority = other;
		}
	}
	return slot;
}

/* The same, emptied. */
static COLD uint32_t make_room(struct vcpu *v, uint32_t priority)
{
	uint32_t slot = least_urgent(v, priority);

	if (slot != VGIC_NONE)
		list_take(v, slot, list_read(slot));
	return slot;
}

static bool list_one(struct vcpu *v, uint32_t irq)
{
	uint32_t slot = free_slot(v);

	if (irq == TIMER_IRQ && !timer_is_asserted()) {
		v->arch.vgic.word.latch &= ~(1U << TIMER_IRQ);
		timer_release(v);
		return true;
	}
	if (slot == VGIC_NONE) {
		slot = make_room(v, vgic_word_of(v, irq)->priority[irq % 32]);
		if (slot == VGIC_NONE)
			return false;
	}
	list_put(v, slot, irq, LIST_PENDING);
	return true;
}

/* Active interrupts without a register, as long as there is room; the rest is found by counting ends. */
static bool list_active(struct vcpu *v)
{
	bool left_out = false;

	for (uint32_t w = 0; w <= VGIC_SHARED_WORDS; w++) {
		struct vgic_word *word = vgic_word_of(v, w * 32);

		for (uint32_t left = word->active & ~word->listed; left; left &= left - 1) {
			uint32_t bit = (uint32_t)__builtin_ctz(left);
			uint32_t slot = free_slot(v);

			if (w && v->persona->platform.vgic.target[(w - 1) * 32 + bit] != v->index)
				continue;
			if (slot == VGIC_NONE)
				left_out = true;
			else
				list_put(v, slot, w * 32 + bit, LIST_ACTIVE);
		}
	}
	return left_out;
}

/* The guest deals with an interrupt, and its line goes low: nothing is to be looked at when it ends, unless the line is high again by then. */
bool vgic_lower(struct vcpu *v, uint32_t irq)
{
	for (uint32_t used = v->arch.vgic.listed_slots; used; used &= used - 1) {
		uint32_t slot = (uint32_t)__builtin_ctz(used);
		uint64_t value;

		if (v->arch.vgic.list[slot] != irq)
			continue;
		value = list_read(slot);
		if ((value & (LIST_ACTIVE | LIST_PENDING | LIST_HARDWARE)) != LIST_ACTIVE)
			return false;
		list_write(slot, value & ~LIST_END_NOTICE);
		return true;
	}
	return false;
}

/* An edge-triggered interrupt may become pending again while it is active, and the line of a level-sensitive one high again, which is looked at when
 * it ends. The timer's may not: by the end of the active one its line may be low, which list_one looks at then. */
static void list_pend_again(struct vcpu *v)
{
	for (uint32_t used = v->arch.vgic.listed_slots; used; used &= used - 1) {
		uint32_t slot = (uint32_t)__builtin_ctz(used);
		uint32_t irq = v->arch.vgic.list[slot];
		struct vgic_word *word = vgic_word_of(v, irq);
		uint64_t value = list_read(slot);

		if (irq != TIMER_IRQ && (word->latch >> (irq % 32) & 1) && (value & LIST_ACTIVE) && !(value & LIST_HARDWARE)) {
			word->latch &= ~(1U << (irq % 32));
			word->listed_latch |= 1U << (irq % 32);
			list_write(slot, value | LIST_PENDING);
		} else if ((word->level & ~word->edge) >> (irq % 32) & 1 && !(value & LIST_HARDWARE)) {
			list_write(slot, value | LIST_END_NOTICE);
		}
	}
}

static void hcr_write(struct vcpu *v, uint64_t value)
{
	v->arch.vgic_registers.hcr = value;
	sysreg_write(ICH_HCR_EL2, value);
}

void vgic_refill(struct vcpu *v)
{
	uint64_t hcr = ICH_HCR_EN;
	uint32_t irq;

	__atomic_store_n(&v->vgic_update, false, __ATOMIC_RELAXED);
	ends_count(v);
	list_return(v, false);
	while ((irq = vgic_best(v)) != VGIC_NONE && list_one(v, irq))
		;
	if (irq != VGIC_NONE)
		hcr |= ICH_HCR_UIE;
	if (list_active(v))
		hcr |= ICH_HCR_LRENPIE;
	list_pend_again(v);
	hcr_write(v, hcr);
}

/* The common case: it can be delivered, there is room, and nothing waits that a refill would have to order. */
static bool deliver_shortly(struct vcpu *v, uint32_t irq)
{
	const struct vgic_word *word = vgic_word_of(v, irq);
	uint32_t slot = free_slot(v);

	if (v->arch.vgic_registers.hcr != ICH_HCR_EN || v->vgic_update || slot == VGIC_NONE || !v->persona->platform.vgic.enabled ||
	    !(vgic_deliverable(word) >> (irq % 32) & 1))
		return false;
	list_put(v, slot, irq, LIST_PENDING);
	return true;
}

void vgic_deliver(struct vcpu *v, uint32_t irq)
{
	retire(v);
	if (!deliver_shortly(v, irq))
		vgic_refill(v);
}

/* The most frequent interrupt of all: the guest is done with the last one, and its register is still set up for the next, since
 * every change to priorities and enables takes all interrupts out of their registers. Touches nothing another CPU does. */
static bool timer_again(struct vcpu *v)
{
	uint32_t slot = v->arch.vgic.timer_slot;

	if (slot == VGIC_NONE || v->arch.vgic_registers.hcr != ICH_HCR_EN || !(sysreg_read(ICH_ELRSR_EL2) >> slot & 1))
		return false;
	list_write(slot, v->arch.vgic.timer_value);
	return true;
}

void list_registers_timer(struct vcpu *v)
{
	if (likely(timer_again(v)))
		return;
	lock_take(&v->persona->lock);
	retire(v); /* before timer_held speaks of the new interrupt */
	v->arch.vgic.word.latch |= 1U << TIMER_IRQ;
	v->arch.vgic.timer_held = true;
	if (!deliver_shortly(v, TIMER_IRQ))
		vgic_refill(v);
	lock_release(&v->persona->lock);
}

/* Any interrupt at all that a list register may be for? */
static bool has_any(const struct vcpu *v)
{
	const struct vgic_word *words = v->persona->platform.vgic.words;
	uint32_t any = v->arch.vgic.word.latch | v->arch.vgic.word.level | v->arch.vgic.word.active;

	for (uint32_t w = 0; w < VGIC_SHARED_WORDS; w++)
		any |= words[w].latch | words[w].level | words[w].active;
	return any || v->vgic_update;
}

void list_registers_save(struct vcpu *v)
{
	evict(v);
	timer_release(v); /* its timer is off now, and interrupts again when it is back */
	v->arch.vgic.word.latch &= ~(1U << TIMER_IRQ);
	v->arch.vgic_registers.vmcr = sysreg_read(ICH_VMCR_EL2);
	/* Both groups' active priorities: a guest can write either, and what it leaves there holds back interrupts. */
	v->arch.vgic_registers.ap0r0 = sysreg_read(ICH_AP0R0_EL2);
	v->arch.vgic_registers.ap1r0 = sysreg_read(ICH_AP1R0_EL2);
	sysreg_write(ICH_HCR_EL2, 0);
}

void list_registers_load(struct vcpu *v)
{
	sysreg_write(ICH_VMCR_EL2, v->arch.vgic_registers.vmcr);
	sysreg_write(ICH_AP0R0_EL2, v->arch.vgic_registers.ap0r0);
	sysreg_write(ICH_AP1R0_EL2, v->arch.vgic_registers.ap1r0);
	emulated_timer_update(v);
	if (has_any(v))
		vgic_refill(v);
	else
		hcr_write(v, ICH_HCR_EN);
}

/* The lock orders this against another CPU that makes an interrupt pending: one of the two sees what the other did. */
void arch_vcpu_wait(struct vcpu *v)
{
	lock_take(&v->persona->lock);
	if (!list_registers_in_flight(v) && !vgic_has_deliverable(v)) {
		__atomic_store_n(&v->runnable, false, __ATOMIC_RELEASE);
		v->cpu->need_resched = CPU_RESCHEDULE;
	}
	lock_release(&v->persona->lock);
}

void list_registers_refresh(struct vcpu *v)
{
	if (!v)
		return;
	lock_take(&v->persona->lock);
	emulated_timer_update(v);
	vgic_refill(v);
	if (!v->runnable && list_registers_in_flight(v))
		sched_wake(v);
	lock_release(&v->persona->lock);
}

void list_registers_init(void)
{
	uint64_t vtr = sysreg_read(ICH_VTR_EL2);

	/* One active-priority register, as saved above, serves five bits of preemption (12.4.10). */
	if ((vtr & 31) + 1 < LIST_COUNT || (vtr >> 26 & 7) + 1 > 5)
		panic("unsupported GIC: ICH_VTR_EL2", vtr);
	sysreg_write(ICH_HCR_EL2, 0);
	sysreg_write(ICH_AP0R0_EL2, 0);
	for (uint32_t slot = 0; slot < LIST_COUNT; slot++)
		list_write(slot, 0);
}
