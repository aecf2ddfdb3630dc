/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GICv3 a guest sees: distributor and redistributors here, the CPU interface in hardware through list registers. */
#ifndef VEIL_VGIC_H
#define VEIL_VGIC_H

#include <veil/abi.h>
#include <veil/types.h>

struct vcpu;
struct persona;

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
	uint32_t list[4]; /* interrupt in each list register, or VGIC_NONE */
	bool timer_held; /* the physical timer interrupt is active until this virtual CPU has dealt with its own */
	bool asleep; /* GICR_WAKER.ProcessorSleep */
};

struct vgic {
	bool enabled; /* GICD_CTLR.EnableGrp1NS */
	struct vgic_word words[VGIC_SHARED_WORDS];
	uint8_t target[32 * VGIC_SHARED_WORDS]; /* virtual CPU each shared interrupt is routed to */
};

/* All but the MMIO functions expect the persona's lock to be held. */
void vgic_reset(struct persona *persona);
bool vgic_distributor(struct vcpu *vcpu, uint64_t offset, uint32_t size, bool is_write, uint64_t *value);
bool vgic_redistributor(struct vcpu *vcpu, uint64_t offset, uint32_t size, bool is_write, uint64_t *value);

/* Moves the input line of an interrupt. `vcpu` names whose, for private ones. */
void vgic_line(struct vcpu *vcpu, uint32_t irq, bool high);
/* Makes an interrupt pending once. */
void vgic_latch(struct vcpu *vcpu, uint32_t irq);

/* The guest writes ICC_SGI1R_EL1. Takes the lock itself. */
void vgic_send_sgi(struct vcpu *vcpu, uint64_t value);

/* ---- For the back end (arch) ---- */
struct vgic_word *vgic_word_of(struct vcpu *vcpu, uint32_t irq);
/* The pending, enabled interrupt of highest priority that this virtual CPU should get and that is in no list register. */
uint32_t vgic_best(struct vcpu *vcpu);
/* Anything to deliver or in delivery? Then WFI does not wait. */
bool vgic_has_pending(struct vcpu *vcpu);

static inline bool vgic_is_pending(const struct vgic_word *word, uint32_t bit)
{
	return ((word->latch | (word->level & ~word->edge)) >> bit & 1) != 0;
}

/* ---- Asked of the back end ---- */
/* List registers of a loaded virtual CPU: reads back what the guest did, then refills. On this CPU only, lock held. */
void vgic_refill(struct vcpu *vcpu);
/* Brings the state of listed interrupts back to memory if the virtual CPU is loaded on this CPU; a refill must follow. */
void vgic_settle(struct vcpu *vcpu);

#endif
