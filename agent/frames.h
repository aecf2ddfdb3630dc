/* SPDX-License-Identifier: Apache-2.0 */
/* What Veil and the agent say to each other over the port of frames: secrets. */
#ifndef AGENT_FRAMES_H
#define AGENT_FRAMES_H

#include "port.h"

#define FRAME_MAX 1024 /* VEIL_FRAME_MAX */

enum frame_op {
	FRAME_HELLO = 1,
	FRAME_SECRET = 2
};

void frames_start(struct port *port);
void frames_receive(struct port *port);

#endif
