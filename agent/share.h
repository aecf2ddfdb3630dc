/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the guest's users: what they send to other personas, and what came. */
#ifndef AGENT_SHARE_H
#define AGENT_SHARE_H

#include <stdbool.h>

/* What the commands end with. */
enum share_status {
	SHARE_DONE = 0,
	SHARE_FAILED = 1, /* in this guest: no such file, no agent, nothing to paste */
	SHARE_USAGE = 2,
	SHARE_REFUSED = 3, /* the policy has no such channel */
	SHARE_TOO_LARGE = 4,
	SHARE_TOO_MANY = 5, /* in this minute */
	SHARE_AWAY = 6,
	SHARE_STALLED = 7
};

bool share_is_command(int count, char **arguments);
int share_main(int count, char **arguments);

#endif
