/* SPDX-License-Identifier: Apache-2.0 */
/* What is due by the clock and is nobody's in particular. Apart from sched.c, which runs at each change of guests and must not pay for what is
 * rare: neither its registers, nor how it is compiled. */
#include "chores.h"

#include <veil/input_source.h>

#include "mux.h"
#include "verify/verify.h"
#include "view.h"

NOINLINE void chores_step(uint64_t now)
{
	mux_flush();
	view_step(now);
	input_source_step(now);
	verify_step(now);
}
