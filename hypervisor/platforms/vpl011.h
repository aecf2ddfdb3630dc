/* SPDX-License-Identifier: Apache-2.0 */
/* A PL011 UART for a guest's console. */
#ifndef VEIL_VPL011_H
#define VEIL_VPL011_H

#include <veil/platform.h>

struct persona;

void vpl011_reset(struct persona *persona);
struct mmio_result vpl011_access(struct persona *persona, address_t offset, bool is_write, uintptr_t value);
void vpl011_input(struct persona *persona);

#endif
