/* SPDX-License-Identifier: Apache-2.0 */
/* The board's timer, and the counter all time is read from. Both tick at BOARD_TIMER_HZ. */
#ifndef VEIL_OMAP_GPTIMER_H
#define VEIL_OMAP_GPTIMER_H

#include <veil/types.h>

void gptimer_init(void);
uint64_t gptimer_count(void); /* must be asked once in 36 hours, at least: the counter has 32 bits */
void gptimer_start(uint32_t ticks); /* BOARD_IRQ_HYP_TIMER comes after so many, at least 1; an earlier start is void */
void gptimer_acknowledge(void);

#endif
