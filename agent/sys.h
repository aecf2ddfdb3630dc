/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent asks of the kernel. Every function gives the kernel's answer: a negative one is an error's number. */
#ifndef AGENT_SYS_H
#define AGENT_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sys_error {
	E_NOENT = 2,
	E_INTR = 4,
	E_AGAIN = 11,
	E_ACCES = 13,
	E_EXIST = 17,
	E_ISDIR = 21,
	E_INVAL = 22,
	E_FBIG = 27,
	E_PIPE = 32,
	E_NAMETOOLONG = 36
};

enum sys_open {
	OPEN_READ = 0,
	OPEN_WRITE = 1,
	OPEN_BOTH = 2,
	OPEN_CREATE = 0100,
	OPEN_NEW = 0200, /* fails where there is one */
	OPEN_NONBLOCK = 04000,
	OPEN_CLOEXEC = 02000000
};

enum sys_poll {
	POLL_IN = 1,
	POLL_OUT = 4,
	POLL_ERROR = 8,
	POLL_HANGUP = 16
};

enum sys_signal {
	SIGNAL_HANGUP = 1,
	SIGNAL_KILL = 9,
	SIGNAL_PIPE = 13,
	SIGNAL_CHILD = 17
};

struct sys_poll_entry {
	int fd; /* negative: passed over */
	short wanted;
	short found;
};

/* What of a file matters here. */
struct sys_file {
	uint32_t mode;
	uint64_t size;
	uint64_t changed; /* nanoseconds */
	bool is_regular;
	bool is_folder;
};

long sys_open(const char *path, int flags, uint32_t mode);
long sys_close(int fd);
long sys_read(int fd, void *to, size_t size);
long sys_write(int fd, const void *from, size_t size);
long sys_rename(const char *from, const char *to);
long sys_unlink(const char *path);
long sys_mkdir(const char *path, uint32_t mode);
long sys_chmod(const char *path, uint32_t mode);
long sys_fchmod(int fd, uint32_t mode);
long sys_sync(int fd);
long sys_look(int fd, struct sys_file *file);
long sys_look_at(const char *path, struct sys_file *file); /* a symbolic link itself, not what it points to */
long sys_link(const char *from, const char *to); /* fails where there is one */
long sys_group(int fd, uint32_t group); /* its owner stays */
long sys_list(int fd, void *to, size_t size); /* linux_dirent64 entries of a folder; 0: no more */
long sys_rewind(int fd);
long sys_memory_file(void); /* without a name */
uint64_t sys_memory(void); /* bytes of RAM the kernel has */
long sys_chdir(const char *path);
long sys_pipe(int fds[2]); /* both close on exec */
long sys_dup(int fd, int as);
long sys_nonblocking(int fd);
long sys_fork(void);
long sys_exec(const char *path, char *const arguments[], char *const environment[]);
long sys_wait(int *status); /* any child that has ended; 0: none has */
long sys_wait_for(int pid, int *status);
long sys_kill_group(int pid, int signal);
long sys_setsid(void);
long sys_block_signal(int signal);
void sys_default_signals(void); /* none is blocked or ignored any more */
long sys_child_signals(void); /* a descriptor that can be read when a child has ended */
long sys_poll(struct sys_poll_entry *entries, size_t count, int milliseconds); /* -1: for ever */
long sys_local_listen(const char *path);
long sys_local_connect(const char *path);
long sys_accept(int fd);
uint64_t sys_milliseconds(void); /* since some moment */
_Noreturn void sys_exit(int status);

int agent_main(int count, char **arguments);

#endif
