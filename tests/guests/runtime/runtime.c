/* SPDX-License-Identifier: Apache-2.0 */
/* Start, expected faults and PSCI of the test guests of arm64. */
#include "runtime.h"

uint64_t uart_base = UART_BASE, gicd_base = GICD_BASE, gicr_base = GICR_BASE;

bool gic_exception(void); /* gic.c */

/* ---- Console ---- */

void print_char(char c)
{
	while (mmio_read(uart_base + 0x18) & (1u << 5)) /* UARTFR.TXFF */
		;
	mmio_write(uart_base, (uint8_t)c);
}

/* ---- Exceptions ---- */

struct frame {
	uint64_t x[31];
	uint64_t elr, spsr, esr, far;
};

enum {
	VECTOR_SYNCHRONOUS = 4, /* current EL, SPx */
	VECTOR_IRQ = 5
};

static volatile bool fault_armed;
static struct fault fault_seen;

void runtime_exception(uint64_t kind, struct frame *frame);

void runtime_exception(uint64_t kind, struct frame *frame)
{
	if (kind == VECTOR_IRQ && gic_exception())
		return;
	uint64_t class = frame->esr >> 26 & 0x3f;
	if (kind == VECTOR_SYNCHRONOUS && fault_armed) {
		if (fault_seen.count++ == 0) {
			fault_seen.class = class;
			fault_seen.syndrome = frame->esr;
			fault_seen.address = frame->far;
		}
		frame->elr = class == CLASS_INSTRUCTION_ABORT ? frame->x[30] : frame->elr + 4;
		return;
	}
	static bool dying;
	while (dying) /* an exception while telling of one */
		wait_for_interrupt();
	dying = true;
	report(false, "unexpected exception: vector %u, ESR %x, FAR %x, ELR %x", kind, frame->esr, frame->far, frame->elr);
	finish();
}

void fault_arm(void)
{
	fault_seen = (struct fault){0};
	fault_armed = true;
	__asm__ volatile("" ::: "memory");
}

struct fault fault_disarm(void)
{
	__asm__ volatile("dsb sy\n\tisb" ::: "memory");
	fault_armed = false;
	return fault_seen;
}

bool is_external_abort(struct fault fault)
{
	return fault.count == 1 && (fault.class == CLASS_DATA_ABORT || fault.class == CLASS_INSTRUCTION_ABORT) &&
	       (fault.syndrome & 0x3f) == 0x10;
}

#define ATTEMPT_READ(bits, instruction, register)                                                            \
	struct fault attempt_read##bits(uint64_t address, uint64_t *value)                                   \
	{                                                                                                    \
		uint64_t got = 0;                                                                            \
		fault_arm();                                                                                 \
		__asm__ volatile(instruction " %" register "0, [%1]" : "+r"(got) : "r"(address) : "memory"); \
		struct fault fault = fault_disarm();                                                         \
		if (value)                                                                                   \
			*value = got;                                                                        \
		return fault;                                                                                \
	}
#define ATTEMPT_WRITE(bits, instruction, register)                                                           \
	struct fault attempt_write##bits(uint64_t address, uint64_t value)                                   \
	{                                                                                                    \
		fault_arm();                                                                                 \
		__asm__ volatile(instruction " %" register "0, [%1]" ::"r"(value), "r"(address) : "memory"); \
		return fault_disarm();                                                                       \
	}

ATTEMPT_READ(8, "ldrb", "w")
ATTEMPT_READ(16, "ldrh", "w")
ATTEMPT_READ(32, "ldr", "w")
ATTEMPT_READ(64, "ldr", "x")
ATTEMPT_WRITE(8, "strb", "w")
ATTEMPT_WRITE(16, "strh", "w")
ATTEMPT_WRITE(32, "str", "w")
ATTEMPT_WRITE(64, "str", "x")

struct fault attempt_execute(uint64_t address)
{
	fault_arm();
	__asm__ volatile("blr %0" ::"r"(address)
			 : "x30", "memory", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "x18");
	return fault_disarm();
}

struct fault attempt_instruction(uint32_t word, uint64_t *value)
{
	static uint32_t code[16] __attribute__((aligned(64)));
	code[0] = word;
	code[1] = 0xd65f03c0; /* ret */
	synchronize_code((uint64_t)code, sizeof code);
	fault_arm();
	register uint64_t x0 __asm__("x0") = *value;
	__asm__ volatile("blr %1"
			 : "+r"(x0)
			 : "r"(code)
			 : "x30", "memory", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
			   "x16", "x17", "x18");
	struct fault fault = fault_disarm();
	*value = x0;
	return fault;
}

/* ---- Time ---- */

void wait_ms(uint64_t milliseconds)
{
	uint64_t end = ticks() + milliseconds * ticks_per_second() / 1000;
	while (ticks() < end)
		;
}

/* ---- PSCI ---- */

void switch_off(void)
{
	hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	print("FAIL: SYSTEM_OFF came back\n");
	for (;;)
		wait_for_interrupt();
}

int64_t cpu_on(uint64_t cpu, void (*function)(uint64_t), uint64_t argument_value)
{
	extern char secondary_entry[];
	static uint64_t stacks[VEIL_MAX_CPUS][1024] __attribute__((aligned(16)));
	uint64_t *top = stacks[cpu % VEIL_MAX_CPUS] + 1024;
	top[-2] = (uint64_t)function;
	top[-1] = argument_value;
	return (int64_t)hvc_call(PSCI_CPU_ON, cpu, (uint64_t)secondary_entry, (uint64_t)top);
}

void restart(void)
{
	hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	report(false, "SYSTEM_RESET came back");
}

void ready(void)
{
	hvc_call(VEIL_HVC_READY, 0, 0, 0);
}

/* ---- Small things ---- */

void synchronize_code(uint64_t start, uint64_t size)
{
	for (uint64_t at = start & ~63ul; at < start + size; at += 64)
		__asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
	__asm__ volatile("dsb ish" ::: "memory");
	for (uint64_t at = start & ~63ul; at < start + size; at += 64)
		__asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
	__asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

/* ---- Start ---- */

void runtime_start(uint64_t device_tree_address);

void runtime_start(uint64_t device_tree_address)
{
	device_tree_read(device_tree_address);
	uart_base = argument("uart", UART_BASE);
	gicd_base = argument("gicd", GICD_BASE);
	gicr_base = argument("gicr", GICR_BASE);
	/* Veil's UID is the only one that is not "unknown function". */
	on_veil = (int32_t)hvc_call(VEIL_HVC_CALL_UID, 0, 0, 0) != PSCI_NOT_SUPPORTED;
	print("GUEST: start on %s\n", on_veil ? "Veil" : "bare QEMU");
	test();
	finish();
}
