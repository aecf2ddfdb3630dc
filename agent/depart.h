/* SPDX-License-Identifier: Apache-2.0 */
/* What users of this guest send to other personas: each asks over a socket, and its bytes go on as frames as fast as Veil takes them. */
#ifndef AGENT_DEPART_H
#define AGENT_DEPART_H

#include "port.h"

#define DEPART_CLIENTS 8
#define DEPART_POLLS (1 + DEPART_CLIENTS) /* descriptors depart_poll() may want looked at */

void depart_start(void);
size_t depart_poll(const struct port *port, struct sys_poll_entry *entries);
void depart_go_on(struct port *port);

/* Veil has said how the transfer on that channel ended. */
void depart_result(uint8_t channel, uint32_t result);

#endif
