/* SPDX-License-Identifier: Apache-2.0 */
/* This CPU: its traps, its timer, its interrupts, and the other CPUs' start. */
#include <veil/arch.h>
#include <veil/board.h>
#include <veil/cpu.h>
#include <veil/block_source.h>
#include <veil/input_source.h>
#include <veil/network_source.h>

#include "core/boot.h"
#include "core/log.h"
#include "core/mux.h"
#include "core/persona.h"
#include "core/sched.h"
#include "emulated_timer.h"
#include "exit.h"
#include "gic.h"
#include "list_registers.h"
#include "sysreg.h"

#define STACK_BYTES 8192
uint8_t cpu_stacks[VEIL_MAX_CPUS][STACK_BYTES] __attribute__((aligned(16)));

/* VTCR_EL2: 36 bits (T0SZ 28), from level 2 (SL0 1), 64 KiB granule (TG0 1), write-back, inner shareable. */
#define VTCR_GUEST \
	(BIT(31) | UINT64_C(28) | UINT64_C(1) << 6 | UINT64_C(1) << 8 | UINT64_C(1) << 10 | UINT64_C(3) << 12 | UINT64_C(1) << 14)

#define PSCI_CPU_ON 0xc4000003
#define PSCI_SYSTEM_OFF 0x84000008

void start_secondary(void);

struct cpu *arch_this_cpu(void)
{
	return (struct cpu *)sysreg_read(tpidr_el2);
}

uint64_t arch_time(void)
{
	return sysreg_read(cntpct_el0);
}

uint64_t arch_time_frequency(void)
{
	return sysreg_read(cntfrq_el0);
}

bool arch_interrupt_pending(void)
{
	return sysreg_read(isr_el1) != 0;
}

void arch_idle(void)
{
	dsb(sy);
	__asm__ volatile("wfi" : : : "memory");
}

void arch_timer_arm(uint64_t deadline)
{
	struct cpu *cpu = arch_this_cpu();

	if (cpu->armed == deadline)
		return;
	cpu->armed = deadline;
	sysreg_write(cnthp_cval_el2, deadline);
	sysreg_write(cnthp_ctl_el2, deadline != UINT64_MAX);
	isb();
}

void arch_device_barrier(void)
{
	dsb(sy);
}

void arch_kick(uint32_t cpu)
{
	gic_kick(cpu);
}

static uint64_t firmware(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return x0;
}

_Noreturn void arch_power_off(void)
{
	firmware(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

void *arch_pointer(paddr_t address)
{
	return (void *)(uintptr_t)address.value;
}

void *arch_keep(paddr_t start, address_t size, address_t *kept)
{
	*kept = size;
	return arch_pointer(start);
}

paddr_t arch_physical(const void *pointer)
{
	return paddr((uintptr_t)pointer);
}

/* ---- Interrupts ---- */

static void virtual_timer_interrupt(struct cpu *cpu)
{
	struct vcpu *v = cpu->loaded;

	if (unlikely(!v)) {
		gic_end(BOARD_IRQ_VIRT_TIMER);
		return;
	}
	gic_drop(BOARD_IRQ_VIRT_TIMER);
	list_registers_timer(v);
	if (!v->runnable)
		sched_wake(v);
}

static NOINLINE void other_interrupt(struct cpu *cpu, uint32_t irq)
{
	switch (irq) {
	case BOARD_IRQ_HYP_TIMER:
		arch_timer_arm(UINT64_MAX);
		gic_end(irq);
		list_registers_refresh(cpu->loaded);
		cpu->need_resched = CPU_RESCHEDULE;
		return;
	case BOARD_IRQ_MAINTENANCE:
		gic_end(irq);
		list_registers_refresh(cpu->loaded);
		return;
	case GIC_KICK_SGI:
		gic_end(irq);
		if (cpu->loaded && __atomic_load_n(&cpu->loaded->vgic_update, __ATOMIC_ACQUIRE))
			list_registers_refresh(cpu->loaded);
		return;
	case BOARD_UART_IRQ:
		mux_receive();
		gic_end(irq);
		return;
	default:
		if (irq < GIC_SPURIOUS) {
			if (!block_source_interrupt(irq) && !network_source_interrupt(irq))
				input_source_interrupt(irq);
			gic_end(irq);
		}
		return;
	}
}

void arch_interrupt_enable(uint32_t irq)
{
	gic_enable_shared(irq);
}

void arch_interrupt_again(uint32_t irq)
{
	gic_pend_shared(irq);
}

void arch_interrupt_poll(void)
{
	struct cpu *cpu = arch_this_cpu();
	uint32_t irq = gic_acknowledge();

	if (likely(irq == BOARD_IRQ_VIRT_TIMER))
		virtual_timer_interrupt(cpu);
	else
		other_interrupt(cpu, irq);
}

/* ---- Start ---- */

static void cpu_init(uint32_t id)
{
	struct cpu *cpu = &cpus[id];

	cpu->id = id;
	cpu->stack_top = cpu_stacks[id] + STACK_BYTES;
	cpu->armed = 0;
	sysreg_write(tpidr_el2, (uintptr_t)cpu);
	sysreg_write(hcr_el2, HCR_GUEST);
	sysreg_write(cptr_el2, CPTR_GUEST);
	sysreg_write(mdcr_el2, MDCR_GUEST | (sysreg_read(pmcr_el0) >> 11 & 31));
	sysreg_write(mdscr_el1, 0);
	sysreg_write(cnthctl_el2, CNTHCTL_GUEST);
	sysreg_write(hstr_el2, 0);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(vtcr_el2, VTCR_GUEST | (sysreg_read(id_aa64mmfr0_el1) & 7) << 16);
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	sysreg_write(vttbr_el2, 0);
	isb();
	__asm__ volatile("tlbi alle1\n\tdsb nsh\n\tisb" : : : "memory");
	gic_init_cpu(id);
	list_registers_init();
	arch_timer_arm(UINT64_MAX);
	cpu->charged_since = arch_time();
}

struct vcpu *boot_primary(void)
{
	gic_init();
	cpu_init(0);
	/* What stage 2 and arch_zero rely on: 64 KiB pages (ID_AA64MMFR0_EL1.TGran64), DC ZVA of 64 bytes (DCZID_EL0). */
	if ((sysreg_read(id_aa64mmfr0_el1) >> 24 & 15) != 0 || sysreg_read(dczid_el0) != 4)
		panic("unsupported CPU: ID_AA64MMFR0_EL1", sysreg_read(id_aa64mmfr0_el1));
	boot_init();
	gic_enable_shared(BOARD_UART_IRQ);
	return sched_run(&cpus[0]);
}

struct vcpu *boot_secondary(uint64_t id)
{
	cpu_init((uint32_t)id);
	return sched_run(&cpus[id]);
}

bool arch_start_cpus(uint32_t count)
{
	for (uint64_t id = 1; id < count; id++)
		if (firmware(PSCI_CPU_ON, id, (uintptr_t)start_secondary, id) != 0)
			return false;
	return true;
}
