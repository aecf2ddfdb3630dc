/* SPDX-License-Identifier: Apache-2.0 */
/* The generic watchdog of Arm's Server Base System Architecture (DEN0029, "Generic Watchdog"), revision 0, in the guest's own time: a
 * paused persona's stands still. At the first deadline that passes it interrupts; at the second the persona ends as crashed. */
#include "watchdog.h"

#include <veil/arch.h>

#include "core/mux.h"
#include "core/persona.h"

#define FRAME_SIZE 0x10000

enum {
	REFRESH_WRR = 0x000,
	CONTROL_WCS = FRAME_SIZE + 0x000,
	CONTROL_WOR = FRAME_SIZE + 0x008,
	CONTROL_WCV = FRAME_SIZE + 0x010,
	CONTROL_WCV_HIGH = FRAME_SIZE + 0x014,
	ANY_IIDR = 0xfcc /* in both frames */
};

#define WCS_ENABLE 1U
#define WCS_FIRST 2U /* WS0: one deadline has passed, and interrupts */
#define WCS_SECOND 4U /* WS1: two have; after a restart it says why */
#define IIDR 0x0000043b /* implementer: Arm; revision 0 */

void watchdog_reset(struct persona *p)
{
	p->platform.watchdog = (struct watchdog){.status = p->reason == VEIL_REASON_WATCHDOG ? WCS_SECOND : 0};
}

static uint64_t guest_count(const struct persona *p)
{
	return arch_time() - p->time_offset;
}

static void deadline_set(struct persona *p)
{
	const struct watchdog *w = &p->platform.watchdog;
	uint64_t left = w->compare - guest_count(p);
	uint64_t now = arch_time();

	irq_line(p->vcpus[0], GUEST_IRQ_WATCHDOG, w->status & WCS_FIRST);
	/* A guest may write any number to compare: one too far away to be told from the past is in the past, which is its own end. */
	if (w->status & WCS_ENABLE)
		mux_flush_by(now + (left <= INT64_MAX ? left : 0));
}

static void refresh(struct persona *p, uint32_t enable)
{
	struct watchdog *w = &p->platform.watchdog;

	w->status = enable;
	w->compare = guest_count(p) + w->offset;
	deadline_set(p);
}

NOINLINE void watchdog_check(struct persona *p)
{
	const struct veil_fault none = {0};
	struct watchdog *w = &p->platform.watchdog;
	bool ends = false;

	if (!(p->config->devices & VEIL_DEVICE_WATCHDOG) || !persona_hold(p))
		return;
	lock_take(&p->lock);
	if (w->status & WCS_ENABLE) {
		if (w->compare - guest_count(p) - 1 > INT64_MAX - 1) { /* it has passed */
			ends = w->status & WCS_FIRST;
			w->status |= ends ? WCS_SECOND : WCS_FIRST;
			w->compare = guest_count(p) + w->offset;
		}
		if (!ends)
			deadline_set(p);
	}
	lock_release(&p->lock);
	if (ends)
		persona_crash(p, VEIL_REASON_WATCHDOG, &none);
	persona_release(p);
}

static uint64_t read_register(const struct watchdog *w, address_t offset)
{
	switch (offset) {
	case CONTROL_WCS:
		return w->status;
	case CONTROL_WOR:
		return w->offset;
	case CONTROL_WCV: /* all of it, for a read of eight bytes */
		return w->compare;
	case CONTROL_WCV_HIGH:
		return w->compare >> 32;
	default:
		return offset % FRAME_SIZE == ANY_IIDR ? IIDR : 0;
	}
}

/* No value does more than move the persona's own end. */
static void write_register(struct persona *p, address_t offset, uint64_t value)
{
	struct watchdog *w = &p->platform.watchdog;

	switch (offset) {
	case REFRESH_WRR:
		refresh(p, w->status & WCS_ENABLE);
		break;
	case CONTROL_WCS:
		refresh(p, value & WCS_ENABLE);
		break;
	case CONTROL_WOR:
		w->offset = (uint32_t)value;
		refresh(p, w->status & WCS_ENABLE);
		break;
	case CONTROL_WCV:
		w->compare = (w->compare & ~(uint64_t)UINT32_MAX) | (uint32_t)value;
		deadline_set(p);
		break;
	case CONTROL_WCV_HIGH:
		w->compare = (uint32_t)w->compare | value << 32;
		deadline_set(p);
		break;
	default:
		break;
	}
}

NOINLINE struct mmio_result watchdog_access(struct vcpu *v, address_t offset, bool is_write, uintptr_t value)
{
	struct persona *p = v->persona;
	uint64_t result = 0;

	if (offset % 4)
		return mmio_none();
	lock_take(&p->lock);
	if (is_write)
		write_register(p, offset, value);
	else
		result = read_register(&p->platform.watchdog, offset);
	lock_release(&p->lock);
	return mmio_value(result);
}
