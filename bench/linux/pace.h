/* SPDX-License-Identifier: Apache-2.0 */
/* How programs that are measured beside each other say their figures: after each, and at the start, a moment passes in which one of them is stopped and
 * the other goes on (../paced.ts). No measurement is under way then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PACE_US 200000

/* QEMU's TLB has 256 places, and more only from when it is flushed with most of them in use, which a guest with one program never does by itself: it then
 * misses dozens of times in each request, and how many times depends on where things happen to lie. A guest with more to do has a larger one, as here
 * (docs/decisions/0112). */
#define TLB_PAGES_BYTES (32 << 20)
#define TLB_GROWTHS 7 /* each doubles it */

static void pace(void)
{
	fflush(stdout);
	usleep(PACE_US);
}

static void tlb_grow(void)
{
	for (int i = 0; i < TLB_GROWTHS; i++) {
		void *pages = mmap(NULL, TLB_PAGES_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (pages == MAP_FAILED) {
			printf("bench: no memory\n");
			exit(1);
		}
		madvise(pages, TLB_PAGES_BYTES, MADV_NOHUGEPAGE); /* page by page, or only the user's half would be flushed */
		memset(pages, 1, TLB_PAGES_BYTES);
		munmap(pages, TLB_PAGES_BYTES);
	}
}

static void ready(void)
{
	tlb_grow();
	printf("bench: ready\n");
	pace();
}

static void say(const char *measure, double figure)
{
	printf("bench: %s %.0f\n", measure, figure);
	pace();
}
