/* SPDX-License-Identifier: Apache-2.0 */
/* What the portable core asks of a port. arch/arm64 answers for the machine, arch/host for unit tests. */
#ifndef VEIL_ARCH_H
#define VEIL_ARCH_H

#include <veil/types.h>

struct cpu;
struct vcpu;
struct persona;

/* ---- This CPU ---- */
struct cpu *arch_this_cpu(void);
uint64_t arch_time(void); /* ticks of the system counter, the same on all CPUs */
uint64_t arch_time_frequency(void); /* ticks a second */
bool arch_interrupt_pending(void);
void arch_interrupt_poll(void); /* takes and handles what is pending */
void arch_interrupt_enable(uint32_t irq); /* a level-sensitive interrupt of a device, to the boot CPU */
void arch_interrupt_again(uint32_t irq); /* of a device: comes once more although its line may be low */
void arch_idle(void); /* sleeps until an interrupt is pending */
void arch_timer_arm(uint64_t deadline); /* interrupts this CPU at that tick; UINT64_MAX disarms */
void arch_kick(uint32_t cpu); /* interrupts another CPU so that it looks at its need_resched */
_Noreturn void arch_power_off(void);

/* Starts the physical CPUs 1..count-1; each ends up in boot_secondary(). False if firmware refuses one. */
bool arch_start_cpus(uint32_t count);

void arch_device_barrier(void); /* memory written before is seen by devices, and what they wrote is seen after */

/* ---- Memory ---- */
/* Veil's own view of host-physical memory. Ports that do not map all of it at all times have this one good until the guest's own memory is
 * looked at, or the exit ends. */
void *arch_pointer(paddr_t address);
/* Memory Veil is to have in view at all times: where, and in *kept how much of it from its start found room. At boot only. */
void *arch_keep(paddr_t start, address_t size, address_t *kept);
paddr_t arch_physical(const void *pointer);
/* From now on Veil itself cannot write there either. Before other CPUs start; `start` is a multiple of 4096. */
void arch_protect(paddr_t start, address_t size);
void arch_zero(void *to, size_t size); /* both multiples of 64 */
void arch_copy(void *to, const void *from, size_t size); /* all multiples of 64 */
void arch_copy_bytes(void *to, const void *from, size_t size); /* whatever they are; faster than memcpy() for many */
/* Makes what was written visible to a guest whose caches are off: data to the point of coherency, instructions everywhere. */
void arch_clean(void *start, size_t size);
/* Forgets cached copies after writing them back: what others wrote past the caches is seen, and what was written here by them. Multiples of 64. */
void arch_flush(void *start, size_t size);
/* SHA-256 compression of whole 64-byte blocks. May clobber FP/SIMD registers: no guest may be loaded. */
void arch_sha256_blocks(uint32_t state[8], const uint8_t *data, size_t block_count);

/* ---- Stage 2: guest-physical to host-physical in pages of VEIL_PAGE_SIZE ---- */
/* Bytes of work memory `stage2_init` takes for a persona. */
bool stage2_init(struct persona *persona);
wide_bool stage2_is_mapped(const struct persona *persona, size_t page);
void stage2_map(struct persona *persona, size_t page, paddr_t host);
void stage2_unmap(struct persona *persona, size_t page);
/* A mapped page whose accesses fault all the same, or no more. Flash is mapped read-only, and hidden while it takes commands. */
void stage2_hide(struct persona *persona, size_t page, bool hidden);
/* Pages of a persona's screen, bit n of `pages` the nth of its body: the next write to each is told of by display_written(), as the first one
 * is. Only where the display asks. */
void stage2_watch(struct persona *persona, uint32_t pages);
/* After unmapping or hiding: no CPU holds a translation of this persona any more. */
void stage2_flush(struct persona *persona);

/* ---- Virtual CPUs ---- */
void arch_vcpu_init(struct vcpu *vcpu);
void arch_vcpu_reset(struct vcpu *vcpu, uint64_t entry, uint64_t x0);
void arch_vcpu_load(struct vcpu *vcpu); /* its registers into this CPU */
void arch_vcpu_save(struct vcpu *vcpu); /* and back */
/* The loaded virtual CPU waits for an interrupt, unless it has one. */
void arch_vcpu_wait(struct vcpu *vcpu);
/* The access of the loaded guest that is being answered will be made again: there was no time to finish. */
void arch_access_again(void);
/* Counter tick at which the guest's timer fires if it is not loaded; UINT64_MAX if never. */
uint64_t arch_vcpu_deadline(const struct vcpu *vcpu);
/* The same of those timers that do not interrupt by themselves even when it is loaded. */
uint64_t arch_vcpu_emulated_deadline(const struct vcpu *vcpu);

#endif
