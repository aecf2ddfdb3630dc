/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: two virtual CPUs do any sequence of device accesses, interrupts and waits. 12 bytes of input are one step. */
#include "arch/host/machine.h"
#include "core/lib.h"
#include "core/persona.h"
#include "core/sched.h"
#include "tests/image.h"

#define STEP 12

static void step(const uint8_t *data)
{
	static const uint64_t bases[] = {0x08000000, 0x080a0000, 0x080b0000, 0x080c0000, 0x080d0000, 0x09000000, 0x09010000, 0x08006000};
	struct vcpu *v = personas[0].vcpus[data[0] >> 7];
	uint64_t value, address = bases[data[0] & 7] + (uint64_t)(data[2] | data[3] << 8);

	memcpy(&value, data + 4, sizeof(value));
	if (!guest_is_in(v)) {
		sched_wake(v);
		machine_run(machine.time);
		if (!guest_is_in(v))
			return;
	}
	switch (data[1] >> 4) {
	case 0:
		guest_end(v, guest_acknowledge(v));
		break;
	case 1:
		guest_end(v, (uint32_t)value % 128);
		break;
	case 2:
		guest_acknowledge(v);
		break;
	case 3:
		machine.this_cpu = v->cpu->id;
		vgic_send_sgi(v, value);
		break;
	case 4:
		guest_timer(v, value & 3, guest_count(v) + (value >> 8) % MACHINE_MS);
		break;
	case 5:
		guest_physical_timer(v, value & 3, guest_count(v) + (value >> 8) % MACHINE_MS);
		break;
	case 6:
		guest_wait(v);
		break;
	case 7:
		machine_run(machine.time + value % (2 * MACHINE_MS));
		break;
	case 8:
		machine.this_cpu = v->cpu->id;
		lock_take(&personas[0].lock);
		irq_line(v, (uint32_t)value % VGIC_IRQ_COUNT, value >> 32 & 1);
		lock_release(&personas[0].lock);
		break;
	default:
		if (bases[data[0] & 7] >= 0x09000000)
			address &= ~UINT64_C(0xf000);
		guest_mmio(v, address, 1U << (data[1] & 3), data[1] >> 2 & 1, &value);
		break;
	}
}

static void begin(void)
{
	static bool is_up;
	static struct image image;

	if (!is_up) {
		machine_init();
		image_declare(&image, 1, 2);
		image.personas[0].cpu_count = 2;
		image.personas[0].cpu_cap_percent = 200;
		image_layout(&image);
		image_boot(&image);
	} else {
		persona_restart(&personas[0]);
	}
	is_up = true;
	machine.output_size = 0;
	machine_run_ms(50);
	guest_call(personas[0].vcpus[0], 0xc4000003, 1, IMAGE_ENTRY, 0);
	machine_run_ms(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	for (; size >= STEP; size -= STEP, data += STEP)
		step(data);
	return 0;
}
