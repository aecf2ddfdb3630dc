/* SPDX-License-Identifier: Apache-2.0 */
/* Guest machine `integrator_cp`, version 1: which device an access is for. */
#include <veil/network_source.h>
#include <veil/platform.h>

#include "core/channel.h"
#include "core/persona.h"
#include "core_module.h"
#include "pic.h"
#include "platforms/pvpanic.h"
#include "platforms/virtio_blk.h"
#include "platforms/virtio_console.h"
#include "platforms/virtio_input.h"
#include "platforms/virtio_net.h"
#include "platforms/virtio_slots.h"
#include "platforms/vpl011.h"
#include "platforms/vpl031.h"
#include "timer.h"

#define DEVICE_SIZE 0x1000
#define PIC_SIZE 0x100
#define REGION(address) ((address) >> 24)

/* Control registers of the baseboard (Arm DUI 0159, 3.4): what it is, and switches without a board behind them. */
enum {
	CONTROL_ID = 0x0,
	CONTROL_FLASH = 0x4,
	CONTROL_INTERRUPTS = 0x8,
	CONTROL_DECODE = 0xc,
	CONTROL_END = 0x100
};

#define ID 0x41034003
#define DECODE 0x11

void platform_init(struct persona *p)
{
	platform_reset(p);
}

void platform_reset(struct persona *p)
{
	channel_reset(p);
	lock_take(&p->lock);
	pic_reset(p);
	timer_reset(p);
	core_module_reset(p);
	vpl011_reset(p);
	vpl031_reset(p);
	virtio_input_reset(p);
	virtio_blk_reset(p);
	virtio_console_reset(p);
	virtio_net_reset(p);
	lock_release(&p->lock);
}

bool platform_is_quiet(struct persona *p)
{
	return virtio_blk_is_quiet(p);
}

/* ---- What has no state ---- */

static struct mmio_result control_access(uint32_t offset, bool is_write)
{
	if (offset >= CONTROL_END || offset % 4)
		return mmio_none();
	if (is_write)
		return mmio_value(0);
	return mmio_value(offset == CONTROL_ID ? ID : offset == CONTROL_DECODE ? DECODE : 0);
}

static struct mmio_result power_access(struct persona *p, uint32_t offset, bool is_write, uint32_t value)
{
	if (offset != 0)
		return mmio_none();
	if (is_write && value == GUEST_POWER_OFF)
		persona_guest_off(p);
	if (is_write && value == GUEST_POWER_RESET)
		persona_guest_reset(p);
	return mmio_value(0);
}

/* ---- Which device ---- */

static NOINLINE struct mmio_result added_device(struct vcpu *v, uint32_t a, uint32_t size, bool is_write, uint32_t value)
{
	if (a - GUEST_PVPANIC_BASE < DEVICE_SIZE && (v->persona->config->devices & VEIL_DEVICE_PVPANIC))
		return pvpanic_access(v, a - GUEST_PVPANIC_BASE, is_write, value);
	if (a - GUEST_POWER_BASE < DEVICE_SIZE)
		return power_access(v->persona, a - GUEST_POWER_BASE, is_write, value);
	return virtio_slots_access(v->persona, a - GUEST_VIRTIO_BASE, size, is_write, value);
}

/* Whatever the address is, it only selects one of this persona's own virtual devices, and each checks the offset it is given. */
static NOINLINE struct mmio_result other_device(struct vcpu *v, uint32_t a, uint32_t size, bool is_write, uint32_t value)
{
	struct persona *p = v->persona;

	switch (REGION(a)) {
	case REGION(GUEST_PIC_BASE):
		return a - GUEST_PIC_BASE < PIC_SIZE ? pic_access(p, &p->platform.pic, a - GUEST_PIC_BASE, is_write, value) : mmio_none();
	case REGION(GUEST_TIMER_BASE):
		return timer_access(v, a - GUEST_TIMER_BASE, is_write, value);
	case REGION(GUEST_CORE_BASE):
		return core_module_access(p, a - GUEST_CORE_BASE, is_write, value);
	case REGION(GUEST_RTC_BASE):
		return p->config->devices & VEIL_DEVICE_PL031 ? vpl031_access(p, a - GUEST_RTC_BASE, is_write, value) : mmio_none();
	case REGION(GUEST_VIRTIO_BASE):
		return added_device(v, a, size, is_write, value);
	case REGION(GUEST_SIC_BASE):
		return a - GUEST_SIC_BASE < PIC_SIZE ? pic_access(p, &p->platform.secondary, a - GUEST_SIC_BASE, is_write, value)
						     : mmio_none();
	case REGION(GUEST_CONTROL_BASE):
		return control_access(a - GUEST_CONTROL_BASE, is_write);
	default:
		return mmio_none();
	}
}

/* The console is asked before every byte that is printed: it must not pay for the others. */
struct mmio_result platform_mmio(struct vcpu *v, ipaddr_t address, uint32_t size, bool is_write, uintptr_t value)
{
	if (address.value - GUEST_UART_BASE < DEVICE_SIZE && (v->persona->config->devices & VEIL_DEVICE_PL011))
		return vpl011_access(v->persona, address.value - GUEST_UART_BASE, is_write, value);
	if (unlikely(address.value > UINT32_MAX))
		return mmio_none();
	return other_device(v, (uint32_t)address.value, size, is_write, (uint32_t)value);
}

void platform_console_input(uint32_t persona)
{
	vpl011_input(&personas[persona]);
}

void platform_agent_input(uint32_t persona)
{
	virtio_console_go_on(&personas[persona]);
}

void platform_flush(void)
{
	for (uint32_t i = 0; i < persona_count; i++)
		virtio_console_go_on(&personas[i]);
	network_room();
}
