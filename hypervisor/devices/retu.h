/* SPDX-License-Identifier: Apache-2.0 */
/* The chip that switches the phone off, unless it hears within a minute that its software is alive. */
#ifndef VEIL_RETU_H
#define VEIL_RETU_H

#include <veil/types.h>

void retu_init(void);
void retu_feed(void); /* the watchdog: another RETU_SECONDS from now */
void retu_power_off(void); /* within milliseconds */

/* The power key: interrupts when it goes down or up. */
void retu_power_key_enable(void);
bool retu_power_key(void); /* it is down; the interrupt has been seen */

#define RETU_SECONDS 63 /* the longest there is */

#endif
