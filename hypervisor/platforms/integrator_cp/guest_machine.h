/* SPDX-License-Identifier: Apache-2.0 */
/* Guest machine `integrator_cp`, version 1: an Integrator/CP (Arm DUI 0159) with an ARM1136 core module (DUI 0218), as far as systems for it
 * need one, and virtio-mmio where the real one has nothing. What it lacks of the real one (keyboard, mouse, card, sound, display,
 * Ethernet, flash) has virtio in its place, or faults like any address where nothing is. */
#ifndef VEIL_GUEST_MACHINE_H
#define VEIL_GUEST_MACHINE_H

#include <veil/abi.h>
#include <veil/device_state.h>

/* RAM, then a persona's picture, from 0 on; devices and nothing else above it. */
#define GUEST_RAM_START 0
#define GUEST_RAM_END UINT64_C(0x10000000)

/* What a persona may have. */
#define GUEST_MAX_CPUS 1
#define GUEST_DEVICES \
	(VEIL_DEVICE_PL011 | VEIL_DEVICE_PL031 | VEIL_DEVICE_PVPANIC | VEIL_DEVICE_INPUT | VEIL_DEVICE_NETWORK | VEIL_DEVICE_AGENT)

#define GUEST_CORE_BASE 0x10000000 /* core module */
#define GUEST_TIMER_BASE 0x13000000 /* three, GUEST_TIMER_STRIDE apart */
#define GUEST_TIMER_STRIDE 0x100
#define GUEST_PIC_BASE 0x14000000
#define GUEST_RTC_BASE 0x15000000
#define GUEST_UART_BASE 0x16000000
#define GUEST_SIC_BASE 0xca000000
#define GUEST_CONTROL_BASE 0xcb000000 /* the baseboard's control registers */
/* Not on a real one */
#define GUEST_VIRTIO_BASE 0x1b000000
#define GUEST_PVPANIC_BASE 0x1b010000
#define GUEST_POWER_BASE 0x1b020000 /* one register: writing GUEST_POWER_OFF switches the persona off, GUEST_POWER_RESET resets it */
#define GUEST_POWER_OFF 1
#define GUEST_POWER_RESET 2

/* Interrupts: lines of the primary interrupt controller. The real one has nothing at 10..21. */
#define GUEST_IRQ_SOFT 0
#define GUEST_IRQ_UART 1
#define GUEST_IRQ_TIMER 5 /* and the two after it */
#define GUEST_IRQ_RTC 8
#define GUEST_IRQ_VIRTIO 10 /* of slot 0; the others follow */
#define GUEST_IRQ_SIC 26

#define GUEST_SLOT_VOLUMES 4 /* of virtio-mmio: the persona's first volume */

/* Rates of the timers, and of the core module's counter. What they show moves on with the board's counter, whose ticks may be longer. */
#define GUEST_TIMER_COUNT 3
#define GUEST_TIMER0_HZ 25000000
#define GUEST_TIMER_HZ 1000000 /* of the other two */
#define GUEST_COUNTER_HZ 24000000

/* Thirty-two lines; bit n of each mask is line n. */
struct pic {
	uint32_t level;
	uint32_t irq_enabled;
	uint32_t fiq_enabled;
};

struct guest_timer {
	uint32_t control;
	uint32_t load;
	uint32_t value; /* while it stands still */
	bool raw; /* it has reached zero since the guest last said it knew */
	bool is_far; /* `deadline` is when to look again: it reaches zero later */
	uint64_t
		zero_at; /* while it runs: its tick, counted from the persona's start, at which it reaches zero next; UINT64_MAX: it does not */
	uint64_t deadline; /* the board's tick, counted so as well, at which it may interrupt; UINT64_MAX: it does not */
};

struct core_module {
	uint32_t oscillator, control, lock, auxiliary, sdram, init, flags, kept_flags;
};

struct platform {
	struct pic pic; /* primary; first, as the way into the guest looks at it */
	struct pic secondary;
	struct pic core_pic;
	struct guest_timer timers[GUEST_TIMER_COUNT];
	uint64_t timers_at; /* the first of their deadlines */
	uint32_t timers_armed; /* bit n: timer n has one; two bits of a timer that is far */
	struct core_module core;
	struct vpl011 uart;
	struct vpl031 rtc;
	struct virtual_input input[2];
	struct virtual_console console;
	struct virtual_network network;
};

#endif
