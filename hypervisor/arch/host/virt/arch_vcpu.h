/* SPDX-License-Identifier: Apache-2.0 */
/* What of a virtual CPU and of a persona is the fake machine's, where guests see `virt`. */
#ifndef VEIL_ARCH_VCPU_H
#define VEIL_ARCH_VCPU_H

#include <veil/types.h>

#include "../fake_stage2.h"
#include "platforms/virt/vgic.h"

struct system_registers {
	uint64_t cntv_ctl, cntv_cval;
};

struct vgic_registers {
	uint64_t vmcr, ap0r0, ap1r0, hcr;
};

#define ARCH_ALARMS true /* sched_alarm() is called */
#define ARCH_SINGLE_CPU false /* there is one CPU, and a guest has one */
#define ARCH_HASH_BYTES 2048 /* of SHA-256 at once while guests run */
#define ARCH_FIXED_FREQUENCY false /* arch_time_frequency() is a number when Veil is compiled */

struct arch_vcpu {
	uint64_t x[31];
	uint64_t pc;
	uint64_t resets; /* times arch_vcpu_reset() made it fresh */
	struct system_registers system;
	struct vgic_registers vgic_registers;
	struct vgic_cpu vgic;
	uint64_t cntp_ctl, cntp_cval;
};

struct arch_vcpu_rest { /* nothing: it makes no difference here what lies where */
};

#endif
