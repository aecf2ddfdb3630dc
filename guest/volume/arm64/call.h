/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel on arm64: numbers of its calls (asm-generic/unistd.h), how they are made, and how a program starts. */
#ifndef VOLUME_CALL_H
#define VOLUME_CALL_H

enum {
	SYS_IOCTL = 29,
	SYS_SYMLINKAT = 36,
	SYS_OPENAT = 56,
	SYS_READ = 63,
	SYS_WRITE = 64,
	SYS_EXIT = 93
};

#define BLKGETSIZE64 0x80081272

static long syscall4(long number, long a, long b, long c, long d)
{
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x8 __asm__("x8") = number;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x8) : "memory");
	return x0;
}

__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tand sp, x0, #~15\n\tb volume\n");

#endif
