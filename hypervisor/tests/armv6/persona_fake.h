/* SPDX-License-Identifier: Apache-2.0 */
/* A persona for tests of its memory: RAM that is built page by page, one virtual CPU, and what of the core its shadows ask for. */
#ifndef PERSONA_FAKE_H
#define PERSONA_FAKE_H

#include "core/persona.h"

#define FAKE_RAM_PAGES 64
#define FAKE_RAM_SIZE (FAKE_RAM_PAGES * (uint32_t)VEIL_PAGE_SIZE)
#define FAKE_RAM_GUEST 0U
#define FAKE_FLASH_PAGES 2 /* read-only, behind the RAM; at VEIL_FLASH_CODE + FAKE_FLASH_GUEST */
#define FAKE_FLASH_GUEST 0x70000000U

extern struct vcpu fake_vcpu;
extern struct persona fake_persona;
extern bool fake_interrupting; /* an interrupt waits whenever a page is being built: it takes several turns */
extern uint32_t fake_looks; /* times arch_pointer() was asked */

/* RAM that reads as zeros and is not built, a CPU just reset, empty shadows. */
void fake_persona_init(void);

/* Veil's own memory, where tests may look: RAM by its guest-physical address, and whether a host-physical range is this persona's RAM. */
uint32_t *fake_ram(uint32_t physical);
bool fake_is_ram(uint32_t host, uint32_t size);
void fake_screen(uint32_t pages); /* makes the last pages of its RAM those of a screen */
extern uint32_t fake_written; /* of them, those display_written() has told of; bit n: page n */
extern uint32_t fake_told; /* times it did */
void fake_build_all(void); /* so that the rest of a test finds all RAM built */

#endif
