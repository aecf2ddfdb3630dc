/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing but marker 30, so that its last instruction before an interrupt is known. */
#include "runtime.h"

void test(void)
{
	for (;;)
		MARK(0x30);
}
