/* SPDX-License-Identifier: Apache-2.0 */
/* A persona's shadow tables, as the files shadow_*.c share them.
 *
 * The pool lies outside the window and is reached through the full map; what describes it lies in the window, so that changes of
 * privilege and devices' registers need no change of tables. Second-level tables have numbers:
 *
 *   1 to SHADOW_TABLES     given to a MiB of a view when it is filled there first; free ones are linked nowhere
 *   from FIXED_TABLES on   two of each view, for the MiBs at 0 and at the top, where the overlay page and the window lie
 *
 * MiBs that all of a guest's address spaces have in common (global entries, privileged view) share one table, which every privileged view but that
 * of the MMU switched off links, unless it has one of its own there. */
#ifndef VEIL_SHADOW_TABLES_H
#define VEIL_SHADOW_TABLES_H

#include "mmu.h"
#include "shadow.h"
#include "window.h"

#define VIEWS (2 * SHADOW_SPACES) /* number: twice the space's, and one more for privileged modes */
#define VIEW_IS_PRIVILEGED(view) ((view)&1)
#define VIEW_SHARED 255 /* holder of tables that all privileged views link */
#define SPACE_UNMAPPED 0 /* the one with the guest's MMU off */

#define NO_TABLE 0
#define FIXED_TABLES (SHADOW_TABLES + 1)
#define FIXED_LOW(view) (FIXED_TABLES + 2 * (view))
#define FIXED_TOP(view) (FIXED_TABLES + 2 * (view) + 1)
#define TABLE_NUMBERS (FIXED_TABLES + 2 * VIEWS)

#define MIBS 4096
#define MIB_TOP (MIBS - 1)
#define MIB(address) ((address) >> 20)
#define PAGES_OF_MIB 256
#define PAGE_IN_MIB(address) ((address) >> 12 & 255)
#define PAGES_OF_LARGE 16U
#define FIRST_LEVEL_BYTES 16384U
#define SECOND_LEVEL_BYTES 1024U

enum table_flag {
	TABLE_HAS_GLOBAL = 1, /* among the entries of one address space: they go with any ASID */
	TABLE_HAS_PIECES = 2, /* entries that are a part of a larger one of the guest's, which goes as a whole */
	TABLE_HAS_SUPERSECTION = 4, /* pieces of one that spans more than this table */
	TABLE_IS_FILLED = 8, /* it has entries for the guest */
	TABLE_IS_STALE = 16 /* a free one with entries that nothing refers to */
};

struct table {
	uint16_t mib;
	uint16_t next; /* of the same holder, or free; NO_TABLE: the last */
	uint16_t view; /* who holds it; or VIEW_SHARED */
	uint16_t flags;
};

/* What identifies an address space to the guest: its FCSE PID in bits 31..25, its ASID in 7..0, and bit 8 while the MMU is off. */
#define KEY_UNMAPPED 0x100U
#define KEY_FCSE(key) ((key)&0xfe000000U)
#define KEY_ASID(key) ((key)&0xffU)

struct space {
	uint32_t key;
	bool is_used;
};

/* Where devices' registers are, remembered for the next access. */
#define DEVICES 16
struct device_page {
	uint32_t tag; /* 31..12 page  8..4 view  1..0 right to read, to write; neither: nothing */
	uint32_t physical; /* of the page */
};

struct shadow {
	uint32_t view; /* that of the guest's mode */
	uint32_t space;
	uint32_t key;
	uint32_t sctlr, dacr, ttbcr; /* of the guest, as the entries follow them */
	bool has_supersections; /* a table has pieces of one */
	uint32_t overlay; /* address of the overlay page */
	uint32_t first_asid; /* real one of view 0 */
	uint32_t first_level; /* host-physical: of view 0; the others follow */
	uint32_t second_level; /* of table 1 */
	uint32_t victim; /* the space that was replaced last */
	uint16_t free; /* tables, chained */
	uint16_t chains[VIEWS]; /* tables of each view */
	uint16_t shared_chain;
	/* The larger, the further from the start: what is near takes shorter instructions. */
	struct space spaces[SHADOW_SPACES];
	struct shadow_counts counts;
	struct device_page devices[DEVICES];
	struct table tables[TABLE_NUMBERS];
	uint8_t shared[MIBS]; /* number of the shared table of a MiB */
};

/* ---- shadow_pool.c ---- */
uint32_t *shadow_first_level(const struct shadow *s, uint32_t view);
uint32_t *shadow_second_level(const struct shadow *s, uint32_t number);
/* The table that a view uses for a MiB; NO_TABLE: none. */
uint32_t shadow_table_at(const struct shadow *s, uint32_t view, uint32_t mib);
/* The table for an entry to be made: one of the view's own, or a shared one if the entry is global and can be shared. */
uint32_t shadow_table_for(struct shadow *s, uint32_t view, uint32_t mib, bool is_global);
/* Unlinks a table and gives it up; fixed ones are emptied but for what is Veil's. Its translations may still be in the TLB. */
void shadow_table_drop(struct shadow *s, uint32_t number);
/* Puts Veil's overlay page where s->overlay says. */
void shadow_overlay(struct shadow *s);
uint32_t shadow_asid(const struct shadow *s, uint32_t view);

/* ---- shadow_forget.c ---- */
void shadow_forget_everything(struct shadow *s);
void shadow_forget_space(struct shadow *s, uint32_t space);

/* One entry that is valid, or the sixteen of a large page, from table and TLB. */
void shadow_forget_entry(struct shadow *s, uint32_t number, uint32_t address);

/* ---- Entries (mmu.h): of the view's own ASID; user mode reads (AP 10), or reads and writes (AP 11) ---- */
static inline uint32_t shadow_access_bits(uint32_t rights)
{
	return rights & RIGHT_WRITE ? 0x030U : 0x020U;
}

/* A small page's, but for its address. */
static inline uint32_t shadow_small_entry(uint32_t rights)
{
	return MMU_PAGE | MMU_PAGE_NORMAL | MMU_PAGE_NOT_GLOBAL | shadow_access_bits(rights) | (rights & RIGHT_EXECUTE ? 0 : MMU_PAGE_XN);
}

static inline uint32_t shadow_rights_needed(enum access access)
{
	return 1U << access;
}

/* ---- Devices' registers that were found before, and nothing was forgotten since ---- */
static inline uint32_t shadow_device_slot(uint32_t address)
{
	return (address >> 12 ^ address >> 16) % DEVICES;
}

/* Where the one at an address is, for a read or a write. */
static inline bool shadow_device(const struct shadow *s, uint32_t view, uint32_t address, enum access access, uint32_t *physical)
{
	const struct device_page *d = &s->devices[shadow_device_slot(address)];

	*physical = d->physical | (address & 0xfff);
	return !((d->tag ^ (address & ~0xfffU) ^ view << 4) & ~7U) && (d->tag & shadow_rights_needed(access));
}

/* The view to run on, where nothing but the privilege changed. */
static inline void shadow_privilege(struct shadow *s, bool privileged)
{
	s->view = 2 * s->space + privileged;
}

/* Veil's own pages in every view: the overlay page and the window. */
static inline bool shadow_is_hidden(const struct shadow *s, uint32_t address)
{
	return (address ^ s->overlay) < 4096 || address - WINDOW_BASE < WINDOW_END - WINDOW_BASE;
}

#endif
