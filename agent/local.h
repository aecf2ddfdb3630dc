/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent and the commands of its guest's users have in common: what they say over a socket, and who may. */
#ifndef AGENT_LOCAL_H
#define AGENT_LOCAL_H

#include "channels.h"
#include "port.h"
#include "text.h"

/* Messages as on the ports. A user asks once, and the agent closes when all is said. */
enum local_op {
	LOCAL_LIST = 1, /* from the user: what channels are there? Answered by LOCAL_CHANNEL each */
	LOCAL_SEND = 2, /* channel: enum carries; argument: bytes; payload: persona, NUL, name of a file. The bytes follow. */
	LOCAL_CHANNEL = 3, /* struct local_channel */
	LOCAL_RESULT = 4 /* argument: enum frame_result */
};

struct local_channel {
	struct channel channel;
	uint32_t kept, lost; /* of what arrived: arrive_counts() */
};

#define LOCAL_NAME_MAX 255 /* bytes of a file's name */
#define LOCAL_HEAD_MAX (MESSAGE_HEAD + PERSONA_BYTES + LOCAL_NAME_MAX)

/* Looks at /etc/group for CHANNELS_GROUP; without it, all is root's alone. */
void local_find_group(void);

/* A folder of the agent's, which is made if need be, or a file it has open, for the group too. */
void local_folder(const char *path, uint32_t mode);
bool local_share(int fd, uint32_t mode);

/* Calls for each thing in a folder that can be looked at, but for `.` and `..`. */
void local_list(const char *folder, void (*each)(void *to, const char *path, const char *name, const struct sys_file *file), void *to);

#endif
