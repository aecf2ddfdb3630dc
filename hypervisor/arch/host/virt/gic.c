/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual CPU interface of a GICv3 (Arm IHI 0069, 12.4) as far as list registers need it: acknowledge, end (with one step for
 * drop and deactivation), running priority, counting of ends without a register, and the maintenance conditions. */
#include "gic.h"

#include "fake_sysreg.h"
#include "machine.h"

#define LIST_COUNT 4
#define PENDING BIT(62)
#define ACTIVE BIT(63)
#define HARDWARE BIT(61)
#define END_NOTICE BIT(41)
#define TIMER_IRQ BOARD_IRQ_VIRT_TIMER

static struct machine_cpu *this_cpu(void)
{
	return &machine.cpus[machine.this_cpu];
}

static uint32_t priority_of(uint64_t list)
{
	return (uint32_t)(list >> 48 & 0xff);
}

static uint32_t running_priority(const struct machine_cpu *m)
{
	uint64_t active = m->ap0r0 | m->ap1r0;

	return active ? (uint32_t)__builtin_ctzll(active) << 3 : 256;
}

bool gic_timer_is_asserted(const struct machine_cpu *m)
{
	return (m->cntv_ctl & 3) == 1 && machine.time - m->cntv_offset >= m->cntv_cval;
}

/* The list register whose interrupt is delivered next, or LIST_COUNT. */
static uint32_t gic_highest(const struct machine_cpu *m)
{
	uint32_t best = LIST_COUNT;

	for (uint32_t i = 0; i < LIST_COUNT; i++)
		if ((m->list[i] & (PENDING | ACTIVE)) == PENDING && priority_of(m->list[i]) < running_priority(m) &&
		    (best == LIST_COUNT || priority_of(m->list[i]) < priority_of(m->list[best])))
			best = i;
	return (m->hcr & ICH_HCR_EN) ? best : LIST_COUNT;
}

bool gic_is_signalled(const struct machine_cpu *m)
{
	return gic_highest(m) != LIST_COUNT;
}

uint32_t gic_guest_acknowledge(struct machine_cpu *m)
{
	uint32_t slot = gic_highest(m);

	if (slot == LIST_COUNT)
		return MACHINE_NO_INTERRUPT;
	m->list[slot] = (m->list[slot] & ~PENDING) | ACTIVE;
	m->ap1r0 |= BIT(priority_of(m->list[slot]) >> 3);
	return (uint32_t)m->list[slot];
}

void gic_guest_end(struct machine_cpu *m, uint32_t irq)
{
	if (!m->ap1r0)
		return;
	m->ap1r0 &= m->ap1r0 - 1;
	for (uint32_t i = 0; i < LIST_COUNT; i++) {
		if ((uint32_t)m->list[i] != irq || !(m->list[i] & ACTIVE))
			continue;
		m->list[i] &= ~ACTIVE;
		if (m->list[i] & HARDWARE)
			m->timer_active = false;
		return;
	}
	m->hcr += UINT64_C(1) << ICH_HCR_EOICOUNT_SHIFT;
}

bool gic_wants_maintenance(const struct machine_cpu *m)
{
	uint32_t used = 0;

	if (!(m->hcr & ICH_HCR_EN))
		return false;
	for (uint32_t i = 0; i < LIST_COUNT; i++) {
		bool is_used = (m->list[i] & (PENDING | ACTIVE)) != 0;

		used += is_used;
		if (!is_used && (m->list[i] & END_NOTICE) && !(m->list[i] & HARDWARE))
			return true;
	}
	return ((m->hcr & ICH_HCR_UIE) && used <= 1) || ((m->hcr & ICH_HCR_LRENPIE) && m->hcr >> ICH_HCR_EOICOUNT_SHIFT & 31);
}

static uint64_t empty_registers(const struct machine_cpu *m)
{
	uint64_t empty = 0;

	for (uint32_t i = 0; i < LIST_COUNT; i++)
		if (!(m->list[i] & (PENDING | ACTIVE)) && ((m->list[i] & HARDWARE) || !(m->list[i] & END_NOTICE)))
			empty |= BIT(i);
	return empty;
}

uint64_t fake_sysreg_read(enum fake_sysreg name)
{
	const struct machine_cpu *m = this_cpu();

	switch (name) {
	case FAKE_S3_4_C12_C12_0:
	case FAKE_S3_4_C12_C12_1:
	case FAKE_S3_4_C12_C12_2:
	case FAKE_S3_4_C12_C12_3:
		return m->list[name - FAKE_S3_4_C12_C12_0];
	case FAKE_ICH_HCR_EL2:
		return m->hcr;
	case FAKE_ICH_VTR_EL2:
		return UINT64_C(4) << 26 | (LIST_COUNT - 1);
	case FAKE_ICH_ELRSR_EL2:
		return empty_registers(m);
	case FAKE_ICH_VMCR_EL2:
		return m->vmcr;
	case FAKE_ICH_AP0R0_EL2:
		return m->ap0r0;
	case FAKE_ICH_AP1R0_EL2:
		return m->ap1r0;
	case FAKE_cntv_ctl_el0:
		return m->cntv_ctl | (uint64_t)((m->cntv_ctl & 1) && machine.time - m->cntv_offset >= m->cntv_cval) << 2;
	default:
		return 0;
	}
}

void fake_sysreg_write(enum fake_sysreg name, uint64_t value)
{
	struct machine_cpu *m = this_cpu();

	switch (name) {
	case FAKE_S3_4_C12_C12_0:
	case FAKE_S3_4_C12_C12_1:
	case FAKE_S3_4_C12_C12_2:
	case FAKE_S3_4_C12_C12_3:
		m->list[name - FAKE_S3_4_C12_C12_0] = value;
		break;
	case FAKE_ICH_HCR_EL2:
		m->hcr = value;
		break;
	case FAKE_ICH_VMCR_EL2:
		m->vmcr = value;
		break;
	case FAKE_ICH_AP0R0_EL2:
		m->ap0r0 = value;
		break;
	case FAKE_ICH_AP1R0_EL2:
		m->ap1r0 = value;
		break;
	case FAKE_ICC_DIR_EL1:
		if (value == TIMER_IRQ)
			m->timer_active = false;
		break;
	default:
		break;
	}
}
