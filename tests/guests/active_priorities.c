/* SPDX-License-Identifier: Apache-2.0 */
/* Writes every active priority of both groups and ends without clearing them. They hold back this guest's interrupts; on a CPU whose registers are
 * not exchanged in full they would hold back the neighbour's for ever. */
#include "runtime.h"

void test(void)
{
	SYSREG_WRITE("s3_0_c12_c8_4", 0xffffffff); /* ICC_AP0R0_EL1 */
	SYSREG_WRITE("s3_0_c12_c9_0", 0xffffffff); /* ICC_AP1R0_EL1 */
	__asm__ volatile("isb");
	report(SYSREG_READ("s3_0_c12_c8_4") != 0, "priorities of group 0 are active");
	report(SYSREG_READ("s3_0_c12_c9_0") != 0, "priorities of group 1 are active");
}
