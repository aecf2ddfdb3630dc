/* SPDX-License-Identifier: Apache-2.0 */
/* Where boot.S calls into C: starts, and exits from guests with the loaded virtual CPU. It enters the one they return. */
#ifndef VEIL_EXIT_H
#define VEIL_EXIT_H

#include <veil/cpu.h>

struct vcpu *boot_primary(void);
struct vcpu *boot_secondary(uint64_t id);
struct vcpu *exit_sync(struct vcpu *vcpu);
struct vcpu *exit_irq(struct vcpu *vcpu);
struct vcpu *exit_serror(struct vcpu *vcpu);
_Noreturn void fault_in_veil(uint64_t vector);

/* An undefined-instruction exception for the loaded guest. */
void inject_undefined(uint64_t esr);

#endif
