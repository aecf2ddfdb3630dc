/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of a run of Veil beyond its end, where a board has a place for it; devices/ has a driver for each kind. */
#ifndef VEIL_LAST_RUN_H
#define VEIL_LAST_RUN_H

#include <veil/types.h>

/* At boot, before anything can go wrong that is worth being remembered: says in the log how the run before this one ended. */
void last_run_begin(void);

/* How this one ends, once; the board is switched off next. */
void last_run_off(void); /* by command */
void last_run_panic(const char *line);

#endif
