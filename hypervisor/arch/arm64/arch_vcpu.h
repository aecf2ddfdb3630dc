/* SPDX-License-Identifier: Apache-2.0 */
/* What of a virtual CPU and of a persona is arm64's. */
#ifndef VEIL_ARCH_VCPU_H
#define VEIL_ARCH_VCPU_H

#include <veil/types.h>

#include "platforms/virt/vgic.h"

#define ARCH_ALARMS false /* sched_alarm() is called */
#define ARCH_SINGLE_CPU false /* there is one CPU, and a guest has one */
#define ARCH_HASH_BYTES 2048 /* of SHA-256 at once while guests run */
#define ARCH_FIXED_FREQUENCY false /* arch_time_frequency() is a number when Veil is compiled */

/* EL1 and EL0 system registers a guest may write, hence exchanged when another virtual CPU takes over; registers.S relies on
 * this order. */
struct system_registers {
	uint64_t sctlr, cpacr, ttbr0, ttbr1, tcr, esr, afsr0, afsr1, far, mair, amair, vbar, contextidr, tpidr_el0, tpidrro_el0;
	uint64_t tpidr_el1, sp_el0, sp_el1, elr, spsr, par, cntkctl, csselr, cntv_cval, cntv_ctl;
	uint64_t mdscr; /* not exchanged: trapped */
};

/* registers.S relies on this order. */
struct fp_registers {
	__uint128_t q[32];
	uint64_t fpcr, fpsr;
};

struct vgic_registers {
	uint64_t vmcr, ap0r0, ap1r0, hcr;
};

struct arch_vcpu {
	uint64_t x[31]; /* registers.S relies on these two being first */
	void *stack_top; /* of the CPU it is loaded on */
	uint64_t pc; /* these two only while it is not loaded: ELR_EL2, SPSR_EL2 otherwise */
	uint64_t pstate;
	struct system_registers system;
	struct fp_registers fp;
	struct vgic_registers vgic_registers;
	struct vgic_cpu vgic;
	/* The physical timer, which is emulated */
	uint64_t cntp_ctl, cntp_cval;
};

struct arch_vcpu_rest { /* nothing: it makes no difference here what lies where */
};

struct arch_persona {
	uint64_t *root; /* stage-2 level 2 table */
	uint64_t *linear_leaves; /* its leaves for page 0 of RAM and those that follow, RAM's and the surface's */
	uint64_t vttbr;
};

#endif
