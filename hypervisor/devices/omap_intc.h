/* SPDX-License-Identifier: Apache-2.0 */
/* The board's interrupt controller. */
#ifndef VEIL_OMAP_INTC_H
#define VEIL_OMAP_INTC_H

#include <veil/types.h>

#define INTC_NONE UINT32_MAX

void intc_init(void);
void intc_enable(uint32_t irq);
void intc_pend(uint32_t irq); /* comes once although its line may be low */
uint32_t intc_pending(void); /* one that is enabled and waits, or INTC_NONE */
bool intc_is_pending(uint32_t irq);
void intc_next(void); /* the next may come */
void intc_done(uint32_t irq); /* it has been handled, or there was none: the next may come */

#endif
