/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any tables, CP15 registers, TLB maintenance, accesses and instructions of a guest, in any order. The real MMU's model ends
 * the program when an entry reaches what is not the guest's (mmu_fake.c), the persona's when anything but RAM is touched. */
#include <stdlib.h>

#include <veil/platform.h>

#include "arch/armv6/load_store.h"
#include "arch/armv6/psr.h"
#include "arch/armv6/sctlr.h"
#include "arch/armv6/shadow_tables.h"
#include "arch/armv6/stage2.h"
#include "core/lib.h"
#include "tests/armv6/mmu_fake.h"
#include "tests/armv6/persona_fake.h"

/* Four bytes of input: what to do, a small number, and an index into `addresses` or memory; then words as it needs them. */
enum command {
	COMMAND_WORD, /* into RAM */
	COMMAND_P15,
	COMMAND_ACCESS,
	COMMAND_INSTRUCTION,
	COMMAND_FORGET,
	COMMAND_REGISTER,
	COMMAND_MODE,
	COMMAND_LIFE,
	COMMANDS
};

#define WRITABLE 0x10000U /* bytes of RAM that the input has words for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *data;
	size_t size;
} input;

static uint32_t take(size_t size)
{
	uint32_t value = 0;

	if (size > input.size)
		size = input.size;
	memcpy(&value, input.data, size);
	input.data += size;
	input.size -= size;
	return value;
}

struct mmio_result platform_mmio(struct vcpu *v, ipaddr_t address, uint32_t size, bool is_write, uint64_t value)
{
	uint32_t host;

	if (stage2_look(v->persona, (uint32_t)address.value, &host) == PAGE_BUILT || address.value & (size - 1))
		abort(); /* RAM is no device, and accesses are aligned */
	return is_write || address.value & 0x800 ? mmio_value(value) : mmio_none();
}

/* As if no access ever had an entry. */
enum guest_result guest_access(struct vcpu *v, struct guest_access *a, struct guest_fault *fault)
{
	return guest_access_by_hand(v, a, fault);
}

static void access_one(uint32_t address, uint32_t kind)
{
	bool privileged = (kind & 4) && guest_is_privileged(&fake_vcpu);
	enum access access = kind % 3;
	struct shadow_fault fault;
	uint32_t host;

	for (uint32_t i = 0; i < 3; i++) {
		if (privileged || !guest_is_privileged(&fake_vcpu))
			shadow_load(&fake_vcpu, false);
		else
			shadow_load(&fake_vcpu, true);
		if (fake_mmu_access(address, access, &host))
			return;
		if (shadow_fault(&fake_vcpu, address, access, privileged, &fault) == SHADOW_DEVICE && access == ACCESS_FETCH)
			abort();
	}
}

static void forget(uint32_t kind, uint32_t argument)
{
	if (kind % 4 == 0)
		shadow_forget_all(&fake_persona);
	else if (kind % 4 == 1)
		shadow_forget_asid(&fake_vcpu, argument & 0xff);
	else
		shadow_forget_page(&fake_vcpu, argument);
}

static void set_p15(uint32_t index, uint32_t value)
{
	struct p15_registers *p = &fake_vcpu.arch.p15;
	uint32_t *const registers[] = {&p->sctlr, &p->ttbr[0], &p->ttbr[1], &p->ttbcr, &p->dacr, &p->fcse, &p->contextidr};

	*registers[index % ARRAY_COUNT(registers)] = value;
	p->ttbcr &= 0x37;
	shadow_context(&fake_vcpu);
}

static void life_begins_anew(void)
{
	for (uint32_t page = 0; page < FAKE_RAM_PAGES; page++)
		stage2_unmap(&fake_persona, page);
	stage2_flush(&fake_persona);
}

static void step(void)
{
	uint32_t head = take(4), kind = head >> 8 & 0xff, index = head >> 16;
	struct guest_fault fault;

	switch ((head & 0xff) % COMMANDS) {
	case COMMAND_WORD:
		for (uint32_t i = 0; i <= kind % 16; i++)
			*fake_ram((index + i) * 4 % WRITABLE) = take(4);
		break;
	case COMMAND_P15:
		set_p15(kind, take(4));
		break;
	case COMMAND_ACCESS:
		access_one(take(4), kind);
		break;
	case COMMAND_INSTRUCTION:
		load_store(&fake_vcpu, take(4), kind & 1, &fault);
		break;
	case COMMAND_FORGET:
		forget(kind, take(4));
		break;
	case COMMAND_REGISTER:
		fake_vcpu.arch.r[kind % 15] = take(4);
		break;
	case COMMAND_MODE:
		fake_vcpu.arch.mode = kind & 1 ? MODE_SUPERVISOR : MODE_USER;
		fake_vcpu.arch.cpsr = MODE_USER | (index & (PSR_T | PSR_E));
		shadow_context(&fake_vcpu);
		break;
	default:
		life_begins_anew();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_ready;

	if (!is_ready)
		fake_persona_init();
	is_ready = true;
	fake_mmu_init();
	memset(fake_ram(0), 0, WRITABLE);
	life_begins_anew();
	fake_vcpu.arch = (struct arch_vcpu){.mode = MODE_SUPERVISOR, .p15.sctlr = SCTLR_FIXED};
	shadow_reset(&fake_vcpu);
	input.data = data;
	input.size = size;
	while (input.size)
		step();
	shadow_load(&fake_vcpu, false);
	fake_mmu_check();
	return 0;
}
