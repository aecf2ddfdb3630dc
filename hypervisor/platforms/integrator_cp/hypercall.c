/* SPDX-License-Identifier: Apache-2.0 */
/* Veil's calls (abi.h, VEIL_UDF). Arguments are numbers, never addresses Veil would follow. */
#include "hypercall.h"

#include "platforms/guest_report.h"

#define NOT_SUPPORTED UINT32_MAX

NOINLINE void hypercall(struct vcpu *v, uint32_t *r)
{
	r[0] = guest_report_call(v, r[0], r[1]) ? 0 : NOT_SUPPORTED;
}
