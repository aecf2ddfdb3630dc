/* SPDX-License-Identifier: Apache-2.0 */
/* The board's PL031 real-time clock (Arm DDI 0224): read only. */
#include <veil/board.h>
#include <veil/mmio.h>
#include <veil/platform.h>

uint32_t rtc_seconds(void)
{
	return mmio_read32(BOARD_RTC_BASE);
}
