/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to the first guest. */
#ifndef VEIL_BOOT_H
#define VEIL_BOOT_H

/* On the boot CPU, with memory, interrupts and time working: reads the manifest and makes everything it declares. */
void boot_init(void);

#endif
