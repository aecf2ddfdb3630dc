/* SPDX-License-Identifier: Apache-2.0 */
/* How programs that are measured beside each other say their figures: after each, and at the start, a moment passes in which one of them is stopped and
 * the other goes on (../paced.ts). No measurement is under way then. */
#include <stdio.h>
#include <unistd.h>

#define PACE_US 200000

static void pace(void)
{
	fflush(stdout);
	usleep(PACE_US);
}

static void ready(void)
{
	printf("bench: ready\n");
	pace();
}

static void say(const char *measure, double figure)
{
	printf("bench: %s %.0f\n", measure, figure);
	pace();
}
