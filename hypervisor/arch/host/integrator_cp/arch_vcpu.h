/* SPDX-License-Identifier: Apache-2.0 */
/* What of a virtual CPU and of a persona is the fake machine's, where guests see an Integrator/CP. */
#ifndef VEIL_ARCH_VCPU_H
#define VEIL_ARCH_VCPU_H

#include "../fake_stage2.h"

#define ARCH_ALARMS true /* sched_alarm() is called */
#define ARCH_SINGLE_CPU false /* there is one CPU, and a guest has one */
#define ARCH_HASH_BYTES 64 /* of SHA-256 at once while guests run */
#define ARCH_FIXED_FREQUENCY false /* arch_time_frequency() is a number when Veil is compiled */

struct arch_vcpu {
	uint32_t r[16];
	uint64_t resets; /* times arch_vcpu_reset() made it fresh */
	uint32_t lines; /* inputs: PIC_IRQ, PIC_FIQ */
};

struct arch_vcpu_rest { /* nothing: it makes no difference here what lies where */
};

#endif
