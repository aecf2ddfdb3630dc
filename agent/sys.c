/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's calls, as the agent needs them. */
#include "sys.h"

#include <call.h>

#include "text.h"

#define AT_CWD (-100)
#define AT_EMPTY_PATH 0x1000
#define AT_SYMLINK_NOFOLLOW 0x100
#define STATX_TYPE_MODE_TIME_SIZE 0x243
#define MODE_TYPE 0170000
#define MODE_FOLDER 0040000
#define MODE_REGULAR 0100000
#define SIGNAL_SET_BYTES 8
#define WAIT_NO_HANG 1
#define LOCAL 1 /* AF_UNIX */
#define STREAM_CLOEXEC 02000001
#define CLOEXEC_NONBLOCK 02004000
#define FIONBIO 0x5421
#define MONOTONIC 1
#define MEMFD_CLOEXEC 1

static long pointer(const void *p)
{
	return (long)(uintptr_t)p;
}

long sys_open(const char *path, int flags, uint32_t mode)
{
	return call(SYS_openat, AT_CWD, pointer(path), flags | OPEN_CLOEXEC | OPEN_LARGE, (long)mode, 0);
}

long sys_close(int fd)
{
	return call(SYS_close, fd, 0, 0, 0, 0);
}

long sys_read(int fd, void *to, size_t size)
{
	return call(SYS_read, fd, pointer(to), (long)size, 0, 0);
}

long sys_write(int fd, const void *from, size_t size)
{
	return call(SYS_write, fd, pointer(from), (long)size, 0, 0);
}

long sys_rename(const char *from, const char *to)
{
	return call(SYS_renameat, AT_CWD, pointer(from), AT_CWD, pointer(to), 0);
}

long sys_unlink(const char *path)
{
	return call(SYS_unlinkat, AT_CWD, pointer(path), 0, 0, 0);
}

long sys_mkdir(const char *path, uint32_t mode)
{
	return call(SYS_mkdirat, AT_CWD, pointer(path), (long)mode, 0, 0);
}

long sys_chmod(const char *path, uint32_t mode)
{
	return call(SYS_fchmodat, AT_CWD, pointer(path), (long)mode, 0, 0);
}

long sys_fchmod(int fd, uint32_t mode)
{
	return call(SYS_fchmod, fd, (long)mode, 0, 0, 0);
}

long sys_sync(int fd)
{
	return call(SYS_fsync, fd, 0, 0, 0, 0);
}

/* struct statx is the same on all architectures (include/uapi/linux/stat.h): mode at 28, size at 40, the time of change at 112. */
static long look(int fd, const char *path, int flags, struct sys_file *file)
{
	uint8_t bytes[256] = {0};
	uint16_t mode;
	int64_t seconds;
	uint32_t nanoseconds;
	long result = call(SYS_statx, fd, pointer(path), flags, STATX_TYPE_MODE_TIME_SIZE, pointer(bytes));

	if (result < 0)
		return result;
	text_copy(&mode, bytes + 28, sizeof(mode));
	text_copy(&file->size, bytes + 40, sizeof(file->size));
	text_copy(&seconds, bytes + 112, sizeof(seconds));
	text_copy(&nanoseconds, bytes + 120, sizeof(nanoseconds));
	file->mode = mode & 07777;
	file->changed = (uint64_t)seconds * 1000000000 + nanoseconds;
	file->is_regular = (mode & MODE_TYPE) == MODE_REGULAR;
	file->is_folder = (mode & MODE_TYPE) == MODE_FOLDER;
	return 0;
}

long sys_look(int fd, struct sys_file *file)
{
	return look(fd, "", AT_EMPTY_PATH, file);
}

long sys_look_at(const char *path, struct sys_file *file)
{
	return look(AT_CWD, path, AT_SYMLINK_NOFOLLOW, file);
}

long sys_link(const char *from, const char *to)
{
	return call(SYS_linkat, AT_CWD, pointer(from), AT_CWD, pointer(to), 0);
}

long sys_group(int fd, uint32_t group)
{
	return call(SYS_fchown, fd, -1, (long)group, 0, 0);
}

long sys_list(int fd, void *to, size_t size)
{
	return call(SYS_getdents64, fd, pointer(to), (long)size, 0, 0);
}

long sys_rewind(int fd)
{
	return call(SYS_lseek, fd, 0, 0, 0, 0);
}

long sys_memory_file(void)
{
	return call(SYS_memfd_create, pointer(""), MEMFD_CLOEXEC, 0, 0, 0);
}

uint64_t sys_memory(void)
{
	uint8_t bytes[128] = {0};
	unsigned long total;
	uint32_t unit;

	call(SYS_sysinfo, pointer(bytes), 0, 0, 0, 0);
	text_copy(&total, bytes + SYSINFO_TOTAL, sizeof(total));
	text_copy(&unit, bytes + SYSINFO_UNIT, sizeof(unit));
	return (uint64_t)total * unit;
}

long sys_chdir(const char *path)
{
	return call(SYS_chdir, pointer(path), 0, 0, 0, 0);
}

long sys_pipe(int fds[2])
{
	return call(SYS_pipe2, pointer(fds), OPEN_CLOEXEC, 0, 0, 0);
}

long sys_dup(int fd, int as)
{
	return call(SYS_dup3, fd, as, 0, 0, 0);
}

long sys_nonblocking(int fd)
{
	int yes = 1;

	return call(SYS_ioctl, fd, FIONBIO, pointer(&yes), 0, 0);
}

long sys_fork(void)
{
	return call(SYS_clone, SIGNAL_CHILD, 0, 0, 0, 0);
}

long sys_exec(const char *path, char *const arguments[], char *const environment[])
{
	return call(SYS_execve, pointer(path), pointer(arguments), pointer(environment), 0, 0);
}

long sys_wait(int *status)
{
	return call(SYS_wait4, -1, pointer(status), WAIT_NO_HANG, 0, 0);
}

long sys_wait_for(int pid, int *status)
{
	return call(SYS_wait4, pid, pointer(status), 0, 0, 0);
}

long sys_kill_group(int pid, int signal)
{
	return pid > 1 ? call(SYS_kill, -pid, signal, 0, 0, 0) : -E_INVAL;
}

long sys_setsid(void)
{
	return call(SYS_setsid, 0, 0, 0, 0, 0);
}

static long signals(int how, uint64_t set)
{
	return call(SYS_rt_sigprocmask, how, pointer(&set), 0, SIGNAL_SET_BYTES, 0);
}

long sys_block_signal(int signal)
{
	return signals(0, UINT64_C(1) << (signal - 1));
}

/* Who starts the agent may have set some to be ignored: a shell does so for what it runs in the background. */
void sys_default_signals(void)
{
	static const uint64_t by_default[4]; /* struct sigaction of the kernel: SIG_DFL, no flags */

	for (int signal = 1; signal <= 64; signal++)
		call(SYS_rt_sigaction, signal, pointer(by_default), 0, SIGNAL_SET_BYTES, 0);
	signals(2, 0);
}

long sys_child_signals(void)
{
	uint64_t set = UINT64_C(1) << (SIGNAL_CHILD - 1);

	sys_block_signal(SIGNAL_CHILD);
	return call(SYS_signalfd4, -1, pointer(&set), SIGNAL_SET_BYTES, CLOEXEC_NONBLOCK, 0);
}

long sys_poll(struct sys_poll_entry *entries, size_t count, int milliseconds)
{
	const int64_t time[2] = {milliseconds / 1000, milliseconds % 1000 * INT64_C(1000000)};

	return call(SYS_ppoll, pointer(entries), (long)count, milliseconds < 0 ? 0 : pointer(time), 0, 0);
}

struct local_address {
	uint16_t family;
	char path[108];
};

static long local_socket(const char *path, struct local_address *address)
{
	*address = (struct local_address){.family = LOCAL};
	if (text_length(path) >= sizeof(address->path))
		return -E_NAMETOOLONG;
	text_copy(address->path, path, text_length(path));
	return call(SYS_socket, LOCAL, STREAM_CLOEXEC, 0, 0, 0);
}

long sys_local_listen(const char *path)
{
	struct local_address address;
	long fd = local_socket(path, &address);
	long result;

	if (fd < 0)
		return fd;
	sys_unlink(path);
	result = call(SYS_bind, fd, pointer(&address), sizeof(address), 0, 0);
	if (result == 0)
		result = call(SYS_listen, fd, 8, 0, 0, 0);
	if (result == 0)
		result = sys_nonblocking((int)fd);
	if (result < 0)
		sys_close((int)fd);
	return result < 0 ? result : fd;
}

long sys_local_connect(const char *path)
{
	struct local_address address;
	long fd = local_socket(path, &address);
	long result;

	if (fd < 0)
		return fd;
	result = call(SYS_connect, fd, pointer(&address), sizeof(address), 0, 0);
	if (result < 0)
		sys_close((int)fd);
	return result < 0 ? result : fd;
}

long sys_accept(int fd)
{
	return call(SYS_accept4, fd, 0, 0, CLOEXEC_NONBLOCK, 0);
}

uint64_t sys_milliseconds(void)
{
	int64_t time[2] = {0};

	call(SYS_clock_gettime, MONOTONIC, pointer(time), 0, 0, 0);
	return (uint64_t)time[0] * 1000 + (uint32_t)time[1] / 1000000;
}

_Noreturn void sys_exit(int status)
{
	for (;;)
		call(SYS_exit_group, status, 0, 0, 0, 0);
}
