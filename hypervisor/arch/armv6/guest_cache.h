/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's cache maintenance, done for real. Whatever it asks for, data is written back before it is forgotten: a guest must not undo
 * what others wrote. */
#ifndef VEIL_GUEST_CACHE_H
#define VEIL_GUEST_CACHE_H

#include <veil/cpu.h>

#define CACHE_LINE_BYTES 32U

/* By the loaded guest's own addresses; where nothing is mapped there is nothing to do. */
void guest_cache_data_line(struct vcpu *v, uint32_t address);
void guest_cache_instruction_line(struct vcpu *v, uint32_t address);
void guest_cache_data_set_way(uint32_t set_way);
void guest_cache_data(void);
void guest_cache_instructions(void); /* and all predicted branches: memory.S */

#endif
