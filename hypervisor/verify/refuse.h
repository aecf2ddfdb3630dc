/* SPDX-License-Identifier: Apache-2.0 */
/* An image that Veil does not start. */
#ifndef VEIL_REFUSE_H
#define VEIL_REFUSE_H

#include <veil/types.h>

/* Says so on the console ("Veil refuses this image: `reason` 0x`number`") and on the screen, and switches the handset off after a while. */
_Noreturn void refuse(const char *reason, uint64_t number);

#endif
