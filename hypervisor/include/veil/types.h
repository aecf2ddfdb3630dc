/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of different worlds as different types, so that the compiler refuses to mix them, and the few macros all files use. */
#ifndef VEIL_TYPES_H
#define VEIL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As wide as the machine's addresses: an address or a size in memory, whoever's. */
#include <address.h>

/* Host-physical: what the buses see. Veil maps it one to one, see arch_pointer(). */
typedef struct {
	address_t value;
} paddr_t;

/* Guest-physical ("intermediate physical"): what a guest takes for physical. Always hostile input. */
typedef struct {
	address_t value;
} ipaddr_t;

static inline paddr_t paddr(address_t value)
{
	return (paddr_t){value};
}

static inline ipaddr_t ipaddr(address_t value)
{
	return (ipaddr_t){value};
}

/* Of a number with 64 bits; the last address stands for those this machine does not have: nothing lies there. */
static inline address_t address_wide(uint64_t value)
{
	return value == (address_t)value ? (address_t)value : ~(address_t)0;
}

static inline ipaddr_t ipaddr_wide(uint64_t value)
{
	return ipaddr(address_wide(value));
}

/* Yes or no, 1 or 0, as a function returns it that many ask. A bool leaves all above its byte undefined there (AAPCS64, 6.9), and each who asks clears it. */
typedef uint32_t wide_bool;

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n) (UINT64_C(1) << (n))
/* Keeps a function out of line, so that the hot path that calls it has a small frame. */
#define NOINLINE __attribute__((noinline))
/* Seldom run: compiled for size in a file that is compiled for speed, and out of the way of what is not; port.mk may have more to say. */
#ifndef COLD
#define COLD __attribute__((cold))
#endif
/* The size of what there is an array of, a power of two: which one it is takes a shift, not a constant and a multiplication. */
#define ARRAY_ELEMENT(bytes) __attribute__((aligned(bytes)))
/* A small constant, for gaps that a port's link.ld may have: it says which are filled by those of a number, and refuses what has become too large. */
#define IN_GAP(number) __attribute__((section(".rodata.gap_" #number)))
/* Often run, in a file that is compiled for size; port.mk says what that means. */
#ifndef HOT
#define HOT
#endif
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* In line where a register has 64 bits; where it has not, they are several instructions each, and port.mk may say otherwise. */
#ifndef WIDE_INLINE
#define WIDE_INLINE inline
#endif

static WIDE_INLINE address_t align_up(address_t value, address_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

/* True if [base, base + size) lies in [outer, outer + outer_size), whatever the four numbers are. */
static WIDE_INLINE wide_bool range_within(address_t base, address_t size, address_t outer, address_t outer_size)
{
	return base >= outer && size <= outer_size && base - outer <= outer_size - size;
}

#endif
