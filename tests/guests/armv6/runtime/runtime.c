/* SPDX-License-Identifier: Apache-2.0 */
/* Start, attempts, memory and devices of the test guests of the N800. */
#include "runtime.h"

enum {
	TIMER_LOAD = 0x00,
	TIMER_VALUE = 0x04,
	TIMER_CONTROL = 0x08,
	TIMER_CLEAR = 0x0c,
	CONTROL_ONCE = 0x23, /* 32 bits, interrupts */
	CONTROL_FREE = 0x02, /* 32 bits */
	CONTROL_ENABLE = 0x80,
	PIC_FIQ_ENABLE = 0x28,
	PIC_LINE_LIMIT = 1 << 6
};

#define PAGE_SMALL 0x00eU /* memory, cached; never of subpages */
#define PAGE_PRIVILEGED 0x010U
#define PAGE_READ_ONLY 0x200U
#define STACK_BYTES 4096
#define EXECUTION_US 100000 /* whoever may go anywhere comes back after that */
#define VECTORS_END 0x40
#define IMAGE_START 0x8000
#define UNDEFINED 0xe7fddef1 /* in Arm and in Thumb state */

struct fault fault_seen;
uint32_t attempt_stack; /* 0: no attempt is under way */

void attempt_run(const struct context *context);
void read_as_user(void);
void runtime_start(uint32_t device_tree_address);
void runtime_unexpected(void);

/* ---- Console, calls, power ---- */

void print_char(char c)
{
	while (mmio_read(UART_BASE + 0x18) & 0x20)
		;
	mmio_write(UART_BASE, (uint8_t)c);
}

uint32_t veil_call(uint32_t function, uint32_t value)
{
	register uint32_t r0 __asm__("r0") = function;
	register uint32_t r1 __asm__("r1") = value;

	__asm__ volatile(".inst %c2" : "+r"(r0) : "r"(r1), "i"(VEIL_UDF) : "memory");
	return r0;
}

void ready(void)
{
	if (on_veil)
		veil_call(VEIL_HVC_READY, 0);
}

void restart(void)
{
	mmio_write(POWER_BASE, 2);
	report(false, "it goes on after a reset");
}

void switch_off(void)
{
	if (on_veil)
		veil_call(SYSTEM_OFF, 0);
	print("%s", on_veil ? "FAIL: SYSTEM_OFF came back\n" : "");
	for (;;)
		;
}

/* ---- Time ---- */

uint32_t now_us(void)
{
	return 0 - mmio_read(TIMER_CLOCK + TIMER_VALUE);
}

static void limit_start(uint32_t us)
{
	mmio_write(TIMER_LIMIT + TIMER_CONTROL, CONTROL_ONCE);
	mmio_write(TIMER_LIMIT + TIMER_CLEAR, 0);
	if (!us)
		return;
	mmio_write(PIC_BASE + PIC_FIQ_ENABLE, PIC_LINE_LIMIT);
	mmio_write(TIMER_LIMIT + TIMER_LOAD, us);
	mmio_write(TIMER_LIMIT + TIMER_CONTROL, CONTROL_ONCE | CONTROL_ENABLE);
}

/* ---- Attempts ---- */

struct fault attempt(const struct context *context, uint32_t limit_us)
{
	limit_start(limit_us);
	attempt_run(context);
	limit_start(0);
	return fault_seen;
}

/* A function of the kernel's in system mode, on a stack of its own. It may return. */
static struct fault attempt_function(uint32_t address, const uint32_t arguments[3], uint32_t limit_us)
{
	static uint32_t stack[STACK_BYTES / 4] __attribute__((aligned(8)));
	static const uint32_t done[] __attribute__((section(".text.done"))) = {SVC_DONE};
	struct context context = {.r = {arguments[0], arguments[1], arguments[2]}, .pc = address, .cpsr = MODE_SYSTEM | PSR_I | PSR_A};

	context.r[13] = (uint32_t)stack + sizeof(stack);
	context.r[14] = (uint32_t)done;
	return attempt(&context, limit_us);
}

static bool is_done(const struct fault *fault, struct fault *out)
{
	if (out)
		*out = *fault;
	return fault->kind == FAULT_CALL;
}

static uint32_t load(uint32_t address, uint32_t size)
{
	if (size == 1)
		return *(volatile uint8_t *)address;
	if (size == 2)
		return *(volatile uint16_t *)address;
	return *(volatile uint32_t *)address;
}

static void store(uint32_t address, uint32_t size, uint32_t value)
{
	if (size == 1)
		*(volatile uint8_t *)address = (uint8_t)value;
	else if (size == 2)
		*(volatile uint16_t *)address = (uint16_t)value;
	else
		*(volatile uint32_t *)address = value;
}

bool attempt_read(uint32_t address, uint32_t size, uint32_t *value, struct fault *fault)
{
	struct fault seen = attempt_function((uint32_t)load, (const uint32_t[]){address, size, 0}, 0);

	if (value)
		*value = seen.r[0];
	return is_done(&seen, fault);
}

bool attempt_write(uint32_t address, uint32_t size, uint32_t value, struct fault *fault)
{
	struct fault seen = attempt_function((uint32_t)store, (const uint32_t[]){address, size, value}, 0);

	return is_done(&seen, fault);
}

bool mmio_write_within(uint32_t address, uint32_t value, uint32_t limit_us)
{
	struct fault seen = attempt_function((uint32_t)store, (const uint32_t[]){address, 4, value}, limit_us);

	return seen.kind != FAULT_TIME;
}

bool attempt_read_as_user(uint32_t address, uint32_t *value, struct fault *fault)
{
	struct fault seen = attempt_function((uint32_t)read_as_user, (const uint32_t[]){address, 0, 0}, 0);

	*value = seen.r[0];
	return is_done(&seen, fault);
}

bool attempt_execute(uint32_t address, struct fault *fault)
{
	static const uint32_t nothing[3];
	struct fault seen = attempt_function(address, nothing, EXECUTION_US);

	if (seen.kind == FAULT_TIME) /* others had the CPU, perhaps */
		seen = attempt_function(address, nothing, 10 * EXECUTION_US);
	is_done(&seen, fault);
	return seen.kind != FAULT_PREFETCH;
}

/* ---- Memory ---- */

void tlb_forget(void)
{
	P15_WRITE(8, 7, 0, 0);
	P15_WRITE(7, 10, 4, 0);
	P15_WRITE(7, 5, 4, 0);
}

void synchronize_code(void)
{
	P15_WRITE(7, 10, 0, 0);
	P15_WRITE(7, 10, 4, 0);
	P15_WRITE(7, 5, 0, 0);
	P15_WRITE(7, 5, 4, 0);
}

static uint32_t default_entry(uint32_t mib)
{
	if (mib == 0)
		return SECOND_LEVEL | 1;
	return mib << 20 | (mib < 0x100 ? (mib == 1 ? SECTION_PRIVILEGED : SECTION_ALL) : SECTION_DEVICE);
}

void map(uint32_t mib, uint32_t entry)
{
	((volatile uint32_t *)TABLES)[mib] = entry;
	P15_WRITE(7, 10, 0, 0);
	tlb_forget();
}

void identity_map(void)
{
	extern char data_start[];
	volatile uint32_t *first = (volatile uint32_t *)TABLES, *second = (volatile uint32_t *)SECOND_LEVEL;

	for (uint32_t i = 0; i < 256; i++)
		second[i] = i << 12 | PAGE_SMALL | PAGE_PRIVILEGED | (i << 12 < (uint32_t)data_start ? PAGE_READ_ONLY : 0);
	for (uint32_t mib = 0; mib < 4096; mib++)
		first[mib] = default_entry(mib);
	P15_WRITE(7, 10, 0, 0);
	P15_WRITE(2, 0, 0, TABLES);
	P15_WRITE(2, 0, 2, 0);
	P15_WRITE(3, 0, 0, 1);
	tlb_forget();
	P15_WRITE(1, 0, 0, P15_READ(1, 0, 0) | SCTLR_XP | SCTLR_U | SCTLR_M);
	P15_WRITE(7, 5, 4, 0);
}

void mmu_off(void)
{
	P15_WRITE(1, 0, 0, P15_READ(1, 0, 0) & ~(uint32_t)SCTLR_M);
	P15_WRITE(7, 5, 4, 0);
	tlb_forget();
}

/* ---- Devices ---- */

bool is_device(uint32_t address)
{
	static const uint8_t regions[] = {0x10, 0x13, 0x14, 0x15, 0x16, 0xca, 0xcb};

	for (uint32_t i = 0; i < sizeof(regions); i++)
		if (address >> 24 == regions[i] && (address & 0xffffff) < 0x1000)
			return true;
	return address >> 12 == PANIC_BASE >> 12 || address >> 12 == POWER_BASE >> 12;
}

void runtime_unexpected(void)
{
	const struct fault *seen = &fault_seen;

	report(false, "unexpected exception: vector %x, link %x, status %x, DFSR %x, IFSR %x, FAR %x", (uint64_t)seen->kind,
	       (uint64_t)seen->link, (uint64_t)seen->status, (uint64_t)seen->dfsr, (uint64_t)seen->ifsr, (uint64_t)seen->far);
	finish();
}

/* ---- Start ---- */

/* A bare Integrator/CP has its core module's identification; Veil's has a power register besides. */
static bool is_veil(void)
{
	static const uint32_t nothing[3] = {POWER_BASE, 4, 0};
	struct fault seen = attempt_function((uint32_t)load, nothing, 0);

	return seen.kind == FAULT_CALL && device_tree;
}

void runtime_start(uint32_t device_tree_address)
{
	mmio_write(TIMER_CLOCK + TIMER_LOAD, UINT32_MAX);
	mmio_write(TIMER_CLOCK + TIMER_CONTROL, CONTROL_FREE | CONTROL_ENABLE);
	device_tree_read(device_tree_address);
	for (uint32_t at = VECTORS_END; at < IMAGE_START; at += 4) /* zeros would lead whoever comes there into the image */
		mmio_write(at, UNDEFINED);
	on_veil = is_veil();
	print("GUEST: start on %s\n", on_veil ? "Veil" : "a bare machine");
	test();
	finish();
}
