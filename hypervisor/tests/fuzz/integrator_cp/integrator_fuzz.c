/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: a guest of an Integrator/CP does any sequence of device accesses, interrupts, waits and calls. 12 bytes of input are one
 * step. What is checked beside the sanitizers: interrupt inputs are what registers say, deadlines are kept, the other persona is left alone. */
#include "arch/host/machine.h"
#include "core/lib.h"
#include "core/persona.h"
#include "core/sched.h"
#include "platforms/integrator_cp/pic.h"
#include "platforms/integrator_cp/timer.h"
#include "tests/image.h"

#include <stdlib.h>

#define STEP 12

static struct platform untouched;

/* The rules the devices must keep whatever was written to them. */
static void check(void)
{
	struct persona *p = &personas[0];
	const struct platform *g = &p->platform;
	uint32_t irq = (g->pic.level & g->pic.irq_enabled) | (g->core_pic.level & g->core_pic.irq_enabled);
	uint32_t fiq = (g->pic.level & g->pic.fiq_enabled) | (g->core_pic.level & g->core_pic.fiq_enabled);

	uint64_t first = UINT64_MAX;

	if (p->vcpus[0]->arch.lines != ((irq ? PIC_IRQ : 0) | (fiq ? PIC_FIQ : 0)))
		abort();
	for (uint32_t i = 0; i < GUEST_TIMER_COUNT; i++) {
		const struct guest_timer *t = &g->timers[i];

		if ((g->pic.level >> (GUEST_IRQ_TIMER + i) & 1) != (t->raw && (t->control & 0x20)))
			abort();
		first = t->deadline < first ? t->deadline : first;
	}
	if (g->timers_at != first)
		abort();
	if (memcmp(&personas[1].platform.timers, &untouched.timers, sizeof(untouched.timers)) ||
	    memcmp(&personas[1].platform.pic, &untouched.pic, sizeof(untouched.pic)) ||
	    memcmp(&personas[1].platform.core, &untouched.core, sizeof(untouched.core)))
		abort();
}

static void step(const uint8_t *data)
{
	static const uint32_t bases[] = {0x13000000, 0x13000100, 0x13000200, 0x14000000, 0x10000000, 0xca000000, 0x16000000, 0x1b000000};
	struct vcpu *v = personas[0].vcpus[0];
	address_t address = bases[data[0] & 7] + (address_t)(data[2] | data[3] << 8) % (data[0] & 0x40 ? 0x10000 : 0x40);
	uint64_t value;

	memcpy(&value, data + 4, sizeof(value));
	if (!guest_is_in(v)) {
		sched_wake(v);
		machine_run_ms(10);
		if (!guest_is_in(v))
			return;
	}
	switch (data[1] >> 4) {
	case 0:
		guest_wait(v);
		machine_run(machine.time + value % (20 * MACHINE_MS));
		break;
	case 1:
		machine.this_cpu = 0;
		lock_take(&personas[0].lock);
		irq_line(v, 10 + (uint32_t)value % 12, value >> 32 & 1);
		lock_release(&personas[0].lock);
		break;
	case 2:
		guest_call(v, (value & 1) ? VEIL_HVC_YIELD : (uint32_t)value, (uint32_t)(value >> 32), 0, 0);
		break;
	case 3:
	case 4:
		machine_run(machine.time + value % (2 * MACHINE_MS));
		break;
	case 5:
		machine_run(machine.time + value % (1000 * MACHINE_HZ));
		break;
	default:
		guest_mmio(v, address, 1U << (data[1] & 3), data[1] >> 2 & 1, &value);
		break;
	}
	check();
}

static void begin(void)
{
	static bool is_up;
	static struct image image;

	if (!is_up) {
		machine_init();
		image_declare(&image, 2, 1);
		image.header.flags = VEIL_SKIP_PAYLOAD_DIGESTS;
		image.personas[0].restart_limit = UINT32_MAX;
		image_layout(&image);
		image_boot(&image);
		machine_run_ms(50);
		untouched = personas[1].platform;
		persona_pause(&personas[1]);
	} else {
		persona_restart(&personas[0]);
	}
	is_up = true;
	machine.output_size = 0;
	machine_run_ms(50);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	for (; size >= STEP; size -= STEP, data += STEP)
		step(data);
	return 0;
}
