/* SPDX-License-Identifier: Apache-2.0 */
/* Signs as the composer does, with the private keys to those of keys.c. */
#ifndef VEIL_TEST_SIGNER_H
#define VEIL_TEST_SIGNER_H

#include <veil/abi.h>
#include <veil/types.h>

/* Both say which key it is and that it is signed; all else in them stays as it is. `key`: 0 or 1. A manifest's policy is signed with it. */
void sign_policy(uint8_t *bytes, uint32_t key);
void sign_manifest(uint8_t *bytes, size_t size, uint32_t key);

#endif
