/* SPDX-License-Identifier: Apache-2.0 */
/* The chip that switches the phone off, unless it hears within a minute that its software is alive. */
#ifndef VEIL_RETU_H
#define VEIL_RETU_H

void retu_init(void);
void retu_feed(void); /* the watchdog: another RETU_SECONDS from now */
void retu_power_off(void); /* within milliseconds */

#define RETU_SECONDS 63 /* the longest there is */

#endif
