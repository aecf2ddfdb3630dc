/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that Veil is built with; the Makefile writes them into keys.c. */
#ifndef VEIL_KEYS_H
#define VEIL_KEYS_H

#include <veil/abi.h>

extern const uint8_t verify_keys[][VEIL_KEY_BYTES];
extern const uint32_t verify_key_count;

#endif
