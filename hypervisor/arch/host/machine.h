/* SPDX-License-Identifier: Apache-2.0 */
/* The fake machine, as tests see it: RAM, CPUs that take turns in one thread, time that moves only when a test says so, a serial
 * line, and what of a guest's machine is hardware. Everything is in `machine`; tests may look and poke. */
#ifndef HOST_MACHINE_H
#define HOST_MACHINE_H

#include <setjmp.h>

#include <veil/arch.h>
#include <veil/board.h>
#include <veil/cpu.h>

#define MACHINE_RAM_SIZE (UINT64_C(64) << 20)
#define MACHINE_HZ UINT64_C(62500000)
#define MACHINE_MS (MACHINE_HZ / 1000)
#define MACHINE_SERIAL_BYTES (1 << 21)
#define MACHINE_NO_INTERRUPT 1023

struct machine_cpu {
	bool started;
	bool look; /* something happened to it: it goes through its scheduler */
	bool kicked;
	uint32_t kicks; /* in all */
	struct vcpu *guest; /* inside whose guest it is; NULL: idle */
	uint64_t exit_at; /* when that guest exits by itself */
	/* Registers of the guest that is loaded, where its machine is `virt` */
	uint64_t list[4];
	uint64_t hcr, vmcr, ap0r0, ap1r0;
	uint64_t cntv_ctl, cntv_cval, cntv_offset;
	bool timer_active; /* physical interrupt 27 was acknowledged and not deactivated */
};

struct machine {
	uint64_t time;
	uint32_t this_cpu;
	struct machine_cpu cpus[VEIL_MAX_CPUS];
	uint64_t exit_cost; /* ticks Veil takes for each exit or interrupt */
	bool interrupting; /* an interrupt is always pending: every long job is cut into its parts */
	bool no_alarms; /* sched_alarm() is not called */
	uint32_t alarms; /* times it switched */
	bool cpu_refuses; /* firmware starts no other CPU */
	uint32_t rtc;
	uint64_t window_size; /* bytes each arch_keep() finds room for */
	bool has_random;
	uint8_t random; /* every byte of it */
	/* What guests do: when a guest exits by itself after it was entered, and what it does then. NULL: it computes for ever. */
	uint64_t (*guest_next)(struct vcpu *vcpu);
	void (*guest_exit)(struct vcpu *vcpu);
	bool access_again; /* a guest's access was not answered yet */
	uint32_t accesses_again; /* how often */
	/* The serial line */
	uint8_t output[MACHINE_SERIAL_BYTES];
	size_t output_size;
	uint8_t input[MACHINE_SERIAL_BYTES];
	size_t input_size;
	size_t input_taken;
	/* What must never be true: counted when it is */
	uint32_t mapped_dirty; /* pages given to a guest with lines that were not cleaned */
	uint32_t stale_translations; /* virtual CPUs loaded while unmapped pages were not flushed */
	/* Where the number of the newest accepted image is kept */
	bool has_no_version_place;
	bool version_fails;
	uint64_t version;
	uint32_t version_steps; /* asked for since it was kept */
	/* The end */
	enum machine_run {
		MACHINE_RUN_NONE,
		MACHINE_RUN_BEGUN,
		MACHINE_RUN_OFF,
		MACHINE_RUN_PANIC
	} run; /* what is remembered of it */
	char last_words[128];
	jmp_buf *off;
	jmp_buf *idle;
};

extern struct machine machine;

void machine_init(void);

/* What is on the screen. */
struct machine_display {
	uint64_t pixels;
	uint32_t format, width, height, stride;
	uint32_t shown; /* times a surface was shown */
};
extern struct machine_display machine_display;

/* The disk: what is submitted is done, in that order, when a test says so; or by steps, if it is one that does nothing by itself. */
#define MACHINE_DISK_SECTORS 8192
struct machine_disk {
	uint64_t sector_count; /* as it tells Veil; 0: there is no disk */
	uint32_t tags; /* requests it takes at once */
	bool fails;
	bool by_steps;
	bool busy; /* makes whoever steps wait */
	uint32_t steps; /* done */
	uint8_t bytes[MACHINE_DISK_SECTORS * 512];
	uint32_t submitted, started, flushed, outside; /* outside: requests beyond its end, or with memory that is no RAM */
	uint32_t waiting_count;
	uint32_t waiting[128]; /* tags */
};
extern struct machine_disk machine_disk;
uint32_t machine_disk_finish(void); /* does what waits: how many */

/* The network card: remembers what is sent; a test says when buffers are free again. */
#define MACHINE_NETWORK_BUFFERS 8
#define MACHINE_NETWORK_SENT 64
struct machine_network {
	uint32_t taken; /* bit n: buffer n is with Veil, or under way */
	uint32_t sent_count, started;
	struct {
		uint32_t size;
		uint8_t frame[1514];
	} sent[MACHINE_NETWORK_SENT];
};
extern struct machine_network machine_network;
void machine_network_finish(void); /* all that was sent is out: there is room */
void machine_network_receive(const uint8_t *frame, uint32_t size);

/* Runs `body` as Veil on the boot CPU; false if it switched the handset off (or stopped in a panic). */
bool machine_try(void (*body)(void));

/* Is this text in the output? */
bool machine_has_said(const char *text);

/* Lets all CPUs run until that tick; false if the handset was switched off before. */
bool machine_run(uint64_t until);
bool machine_run_ms(uint64_t milliseconds);

/* A byte, or many, arrive on the serial line. */
void machine_receive(const void *bytes, size_t size);

/* ---- What guests do (the virtual CPU must be inside its guest) ---- */
bool guest_is_in(const struct vcpu *vcpu);
/* Its own memory: where the guest-physical address is, after as many exits as that takes; NULL if Veil refuses the access. */
uint8_t *guest_memory(struct vcpu *vcpu, address_t address);
/* One exit of a touch only; true if the page is there now. */
bool guest_touch(struct vcpu *vcpu, address_t address);
void guest_wait(struct vcpu *vcpu); /* WFI */
uint64_t guest_call(struct vcpu *vcpu, uint64_t function, uint64_t a, uint64_t b, uint64_t c); /* HVC, VEIL_UDF */
bool guest_is_interrupted(const struct vcpu *vcpu); /* the virtual interrupt line is high */
/* On `virt` */
uint32_t guest_acknowledge(struct vcpu *vcpu); /* ICC_IAR1_EL1 */
void guest_end(struct vcpu *vcpu, uint32_t irq); /* ICC_EOIR1_EL1 */
void guest_timer(struct vcpu *vcpu, uint64_t control, uint64_t compare); /* CNTV_* */
void guest_physical_timer(struct vcpu *vcpu, uint64_t control, uint64_t compare); /* CNTP_*, which traps */
uint64_t guest_count(const struct vcpu *vcpu); /* CNTVCT */
/* On every machine */
/* MMIO; UINT64_MAX and false from guest_mmio: an external abort. */
bool guest_mmio(struct vcpu *vcpu, address_t address, uint32_t size, bool is_write, uint64_t *value);
uint64_t guest_read(struct vcpu *vcpu, address_t address, uint32_t size);
void guest_write(struct vcpu *vcpu, address_t address, uint32_t size, uint64_t value);

#endif
