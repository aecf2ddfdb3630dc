/* SPDX-License-Identifier: Apache-2.0 */
/* Core module registers (Arm DUI 0218, 4.2; the values at reset are those of QEMU's `integratorcp`). They remember what is written and
 * drive nothing, but for the reset bit, which starts this persona anew. */
#include "core_module.h"

#include "core/persona.h"
#include "pic.h"
#include "timer.h"

enum {
	CM_ID = 0x00,
	CM_OSC = 0x08,
	CM_CTRL = 0x0c,
	CM_STAT = 0x10,
	CM_LOCK = 0x14,
	CM_AUXOSC = 0x1c,
	CM_SDRAM = 0x20,
	CM_INIT = 0x24,
	CM_REFCNT = 0x28,
	CM_FLAGS_SET = 0x30, /* read: the flags */
	CM_FLAGS_CLEAR = 0x34,
	CM_KEPT_FLAGS_SET = 0x38,
	CM_KEPT_FLAGS_CLEAR = 0x3c,
	CM_PIC = 0x40, /* up to 0x70 */
	CM_PIC_END = 0x70,
	CM_END = 0x200
};

#define ID 0x411a3001
#define STAT 0x00100000 /* silicon on the card */
#define CTRL_KEPT 5U /* the lamp, and what is at address 0: here always RAM */
#define CTRL_RESET 8U
#define LOCK_KEY 0xa05fU
#define LOCK_OPEN 0x10000U
#define OSC_RESET 0x01000048
#define AUXOSC_RESET 0x0007feff
#define SDRAM_RESET 0x00011122
#define INIT_RESET 0x00000112

/* CM_SDRAM's size code (bits 4..2): 16 MiB, and twice as much for each step. */
static uint32_t sdram(address_t size)
{
	uint32_t code = 0;

	while (code < 4 && size >= UINT64_C(32) << 20 << code)
		code++;
	return SDRAM_RESET | code << 2;
}

void core_module_reset(struct persona *p)
{
	p->platform.core =
		(struct core_module){.oscillator = OSC_RESET, .auxiliary = AUXOSC_RESET, .sdram = sdram(p->ram.size), .init = INIT_RESET};
}

static uint32_t read_register(const struct persona *p, uint32_t offset)
{
	const struct core_module *core = &p->platform.core;

	switch (offset) {
	case CM_ID:
		return ID;
	case CM_OSC:
		return core->oscillator;
	case CM_CTRL:
		return core->control;
	case CM_STAT:
		return STAT;
	case CM_LOCK:
		return core->lock | (core->lock == LOCK_KEY ? LOCK_OPEN : 0);
	case CM_AUXOSC:
		return core->auxiliary;
	case CM_SDRAM:
		return core->sdram;
	case CM_INIT:
		return core->init;
	case CM_REFCNT:
		return timer_count(p, GUEST_COUNTER_HZ);
	case CM_FLAGS_SET:
		return core->flags;
	case CM_KEPT_FLAGS_SET:
		return core->kept_flags;
	default:
		return 0;
	}
}

static void write_register(struct persona *p, uint32_t offset, uint32_t value)
{
	struct core_module *core = &p->platform.core;

	switch (offset) {
	case CM_OSC:
		if (core->lock == LOCK_KEY)
			core->oscillator = value;
		break;
	case CM_CTRL:
		core->control = value & CTRL_KEPT;
		break;
	case CM_LOCK:
		core->lock = value & 0xffff;
		break;
	case CM_AUXOSC:
		if (core->lock == LOCK_KEY)
			core->auxiliary = value;
		break;
	case CM_SDRAM:
		core->sdram = value;
		break;
	case CM_INIT:
		core->init = value;
		break;
	case CM_FLAGS_SET:
		core->flags |= value;
		break;
	case CM_FLAGS_CLEAR:
		core->flags &= ~value;
		break;
	case CM_KEPT_FLAGS_SET:
		core->kept_flags |= value;
		break;
	case CM_KEPT_FLAGS_CLEAR:
		core->kept_flags &= ~value;
		break;
	default:
		break;
	}
}

struct mmio_result core_module_access(struct persona *p, uint32_t offset, bool is_write, uint32_t value)
{
	uint32_t result = 0;

	if (offset >= CM_PIC && offset < CM_PIC_END)
		return pic_access(p, &p->platform.core_pic, offset - CM_PIC, is_write, value);
	if (offset >= CM_END || offset % 4)
		return mmio_none();
	lock_take(&p->lock);
	if (is_write)
		write_register(p, offset, value);
	else
		result = read_register(p, offset);
	lock_release(&p->lock);
	if (is_write && offset == CM_CTRL && (value & CTRL_RESET))
		persona_guest_reset(p);
	return mmio_value(result);
}
