/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 with limbs of 32 bits. */
#include "tests/ed25519_cases.h"

TEST_MAIN(tests)
