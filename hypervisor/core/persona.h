/* SPDX-License-Identifier: Apache-2.0 */
/* A persona: its memory, its virtual CPUs and its life from start to end.
 *
 *                start              verified              pause
 *      STOPPED ---------> STARTING ---------> RUNNING <-----------> PAUSED
 *         ^                  ^   \ bad digest   |  |       resume
 *         | stop             |    `------------ | -|--------> CRASHED
 *         `------------------|------------------'  `- guest -> OFF
 *                            `-- restart: from every state; also when the guest resets, or crashed and may restart
 *
 * A transition away from RUNNING has two halves: persona_request() notes what is wanted, then each CPU that holds one of the
 * persona's virtual CPUs lets go of it, and the last one to do so completes the transition. No CPU ever waits for another. */
#ifndef VEIL_PERSONA_H
#define VEIL_PERSONA_H

#include <veil/abi.h>
#include <veil/cpu.h>
#include <veil/lock.h>
#include <veil/platform.h>
#include <veil/types.h>

#include "manifest.h"

enum persona_action {
	ACTION_NONE = 0,
	ACTION_PAUSE = 1,
	ACTION_STOP = 2,
	ACTION_RESTART = 3,
	ACTION_CRASH = 4,
	ACTION_OFF = 5
};

/* What persona_work() does next; each step is short enough to be preempted after it. */
enum persona_work {
	WORK_NONE = 0,
	WORK_FORGET = 1, /* unmap all memory, so that it is built anew on first touch; at the end of a life clear it as well */
	WORK_VERIFY = 2, /* payload digests */
	WORK_RNG_SEED = 3, /* the device tree's placeholders */
	WORK_KASLR_SEED = 4,
	WORK_ENTER = 5 /* virtual CPU 0 to the entry point */
};

enum gate {
	GATE_STATE = 1, /* the state is not RUNNING */
	GATE_ACTION = 2, /* an action is wanted: let go of its virtual CPUs */
	GATE_WORK = 4 /* virtual CPU 0 is to do persona_work() */
};

/* What a guest's counter shows at its start. Far from zero, so that the offset to the real counter is negative for longer than any
 * phone is up (2^55 ticks are 18 years at 62.5 MHz) and compare value + offset never overflows, whatever a guest compares with:
 * QEMU before 8.2 then runs an expired timer for ever (gt_recalc_timer), and the whole machine stands still. */
#define GUEST_TIME_START (UINT64_C(1) << 55)

/* Its RAM, as the manifest has it. */
struct persona_ram {
	address_t guest; /* guest-physical */
	address_t host; /* host-physical */
	address_t size;
	size_t page_count;
};

struct persona {
	struct lock lock; /* virtual devices and the interrupt controller */
	struct lock life_lock; /* state, action, work */
	struct lock memory_lock; /* stage-2 tables */
	const struct veil_persona *config;
	const struct manifest *manifest;
	const struct veil_surface *surface; /* NULL: it has no display */
	bool work_starts; /* after WORK_FORGET go on to start; otherwise clear the memory and end */
	bool uncleared; /* pages that are not mapped hold what an earlier life left: forgotten for a restart */
	struct persona_ram ram;
	size_t linear_count; /* pages of RAM, then of the surface's body, one after the other in guest-physical memory */
	size_t page_count; /* these, then pages of flash: the read-only ones, then the variable ones */
	struct arch_persona arch;
	uint32_t index;
	uint32_t gate; /* enum gate: why no virtual CPU may run now; 0: they may. Atomic */
	uint32_t state; /* enum veil_state */
	uint32_t reason; /* enum veil_reason */
	uint32_t action; /* enum persona_action wanted next */
	uint32_t action_reason;
	uint32_t loaded_count; /* virtual CPUs whose registers some CPU holds; atomic */
	uint32_t work; /* enum persona_work; virtual CPU 0 is scheduled for it */
	uint32_t work_segment;
	size_t work_page;
	size_t touched; /* pages mapped */
	struct vcpu *vcpus[GUEST_MAX_CPUS];
	uint32_t ready;
	uint32_t starts;
	uint32_t restarts;
	uint32_t crash_count; /* within the window that began at crash_window */
	uint64_t crash_window;
	uint64_t time_offset; /* guest time = counter - this: below zero, see GUEST_TIME_START */
	uint64_t paused_at;
	/* CPU cap: ticks left in the period that ends at cap_end; quota 0: no cap */
	int64_t cap_left;
	int64_t cap_quota;
	uint64_t cap_end;
	struct veil_fault fault;
	struct platform platform; /* virtual devices */
} ARRAY_ELEMENT(4096);

extern struct persona personas[VEIL_MAX_PERSONAS];
extern uint32_t persona_count;
extern uint32_t persona_foreground;
extern uint32_t persona_beside; /* shown beside it, but gets no keys; VEIL_NO_PERSONA: nobody */

/* Makes all personas of the manifest and starts those that start at boot. False: too little work memory. */
bool persona_init_all(const struct manifest *manifest);

/* Its virtual CPUs (manifest.c). */
static inline uint32_t persona_cpu_count(const struct persona *persona)
{
	return GUEST_MAX_CPUS == 1 ? 1 : persona->config->cpu_count;
}

/* Commands; idempotent. */
enum veil_result persona_start(struct persona *persona);
enum veil_result persona_stop(struct persona *persona);
enum veil_result persona_pause(struct persona *persona);
enum veil_result persona_resume(struct persona *persona);
enum veil_result persona_restart(struct persona *persona);
enum veil_result persona_switch(struct persona *persona);
enum veil_result persona_show_beside(uint32_t persona); /* beside the one in front; VEIL_NO_PERSONA: that one alone */

/* The guest ended itself or was ended for a fault. */
void persona_guest_off(struct persona *persona);
void persona_guest_reset(struct persona *persona);
void persona_crash(struct persona *persona, enum veil_reason reason, const struct veil_fault *fault);

/* Called by the scheduler when no virtual CPU of the persona is loaded any more and an action is wanted. */
void persona_complete(struct persona *persona);

/* One step of what has to be done before virtual CPU 0 can run; charged to the persona. No guest may be loaded on this CPU.
 * False: it waits for another CPU. */
bool persona_work(struct persona *persona);

/* Host-physical and guest-physical place of a page, which is below the persona's page_count. */
paddr_t persona_page(const struct persona *persona, size_t page);
address_t persona_page_address(const struct persona *persona, size_t page);

/* The page at a guest-physical address, or one that is not below page_count. */
size_t persona_page_at(const struct persona *persona, address_t address);

/* The page of an address that is in RAM, and where that is. */
static inline size_t persona_ram_page(const struct persona *persona, address_t address)
{
	return (address - persona->ram.guest) / VEIL_PAGE_SIZE;
}

static inline paddr_t persona_ram_place(const struct persona *persona, address_t address)
{
	return paddr(persona->ram.host + (address - persona->ram.guest));
}

/* Veil's view of a range of the persona's RAM, built and mapped as far as it is not yet; NULL if it is not all RAM. The guest may
 * change it at any time: read once, then check. Not for use while another CPU may end the persona: it must be loaded or running. */
void *persona_memory(struct persona *persona, ipaddr_t address, address_t size);

/* Keeps a persona that runs from ending meanwhile, so that its memory may be used; false: it does not run. Takes no lock, and must be
 * released with no lock held: an end that was wanted meanwhile happens then. */
wide_bool persona_hold(struct persona *persona);
static inline void persona_release(struct persona *persona)
{
	if (__atomic_sub_fetch(&persona->loaded_count, 1, __ATOMIC_SEQ_CST) == 0 &&
	    (__atomic_load_n(&persona->gate, __ATOMIC_SEQ_CST) & GATE_ACTION))
		persona_complete(persona);
}

enum persona_pin {
	PIN_OK,
	PIN_AGAIN, /* an interrupt waits before all of it is built */
	PIN_REFUSED /* it is not all RAM of the persona */
};

/* A range of the persona's RAM for a device to read or write by itself: built and mapped, and at `host` in one piece. It must not be
 * forgotten before the device is done: platform_is_quiet(). */
enum persona_pin persona_pin(struct persona *persona, ipaddr_t address, address_t size, paddr_t *host);

/* The same where the guest has touched it already, NULL elsewhere: for what a guest has to have written, so that nobody waits for pages
 * to be built. */
void *persona_touched(const struct persona *persona, ipaddr_t address, address_t size);

/* Is its memory that of a life, which does not end while the caller holds its life_lock? Paused or not. */
static inline bool persona_lives(const struct persona *persona)
{
	return persona->work == WORK_NONE && (persona->state == VEIL_STATE_RUNNING || persona->state == VEIL_STATE_PAUSED);
}

static inline bool persona_runs(const struct persona *persona)
{
	return __atomic_load_n(&persona->gate, __ATOMIC_SEQ_CST) == 0;
}

/* The guest touched a page that is not mapped: builds it, pristine, from payloads and zeros, and maps it. False: the address is
 * not the persona's RAM. May return before the page is complete, when an interrupt waits; the guest then faults again. */
bool persona_populate(struct vcpu *vcpu, ipaddr_t address);

#endif
