/* SPDX-License-Identifier: Apache-2.0 */
/* Small guests of an Integrator/CP with an ARM1136, natively or under Veil. They run in supervisor mode without an MMU to begin with. */
#ifndef BENCH_ARMV6_RUNTIME_H
#define BENCH_ARMV6_RUNTIME_H

/* A marker for the counting plugin (bench/plugin/count.c): `bic rH, rH, #0` with rotation L. */
#define MARKER(number) (0xe3c00000 | ((number) >> 4) * 0x11000 | ((number)&15) << 8)

#define UART 0x16000000
#define PIC 0x14000000
#define TIMER 0x13000100 /* the second, of 1 MHz */
#define TIMER_LINE 6
#define VECTORS_IRQ 0x18

#ifndef __ASSEMBLER__
#include <stdint.h>

#define TEXT(...) #__VA_ARGS__
#define WORD(value) TEXT(value)
#define MARK(number) __asm__ volatile(".word " WORD(MARKER(number))::: "memory")
#define REGISTER(address) (*(volatile uint32_t *)(address))

/* What a guest does; it does not return. */
_Noreturn void test(void);

/* With interrupts on, until the handler below has run once; `in_wfi`: waiting for it asleep. */
void wait_for_handler(uint32_t in_wfi);
/* Runs a function of no argument in user mode. */
void in_user_mode(void (*function)(void));
#endif

#endif
