/* SPDX-License-Identifier: Apache-2.0 */
/* The physical timer belongs to Veil: touching it is undefined or emulated, and its interrupt cannot be used to hurt anybody. */
#include "runtime.h"

static volatile uint64_t interrupts;

static void on_interrupt(uint32_t id)
{
	interrupts++;
	gic_disable(id);
	ATTEMPT("msr cntp_ctl_el0, xzr");
}

void test(void)
{
	gic_init();
	gic_on_interrupt(on_interrupt);
	struct fault fault = ATTEMPT("mrs x0, cntpct_el0");
	report(fault.count == 0 || fault.class == CLASS_UNKNOWN, "physical counter: %s", fault.count ? "undefined" : "readable");
	gic_enable(INTERRUPT_PHYSICAL_TIMER);
	interrupts_on();
	static const struct {
		const char *name;
		uint32_t read, write;
	} registers[] = {
		{"CNTP_CTL_EL0", 0xd53be220, 0xd51be220},
		{"CNTP_CVAL_EL0", 0xd53be240, 0xd51be240},
		{"CNTP_TVAL_EL0", 0xd53be200, 0xd51be200},
	};
	for (unsigned i = 0; i < sizeof registers / sizeof *registers; i++) {
		uint64_t value = 0;
		struct fault read = attempt_instruction(registers[i].read, &value);
		struct fault write = attempt_instruction(registers[i].write, &value);
		report(read.count == write.count && (read.count == 0 || (read.class == CLASS_UNKNOWN && write.class == CLASS_UNKNOWN)),
		       "%s: %s", registers[i].name, read.count ? "undefined" : "emulated");
	}
	/* A deadline in the past, enabled and unmasked: either nothing happens or this guest gets its own interrupt. */
	uint64_t value = 0;
	attempt_instruction(0xd51be240, &value);
	value = 1;
	bool emulated = attempt_instruction(0xd51be220, &value).count == 0;
	wait_ms(20);
	report(emulated ? interrupts == 1 : interrupts == 0, "a past deadline: %u interrupts", interrupts);
	value = 0;
	attempt_instruction(0xd51be220, &value);
	/* Nor can the guest keep others from theirs by its control of counters. */
	fault = ATTEMPT("mrs x0, cntkctl_el1\n\tmsr cntkctl_el1, x0");
	report(fault.count <= 2, "CNTKCTL_EL1");
	fault = ATTEMPT("mrs x0, s3_4_c14_c1_0");
	report(fault.count == 1, "CNTHCTL_EL2 is not there");
	fault = ATTEMPT("msr s3_4_c14_c0_3, xzr");
	report(fault.count == 1, "CNTVOFF_EL2 is not there");
	fault = ATTEMPT("msr s3_7_c14_c2_1, xzr");
	report(fault.count == 1, "CNTPS_CTL_EL1 is not there");
}
