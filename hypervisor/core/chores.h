/* SPDX-License-Identifier: Apache-2.0 */
/* What is due by the clock and is nobody's in particular. */
#ifndef VEIL_CHORES_H
#define VEIL_CHORES_H

#include <veil/types.h>

/* At mux_deadline(). */
void chores_step(uint64_t now);

#endif
