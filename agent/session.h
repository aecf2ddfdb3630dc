/* SPDX-License-Identifier: Apache-2.0 */
/* One thing the owner has asked for: a command that runs, a file that is written or read. */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "port.h"
#include "text.h"

#define SESSION_INPUT 8192 /* credit the owner begins with, and room for what the command has not read yet */

enum session_kind {
	SESSION_NONE = 0,
	SESSION_RUN = 1,
	SESSION_PUT = 2,
	SESSION_GET = 3
};

struct session {
	enum session_kind kind;
	uint32_t number;
	int pid; /* 0: has ended */
	int status; /* as the owner is told */
	int in, out, errors; /* -1: closed */
	bool input_ended;
	bool is_over; /* nothing is left to do but to tell `status` or `error` */
	long error;
	uint32_t credit; /* bytes the owner takes */
	uint32_t taken; /* bytes of input moved on that the owner has not been told of */
	uint32_t permissions;
	size_t input_begin, input_end;
	uint8_t input[SESSION_INPUT];
	struct text path;
	struct text part; /* the file being written, until it is whole */
};

/* Begins what the message asks for; a failure shows in `error`. */
void session_run(struct session *session, const uint8_t *words, size_t size);
void session_put(struct session *session, uint32_t permissions, const uint8_t *path, size_t size);
void session_get(struct session *session, const uint8_t *path, size_t size, struct sys_file *file);

/* Bytes for it; more than it has given credit for are refused. */
bool session_input(struct session *session, const uint8_t *bytes, size_t size);
void session_go_on(struct session *session, struct port *port);
void session_abandon(struct session *session);

#endif
