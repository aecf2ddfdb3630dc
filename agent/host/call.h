/* SPDX-License-Identifier: Apache-2.0 */
/* System calls of the build machine, for tests of the agent. To open a socket is to connect to it: at the other end of the agent's ports
 * stands the test. */
#ifndef AGENT_CALL_H
#define AGENT_CALL_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define OPEN_LARGE 0
#define SYSINFO_TOTAL 32
#define SYSINFO_UNIT 104

static inline long call_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -errno;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static inline long call(long number, long a, long b, long c, long d, long e)
{
	long result = syscall(number, a, b, c, d, e);

	if (result == -1 && errno == ENXIO && number == SYS_openat)
		return call_connect((const char *)b);
	return result == -1 ? -errno : result;
}

#endif
