/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual GIC's back end under test is the one of arm64, on fake registers; so is the emulated timer. */
#include "fake_sysreg.h"

#include "../../arm64/emulated_timer.c"
#include "../../arm64/list_registers.c"
