/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket spinlock: first come, first served, so that no CPU (and so no persona) can starve another of a lock.
 *
 * Order: persona.life_lock before the channels' before persona.lock before mux.lock before log.lock; the disk's after persona.lock; persona.memory_lock stands alone. None is held while a guest runs. */
#ifndef VEIL_LOCK_H
#define VEIL_LOCK_H

#include <stdint.h>

#ifndef SINGLE_CPU

struct lock {
	uint32_t next;
	uint32_t owner;
};

static inline void lock_take(struct lock *lock)
{
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		;
}

static inline void lock_release(struct lock *lock)
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

#else /* where nothing interrupts Veil: see arch/armv6/single_cpu.h */

struct lock {
};

static inline void lock_take(struct lock *lock)
{
	(void)lock;
	__asm__ volatile("" : : : "memory");
}

static inline void lock_release(struct lock *lock)
{
	(void)lock;
	__asm__ volatile("" : : : "memory");
}

#endif

#endif
