/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated physical timer: counts the guest's own time, as the virtual one does. */
#include "emulated_timer.h"

#include <veil/arch.h>
#include <veil/board.h>

#include "core/persona.h"
#include "core/sched.h"

enum {
	OP2_TVAL = 0,
	OP2_CTL = 1,
	OP2_CVAL = 2
};

#define CTL_ENABLE 1
#define CTL_MASKED 2
#define CTL_ASSERTED 4

uint64_t emulated_timer_count(const struct vcpu *v)
{
	return arch_time() - v->persona->time_offset;
}

static bool is_due(const struct vcpu *v)
{
	return (v->arch.cntp_ctl & CTL_ENABLE) && emulated_timer_count(v) >= v->arch.cntp_cval;
}

void emulated_timer_update(struct vcpu *v)
{
	if (v->arch.cntp_ctl || (v->arch.vgic.word.level >> BOARD_IRQ_PHYS_TIMER & 1))
		irq_line(v, BOARD_IRQ_PHYS_TIMER, is_due(v) && !(v->arch.cntp_ctl & CTL_MASKED));
}

uint64_t emulated_timer_read(struct vcpu *v, uint32_t op2)
{
	switch (op2) {
	case OP2_TVAL:
		return (uint32_t)(v->arch.cntp_cval - emulated_timer_count(v));
	case OP2_CTL:
		return v->arch.cntp_ctl | (is_due(v) ? CTL_ASSERTED : 0);
	default:
		return v->arch.cntp_cval;
	}
}

void emulated_timer_write(struct vcpu *v, uint32_t op2, uint64_t value)
{
	switch (op2) {
	case OP2_TVAL:
		v->arch.cntp_cval = emulated_timer_count(v) + (uint64_t)(int64_t)(int32_t)value;
		break;
	case OP2_CTL:
		v->arch.cntp_ctl = value & (CTL_ENABLE | CTL_MASKED);
		break;
	default:
		v->arch.cntp_cval = value;
		break;
	}
	lock_take(&v->persona->lock);
	emulated_timer_update(v);
	lock_release(&v->persona->lock);
	sched_again(v->cpu); /* the deadline has moved */
}

/* ---- When the scheduler has to look: both timers of a guest have the same control bits ---- */

/* When the real counter gets there. A guest may give any compare value: one from before its start has been reached. */
static uint64_t deadline_of(uint64_t control, uint64_t compare, uint64_t offset)
{
	uint64_t ahead = -offset; /* of the real counter (GUEST_TIME_START) */

	if ((control & (CTL_ENABLE | CTL_MASKED)) != CTL_ENABLE)
		return UINT64_MAX;
	return compare > ahead ? compare - ahead : 0;
}

uint64_t arch_vcpu_emulated_deadline(const struct vcpu *v)
{
	bool is_delivered = v->arch.vgic.word.level >> BOARD_IRQ_PHYS_TIMER & 1;

	return is_delivered ? UINT64_MAX : deadline_of(v->arch.cntp_ctl, v->arch.cntp_cval, v->persona->time_offset);
}

uint64_t arch_vcpu_deadline(const struct vcpu *v)
{
	uint64_t virtual = deadline_of(v->arch.system.cntv_ctl, v->arch.system.cntv_cval, v->persona->time_offset);
	uint64_t physical = arch_vcpu_emulated_deadline(v);

	return virtual < physical ? virtual : physical;
}
