/* SPDX-License-Identifier: Apache-2.0 */
/* The agent of a persona: one process that serves both ports and never waits for anything but all of them at once, under a second one
 * that starts it again should it end. */
#include "arrive.h"
#include "depart.h"
#include "folders.h"
#include "frames.h"
#include "local.h"
#include "owner.h"
#include "secrets.h"
#include "share.h"
#include "text.h"

#define FIND_MS 50
#define AGAIN_MS 1000
#define QUIET_MS 200 /* between looks at a port whose other side is not there */

static struct {
	struct port owner, frames;
	bool owner_is_deaf, frames_is_deaf; /* the other side is not connected: not polled for a while */
	int children;
} agent;

static void children_end(void)
{
	uint8_t news[128];
	int status;
	long pid;

	while (sys_read(agent.children, news, sizeof(news)) > 0)
		;
	while ((pid = sys_wait(&status)) > 0)
		owner_child_ended((int)pid, status);
}

/* A port that says it has something, and then that nobody is there, would be asked for ever. */
static void read_from(struct port *port, bool *is_deaf, void (*receive)(struct port *port))
{
	long size = port_read(port);

	*is_deaf = size == 0 && port->in_size < port->most;
	receive(port);
}

static struct sys_poll_entry entry_of(const struct port *port, bool is_deaf, bool wants_input)
{
	short wanted = (short)((wants_input ? POLL_IN : 0) | (port_has_output(port) ? POLL_OUT : 0));

	return (struct sys_poll_entry){.fd = is_deaf || !wanted ? -1 : port->fd, .wanted = wanted};
}

static void turn(void)
{
	struct sys_poll_entry entries[3 + OWNER_POLLS + DEPART_POLLS];
	bool is_deaf = agent.owner_is_deaf || agent.frames_is_deaf;
	size_t count = 3;

	entries[0] = (struct sys_poll_entry){.fd = agent.children, .wanted = POLL_IN};
	entries[1] = entry_of(&agent.owner, agent.owner_is_deaf, port_room(&agent.owner) != 0);
	entries[2] = entry_of(&agent.frames, agent.frames_is_deaf, true);
	count += owner_poll(&agent.owner, entries + count);
	count += depart_poll(&agent.frames, entries + count);
	if (sys_poll(entries, count, is_deaf ? QUIET_MS : -1) == 0)
		agent.owner_is_deaf = agent.frames_is_deaf = false;
	children_end();
	if (entries[1].found & (POLL_IN | POLL_HANGUP))
		read_from(&agent.owner, &agent.owner_is_deaf, owner_receive);
	else
		owner_receive(&agent.owner); /* what waited for room */
	if (entries[2].found & (POLL_IN | POLL_HANGUP))
		read_from(&agent.frames, &agent.frames_is_deaf, frames_receive);
	owner_go_on(&agent.owner);
	depart_go_on(&agent.frames);
	port_flush(&agent.owner);
	port_flush(&agent.frames);
}

static _Noreturn void serve(const char *owner_name, const char *frames_name, bool owner_is_allowed)
{
	/* The kernel makes the ports some time after it has found their device. */
	while (port_open(&agent.frames, frames_name, FRAME_MAX, true) < 0)
		sys_poll(NULL, 0, FIND_MS);
	while (port_open(&agent.owner, owner_name, MESSAGE_MAX, false) < 0)
		sys_poll(NULL, 0, FIND_MS);
	agent.children = (int)sys_child_signals();
	sys_mkdir(AGENT_FOLDER, 0755);
	sys_mkdir(SECRETS_FOLDER, 0700);
	local_find_group();
	arrive_start();
	depart_start();
	owner_start(&agent.owner, owner_is_allowed);
	frames_start(&agent.frames);
	for (;;)
		turn();
}

/* The second process: all it does is to see to it that there is a first. */
static _Noreturn void watch(void)
{
	int status;

	sys_block_signal(SIGNAL_PIPE);
	for (;;) {
		long pid = sys_fork();

		if (pid == 0)
			serve("veil.owner", "veil.frames", true);
		while (pid > 0 && sys_wait_for((int)pid, &status) == -E_INTR)
			;
		sys_poll(NULL, 0, AGAIN_MS);
	}
}

static uint32_t number(const char *text)
{
	uint32_t value = 0;

	for (; *text >= '0' && *text <= '9' && value < 100000; text++)
		value = value * 10 + (uint32_t)(*text - '0');
	return value;
}

int agent_main(int count, char **arguments)
{
	static const char usage[] = "usage: persona-agent clip PERSONA <TEXT | send PERSONA FILE... | paste [PERSONA] | channels\n"
				    "       persona-agent secret NAME [SECONDS] | forget NAME\n"
				    "       persona-agent [serve OWNER FRAMES]\n";

	if (count == 1)
		watch();
	if (count == 4 && text_equal(arguments[1], "serve")) {
		sys_block_signal(SIGNAL_PIPE);
		serve(arguments[2], arguments[3], true);
	}
	if ((count == 3 || count == 4) && text_equal(arguments[1], "secret"))
		return secret_show(arguments[2], count == 4 ? number(arguments[3]) : 0);
	if (count == 3 && text_equal(arguments[1], "forget"))
		return secret_forget(arguments[2]);
	if (count >= 2 && share_is_command(count, arguments))
		return share_main(count, arguments);
	sys_write(2, usage, sizeof(usage) - 1);
	return 2;
}
