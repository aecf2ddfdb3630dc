/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner asks for over the owner port: commands to run, files to take and to give. */
#ifndef AGENT_OWNER_H
#define AGENT_OWNER_H

#include "port.h"

#define OWNER_POLLS (3 * 8) /* descriptors owner_poll() may want looked at */

/* The messages; each but HELLO belongs to the session whose number is its argument. */
enum owner_op {
	OWNER_HELLO =
		1, /* both ways, payload OWNER_MAGIC; argument: a number the owner chose, given back; 0 from an agent that has just begun */
	OWNER_RUN = 2, /* command and arguments, each followed by NUL */
	OWNER_PUT = 3, /* u32 permissions, path and NUL: a file is to be written */
	OWNER_GET = 4, /* path and NUL: a file is to be read */
	OWNER_INPUT = 5, /* bytes for the command or the file; none: there are no more */
	OWNER_SIGNAL = 6, /* u32 signal for the command and what it has started */
	OWNER_END = 7, /* the owner gives up: what runs is killed, a file half written removed */
	OWNER_CREDIT = 8, /* both ways, u32: so many more bytes may be sent in this session */
	OWNER_OUTPUT = 16, /* from the agent: bytes of the command's standard output, or of the file */
	OWNER_ERRORS = 17, /* bytes of its standard error */
	OWNER_FILE = 18, /* u32 permissions, u64 size: of the file that follows */
	OWNER_EXIT = 19, /* u32 status: 0..255, or 128 + the signal that ended it; the session is over */
	OWNER_FAILED = 20 /* u32 error number of Linux: what was asked for could not be done; the session is over */
};

#define OWNER_MAGIC "persona-agent/1\n" /* 16 bytes */
#define OWNER_MAGIC_BYTES 16

void owner_start(struct port *port, bool is_allowed);

/* Takes what has come on the port. */
void owner_receive(struct port *port);

/* Adds what is to be looked at; how many. */
size_t owner_poll(const struct port *port, struct sys_poll_entry *entries);

/* Moves what can be moved: output to the port, input to commands; ends sessions that are over. */
void owner_go_on(struct port *port);

/* A child has ended. */
void owner_child_ended(int pid, int status);

#endif
