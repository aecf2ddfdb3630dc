/* SPDX-License-Identifier: Apache-2.0 */
/* A board without keys and touch. */
#include <veil/input_source.h>

void input_source_init(void)
{
}

bool input_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}

void input_source_step(uint64_t now)
{
	(void)now;
}

uint32_t input_source_config(uint32_t source, uint8_t select, uint8_t subselect, uint8_t data[INPUT_CONFIG_BYTES])
{
	(void)source;
	(void)select;
	(void)subselect;
	(void)data;
	return 0;
}
