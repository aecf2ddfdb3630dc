/* SPDX-License-Identifier: Apache-2.0 */
/* Machines with this guest machine are ARMv6: 32-bit addresses, guest-physical and host-physical. */
#ifndef VEIL_ADDRESS_H
#define VEIL_ADDRESS_H

#include <stdint.h>

typedef uint32_t address_t;
typedef uint64_t address_pair_t; /* holds the product of two numbers as wide as an address */

#endif
