/* SPDX-License-Identifier: Apache-2.0 */
/* What Veil and the agent say to each other over the port of frames: secrets, and transfers on channels. */
#ifndef AGENT_FRAMES_H
#define AGENT_FRAMES_H

#include "port.h"

#define FRAME_MAX 1024 /* VEIL_FRAME_MAX */

enum frame_op {
	FRAME_HELLO = 1,
	FRAME_SECRET = 2,
	FRAME_CHANNELS = 3,
	FRAME_BEGIN = 4,
	FRAME_DATA = 5,
	FRAME_ABORT = 6,
	FRAME_RESULT = 7
};

/* How a transfer ended, as its sender is told: enum veil_transfer. */
enum frame_result {
	RESULT_DONE = 0,
	RESULT_REFUSED = 1,
	RESULT_TOO_LARGE = 2,
	RESULT_TOO_MANY = 3,
	RESULT_AWAY = 4,
	RESULT_STALLED = 5
};

void frames_start(struct port *port);
void frames_receive(struct port *port);

#endif
