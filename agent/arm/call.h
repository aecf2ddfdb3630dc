/* SPDX-License-Identifier: Apache-2.0 */
/* System calls of Linux on 32-bit ARM: their numbers (arch/arm/tools/syscall.tbl; times are of 64 bits) and how they are made (EABI). */
#ifndef AGENT_CALL_H
#define AGENT_CALL_H

enum {
	SYS_read = 3,
	SYS_write = 4,
	SYS_close = 6,
	SYS_execve = 11,
	SYS_chdir = 12,
	SYS_lseek = 19,
	SYS_kill = 37,
	SYS_ioctl = 54,
	SYS_setsid = 66,
	SYS_fchmod = 94,
	SYS_wait4 = 114,
	SYS_sysinfo = 116,
	SYS_fsync = 118,
	SYS_clone = 120,
	SYS_rt_sigaction = 174,
	SYS_rt_sigprocmask = 175,
	SYS_fchown = 207, /* fchown32 */
	SYS_getdents64 = 217,
	SYS_exit_group = 248,
	SYS_socket = 281,
	SYS_bind = 282,
	SYS_connect = 283,
	SYS_listen = 284,
	SYS_openat = 322,
	SYS_mkdirat = 323,
	SYS_unlinkat = 328,
	SYS_renameat = 329,
	SYS_linkat = 330,
	SYS_fchmodat = 333,
	SYS_signalfd4 = 355,
	SYS_dup3 = 358,
	SYS_pipe2 = 359,
	SYS_accept4 = 366,
	SYS_memfd_create = 385,
	SYS_statx = 397,
	SYS_clock_gettime = 403,
	SYS_ppoll = 414
};

#define OPEN_LARGE 0400000 /* files of 2 GiB and more */
/* struct sysinfo: all memory, in units of so many bytes */
#define SYSINFO_TOTAL 16
#define SYSINFO_UNIT 52

/* A negative result is an error's number. r7 is the compiler's frame pointer in Thumb code, so this is Arm code. */
static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long r7 __asm__("r7") = number;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;

	__asm__ volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4) : "memory");
	return r0;
}

#endif
