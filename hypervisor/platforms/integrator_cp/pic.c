/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt controllers (Arm DUI 0159, 3.6). Their registers are masks of 32 lines: any value a guest writes only says which of its own
 * devices' lines it wants to see. */
#include "pic.h"

#include "core/persona.h"

enum {
	IRQ_STATUS = 0x00,
	IRQ_RAW_STATUS = 0x04,
	IRQ_ENABLE_SET = 0x08, /* read: the mask */
	IRQ_ENABLE_CLEAR = 0x0c,
	SOFT_SET = 0x10, /* line 0 */
	SOFT_CLEAR = 0x14,
	FIQ_STATUS = 0x20,
	FIQ_RAW_STATUS = 0x24,
	FIQ_ENABLE_SET = 0x28,
	FIQ_ENABLE_CLEAR = 0x2c
};

#define SOFT 1U

static void set(uint32_t *mask, uint32_t bits, bool high)
{
	*mask = high ? *mask | bits : *mask & ~bits;
}

/* The secondary's IRQ is a line of the primary; the core module's joins the primary's on the way to the processor. */
static NOINLINE void update(struct persona *p)
{
	struct platform *g = &p->platform;
	uint32_t lines = 0;

	set(&g->pic.level, 1U << GUEST_IRQ_SIC, g->secondary.level & g->secondary.irq_enabled);
	if ((g->pic.level & g->pic.irq_enabled) | (g->core_pic.level & g->core_pic.irq_enabled))
		lines |= PIC_IRQ;
	if ((g->pic.level & g->pic.fiq_enabled) | (g->core_pic.level & g->core_pic.fiq_enabled))
		lines |= PIC_FIQ;
	guest_lines(p->vcpus[0], lines);
}

void irq_raise(struct vcpu *v, uint32_t line)
{
	struct pic *pic = &v->persona->platform.pic;
	uint32_t lines = v->arch.lines;

	pic->level |= line;
	if (pic->irq_enabled & line)
		lines |= PIC_IRQ;
	if (pic->fiq_enabled & line)
		lines |= PIC_FIQ;
	guest_lines(v, lines);
}

void irq_line(struct vcpu *v, uint32_t irq, bool high)
{
	if (high) {
		irq_raise(v, 1U << irq);
		return;
	}
	v->persona->platform.pic.level &= ~(1U << irq);
	update(v->persona);
}

void pic_reset(struct persona *p)
{
	p->platform.pic = p->platform.secondary = p->platform.core_pic = (struct pic){0};
	update(p);
}

static uint32_t read_register(const struct pic *pic, uint32_t offset)
{
	switch (offset) {
	case IRQ_STATUS:
		return pic->level & pic->irq_enabled;
	case IRQ_RAW_STATUS:
	case FIQ_RAW_STATUS:
		return pic->level;
	case IRQ_ENABLE_SET:
		return pic->irq_enabled;
	case SOFT_SET:
		return pic->level & SOFT;
	case FIQ_STATUS:
		return pic->level & pic->fiq_enabled;
	case FIQ_ENABLE_SET:
		return pic->fiq_enabled;
	default:
		return 0;
	}
}

static void write_register(struct persona *p, struct pic *pic, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case IRQ_ENABLE_SET:
		pic->irq_enabled |= value;
		break;
	case IRQ_ENABLE_CLEAR:
		pic->irq_enabled &= ~value;
		break;
	case SOFT_SET:
		pic->level |= value & SOFT;
		break;
	case SOFT_CLEAR:
		pic->level &= ~(value & SOFT);
		break;
	case FIQ_ENABLE_SET:
		pic->fiq_enabled |= value;
		break;
	case FIQ_ENABLE_CLEAR:
		pic->fiq_enabled &= ~value;
		break;
	default:
		return;
	}
	update(p);
}

struct mmio_result pic_access(struct persona *p, struct pic *pic, uint32_t offset, bool is_write, uint32_t value)
{
	uint32_t result = 0;

	if (offset % 4)
		return mmio_none();
	lock_take(&p->lock);
	if (is_write)
		write_register(p, pic, offset, value);
	else
		result = read_register(pic, offset);
	lock_release(&p->lock);
	return mmio_value(result);
}
