/* SPDX-License-Identifier: Apache-2.0 */
/* pvpanic: a guest can end its own life with it, and nothing else. */
#include "pvpanic.h"

#include "guest_report.h"

#define PVPANIC_PANICKED 1
#define PVPANIC_CRASH_LOADED 2 /* the guest goes on to a kernel of its own that writes a dump: not the end */

NOINLINE struct mmio_result pvpanic_access(struct vcpu *v, address_t offset, bool is_write, uintptr_t value)
{
	if (offset != 0)
		return mmio_none();
	if (is_write && (value & PVPANIC_PANICKED))
		guest_report_crash(v, 0);
	return mmio_value(PVPANIC_PANICKED | PVPANIC_CRASH_LOADED);
}
