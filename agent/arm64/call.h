/* SPDX-License-Identifier: Apache-2.0 */
/* System calls of Linux on arm64: their numbers (include/uapi/asm-generic/unistd.h) and how they are made. */
#ifndef AGENT_CALL_H
#define AGENT_CALL_H

enum {
	SYS_dup3 = 24,
	SYS_ioctl = 29,
	SYS_mkdirat = 34,
	SYS_unlinkat = 35,
	SYS_linkat = 37,
	SYS_renameat = 38,
	SYS_chdir = 49,
	SYS_fchmod = 52,
	SYS_fchmodat = 53,
	SYS_fchown = 55,
	SYS_openat = 56,
	SYS_close = 57,
	SYS_pipe2 = 59,
	SYS_getdents64 = 61,
	SYS_lseek = 62,
	SYS_read = 63,
	SYS_write = 64,
	SYS_ppoll = 73,
	SYS_signalfd4 = 74,
	SYS_fsync = 82,
	SYS_exit_group = 94,
	SYS_clock_gettime = 113,
	SYS_kill = 129,
	SYS_rt_sigaction = 134,
	SYS_rt_sigprocmask = 135,
	SYS_setsid = 157,
	SYS_sysinfo = 179,
	SYS_socket = 198,
	SYS_bind = 200,
	SYS_listen = 201,
	SYS_connect = 203,
	SYS_clone = 220,
	SYS_execve = 221,
	SYS_accept4 = 242,
	SYS_wait4 = 260,
	SYS_memfd_create = 279,
	SYS_statx = 291
};

#define OPEN_LARGE 0 /* all files may be large */
/* struct sysinfo: all memory, in units of so many bytes */
#define SYSINFO_TOTAL 32
#define SYSINFO_UNIT 104

/* A negative result is an error's number. */
static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}

#endif
