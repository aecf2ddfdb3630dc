/* SPDX-License-Identifier: Apache-2.0 */
/* What test guests of every architecture share: console, reports, boot arguments, random numbers. */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- The test itself: each guest defines it; returning ends the guest with a summary, switched off. */
void test(void);

/* ---- Console (a PL011). Formats: %s %d %u %x (64-bit values) %c %%. */
void print(const char *format, ...);

/* ---- Reports. One line each: "PASS: name" or "FAIL: name". */
void report(bool condition, const char *format, ...);
/* For promises only Veil makes: elsewhere it prints "VEIL ONLY: name" and judges nothing. */
void report_on_veil(bool condition, const char *format, ...);
extern bool on_veil;
void finish(void) __attribute__((noreturn));

/* ---- The device tree, and the boot arguments in it: "name=number" words of /chosen/bootargs; hexadecimal with 0x. */
void device_tree_read(uint64_t address);
uint64_t argument(const char *name, uint64_t otherwise);
extern uint64_t device_tree, device_tree_size;
extern uint64_t ram_size;
extern uint64_t framebuffer, framebuffer_size; /* XRGB8888; 0 when it has no display */
extern uint64_t initrd_start, initrd_end; /* 0 when there is none */
extern uint32_t cpu_count;

/* ---- Small things. */
uint64_t random_next(uint64_t *state); /* splitmix64 */
void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);

/* ---- What each architecture's runtime.c does for these. */
void print_char(char c);
void switch_off(void) __attribute__((noreturn));

#endif
