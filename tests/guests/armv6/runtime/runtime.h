/* SPDX-License-Identifier: Apache-2.0 */
/* What the test guests of the N800 share: an Integrator/CP with an ARM1136. Their kernel is in supervisor mode with interrupts off and its MMU
 * off, unless it has called identity_map().
 *
 *   0x00000000  vectors, code, data, stack: 1 MiB
 *   0x00100000  tables that identity_map() makes: TABLES
 *   0x00200000  for the test: SCRATCH */
#ifndef GUEST_ARMV6_RUNTIME_H
#define GUEST_ARMV6_RUNTIME_H

#define TABLES 0x00100000
#define SECOND_LEVEL 0x00104000
#define SCRATCH 0x00200000

#define MODE_USER 0x10
#define MODE_FIQ 0x11
#define MODE_SUPERVISOR 0x13
#define MODE_SYSTEM 0x1f
#define PSR_T 0x20
#define PSR_F 0x40
#define PSR_I 0x80
#define PSR_A 0x100

#define SCTLR_M 1
#define SCTLR_A 2
#define SCTLR_V 0x2000
#define SCTLR_U 0x400000
#define SCTLR_XP 0x800000

/* `svc` with this number ends an attempt as it should end, in Arm and (its low byte) in Thumb state. */
#define DONE 0x7e57
#define SVC_DONE (0xef000000 | DONE)
#define SVC_DONE_THUMB 0xdf57

#ifndef __ASSEMBLER__
#include "../../../../hypervisor/include/veil/abi.h"
#include "report.h"

/* ---- Attempts: something runs in another mode until an exception ends it, whichever it is. */
enum fault_kind {
	FAULT_UNDEFINED = 0x04,
	FAULT_CALL = 0x08, /* svc */
	FAULT_PREFETCH = 0x0c,
	FAULT_DATA = 0x10,
	FAULT_TIME = 0x1c /* it ran until the timer's interrupt */
};

struct fault {
	uint32_t r[13]; /* at the exception */
	uint32_t kind;
	uint32_t link; /* r14 of the exception's mode */
	uint32_t status; /* CPSR before it */
	uint32_t dfsr, ifsr, far;
};

struct context {
	uint32_t r[15]; /* 13 and 14: of user and system mode */
	uint32_t pc;
	uint32_t cpsr;
};

/* Runs from a context on. It must be in user or system mode. A timer ends it by FIQ after `limit_us`; 0: nothing does. */
struct fault attempt(const struct context *context, uint32_t limit_us);

/* In a privileged mode; false where an abort came, which `fault` (may be NULL) then has. */
bool attempt_read(uint32_t address, uint32_t size, uint32_t *value, struct fault *fault);
bool attempt_write(uint32_t address, uint32_t size, uint32_t value, struct fault *fault);
/* As user mode: by LDRT and STRT. */
bool attempt_read_as_user(uint32_t address, uint32_t *value, struct fault *fault);
/* False: it took longer, and was given up: a device may be at work in the midst of it. */
bool mmio_write_within(uint32_t address, uint32_t value, uint32_t limit_us);
/* False: the prefetch aborted. What is there ends by returning, or by some other exception. */
bool attempt_execute(uint32_t address, struct fault *fault);
static inline bool is_external_abort(const struct fault *fault)
{
	return ((fault->kind == FAULT_DATA ? fault->dfsr : fault->ifsr) & 0x40f) == 0x008;
}

/* ---- CP15 ---- */
#define P15_WRITE(crn, crm, opc2, value) \
	__asm__ volatile("mcr p15, 0, %0, c" #crn ", c" #crm ", " #opc2 : : "r"((uint32_t)(value)) : "memory")
#define P15_READ(crn, crm, opc2)                                                                    \
	({                                                                                          \
		uint32_t p15_value;                                                                 \
		__asm__ volatile("mrc p15, 0, %0, c" #crn ", c" #crm ", " #opc2 : "=r"(p15_value)); \
		p15_value;                                                                          \
	})

/* Everything at its own address: the first MiB for privileged modes only and code in it read-only, everything else for all. MMU on. */
void identity_map(void);
/* An entry of the first level, and the TLB's of its MiB; `entry` of SECTION... or 0. */
void map(uint32_t mib, uint32_t entry);
#define SECTION_ALL 0xc0eU /* memory that all may access, domain 0 */
#define SECTION_DEVICE 0xc06U
#define SECTION_PRIVILEGED 0x40eU
#define NOT_GLOBAL 0x20000U
void mmu_off(void);
void tlb_forget(void);
/* What was written is what is executed. */
void synchronize_code(void);

/* ---- Devices ---- */
#define UART_BASE 0x16000000u
#define PIC_BASE 0x14000000u
#define TIMER_BASE 0x13000000u /* three, of 25 MHz, 1 MHz, 1 MHz; the last two are the runtime's */
#define TIMER_LIMIT 0x13000100u
#define TIMER_CLOCK 0x13000200u
#define POWER_BASE 0x1b020000u
#define PANIC_BASE 0x1b010000u
#define VIRTIO_BASE 0x1b000000u
#define VIRTIO_SLOTS 12u
#define VIRTIO_VOLUMES 4u /* the slot of its first volume */
bool is_device(uint32_t address); /* of those that a persona without added devices has */

static inline uint32_t mmio_read(uint32_t address)
{
	return *(volatile uint32_t *)address;
}

static inline void mmio_write(uint32_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

/* False: nothing answers there. */
static inline bool mmio_peek(uint32_t address, uint32_t *value)
{
	return attempt_read(address, 4, value, NULL);
}

/* What was written to memory is there before what comes next. */
static inline void device_barrier(void)
{
	P15_WRITE(7, 10, 4, 0);
}

/* ---- Memory: from RAM_BASE to the end of all it owns, RAM and then its picture in whole pages of 64 KiB ---- */
#define RAM_BASE 0u
static inline uint64_t memory_end(void)
{
	return RAM_BASE + ram_size + ((framebuffer_size + 65535) & ~UINT64_C(65535));
}

/* ---- Time: microseconds since the start, modulo 2^32 ---- */
uint32_t now_us(void);

/* ---- Veil's calls */
#define SYSTEM_OFF 0x84000008u
#define SYSTEM_RESET 0x84000009u
uint32_t veil_call(uint32_t function, uint32_t argument);
void restart(void); /* as a reboot does */
void ready(void); /* tells Veil this persona is up */

static inline uint32_t random_word(uint64_t *state)
{
	return (uint32_t)random_next(state);
}
#endif

#endif
