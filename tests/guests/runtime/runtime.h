/* SPDX-License-Identifier: Apache-2.0 */
/* What the test guests of arm64 share: expected faults, interrupts, PSCI. The MMU is off throughout. */
#ifndef GUEST_RUNTIME_H
#define GUEST_RUNTIME_H

#include "../../../hypervisor/include/veil/abi.h"
#include "report.h"

/* ---- Expected faults.
 *   fault_arm(); asm volatile("ldr …"); struct fault f = fault_disarm();
 * While armed, a synchronous exception is recorded and the instruction skipped; an instruction abort returns to x30 instead, so that
 * a call into nowhere comes back. Unarmed, an exception ends the guest with a FAIL. */
struct fault {
	uint64_t count; /* exceptions since fault_arm */
	uint64_t class; /* ESR_EL1.EC of the first */
	uint64_t syndrome; /* ESR_EL1 of the first */
	uint64_t address; /* FAR_EL1 of the first */
};

enum exception_class {
	CLASS_UNKNOWN = 0x00,
	CLASS_FP = 0x07,
	CLASS_SVC = 0x15,
	CLASS_SYSTEM_REGISTER = 0x18,
	CLASS_INSTRUCTION_ABORT = 0x21,
	CLASS_DATA_ABORT = 0x25
};

void fault_arm(void);
struct fault fault_disarm(void);
/* A synchronous external abort (not on a table walk), as the architecture reports an address where nothing answers. */
bool is_external_abort(struct fault fault);

struct fault attempt_read8(uint64_t address, uint64_t *value);
struct fault attempt_read16(uint64_t address, uint64_t *value);
struct fault attempt_read32(uint64_t address, uint64_t *value);
struct fault attempt_read64(uint64_t address, uint64_t *value);
struct fault attempt_write8(uint64_t address, uint64_t value);
struct fault attempt_write16(uint64_t address, uint64_t value);
struct fault attempt_write32(uint64_t address, uint64_t value);
struct fault attempt_write64(uint64_t address, uint64_t value);
struct fault attempt_execute(uint64_t address);
/* Executes one generated instruction word with x0 = *value and leaves its x0 in *value. */
struct fault attempt_instruction(uint32_t word, uint64_t *value);

/* ---- Reading and writing a system register known by its encoding, e.g. READ_SYSREG("pmcr_el0", value). */
#define SYSREG_READ(name)                                               \
	({                                                              \
		uint64_t sysreg_value;                                  \
		__asm__ volatile("mrs %0, " name : "=r"(sysreg_value)); \
		sysreg_value;                                           \
	})
#define SYSREG_WRITE(name, value) __asm__ volatile("msr " name ", %0\n\tisb" ::"r"((uint64_t)(value)) : "memory")
#define ATTEMPT(text)                                                        \
	({                                                                   \
		fault_arm();                                                 \
		__asm__ volatile(text ::: "x0", "x1", "x2", "x3", "memory"); \
		fault_disarm();                                              \
	})

/* ---- Plain device access. */
static inline uint32_t mmio_read(uint64_t address)
{
	uint32_t value;
	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void mmio_write(uint64_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

/* False: nothing answers there. */
static inline bool mmio_peek(uint64_t address, uint32_t *value)
{
	uint64_t read = 0;
	struct fault fault = attempt_read32(address, &read);

	*value = (uint32_t)read;
	return fault.count == 0;
}

/* A write that is given up when it takes so long; here none does. False: it was given up. */
static inline bool mmio_write_within(uint64_t address, uint32_t value, uint32_t limit_us)
{
	(void)limit_us;
	mmio_write(address, value);
	return true;
}

/* What was written to memory is there before what comes next. */
static inline void device_barrier(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

/* ---- Memory map of QEMU's `virt`, which Veil's machine shows too. */
#define RAM_BASE 0x40000000ul
#define GICD_BASE 0x08000000ul
#define GICR_BASE 0x080a0000ul
#define GICR_STRIDE 0x20000ul
#define UART_BASE 0x09000000ul
#define RTC_BASE 0x09010000ul
#define VIRTIO_BASE 0x0a000000ul
#define VIRTIO_SLOTS 32u
#define VIRTIO_VOLUMES 8u /* the slot of its first volume */
#define PANIC_BASE 0x09f00000ul /* pvpanic, one byte; Veil's machine only */
/* What the runtime itself uses: the above, unless the boot arguments uart=, gicd= and gicr= say that another machine has them elsewhere. */
extern uint64_t uart_base, gicd_base, gicr_base;

extern char image_start[], bss_end[];
/* The end of all memory the guest owns: RAM, then its picture in whole pages of 64 KiB. */
static inline uint64_t memory_end(void)
{
	return RAM_BASE + ram_size + (framebuffer ? (framebuffer_size + 65535) & ~65535ul : 0);
}

/* ---- Time: the virtual counter. */
static inline uint64_t ticks(void)
{
	uint64_t value;
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
	return value;
}

static inline uint64_t ticks_per_second(void)
{
	return SYSREG_READ("cntfrq_el0");
}

static inline uint32_t now_us(void) /* modulo 2^32 */
{
	return (uint32_t)(ticks() / (ticks_per_second() / 1000000));
}

void wait_ms(uint64_t milliseconds); /* busy */
void sleep_ms(uint64_t milliseconds); /* WFI with the virtual timer; needs gic_init and leaves interrupts as they were */

/* ---- Interrupts (GICv3). The handler runs with the interrupt acknowledged; EOI is done after it. */
#define INTERRUPT_VIRTUAL_TIMER 27u
#define INTERRUPT_PHYSICAL_TIMER 30u
#define INTERRUPT_SPURIOUS 1023u
typedef void (*interrupt_handler)(uint32_t id);
void gic_init(void); /* distributor once, then this CPU's redistributor and interface */
void gic_init_cpu(void);
void gic_enable(uint32_t id);
void gic_disable(uint32_t id);
void gic_priority(uint32_t id, uint8_t priority);
void gic_send_sgi(uint32_t id, uint64_t affinity0);
void gic_on_interrupt(interrupt_handler handler);
extern uint64_t gic_spurious_timer; /* timer interrupts that came with the timer's line low; they reach no handler */
uint64_t gic_redistributor(void); /* of this CPU */
static inline void interrupts_on(void)
{
	__asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory");
}
static inline void interrupts_off(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}
static inline void wait_for_interrupt(void)
{
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}

/* ---- PSCI by HVC, and Veil's own calls. */
uint64_t hvc_call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0xc4000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define SMCCC_VERSION 0x80000000u
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
int64_t cpu_on(uint64_t cpu, void (*function)(uint64_t), uint64_t argument); /* the new CPU runs function(argument), interrupts off */
void restart(void); /* as a reboot does */
void ready(void); /* tells Veil this persona is up */

/* ---- Small things. */
void synchronize_code(uint64_t start, uint64_t size);

/* A marker for the counting plugin of bench/: does nothing else. */
#define MARK(number) __asm__ volatile("movz xzr, #0xB000 + " #number ::: "memory")
void mark_value(uint64_t value); /* tells the plugin a number: 16 markers 0xB0C0 + digit, the highest first */

#endif
