/* SPDX-License-Identifier: Apache-2.0 */
/* The physical GICv3 (Arm IHI 0069), which Veil alone touches. */
#ifndef VEIL_GIC_H
#define VEIL_GIC_H

#include <veil/types.h>

#define GIC_SPURIOUS 1020 /* and above */

void gic_init(void); /* distributor, by the boot CPU */
void gic_init_cpu(uint32_t cpu); /* redistributor and CPU interface */
void gic_enable_shared(uint32_t irq); /* level-sensitive, to CPU 0 */
void gic_pend_shared(uint32_t irq); /* it interrupts once, whatever its line says */
uint32_t gic_acknowledge(void);
void gic_drop(uint32_t irq); /* others may interrupt again; this one stays active */
void gic_end(uint32_t irq); /* drop and deactivate */
void gic_kick(uint32_t cpu);

#define GIC_KICK_SGI 0

#endif
