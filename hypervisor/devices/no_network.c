/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a network card: what guests send goes nowhere, and nothing comes. */
#include <veil/network_source.h>

bool network_source_init(void)
{
	return true;
}

struct network_buffer *network_source_take(void)
{
	return NULL;
}

void network_source_give_back(struct network_buffer *buffer)
{
	(void)buffer;
}

void network_source_send(struct network_buffer *buffer, uint32_t size)
{
	(void)buffer;
	(void)size;
}

void network_source_start(void)
{
}

bool network_source_interrupt(uint32_t irq)
{
	(void)irq;
	return false;
}
