// SPDX-License-Identifier: Apache-2.0
/* A Linux program that measures the disk /dev/vda past all caches of the guest and says the figures on the console, in KiB or requests a second, without end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pace.h"

#define SIZE (UINT64_C(128) << 20)
#define LARGE (1 << 20)
#define SMALL 4096
#define REQUESTS 3000

static int disk;
static char *buffer;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void move(int is_write, uint64_t at, size_t size)
{
	ssize_t done = is_write ? pwrite(disk, buffer, size, (off_t)at) : pread(disk, buffer, size, (off_t)at);

	if (done != (ssize_t)size) {
		printf("bench: failed\n");
		exit(1);
	}
}

/* KiB a second. */
static double sequential(int is_write)
{
	double begun = now();

	for (uint64_t at = 0; at < SIZE; at += LARGE)
		move(is_write, at, LARGE);
	if (is_write)
		fdatasync(disk);
	return (double)SIZE / 1024 / (now() - begun);
}

/* Requests a second. */
static double scattered(int is_write)
{
	uint64_t state = 88172645463325252u;
	double begun = now();

	for (int i = 0; i < REQUESTS; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		move(is_write, state % (SIZE / SMALL) * SMALL, SMALL);
	}
	if (is_write)
		fdatasync(disk);
	return REQUESTS / (now() - begun);
}

int main(void)
{
	disk = open("/dev/vda", O_RDWR | O_DIRECT);
	buffer = aligned_alloc(LARGE, LARGE);
	freopen("/dev/console", "w", stdout);
	if (disk < 0 || !buffer) {
		printf("bench: no disk\n");
		return 1;
	}
	memset(buffer, 0x5a, LARGE);
	sequential(1); /* the file gets its blocks */
	ready();
	for (;;) {
		say("write", sequential(1));
		say("read", sequential(0));
		say("random-read", scattered(0));
		say("random-write", scattered(1));
	}
}
