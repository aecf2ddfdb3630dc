/* SPDX-License-Identifier: Apache-2.0 */
/* System calls of the build machine, for tests and fuzzing of the agent. */
#ifndef AGENT_CALL_H
#define AGENT_CALL_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline long call(long number, long a, long b, long c, long d, long e)
{
	long result = syscall(number, a, b, c, d, e);

	return result == -1 ? -errno : result;
}

#endif
