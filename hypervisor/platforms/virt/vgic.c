/* SPDX-License-Identifier: Apache-2.0 */
/* GICv3 distributor and redistributors as a guest sees them (Arm IHI 0069, chapter 12): affinity routing on, one security state,
 * group 1 only, no LPIs. State that is not in list registers lives here; every access is by word, byte or doubleword on fields
 * of fixed size, so no guest value is ever an index that was not masked first. */
#include "vgic.h"

#include <veil/arch.h>

#include "core/lib.h"
#include "core/persona.h"
#include "core/sched.h"

/* Distributor and SGI-frame registers share their layout (12.8, 12.11). */
enum {
	GICD_CTLR = 0x0000,
	GICD_TYPER = 0x0004,
	GICD_IIDR = 0x0008,
	GICD_IGROUPR = 0x0080,
	GICD_ISENABLER = 0x0100,
	GICD_ICENABLER = 0x0180,
	GICD_ISPENDR = 0x0200,
	GICD_ICPENDR = 0x0280,
	GICD_ISACTIVER = 0x0300,
	GICD_ICACTIVER = 0x0380,
	GICD_IPRIORITYR = 0x0400,
	GICD_ITARGETSR = 0x0800,
	GICD_ICFGR = 0x0c00,
	GICD_IGRPMODR = 0x0d00,
	GICD_IROUTER = 0x6000,
	GICD_IDREGS = 0xffd0,
	GICD_PIDR2 = 0xffe8,
	GICR_CTLR = 0x0000,
	GICR_IIDR = 0x0004,
	GICR_TYPER = 0x0008,
	GICR_WAKER = 0x0014,
	GICR_SGI_FRAME = 0x10000,
	GICR_STRIDE = 0x20000
};

#define IIDR 0x0000043b /* implementer: Arm, as in QEMU */
#define PIDR2_GICV3 0x30
#define CTLR_ENABLE_GRP1 0x2
#define CTLR_ARE_DS 0x50 /* ARE and DS read as one (12.9.4) */
#define WAKER_PROCESSOR_SLEEP 0x2
#define WAKER_CHILDREN_ASLEEP 0x4
#define SGI_WORD_EDGE 0x0000ffff /* SGIs are edge-triggered always */
#define PRIORITY_MASK 0xf8 /* five bits, as in the hardware's virtual CPU interface */

void vgic_reset(struct persona *p)
{
	struct vgic *g = &p->platform.vgic;

	memset(g, 0, sizeof(*g));
	for (uint32_t i = 0; i < p->config->cpu_count; i++) {
		struct vgic_cpu *c = &p->vcpus[i]->arch.vgic;

		memset(c, 0, sizeof(*c));
		c->word.edge = SGI_WORD_EDGE;
		c->asleep = true;
		c->timer_slot = VGIC_NONE;
	}
}

struct vgic_word *vgic_word_of(struct vcpu *v, uint32_t irq)
{
	return irq < 32 ? &v->arch.vgic.word : &v->persona->platform.vgic.words[(irq / 32 - 1) % VGIC_SHARED_WORDS];
}

/* ---- Which interrupt next ---- */

static uint32_t routed(const struct vgic *g, uint32_t word, uint32_t candidates, uint32_t vcpu)
{
	uint32_t mine = 0;

	for (; candidates; candidates &= candidates - 1) {
		uint32_t bit = (uint32_t)__builtin_ctz(candidates);

		if (g->target[word * 32 + bit] == vcpu)
			mine |= 1U << bit;
	}
	return mine;
}

uint32_t vgic_best(struct vcpu *v)
{
	struct vgic *g = &v->persona->platform.vgic;
	uint32_t best = VGIC_NONE;
	uint32_t best_priority = 256;

	if (!g->enabled)
		return VGIC_NONE;
	for (uint32_t w = 0; w <= VGIC_SHARED_WORDS; w++) {
		const struct vgic_word *word = w ? &g->words[w - 1] : &v->arch.vgic.word;
		uint32_t candidates;

		if (!(word->latch | word->level))
			continue; /* the usual one */
		candidates = vgic_deliverable(word);
		if (w)
			candidates = routed(g, w - 1, candidates, v->index);
		for (; candidates; candidates &= candidates - 1) {
			uint32_t bit = (uint32_t)__builtin_ctz(candidates);

			if (word->priority[bit] < best_priority) {
				best = w * 32 + bit;
				best_priority = word->priority[bit];
			}
		}
	}
	return best;
}

bool vgic_has_deliverable(struct vcpu *v)
{
	const struct vgic_word *words = v->persona->platform.vgic.words;
	uint32_t any = vgic_deliverable(&v->arch.vgic.word);

	for (uint32_t w = 0; w < VGIC_SHARED_WORDS; w++)
		any |= vgic_deliverable(&words[w]);
	return any && vgic_best(v) != VGIC_NONE;
}

static wide_bool has_pending(struct vcpu *v)
{
	return v->arch.vgic.listed_slots || vgic_has_deliverable(v);
}

/* A virtual CPU's interrupts have changed: refill its list registers here, or have its CPU do it. */
static void changed(struct vcpu *v)
{
	if (v == arch_this_cpu()->loaded) {
		vgic_refill(v);
		if (!__atomic_load_n(&v->runnable, __ATOMIC_RELAXED) && has_pending(v))
			sched_wake(v);
		return;
	}
	__atomic_store_n(&v->vgic_update, true, __ATOMIC_RELEASE);
	/* The persona's lock is held: it does not go to sleep meanwhile. */
	if (!__atomic_load_n(&v->runnable, __ATOMIC_RELAXED) && has_pending(v))
		sched_wake(v);
	else
		sched_interrupt(v->cpu);
}

static void changed_all(struct persona *p)
{
	for (uint32_t i = 0; i < p->config->cpu_count; i++)
		changed(p->vcpus[i]);
}

static struct vcpu *target_of(struct vcpu *v, uint32_t irq)
{
	return irq < 32 ? v : v->persona->vcpus[v->persona->platform.vgic.target[irq - 32]];
}

void vgic_returned(struct vcpu *v, uint32_t irq)
{
	struct vcpu *target = target_of(v, irq);

	if (unlikely(target != v))
		changed(target);
}

/* Interrupt `irq` of a virtual CPU has become pending. */
static void pended(struct vcpu *v, uint32_t irq)
{
	if (v != arch_this_cpu()->loaded) {
		changed(v);
		return;
	}
	vgic_deliver(v, irq);
	if (!__atomic_load_n(&v->runnable, __ATOMIC_RELAXED) && has_pending(v))
		sched_wake(v);
}

void irq_line(struct vcpu *v, uint32_t irq, bool high)
{
	struct vgic_word *word = vgic_word_of(v, irq);
	uint32_t bit = 1U << (irq % 32);

	if (((word->level & bit) != 0) == high)
		return;
	word->level ^= bit;
	if (high && (word->edge & bit))
		word->latch |= bit;
	v = target_of(v, irq);
	if (high)
		pended(v, irq);
	else if (v != arch_this_cpu()->loaded || !vgic_lower(v, irq))
		changed(v);
}

void vgic_latch(struct vcpu *v, uint32_t irq)
{
	vgic_word_of(v, irq)->latch |= 1U << (irq % 32);
	pended(target_of(v, irq), irq);
}

/* ICC_SGI1R_EL1 (12.2.25): target list of affinity 0.0.0.x, or all others. */
void vgic_send_sgi(struct vcpu *v, uint64_t value)
{
	struct persona *p = v->persona;
	uint32_t irq = value >> 24 & 15;
	bool others = value >> 40 & 1;
	bool elsewhere = (value & UINT64_C(0x00ff00ff00ff0000)) != 0 || (value >> 44 & 15) != 0; /* Aff3, Aff2, Aff1, RS */

	if (!others && elsewhere)
		return;
	lock_take(&p->lock);
	for (uint32_t i = 0; i < p->config->cpu_count; i++)
		if (others ? i != v->index : (i < 16 && (value >> i & 1)))
			vgic_latch(p->vcpus[i], irq);
	lock_release(&p->lock);
}

/* ---- Register words ---- */

static uint32_t spread_edge(uint32_t edge, uint32_t half)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < 16; i++)
		if (edge >> (half * 16 + i) & 1)
			value |= 2U << (2 * i);
	return value;
}

static uint32_t gather_edge(uint32_t edge, uint32_t half, uint32_t value)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t bit = 1U << (half * 16 + i);

		edge = value >> (2 * i + 1) & 1 ? edge | bit : edge & ~bit;
	}
	return edge;
}

static uint32_t word_read(struct vgic_word *word, uint64_t reg)
{
	switch (reg) {
	case GICD_IGROUPR:
		return word->group1;
	case GICD_ISENABLER:
	case GICD_ICENABLER:
		return word->enabled;
	case GICD_ISPENDR:
	case GICD_ICPENDR:
		return word->latch | (word->level & ~word->edge);
	case GICD_ISACTIVER:
	case GICD_ICACTIVER:
		return word->active;
	default: /* IGRPMODR: no secure state */
		return 0;
	}
}

static void word_write(struct vgic_word *word, uint64_t reg, uint32_t value)
{
	switch (reg) {
	case GICD_IGROUPR:
		word->group1 = value;
		break;
	case GICD_ISENABLER:
		word->enabled |= value;
		break;
	case GICD_ICENABLER:
		word->enabled &= ~value;
		break;
	case GICD_ISPENDR:
		word->latch |= value;
		break;
	case GICD_ICPENDR:
		word->latch &= ~value;
		break;
	case GICD_ISACTIVER:
		word->active |= value;
		break;
	case GICD_ICACTIVER:
		word->active &= ~value;
		break;
	default:
		break;
	}
}

/* Priorities: four bytes, or one. */
static bool priority_access(struct vgic_word *word, uint32_t first, uint32_t size, bool is_write, uint64_t *value)
{
	if (size != 1 && size != 4)
		return false;
	if (!is_write)
		*value = 0;
	for (uint32_t i = 0; i < size; i++) {
		uint8_t *priority = &word->priority[(first + i) % 32];

		if (is_write)
			*priority = (uint8_t)(*value >> (8 * i)) & PRIORITY_MASK;
		else
			*value |= (uint64_t)*priority << (8 * i);
	}
	return true;
}

/* Registers with a bit, two bits or a byte for each interrupt. `bank`: NULL for interrupts that do not exist (read as zero). */
static bool bank_access(struct vgic_word *bank, bool is_private, uint64_t reg, uint64_t index, uint32_t size, bool is_write,
			uint64_t *value)
{
	struct vgic_word none = {0};
	struct vgic_word *word = bank ? bank : &none;

	if (reg == GICD_IPRIORITYR)
		return priority_access(word, (uint32_t)index % 32, size, is_write, value);
	if (size != 4)
		return false;
	if (reg == GICD_ICFGR) {
		if (!is_write)
			*value = spread_edge(word->edge, index / 4 & 1);
		else
			word->edge = gather_edge(word->edge, index / 4 & 1, (uint32_t)*value);
		if (is_private)
			word->edge |= SGI_WORD_EDGE;
	} else if (is_write) {
		word_write(word, reg, (uint32_t)*value);
	} else {
		*value = word_read(word, reg);
	}
	return true;
}

/* Splits an offset in a banked area into register, word and bytes into the register. False: not a banked register. */
static bool bank_decode(address_t offset, uint64_t *reg, uint64_t *word, uint64_t *index)
{
	uint32_t shift = 2; /* bytes of the register a word of interrupts takes, as a power of two */

	if (offset >= GICD_IGROUPR && offset < GICD_IPRIORITYR) {
		*reg = offset & ~UINT64_C(0x7f);
	} else if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
		*reg = GICD_IPRIORITYR;
		shift = 5;
	} else if (offset >= GICD_ICFGR && offset < GICD_IGRPMODR) {
		*reg = GICD_ICFGR;
		shift = 3;
	} else if (offset >= GICD_IGRPMODR && offset < GICD_IGRPMODR + 0x80) {
		*reg = GICD_IGRPMODR;
	} else {
		return false;
	}
	*index = offset - *reg;
	*word = *index >> shift;
	return *reg == GICD_IPRIORITYR || offset % 4 == 0;
}

/* ---- Distributor ---- */

static bool router_access(struct vcpu *v, address_t offset, uint32_t size, bool is_write, uint64_t *value)
{
	struct vgic *g = &v->persona->platform.vgic;
	uint64_t irq = (offset - GICD_IROUTER) / 8;

	if (irq < 32 || irq >= VGIC_IRQ_COUNT || offset % size || size < 4)
		return irq >= 32 && irq < 1020 && !is_write ? (*value = 0, true) : irq >= 32 && irq < 1020;
	if (!is_write) {
		*value = offset % 8 ? 0 : g->target[irq - 32];
		return true;
	}
	if (offset % 8 == 0) { /* "any" (bit 31) and CPUs that do not exist: virtual CPU 0 */
		uint64_t target = *value & 0xff00ffffff;

		g->target[irq - 32] = (uint8_t)(target < v->persona->config->cpu_count ? target : 0);
		changed_all(v->persona);
	}
	return true;
}

static bool distributor_fixed(struct vcpu *v, address_t offset, bool is_write, uint64_t *value)
{
	struct vgic *g = &v->persona->platform.vgic;

	switch (offset) {
	case GICD_CTLR:
		if (is_write) {
			g->enabled = (*value & CTLR_ENABLE_GRP1) != 0;
			changed_all(v->persona);
		} else {
			*value = CTLR_ARE_DS | (g->enabled ? CTLR_ENABLE_GRP1 : 0);
		}
		return true;
	case GICD_TYPER: /* IDbits 9 = 10 bits, no LPIs, ITLinesNumber */
		*value = 9U << 19 | VGIC_SHARED_WORDS;
		return true;
	case GICD_IIDR:
		*value = IIDR;
		return true;
	case GICD_PIDR2:
		*value = PIDR2_GICV3;
		return true;
	default: /* reserved and identification registers read as zero, writes are ignored (12.9.1) */
		*value = 0;
		return offset < GICD_IGROUPR || offset >= GICD_IDREGS || (offset >= GICD_ITARGETSR && offset < GICD_ICFGR) ||
		       (offset >= 0x0f00 && offset < 0x0f30);
	}
}

NOINLINE struct mmio_result vgic_distributor(struct vcpu *v, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	struct mmio_result result = {.value = value};
	uint64_t reg, word, index;

	lock_take(&v->persona->lock);
	if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * 1020) {
		result.found = router_access(v, offset, size, is_write, &result.value);
	} else if (bank_decode(offset, &reg, &word, &index)) {
		/* Word 0 belongs to the redistributors: reads as zero here (12.1.4). */
		struct vgic_word *bank = word >= 1 && word <= VGIC_SHARED_WORDS ? &v->persona->platform.vgic.words[word - 1] : NULL;

		vgic_settle(v);
		result.found = bank_access(bank, false, reg, index, size, is_write, &result.value);
		changed_all(v->persona);
	} else {
		result.found = size == 4 && offset % 4 == 0 && distributor_fixed(v, offset, is_write, &result.value);
	}
	lock_release(&v->persona->lock);
	return result;
}

/* ---- Redistributors ---- */

static bool redistributor_fixed(struct vcpu *v, address_t offset, uint32_t size, bool is_write, uint64_t *value)
{
	bool is_last = v->index + 1 == v->persona->config->cpu_count;
	uint64_t typer = (uint64_t)v->index << 32 | v->index << 8 | (is_last ? 0x10 : 0); /* affinity, number, Last (12.11.35) */

	switch (offset) {
	case GICR_TYPER:
		*value = size == 8 ? typer : (uint32_t)typer;
		return true;
	case GICR_TYPER + 4:
		*value = typer >> 32;
		return size == 4;
	default:
		break;
	}
	if (size != 4)
		return false;
	switch (offset) {
	case GICR_IIDR:
		*value = IIDR;
		return true;
	case GICR_WAKER:
		if (is_write)
			v->arch.vgic.asleep = (*value & WAKER_PROCESSOR_SLEEP) != 0;
		else
			*value = v->arch.vgic.asleep ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
		return true;
	case GICD_PIDR2:
		*value = PIDR2_GICV3;
		return true;
	default: /* GICR_CTLR, reserved, LPI registers: none of them here */
		*value = 0;
		return offset < 0x0100 || offset >= GICD_IDREGS;
	}
}

NOINLINE struct mmio_result vgic_redistributor(struct vcpu *v, address_t offset, uint32_t size, bool is_write, uintptr_t value)
{
	struct mmio_result result = {.value = value};
	uint64_t number = offset / GICR_STRIDE;
	uint64_t reg, word, index;
	struct vcpu *owner;

	if (number >= v->persona->config->cpu_count)
		return mmio_none();
	owner = v->persona->vcpus[number];
	offset %= GICR_STRIDE;
	lock_take(&v->persona->lock);
	if (offset < GICR_SGI_FRAME) {
		result.found = offset % size == 0 && redistributor_fixed(owner, offset, size, is_write, &result.value);
	} else if (bank_decode(offset - GICR_SGI_FRAME, &reg, &word, &index)) {
		vgic_settle(owner);
		result.found = bank_access(word == 0 ? &owner->arch.vgic.word : NULL, true, reg, index, size, is_write, &result.value);
		changed(owner);
	} else {
		result.value = 0;
		result.found = size == 4 && offset - GICR_SGI_FRAME >= GICD_IDREGS;
	}
	lock_release(&v->persona->lock);
	return result;
}
