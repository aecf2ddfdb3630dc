/* SPDX-License-Identifier: Apache-2.0 */
/* A PL031 real-time clock (Arm DDI 0224): the board's clock plus the guest's own offset. Setting it changes no other persona's
 * time. Alarms do not interrupt yet: the raw status shows a match when asked. */
#include "vpl031.h"

#include "core/persona.h"

enum {
	RTC_DR = 0x00,
	RTC_MR = 0x04,
	RTC_LR = 0x08,
	RTC_CR = 0x0c,
	RTC_IMSC = 0x10,
	RTC_RIS = 0x14,
	RTC_MIS = 0x18,
	RTC_ICR = 0x1c,
	RTC_ID = 0xfe0
};

static const uint8_t identification[8] IN_GAP(10) = {0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

void vpl031_reset(struct persona *p)
{
	p->platform.rtc = (struct vpl031){0};
}

static uint32_t read_register(const struct vpl031 *rtc, address_t offset)
{
	uint32_t now = rtc_seconds() + rtc->offset;

	switch (offset) {
	case RTC_DR:
	case RTC_LR:
		return now;
	case RTC_MR:
		return rtc->match;
	case RTC_CR:
		return 1;
	case RTC_IMSC:
		return rtc->mask;
	case RTC_RIS:
		return now == rtc->match;
	case RTC_MIS:
		return (now == rtc->match) & rtc->mask;
	default:
		return offset >= RTC_ID ? identification[(offset - RTC_ID) / 4 % 8] : 0;
	}
}

NOINLINE struct mmio_result vpl031_access(struct persona *p, address_t offset, bool is_write, uintptr_t value)
{
	struct vpl031 *rtc = &p->platform.rtc;
	uint32_t result = 0;

	if (offset >= 0x1000 || offset % 4)
		return mmio_none();
	lock_take(&p->lock);
	if (!is_write)
		result = read_register(rtc, offset);
	else if (offset == RTC_LR)
		rtc->offset = (uint32_t)value - rtc_seconds();
	else if (offset == RTC_MR)
		rtc->match = (uint32_t)value;
	else if (offset == RTC_IMSC)
		rtc->mask = value & 1;
	lock_release(&p->lock);
	return mmio_value(result);
}
