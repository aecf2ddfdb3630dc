/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GICv3 a guest sees: distributor and redistributors here, the CPU interface in hardware through list registers. */
#ifndef VEIL_VGIC_H
#define VEIL_VGIC_H

#include <veil/types.h>

struct vcpu;
struct persona;
struct mmio_result;

/* Interrupts 0..31 are private to a virtual CPU; 32..95 are shared: the PL011 and PL031, and 32 virtio devices later. */
#define VGIC_SHARED_WORDS 2
#define VGIC_IRQ_COUNT (32 * (1 + VGIC_SHARED_WORDS))
#define VGIC_NONE UINT32_MAX

/* 32 interrupts; bit n of each mask is interrupt n of the word. */
struct vgic_word {
	uint32_t enabled;
	uint32_t latch; /* pending by edge, by software, or by a linked physical interrupt */
	uint32_t level; /* input lines that are high */
	uint32_t active;
	uint32_t edge; /* configured edge-triggered; otherwise level-sensitive */
	uint32_t group1;
	uint32_t listed; /* its state lives in a list register of the virtual CPU it is routed to */
	uint32_t listed_latch; /* ... where it became pending by its latch, not by its line */
	uint8_t priority[32];
};

struct vgic_cpu {
	struct vgic_word word;
	uint32_t listed_slots; /* bit n: list register n is in use, by the interrupt list[n] */
	uint32_t list[4];
	uint32_t timer_slot; /* list register linked to the physical timer interrupt, or VGIC_NONE */
	uint64_t timer_value; /* what was written to it */
	bool timer_held; /* the physical timer interrupt is active until this virtual CPU has dealt with its own */
	bool asleep; /* GICR_WAKER.ProcessorSleep */
};

struct vgic {
	bool enabled; /* GICD_CTLR.EnableGrp1NS */
	struct vgic_word words[VGIC_SHARED_WORDS];
	uint8_t target[32 * VGIC_SHARED_WORDS]; /* virtual CPU each shared interrupt is routed to */
};

/* Input lines are moved by irq_line(), platform.h. All but the MMIO functions expect the persona's lock to be held. */
void vgic_reset(struct persona *persona);
struct mmio_result vgic_distributor(struct vcpu *vcpu, address_t offset, uint32_t size, bool is_write, uintptr_t value);
struct mmio_result vgic_redistributor(struct vcpu *vcpu, address_t offset, uint32_t size, bool is_write, uintptr_t value);

/* Makes an interrupt pending once. */
void vgic_latch(struct vcpu *vcpu, uint32_t irq);

/* The guest writes ICC_SGI1R_EL1. Takes the lock itself. */
void vgic_send_sgi(struct vcpu *vcpu, uint64_t value);

/* ---- For the back end (arch) ---- */
struct vgic_word *vgic_word_of(struct vcpu *vcpu, uint32_t irq);
/* The pending, enabled interrupt of highest priority that this virtual CPU should get and that is in no list register. */
uint32_t vgic_best(struct vcpu *vcpu);
/* A shared interrupt has come back from a list register of this virtual CPU still pending: it may be routed to another one by now. */
void vgic_returned(struct vcpu *vcpu, uint32_t irq);
/* Anything to deliver that is in no list register? */
bool vgic_has_deliverable(struct vcpu *vcpu);

/* Interrupts of a word that could be delivered: pending, enabled, of group 1, not active and not in a list register. */
static inline uint32_t vgic_deliverable(const struct vgic_word *word)
{
	return (word->latch | (word->level & ~word->edge)) & word->enabled & word->group1 & ~word->active & ~word->listed;
}

/* ---- Asked of the back end ---- */
/* List registers of a loaded virtual CPU: reads back what the guest did, then refills. On this CPU only, lock held. */
void vgic_refill(struct vcpu *vcpu);
/* One interrupt has become pending for the loaded virtual CPU: a refill that takes the short way when nothing else waits. */
void vgic_deliver(struct vcpu *vcpu, uint32_t irq);
/* The line of an interrupt has gone low. True: that changes nothing for the loaded virtual CPU but what happens at the interrupt's end. */
bool vgic_lower(struct vcpu *vcpu, uint32_t irq);
/* Brings the state of listed interrupts back to memory if the virtual CPU is loaded on this CPU; a refill must follow. */
void vgic_settle(struct vcpu *vcpu);

#endif
