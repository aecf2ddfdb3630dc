/* SPDX-License-Identifier: Apache-2.0 */
/* Included before every file: the compiler's atomic operations as this port needs them. There is one CPU, and nothing interrupts Veil on
 * it, so no other access can come between: what is left of them is that each is made once, and in its place among the others. The
 * compiler's own have instructions for words alone here, and leave the rest to a kernel's helpers that do not exist. */
#ifndef VEIL_SINGLE_CPU_H
#define VEIL_SINGLE_CPU_H

#define SINGLE_CPU_ORDER() __asm__ volatile("" : : : "memory")

#define __atomic_load_n(from, order)                                                         \
	__extension__({                                                                      \
		SINGLE_CPU_ORDER();                                                          \
		__typeof__(*(from)) loaded_ = *(const volatile __typeof__(*(from)) *)(from); \
		SINGLE_CPU_ORDER();                                                          \
		loaded_;                                                                     \
	})

#define __atomic_store_n(to, value, order)                     \
	__extension__({                                        \
		SINGLE_CPU_ORDER();                            \
		*(volatile __typeof__(*(to)) *)(to) = (value); \
		SINGLE_CPU_ORDER();                            \
	})

/* `before_` becomes `after`; the value is that of `which`. */
#define SINGLE_CPU_CHANGE(at, which, after)                            \
	__extension__({                                                \
		volatile __typeof__(*(at)) *at_ = (at);                \
		SINGLE_CPU_ORDER();                                    \
		__typeof__(*(at)) before_ = *at_;                      \
		__typeof__(*(at)) after_ = (__typeof__(*(at)))(after); \
		*at_ = after_;                                         \
		SINGLE_CPU_ORDER();                                    \
		which;                                                 \
	})

#define __atomic_exchange_n(at, value, order) SINGLE_CPU_CHANGE(at, before_, value)
#define __atomic_fetch_add(at, value, order) SINGLE_CPU_CHANGE(at, before_, before_ + (value))
#define __atomic_fetch_sub(at, value, order) SINGLE_CPU_CHANGE(at, before_, before_ - (value))
#define __atomic_fetch_or(at, value, order) SINGLE_CPU_CHANGE(at, before_, before_ | (value))
#define __atomic_fetch_and(at, value, order) SINGLE_CPU_CHANGE(at, before_, before_ &(value))
#define __atomic_add_fetch(at, value, order) SINGLE_CPU_CHANGE(at, after_, before_ + (value))
#define __atomic_sub_fetch(at, value, order) SINGLE_CPU_CHANGE(at, after_, before_ - (value))
#define __atomic_or_fetch(at, value, order) SINGLE_CPU_CHANGE(at, after_, before_ | (value))
#define __atomic_and_fetch(at, value, order) SINGLE_CPU_CHANGE(at, after_, before_ &(value))

#define __atomic_compare_exchange_n(at, expected, wanted, weak, success, failure) \
	__extension__({                                                           \
		volatile __typeof__(*(at)) *at_ = (at);                           \
		__typeof__(*(at)) *expected_ = (expected);                        \
		SINGLE_CPU_ORDER();                                               \
		__typeof__(*(at)) found_ = *at_;                                  \
		_Bool same_ = found_ == *expected_;                               \
		if (same_)                                                        \
			*at_ = (wanted);                                          \
		else                                                              \
			*expected_ = found_;                                      \
		SINGLE_CPU_ORDER();                                               \
		same_;                                                            \
	})

/* lock.h: nobody can hold a lock that somebody else wants. */
#define SINGLE_CPU

#endif
